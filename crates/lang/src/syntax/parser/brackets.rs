//! Where the parser goes on after an error.
use super::Parser;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// Skips an item of a body that began at token `begin`: to the line end that is outside of all brackets opened since, or
    /// up to (not past) the brace that closes the block around.
    pub(super) fn skip_item(&mut self, begin: usize) {
        self.newlines = true;
        self.at = begin;
        let mut open: Vec<TokenKind> = Vec::new();
        loop {
            let token = self.tokens[self.at];
            match token.kind {
                TokenKind::Eof => return,
                TokenKind::Newline if open.is_empty() => {
                    self.at += 1;
                    return;
                }
                TokenKind::CBrace if open.is_empty() && self.depth > 0 => return,
                TokenKind::QuotedNewline => {
                    open.pop();
                    if open.is_empty() {
                        self.at += 1;
                        return;
                    }
                }
                kind if kind.closer().is_some() => open.push(kind),
                kind if kind.is_closer() => close(&mut open, kind),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Skips the rest of a block whose opening brace was just read, with its closing brace.
    pub(super) fn skip_block(&mut self) {
        self.newlines = true;
        let mut open = vec![TokenKind::OBrace];
        while self.tokens[self.at].kind != TokenKind::Eof && !open.is_empty() {
            match self.tokens[self.at].kind {
                TokenKind::QuotedNewline => drop(open.pop()),
                kind if kind.closer().is_some() => open.push(kind),
                kind if kind.is_closer() => close(&mut open, kind),
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// Takes the innermost bracket off that `closer` closes, and all that were left open inside it.
fn close(open: &mut Vec<TokenKind>, closer: TokenKind) {
    if let Some(at) = open.iter().rposition(|o| o.closer() == Some(closer)) {
        open.truncate(at);
    }
}
