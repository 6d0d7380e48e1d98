//! `[for …]` and `{for …}`
use std::sync::Arc;

use super::{Parsed, Parser};
use crate::syntax::ast::{ExprKind, ForExpr};
use crate::syntax::token::{Token, TokenKind};

const SUMMARY: &str = "Invalid 'for' expression";

impl Parser<'_> {
    /// The rest of a `for` expression; the opening bracket is read, `for` comes next.
    pub(super) fn for_expr(&mut self, open: Token) -> Parsed {
        self.read();
        let (key_name, value_name) = self.for_names(SUMMARY)?;
        let collection = self.expression()?;
        let mut tallest = self.height;
        if self.take(TokenKind::Colon).is_none() {
            let next = self.peek();
            return self.fail(next, SUMMARY, "A colon is required after the collection.");
        }
        let mut key = None;
        let mut value = self.expression()?;
        tallest = tallest.max(self.height);
        if self.take(TokenKind::FatArrow).is_some() {
            key = Some(std::mem::replace(&mut value, self.expression()?));
            tallest = tallest.max(self.height);
        }
        let ellipsis = self.take(TokenKind::Ellipsis);
        let mut cond = None;
        if self.is_keyword("if") {
            self.read();
            cond = Some(self.expression()?);
            tallest = tallest.max(self.height);
        }
        let close = self.read();
        if Some(close.kind) != open.kind.closer() {
            return self.fail(close, SUMMARY, "Extra characters after the end of the 'for' expression.");
        }
        match (open.kind, &key) {
            (TokenKind::OBrace, None) => {
                self.error(value.span, SUMMARY, "A key and \"=>\" are required when building an object.");
            }
            (TokenKind::OBrack, Some(key)) => {
                self.error(
                    key.span,
                    SUMMARY,
                    "A key is not valid when building a tuple. Use braces to build an object.",
                );
            }
            _ => {}
        }
        if let (TokenKind::OBrack, Some(ellipsis)) = (open.kind, ellipsis) {
            self.error(self.span(ellipsis), SUMMARY, "Grouping (...) cannot be used when building a tuple.");
        }
        let span = self.span(open).to(self.span(close));
        let group = ellipsis.is_some();
        self.node(ExprKind::For(ForExpr { key_name, value_name, collection, key, value, cond, group }), span, tallest)
    }

    /// `name in` or `key, name in`
    pub(super) fn for_names(&mut self, summary: &str) -> Parsed<(Option<Arc<str>>, Arc<str>)> {
        let mut key = None;
        let mut value = self.for_name(summary, "A name is required after 'for'.")?;
        if self.take(TokenKind::Comma).is_some() {
            key = Some(std::mem::replace(
                &mut value,
                self.for_name(summary, "A second name is required after the comma.")?,
            ));
        }
        if !self.is_keyword("in") {
            let next = self.peek();
            return self.fail(next, summary, "The keyword 'in' is required after the names.");
        }
        self.read();
        Ok((key, value))
    }

    fn for_name(&mut self, summary: &str, missing: &str) -> Parsed<Arc<str>> {
        let token = self.peek();
        if token.kind != TokenKind::Ident {
            return self.fail(token, summary, missing);
        }
        self.read();
        Ok(self.str(token).into())
    }
}
