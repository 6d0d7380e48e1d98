//! What follows a term: attributes, indexes, splats.
use super::{Parsed, Parser};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::token::{Token, TokenKind};

impl Parser<'_> {
    pub(super) fn traversed_term(&mut self) -> Parsed {
        let start = self.peek();
        let mut expr = self.term()?;
        // Collections of `[*]` splats that are still open, with their heights: what follows belongs to their elements.
        let mut splats: Vec<(Expr, u32)> = Vec::new();
        loop {
            match self.kind() {
                TokenKind::Dot => {
                    let dot = self.read();
                    expr = self.after_dot(expr, dot)?;
                }
                TokenKind::OBrack => {
                    let open = self.read();
                    if self.kind() == TokenKind::Star {
                        self.read();
                        let close = self.splat_close()?;
                        splats.push((expr, self.height));
                        expr = self.leaf(ExprKind::SplatItem, self.span(open).to(self.span(close)));
                    } else {
                        expr = self.index(expr, open)?;
                    }
                }
                _ => break,
            }
        }
        while let Some((source, height)) = splats.pop() {
            let span = self.span(start).to(expr.span);
            let tallest = height.max(self.height);
            expr = self.node(ExprKind::Splat { source, each: expr }, span, tallest)?;
        }
        Ok(expr)
    }

    fn splat_close(&mut self) -> Parsed<Token> {
        let close = self.read();
        if close.kind == TokenKind::CBrack {
            return Ok(close);
        }
        let detail = "The star of a splat operator must be followed at once by a closing bracket (\"]\").";
        let place = self.closing_bracket(close);
        self.fail(place, "Missing close bracket on splat index", detail)
    }

    /// `.name`, `.0`, `.*`
    fn after_dot(&mut self, object: Expr, dot: Token) -> Parsed {
        match self.kind() {
            TokenKind::Star => self.attribute_splat(object, dot),
            _ => self.attribute_step(object),
        }
    }

    /// `.name` or the legacy `.0`, the dot already read.
    fn attribute_step(&mut self, object: Expr) -> Parsed {
        let height = self.height;
        let token = self.peek();
        let span = object.span.to(self.span(token));
        match token.kind {
            TokenKind::Ident => {
                self.read();
                let kind = ExprKind::GetAttr { object, name: self.str(token).into(), name_span: self.span(token) };
                self.node(kind, span, height)
            }
            TokenKind::Number => {
                self.read();
                if let Some((first, second)) = self.str(token).split_once('.') {
                    let detail = format!(
                        "Two indexes cannot be chained in this old syntax. Use brackets instead: [{first}][{second}]."
                    );
                    return self.fail(token, "Invalid legacy index syntax", detail);
                }
                let key = self.number(token)?;
                self.node(ExprKind::Index { object, key }, span, height)
            }
            TokenKind::Star => {
                let detail = "A splat (*) cannot be used inside another attribute-only splat. Use [*] instead.";
                self.fail(token, "Nested splat expression not allowed", detail)
            }
            _ => self.fail(token, "Invalid attribute name", "An attribute name is required after a dot."),
        }
    }

    /// `.*` and the attributes after it, which all belong to the elements; an index after that does not.
    fn attribute_splat(&mut self, source: Expr, dot: Token) -> Parsed {
        let height = self.height;
        let star = self.read();
        let item: Span = self.span(dot).to(self.span(star));
        let mut each = self.leaf(ExprKind::SplatItem, item);
        while self.take(TokenKind::Dot).is_some() {
            each = self.attribute_step(each)?;
        }
        let span = source.span.to(each.span);
        let tallest = height.max(self.height);
        self.node(ExprKind::Splat { source, each }, span, tallest)
    }

    /// `[key]`, the bracket already read.
    fn index(&mut self, object: Expr, open: Token) -> Parsed {
        let height = self.height;
        let (key, close) = self.bracketed(false, |p| {
            let key = p.expression()?;
            let close = p.read();
            if close.kind != TokenKind::CBrack {
                let detail = "The index operator must end with a closing bracket (\"]\").";
                let place = p.closing_bracket(close);
                return p.fail(place, "Missing close bracket on index", detail);
            }
            Ok((key, close))
        })?;
        let span = object.span.to(self.span(open)).to(self.span(close));
        let tallest = height.max(self.height);
        self.node(ExprKind::Index { object, key }, span, tallest)
    }

    /// Where Terraform reports a missing bracket: at the next bracket that would close, or else at the end of the file.
    fn closing_bracket(&self, found: Token) -> Token {
        let mut open = 0;
        let rest = self.tokens.iter().skip_while(|t| t.end.byte <= found.end.byte);
        for token in rest {
            match token.kind {
                TokenKind::OBrack => open += 1,
                TokenKind::CBrack if open == 0 => return *token,
                TokenKind::CBrack => open -= 1,
                TokenKind::Eof => return *token,
                _ => {}
            }
        }
        found
    }
}
