//! Bodies: arguments and blocks.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Lost, Parsed, Parser, placeholder};
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Body, Label};
use crate::syntax::token::{Token, TokenKind};

const NOT_AN_ITEM: &str = "Argument or block definition required";

impl Parser<'_> {
    pub(super) fn file(&mut self) -> Body {
        let mut body = Body::default();
        while self.kind() != TokenKind::Eof {
            self.item(&mut body);
        }
        body.end = self.span(self.peek());
        self.report_redefined(&mut body);
        body
    }

    /// The body of a block, up to and with its closing brace; `open` is the opening one.
    fn block_body(&mut self, open: Token) -> Parsed<Body> {
        self.deeper(open, |p| {
            if !matches!(p.kind(), TokenKind::Newline | TokenKind::CBrace | TokenKind::Eof) {
                return p.one_line_body(open);
            }
            let mut body = Body { start: p.span(open), ..Body::default() };
            loop {
                match p.kind() {
                    TokenKind::CBrace => break,
                    TokenKind::Eof => return p.unclosed_block(open),
                    _ => p.item(&mut body),
                }
            }
            let close = p.read();
            body.end = p.span(Token { end: close.start, ..close });
            p.report_redefined(&mut body);
            Ok(body)
        })
    }

    fn unclosed_block<T>(&mut self, open: Token) -> Parsed<T> {
        // All blocks around are unclosed as well; the innermost says most.
        let summary = "Unclosed configuration block";
        if !self.unbalanced && !self.diags.iter().any(|d| d.summary == summary) {
            self.error(
                self.span(open),
                summary,
                "There is no closing brace for this block before the end of the file. Braces may be out of balance elsewhere in this file, too.",
            );
        }
        Err(Lost)
    }

    /// `{ name = value }` on one line.
    fn one_line_body(&mut self, open: Token) -> Parsed<Body> {
        const SUMMARY: &str = "Invalid single-argument block definition";
        let mut body = Body { start: self.span(open), ..Body::default() };
        let name = self.read();
        if name.kind != TokenKind::Ident {
            return self.fail(name, NOT_AN_ITEM, "An argument or block definition is required here.");
        }
        match self.kind() {
            TokenKind::Equal => body.attributes.push(self.attribute(name)?),
            TokenKind::OQuote | TokenKind::OBrace | TokenKind::Ident => {
                return self.fail(
                    name,
                    "Argument definition required",
                    "A block on a single line can hold one argument only. Put the nested block on a line of its own.",
                );
            }
            _ => return self.fail(name, NOT_AN_ITEM, missing_equals()),
        }
        match self.kind() {
            TokenKind::CBrace => {
                let close = self.read();
                body.end = self.span(Token { end: close.start, ..close });
                Ok(body)
            }
            TokenKind::Eof => self.unclosed_block(open),
            TokenKind::Comma => {
                let comma = self.peek();
                self.fail(
                    comma,
                    SUMMARY,
                    "A block on a single line can hold one argument only. Write one argument a line, without commas.",
                )
            }
            _ => {
                let next = self.peek();
                self.fail(next, SUMMARY, "A block that begins its argument on the line of its header must end on that line, right after the argument.")
            }
        }
    }

    /// One argument or block with its line end; an error skips the rest of it.
    fn item(&mut self, body: &mut Body) {
        if self.take(TokenKind::Newline).is_some() {
            return;
        }
        let begin = self.at;
        let name = self.read();
        let parsed = match name.kind {
            TokenKind::Ident => match self.kind() {
                TokenKind::Equal => self.argument(name, body),
                TokenKind::OQuote | TokenKind::OBrace | TokenKind::Ident => self.block(name, body),
                _ => self.fail(name, NOT_AN_ITEM, missing_equals()),
            },
            // The rest of an item that was given up one line above.
            _ if self.recovered_at == begin && begin > 0 => Err(Lost),
            TokenKind::OQuote => self.fail(name, "Invalid argument name", "Argument names must not be quoted."),
            _ => self.fail(name, NOT_AN_ITEM, "An argument or block definition is required here."),
        };
        if let Err(Lost) = parsed {
            self.skip_item(begin);
            self.recovered_at = self.at;
        }
    }

    fn argument(&mut self, name: Token, body: &mut Body) -> Parsed<()> {
        match self.attribute(name) {
            Ok(attribute) => body.attributes.push(attribute),
            Err(Lost) => {
                // The name is known: what refers to it or requires it must not complain as well.
                let span = self.span(name);
                body.attributes.push(Attribute {
                    name: self.str(name).into(),
                    name_span: span,
                    value: placeholder(span),
                });
                return Err(Lost);
            }
        }
        self.line_end("Missing newline after argument", "An argument definition must end with a newline.")
    }

    fn attribute(&mut self, name: Token) -> Parsed<Attribute> {
        self.read();
        let value = self.expression()?;
        Ok(Attribute { name: self.str(name).into(), name_span: self.span(name), value })
    }

    fn line_end(&mut self, summary: &str, detail: &str) -> Parsed<()> {
        match self.kind() {
            TokenKind::Newline => {
                self.read();
                Ok(())
            }
            TokenKind::Eof => Ok(()),
            TokenKind::Comma => {
                let comma = self.peek();
                let detail = format!("Arguments are separated by new lines, not by commas. {detail}");
                self.fail(comma, "Unexpected comma after argument", detail)
            }
            _ => {
                let next = self.peek();
                self.fail(next, summary, detail)
            }
        }
    }

    fn block(&mut self, name: Token, body: &mut Body) -> Parsed<()> {
        let type_span = self.span(name);
        let mut labels = Vec::new();
        let open = loop {
            match self.kind() {
                TokenKind::OBrace => break self.read(),
                TokenKind::Ident => {
                    let label = self.read();
                    labels.push(Label { text: self.str(label).into(), span: self.span(label) });
                }
                TokenKind::OQuote => labels.push(self.quoted_label()?),
                other => return self.bad_header(other),
            }
        };
        let header = labels.last().map_or(type_span, |last: &Label| type_span.to(last.span));
        let block_type: Arc<str> = self.str(name).into();
        let begin = self.at;
        let parsed = self.block_body(open);
        let lost = parsed.is_err();
        let content = parsed.unwrap_or_default();
        body.blocks.push(Block { block_type, type_span, labels, header, body: content });
        if lost {
            self.at = begin;
            self.skip_block();
        }
        self.line_end("Missing newline after block definition", "A block definition must end with a newline.")
    }

    fn bad_header<T>(&mut self, found: TokenKind) -> Parsed<T> {
        let detail = match found {
            TokenKind::Equal => "The equals sign \"=\" sets an argument, and must not be used when defining a block.",
            TokenKind::Newline => {
                "A block needs its content between \"{\" and \"}\", beginning on the line of the block header."
            }
            _ => "Either a quoted block label or an opening brace (\"{\") is expected here.",
        };
        let next = self.peek();
        self.fail(next, "Invalid block definition", detail)
    }

    fn quoted_label(&mut self) -> Parsed<Label> {
        let open = self.read();
        let mut text = String::new();
        loop {
            let token = self.read();
            match token.kind {
                TokenKind::CQuote => {
                    return Ok(Label { text: text.into(), span: self.span(open).to(self.span(token)) });
                }
                TokenKind::QuotedLit => text.push_str(&self.literal_text(token)),
                TokenKind::Interp | TokenKind::Control => {
                    let sign = &self.str(token)[..1];
                    let detail =
                        format!("A label cannot contain template sequences. For a literal {sign:?}, write it twice.");
                    return self.fail(token, "Invalid string literal", detail);
                }
                _ => return self.fail(token, "Unterminated string literal", "The closing quote is missing."),
            }
        }
    }

    /// The first one of several arguments of one name stays.
    fn report_redefined(&mut self, body: &mut Body) {
        let names = body.attributes.iter().map(|a| &*a.name);
        if names.collect::<HashSet<&str>>().len() == body.attributes.len() {
            return;
        }
        let mut seen: HashMap<Arc<str>, Span> = HashMap::new();
        body.attributes.retain(|attribute| {
            let first = *seen.entry(attribute.name.clone()).or_insert(attribute.name_span);
            if first != attribute.name_span {
                let detail = format!(
                    "The argument {:?} was already set at line {}. Each argument may be set only once.",
                    attribute.name, first.start.line
                );
                self.error(attribute.name_span, "Attribute redefined", detail);
            }
            first == attribute.name_span
        });
    }
}

fn missing_equals() -> &'static str {
    "An argument or block definition is required here. To set an argument, put the equals sign \"=\" between its name and its value."
}
