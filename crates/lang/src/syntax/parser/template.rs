//! Templates: quoted strings, heredocs, template files.
//!
//! The tokens of a template are first read into a flat list, on which white space is trimmed (`~`) and indentation is taken
//! off (`<<-`) line by line, exactly as far as Terraform does it; then directives are nested.
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::{Lost, Parsed, Parser, placeholder};
use crate::source::{Pos, Span};
use crate::syntax::ast::{Expr, ExprKind, TemplatePart};
use crate::syntax::escape::unescape;
use crate::syntax::token::{Token, TokenKind};
use crate::value::Value;

/// A piece of a template before directives are nested.
pub(super) enum Piece {
    Literal(String),
    Interpolation(Expr),
    If { cond: Expr, span: Span },
    Else { span: Span },
    EndIf { span: Span },
    For { key: Option<Arc<str>>, value: Arc<str>, collection: Expr, span: Span },
    EndFor { span: Span },
}

impl Parser<'_> {
    /// A template that is a whole text.
    pub(super) fn whole_template(&mut self) -> Expr {
        let start = self.tokens[0];
        let parsed = self.deeper(start, |p| p.template(TokenKind::Eof, start, false));
        parsed.unwrap_or_else(|Lost| placeholder(self.span(start)))
    }

    /// A quoted template or a heredoc.
    pub(super) fn quoted_template(&mut self) -> Parsed {
        let open = self.read();
        let flush = self.str(open).starts_with("<<-");
        let end = open.kind.closer().unwrap_or(TokenKind::Eof);
        self.template(end, open, flush)
    }

    fn template(&mut self, end: TokenKind, open: Token, flush: bool) -> Parsed {
        let (mut pieces, close, tallest) = self.pieces(end)?;
        if flush {
            take_indentation_off(&mut pieces);
        }
        join_literals(&mut pieces);
        let span = self.span(open).to(self.span(close));
        match pieces.as_slice() {
            [] => return Ok(self.leaf(ExprKind::Literal(Value::string("")), span)),
            [Piece::Literal(text)] => return Ok(self.leaf(ExprKind::Literal(Value::string(text)), span)),
            _ => {}
        }
        let mut nesting = 0;
        let mut pieces = pieces.into_iter().peekable();
        let mut parts = Vec::with_capacity(pieces.len());
        while let Some(piece) = pieces.next() {
            parts.push(self.part(piece, &mut pieces, self.span(close), &mut nesting)?);
        }
        self.node(ExprKind::Template(parts), span, tallest + nesting)
    }

    /// Reads up to and with the token that ends the template; also returns the height of the tallest expression.
    fn pieces(&mut self, end: TokenKind) -> Parsed<(Vec<Piece>, Token, u32)> {
        let (mut pieces, mut tallest) = (Vec::new(), 0);
        let mut trim_next = false;
        let mut literal_before = false;
        loop {
            // Not `read`: in a template every token counts.
            let token = self.tokens[self.at];
            self.at = (self.at + 1).min(self.tokens.len() - 1);
            if token.kind == end {
                return Ok((pieces, token, tallest));
            }
            let trim = std::mem::take(&mut trim_next);
            let after_literal = std::mem::take(&mut literal_before);
            match token.kind {
                TokenKind::StringLit | TokenKind::QuotedLit => {
                    let text = self.literal_text(token);
                    pieces.push(Piece::Literal(if trim { text.trim_start().to_owned() } else { text }));
                    literal_before = true;
                }
                TokenKind::Interp | TokenKind::Control => {
                    if let (true, true, Some(Piece::Literal(text))) =
                        (after_literal, self.str(token).ends_with('~'), pieces.last_mut())
                    {
                        text.truncate(text.trim_end().len());
                    }
                    let piece = self.bracketed(false, |p| match token.kind {
                        TokenKind::Interp => p.interpolation(token, end),
                        _ => p.directive(token),
                    })?;
                    if !matches!(piece, Piece::Else { .. } | Piece::EndIf { .. } | Piece::EndFor { .. }) {
                        tallest = tallest.max(self.height);
                    }
                    pieces.push(piece);
                    trim_next = self.tokens[self.at - 1].text(self.text).starts_with('~');
                }
                _ => {
                    let detail = "No closing marker was found for the string.";
                    return self.fail(token, "Unterminated template string", detail);
                }
            }
        }
    }

    /// The text of a literal token; bad escapes are reported.
    pub(super) fn literal_text(&mut self, token: Token) -> String {
        let raw = self.str(token);
        let mut bad = Vec::new();
        let text = unescape(raw, token.kind == TokenKind::QuotedLit, &mut bad);
        for escape in bad {
            let pos = |at: usize| Pos {
                line: token.start.line,
                column: token.start.column + raw[..at].graphemes(true).count() as u32,
                byte: token.start.byte + at as u32,
            };
            let place = Span { file: self.file, start: pos(escape.start), end: pos(escape.end) };
            let span = self.place.unwrap_or(place);
            self.error(span, "Invalid escape sequence", escape.detail);
        }
        text
    }

    /// The expression after `${`, with the closing brace.
    fn interpolation(&mut self, open: Token, end: TokenKind) -> Parsed<Piece> {
        let expr = self.expression()?;
        let close = self.peek();
        let (token, summary, detail) = match close.kind {
            TokenKind::SeqEnd => {
                self.read();
                return Ok(Piece::Interpolation(expr));
            }
            TokenKind::Eof => (
                open,
                "Unclosed template interpolation sequence",
                "There is no closing brace for this interpolation before the end of the file.",
            ),
            TokenKind::OQuote | TokenKind::CQuote if end == TokenKind::CQuote => (
                open,
                "Unclosed template interpolation sequence",
                "There is no closing brace for this interpolation before the end of the string.",
            ),
            _ => (
                close,
                "Extra characters after interpolation expression",
                "Expected a closing brace to end the interpolation. If this sequence belongs to another language, escape it by writing \"$${\" instead of \"${\".",
            ),
        };
        self.fail(token, summary, detail)
    }

    /// The directive after `%{`, with the closing brace.
    fn directive(&mut self, open: Token) -> Parsed<Piece> {
        let word = self.peek();
        if word.kind != TokenKind::Ident {
            let detail = "A keyword (\"if\", \"for\", …) is required at the beginning of a %{ sequence.";
            return self.fail(word, "Invalid template directive", detail);
        }
        self.read();
        let span = |p: &Self| p.span(open).to(p.span(p.peek()));
        let piece = match self.str(word) {
            "if" => {
                let cond = self.expression()?;
                Piece::If { cond, span: span(self) }
            }
            "for" => {
                let (key, value) = self.for_names("Invalid 'for' directive")?;
                let collection = self.expression()?;
                Piece::For { key, value, collection, span: span(self) }
            }
            "else" => Piece::Else { span: span(self) },
            "endif" => Piece::EndIf { span: span(self) },
            "endfor" => Piece::EndFor { span: span(self) },
            other => {
                let detail = format!("{other:?} is not one of if, else, endif, for, endfor.");
                return self.fail(word, "Invalid template control keyword", detail);
            }
        };
        if self.take(TokenKind::SeqEnd).is_none() {
            let next = self.peek();
            let summary = format!("Extra characters in {} marker", self.str(word));
            return self.fail(
                next,
                &summary,
                "Expected a closing brace to end the sequence, but found extra characters.",
            );
        }
        Ok(piece)
    }

    /// One part, with all that a directive encloses.
    fn part(
        &mut self,
        piece: Piece,
        rest: &mut impl Iterator<Item = Piece>,
        end: Span,
        nesting: &mut u32,
    ) -> Parsed<TemplatePart> {
        match piece {
            Piece::Literal(text) => Ok(TemplatePart::Literal(text.into())),
            Piece::Interpolation(expr) => Ok(TemplatePart::Interpolation(expr)),
            Piece::If { cond, span } => {
                self.enclosed(span, nesting, |p, nesting| p.if_part(cond, span, rest, end, nesting))
            }
            Piece::For { key, value, collection, span } => self.enclosed(span, nesting, |p, nesting| {
                let mut body = Vec::new();
                loop {
                    match rest.next() {
                        Some(Piece::EndFor { .. }) => {
                            return Ok(TemplatePart::For { key, value, collection, body });
                        }
                        other => body.push(p.inner_part(other, rest, "for", span, end, nesting)?),
                    }
                }
            }),
            Piece::Else { span } => self.unbalanced("else", span),
            Piece::EndIf { span } => self.unbalanced("endif", span),
            Piece::EndFor { span } => self.unbalanced("endfor", span),
        }
    }

    fn if_part(
        &mut self,
        cond: Expr,
        open: Span,
        rest: &mut impl Iterator<Item = Piece>,
        end: Span,
        nesting: &mut u32,
    ) -> Parsed<TemplatePart> {
        let (mut yes, mut no, mut in_else) = (Vec::new(), Vec::new(), false);
        loop {
            match rest.next() {
                Some(Piece::EndIf { .. }) => return Ok(TemplatePart::If { cond, yes, no }),
                Some(Piece::Else { .. }) if !in_else => in_else = true,
                other => {
                    let part = self.inner_part(other, rest, "if", open, end, nesting)?;
                    if in_else { no.push(part) } else { yes.push(part) }
                }
            }
        }
    }

    fn enclosed(
        &mut self,
        span: Span,
        nesting: &mut u32,
        parse: impl FnOnce(&mut Self, &mut u32) -> Parsed<TemplatePart>,
    ) -> Parsed<TemplatePart> {
        let mut inner = 0;
        let at = Token { kind: TokenKind::Control, start: span.start, end: span.end };
        let part = self.deeper(at, |p| parse(p, &mut inner))?;
        *nesting = (*nesting).max(inner + 1);
        Ok(part)
    }

    fn inner_part(
        &mut self,
        piece: Option<Piece>,
        rest: &mut impl Iterator<Item = Piece>,
        directive: &str,
        open: Span,
        end: Span,
        nesting: &mut u32,
    ) -> Parsed<TemplatePart> {
        match piece {
            Some(piece) => self.part(piece, rest, end, nesting),
            None => {
                let line = open.start.line;
                let detail = format!("The {directive} directive at line {line} lacks its end{directive} directive.");
                self.error(end, "Unexpected end of template", detail);
                Err(Lost)
            }
        }
    }

    fn unbalanced(&mut self, name: &str, span: Span) -> Parsed<TemplatePart> {
        let detail = "The directives of this template are out of balance.";
        self.error(span, format!("Unexpected {name} directive"), detail);
        Err(Lost)
    }
}

