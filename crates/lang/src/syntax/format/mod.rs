//! The canonical layout of `terraform fmt`.
//!
//! It works on tokens, not on the tree: only white space changes, besides a few rewrites of outdated forms
//! (see [`rewrite`]). A line has up to three cells, *lead*, *assign* and *comment*; indentation follows brackets, spaces
//! follow pairs of tokens, and the cells of neighbouring lines are aligned.
mod lines;
mod rewrite;
mod spaces;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::lexer::{Start, tokenize};
use super::parser;
use super::token::{Token, TokenKind};
use crate::source::FileId;

/// A token and the spaces before it.
#[derive(Clone, Debug)]
struct Piece<'t> {
    kind: TokenKind,
    text: Cow<'t, str>,
    spaces: usize,
}

impl<'t> Piece<'t> {
    fn new(kind: TokenKind, text: impl Into<Cow<'t, str>>) -> Piece<'t> {
        Piece { kind, text: text.into(), spaces: 0 }
    }

    /// Columns it takes, with the spaces before it.
    fn columns(&self) -> usize {
        let text = if self.text.is_ascii() { self.text.len() } else { self.text.graphemes(true).count() };
        self.spaces + text
    }

    /// Whether a line ends with it.
    fn ends_line(&self) -> bool {
        match self.kind {
            TokenKind::Newline => true,
            TokenKind::Comment => self.text.ends_with('\n'),
            _ => false,
        }
    }

    /// How many brackets are open more after it.
    fn bracket_change(&self) -> isize {
        match self.kind {
            TokenKind::OBrace | TokenKind::OBrack | TokenKind::OParen | TokenKind::Interp | TokenKind::Control => 1,
            TokenKind::CBrace | TokenKind::CBrack | TokenKind::CParen | TokenKind::SeqEnd => -1,
            _ => 0,
        }
    }
}

/// Formats a file of native syntax. A text with syntax errors is returned as it is: parse it first to report them.
pub(crate) fn format(text: &str) -> String {
    let tokens = tokenize(text, Start::Normal);
    let (body, findings) = parser::body_of(FileId(0), text, &tokens);
    if findings.has_errors() {
        return text.to_owned();
    }
    let mut pieces = rewrite::apply(pieces(text, &tokens), &tokens, &body);
    lines::lay_out(&mut pieces);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for piece in &pieces {
        out.extend(std::iter::repeat_n(' ', piece.spaces));
        out.push_str(&piece.text);
    }
    out
}

/// One piece for every token. A comment that runs to the end of its line takes the line end with it; what is left of that
/// is empty.
fn pieces<'t>(text: &'t str, tokens: &[Token]) -> Vec<Piece<'t>> {
    let mut pieces: Vec<Piece<'t>> = Vec::with_capacity(tokens.len());
    let mut last_end = 0;
    for token in tokens {
        let (start, end) = (token.start.byte as usize, token.end.byte as usize);
        let mut piece = Piece::new(token.kind, &text[start..end]);
        piece.spaces = start - last_end;
        last_end = end;
        match pieces.last_mut() {
            Some(comment)
                if token.kind == TokenKind::Newline
                    && comment.kind == TokenKind::Comment
                    && !comment.text.is_empty()
                    && !comment.text.starts_with("/*") =>
            {
                comment.text = Cow::Borrowed(&text[start - comment.text.len()..end]);
                piece.text = Cow::Borrowed("");
                piece.kind = TokenKind::Comment;
            }
            _ => {}
        }
        pieces.push(piece);
    }
    pieces
}
