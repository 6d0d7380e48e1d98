//! Outdated forms that formatting replaces: `"${x}"` by `x`, `type = "list"` and `type = list` by their full forms, labels
//! without quotes by labels in quotes.
use super::Piece;
use crate::source::Span;
use crate::syntax::ast::{Attribute, Block, Body, Label};
use crate::syntax::token::{Token, TokenKind};

/// Replaces the pieces of a range of tokens.
struct Edit<'t> {
    start: usize,
    end: usize,
    with: Vec<Piece<'t>>,
}

/// Applies all rewrites; `pieces` has one piece for every token.
pub(super) fn apply<'t>(pieces: Vec<Piece<'t>>, tokens: &[Token], body: &Body) -> Vec<Piece<'t>> {
    let mut finder = Finder { pieces: &pieces, tokens, edits: Vec::new() };
    finder.body(body, &mut Vec::new());
    let mut edits = finder.edits;
    edits.sort_by_key(|edit| edit.start);
    let mut out = Vec::with_capacity(pieces.len());
    let mut edits = edits.into_iter().peekable();
    let mut skip_to = 0;
    for (i, piece) in pieces.into_iter().enumerate() {
        if edits.peek().is_some_and(|edit| edit.start == i)
            && let Some(edit) = edits.next()
        {
            out.extend(edit.with);
            skip_to = edit.end;
        }
        if i >= skip_to && !is_spent(&piece) {
            out.push(piece);
        }
    }
    out
}

/// Whether it is the line end of a comment, which the comment has taken.
fn is_spent(piece: &Piece<'_>) -> bool {
    piece.kind == TokenKind::Comment && piece.text.is_empty()
}

struct Finder<'p, 't> {
    pieces: &'p [Piece<'t>],
    tokens: &'p [Token],
    edits: Vec<Edit<'t>>,
}

impl<'t> Finder<'_, 't> {
    /// The tokens from the first byte of a span to its last.
    fn range(&self, span: Span) -> (usize, usize) {
        let start = self.tokens.partition_point(|t| t.start.byte < span.start.byte);
        (start, self.tokens.partition_point(|t| t.start.byte < span.end.byte))
    }

    fn body<'b>(&mut self, body: &'b Body, blocks: &mut Vec<&'b str>) {
        for attribute in &body.attributes {
            let type_of_variable = blocks.as_slice() == ["variable"] && &*attribute.name == "type";
            self.attribute(attribute, type_of_variable);
        }
        for block in &body.blocks {
            self.labels(block);
            blocks.push(&block.block_type);
            self.body(&block.body, blocks);
            blocks.pop();
        }
    }

    fn attribute(&mut self, attribute: &Attribute, type_of_variable: bool) {
        let (start, end) = self.range(attribute.value.span);
        if !type_of_variable && self.pieces[start].kind != TokenKind::OQuote {
            return;
        }
        let pieces: Vec<_> = self.pieces[start..end].iter().filter(|p| !is_spent(p)).cloned().collect();
        let with = if type_of_variable { full_type(&pieces) } else { unwrapped(&pieces) };
        self.edits.extend(with.map(|with| Edit { start, end, with }));
    }

    /// Labels are written in quotes, with nothing between them.
    fn labels(&mut self, block: &Block) {
        let Some(last) = block.labels.last() else { return };
        let (first, _) = self.range(block.type_span);
        let (_, end) = self.range(last.span);
        let with = block.labels.iter().flat_map(quoted).collect();
        self.edits.push(Edit { start: first + 1, end, with });
    }
}

fn quoted<'t>(label: &Label) -> Vec<Piece<'t>> {
    let mut pieces = vec![Piece::new(TokenKind::OQuote, "\"")];
    if !label.text.is_empty() {
        pieces.push(Piece::new(TokenKind::QuotedLit, escaped(&label.text)));
    }
    pieces.push(Piece::new(TokenKind::CQuote, "\""));
    pieces
}

/// A text as it stands in quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' => out.extend(['\\', c]),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The type a short or quoted form of old stands for.
fn full_type<'t>(pieces: &[Piece<'t>]) -> Option<Vec<Piece<'t>>> {
    let collection = |name: &'static str, element: &'static str| {
        vec![
            Piece::new(TokenKind::Ident, name),
            Piece::new(TokenKind::OParen, "("),
            Piece::new(TokenKind::Ident, element),
            Piece::new(TokenKind::CParen, ")"),
        ]
    };
    match pieces {
        [word] if word.kind == TokenKind::Ident => match &*word.text {
            "list" => Some(collection("list", "any")),
            "map" => Some(collection("map", "any")),
            "set" => Some(collection("set", "any")),
            _ => None,
        },
        [open, word, _] if open.kind == TokenKind::OQuote => match &*word.text {
            "string" => Some(vec![Piece::new(TokenKind::Ident, "string")]),
            "list" => Some(collection("list", "string")),
            "map" => Some(collection("map", "string")),
            _ => None,
        },
        _ => None,
    }
}

/// The expression inside a string that is one interpolation and nothing else.
fn unwrapped<'t>(pieces: &[Piece<'t>]) -> Option<Vec<Piece<'t>>> {
    let [open, interp, inside @ .., end, close] = pieces else { return None };
    let wrapped = open.kind == TokenKind::OQuote
        && interp.kind == TokenKind::Interp
        && end.kind == TokenKind::SeqEnd
        && close.kind == TokenKind::CQuote;
    if !wrapped || inside.is_empty() {
        return None;
    }
    let mut quotes = 0;
    for piece in inside {
        match piece.kind {
            TokenKind::OQuote => quotes += 1,
            TokenKind::CQuote => quotes -= 1,
            TokenKind::Interp | TokenKind::SeqEnd | TokenKind::QuotedLit if quotes <= 0 => return None,
            _ => {}
        }
    }
    let newline = |piece: &Piece<'_>| piece.kind == TokenKind::Newline;
    let start = inside.iter().position(|p| !newline(p)).unwrap_or(inside.len());
    let stop = inside.iter().rposition(|p| !newline(p)).map_or(start, |last| last + 1);
    let trimmed = &inside[start..stop];
    let in_parens = matches!(
        (trimmed.first(), trimmed.last()),
        (Some(first), Some(last)) if first.kind == TokenKind::OParen && last.kind == TokenKind::CParen
    );
    if trimmed.iter().any(newline) && !in_parens {
        // On several lines it needs parentheses to stay one expression.
        let mut with = vec![Piece::new(TokenKind::OParen, "(")];
        with.extend_from_slice(trimmed);
        with.push(Piece::new(TokenKind::CParen, ")"));
        return Some(with);
    }
    Some(trimmed.to_vec())
}