/// Takes the least indentation off the lines of a `<<-` heredoc. Blank lines neither count nor lose anything; a line that
/// begins with a template sequence has none. (A tab counts as one character.)
fn take_indentation_off(pieces: &mut [Piece]) {
    let mut least = usize::MAX;
    let mut line_start = true;
    let mut indented = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let literal = match piece {
            Piece::Literal(text) => Some(text.as_str()),
            _ => None,
        };
        if std::mem::take(&mut line_start) {
            match literal {
                Some(text) if text.trim_start().is_empty() && text.ends_with('\n') => {}
                Some(text) => {
                    let blank = text.len() - text.trim_start().len();
                    least = least.min(text[..blank].graphemes(true).count());
                    indented.push(i);
                }
                None => least = 0,
            }
        }
        line_start = literal.is_some_and(|text| text.ends_with('\n'));
    }
    for i in indented {
        if let Piece::Literal(text) = &mut pieces[i] {
            let bytes: usize = text.graphemes(true).take(least).map(str::len).sum();
            text.drain(..bytes);
        }
    }
}

/// Makes one literal of several in a row.
fn join_literals(pieces: &mut Vec<Piece>) {
    pieces.dedup_by(|next, first| match (first, next) {
        (Piece::Literal(first), Piece::Literal(next)) => {
            first.push_str(next);
            true
        }
        _ => false,
    });
}
