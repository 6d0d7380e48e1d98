//! Where the parser goes on after an error.
use super::Parser;
use crate::syntax::token::TokenKind;

impl Parser<'_> {
    /// Skips an item of a body that began at token `begin`: to the line end that is outside of all brackets opened since, or
    /// up to (not past) the brace that closes the block around. Where brackets do not balance, it stops at the next line
    /// that looks like an item.
    pub(super) fn skip_item(&mut self, begin: usize) {
        self.newlines = true;
        let failed = self.at;
        self.at = begin;
        let mut open: Vec<TokenKind> = Vec::new();
        loop {
            let token = self.tokens[self.at];
            match token.kind {
                TokenKind::Eof if open.is_empty() => return,
                TokenKind::Eof => return self.resume(begin, failed),
                TokenKind::CBrace if !open.is_empty() && open.iter().all(|o| o.closer() != Some(TokenKind::CBrace)) => {
                    return self.resume(begin, failed);
                }
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
                    self.unbalanced = true;
                }
                kind if kind.closer().is_some() => open.push(kind),
                kind if kind.is_closer() => close(&mut open, kind),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Goes on at the first line from where the error was that looks like an item, or that ends the block around.
    fn resume(&mut self, begin: usize, failed: usize) {
        self.unbalanced = true;
        self.at = failed.saturating_sub(1).max(begin + 1);
        while self.tokens[self.at].kind != TokenKind::Eof {
            let first = self.tokens[self.at - 1].kind == TokenKind::Newline;
            if first && self.looks_like_item(self.at) {
                return;
            }
            self.at += 1;
        }
    }

    fn looks_like_item(&self, at: usize) -> bool {
        use TokenKind::{CBrace, Equal, Ident, OBrace, OQuote};
        match (self.tokens[at].kind, self.tokens.get(at + 1).map(|t| t.kind)) {
            (Ident, Some(Equal | OBrace | OQuote | Ident)) => true,
            (CBrace, _) => self.depth > 0,
            _ => false,
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
