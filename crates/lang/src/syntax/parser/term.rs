//! Terms: literals, references, calls, parentheses, collections.
use super::{Parsed, Parser};
use crate::syntax::ast::{Call, Expr, ExprKind, ObjectItem};
use crate::syntax::token::{Token, TokenKind};
use crate::value::{Number, Type, Value};

impl Parser<'_> {
    pub(super) fn term(&mut self) -> Parsed {
        let start = self.peek();
        match start.kind {
            TokenKind::OParen => self.parentheses(),
            TokenKind::Number => {
                self.read();
                self.number(start)
            }
            TokenKind::Ident => {
                self.read();
                self.name(start)
            }
            TokenKind::OQuote | TokenKind::OHeredoc => self.quoted_template(),
            TokenKind::OBrack => self.tuple(),
            TokenKind::OBrace => self.object(),
            TokenKind::Eof => {
                let detail = "Expected the start of an expression, but found the end of the file.";
                self.fail(start, "Missing expression", detail)
            }
            _ => {
                let detail = "Expected the start of an expression, but found an invalid expression token.";
                self.fail(start, "Invalid expression", detail)
            }
        }
    }

    pub(super) fn number(&mut self, token: Token) -> Parsed {
        match Number::parse(self.str(token)) {
            Some(n) => Ok(self.leaf(ExprKind::Literal(Value::number(n)), self.span(token))),
            None => self.fail(token, "Invalid number literal", "This is not a number in decimal notation."),
        }
    }

    fn name(&mut self, token: Token) -> Parsed {
        if matches!(self.kind(), TokenKind::OParen | TokenKind::DoubleColon) {
            return self.call(token);
        }
        let kind = match self.str(token) {
            "true" => ExprKind::Literal(Value::bool(true)),
            "false" => ExprKind::Literal(Value::bool(false)),
            "null" => ExprKind::Literal(Value::null(Type::Dynamic)),
            name => ExprKind::Root(name.into()),
        };
        Ok(self.leaf(kind, self.span(token)))
    }

    fn parentheses(&mut self) -> Parsed {
        let open = self.read();
        let (inner, close) = self.bracketed(false, |p| {
            let inner = p.expression()?;
            let close = p.peek();
            if close.kind != TokenKind::CParen {
                return p.fail(
                    close,
                    "Unbalanced parentheses",
                    "Expected a closing parenthesis to end the expression.",
                );
            }
            p.read();
            Ok((inner, close))
        })?;
        let span = self.span(open).to(self.span(close));
        self.node(ExprKind::Parens(inner), span, self.height)
    }

    fn call(&mut self, first: Token) -> Parsed {
        let mut last = first;
        while self.take(TokenKind::DoubleColon).is_some() {
            let part = self.peek();
            if part.kind != TokenKind::Ident {
                return self.fail(part, "Missing function name", "The symbol :: must be followed by a function name.");
            }
            last = self.read();
        }
        let name_span = self.span(first).to(self.span(last));
        let mut name = self.text[first.start.byte as usize..last.end.byte as usize].to_owned();
        name.retain(|c| !c.is_whitespace());
        let open = self.peek();
        if open.kind != TokenKind::OParen {
            let detail = "A function name with :: must be followed by an opening parenthesis.";
            return self.fail(open, "Missing open parenthesis", detail);
        }
        self.read();
        let (args, expand, close, tallest) = self.bracketed(false, |p| p.arguments(first))?;
        let span = self.span(first).to(self.span(close));
        self.node(ExprKind::Call(Call { name: name.into(), name_span, args, expand }), span, tallest)
    }

    /// Arguments of a call up to and with the closing parenthesis.
    fn arguments(&mut self, name: Token) -> Parsed<(Vec<Expr>, bool, Token, u32)> {
        let (mut args, mut tallest) = (Vec::new(), 0);
        loop {
            if let Some(close) = self.take(TokenKind::CParen) {
                return Ok((args, false, close, tallest));
            }
            args.push(self.expression()?);
            tallest = tallest.max(self.height);
            let separator = self.read();
            match separator.kind {
                TokenKind::CParen => return Ok((args, false, separator, tallest)),
                TokenKind::Comma => {}
                TokenKind::Ellipsis => {
                    if let Some(close) = self.take(TokenKind::CParen) {
                        return Ok((args, true, close, tallest));
                    }
                    let detail =
                        "An expanded argument (with ...) must be the last, right before the closing parenthesis.";
                    return self.fail(separator, "Missing closing parenthesis", detail);
                }
                TokenKind::Eof => {
                    let detail = "There is no closing parenthesis for this function call before the end of the file.";
                    return self.fail(name, "Unterminated function call", detail);
                }
                _ => {
                    let detail = "A comma is required to separate each function argument from the next.";
                    return self.fail(separator, "Missing argument separator", detail);
                }
            }
        }
    }

    fn tuple(&mut self) -> Parsed {
        let open = self.read();
        self.bracketed(false, |p| {
            if p.is_keyword("for") {
                return p.for_expr(open);
            }
            let (mut items, mut tallest) = (Vec::new(), 0);
            let close = loop {
                if let Some(close) = p.take(TokenKind::CBrack) {
                    break close;
                }
                items.push(p.expression()?);
                tallest = tallest.max(p.height);
                match p.peek() {
                    next if matches!(next.kind, TokenKind::Comma | TokenKind::CBrack) => {
                        p.take(TokenKind::Comma);
                    }
                    next if next.kind == TokenKind::Eof => {
                        let detail = "There is no closing bracket for this before the end of the file.";
                        return p.fail(open, "Unterminated tuple constructor expression", detail);
                    }
                    next => {
                        let detail = "Expected a comma to mark the beginning of the next item.";
                        return p.fail(next, "Missing item separator", detail);
                    }
                }
            };
            let span = p.span(open).to(p.span(close));
            p.node(ExprKind::Tuple(items), span, tallest)
        })
    }

    fn object(&mut self) -> Parsed {
        let open = self.read();
        // Line ends separate items here, but not in `{for …}`.
        let outer = std::mem::replace(&mut self.newlines, false);
        let is_for = self.is_keyword("for");
        self.newlines = outer;
        if is_for {
            return self.bracketed(false, |p| p.for_expr(open));
        }
        self.bracketed(true, |p| {
            let (mut items, mut tallest) = (Vec::new(), 0);
            let close = loop {
                if p.take(TokenKind::Newline).is_some() {
                    continue;
                }
                if let Some(close) = p.take(TokenKind::CBrace) {
                    break close;
                }
                let (item, height) = p.object_item(open)?;
                items.push(item);
                tallest = tallest.max(height);
                if p.take(TokenKind::Comma).or_else(|| p.take(TokenKind::Newline)).is_none()
                    && p.kind() != TokenKind::CBrace
                {
                    let next = p.peek();
                    let detail = "Expected a newline or comma to mark the beginning of the next attribute.";
                    return p.unclosed_object(open, next, "Missing attribute separator", detail);
                }
            };
            let span = p.span(open).to(p.span(close));
            p.node(ExprKind::Object(items), span, tallest)
        })
    }

    fn object_item(&mut self, open: Token) -> Parsed<(ObjectItem, u32)> {
        let key = self.expression()?;
        let height = self.height;
        let next = self.peek();
        match next.kind {
            TokenKind::Equal | TokenKind::Colon => drop(self.read()),
            TokenKind::Newline | TokenKind::Comma => {
                let detail = "Expected an attribute value, introduced by an equals sign (\"=\").";
                return self.fail(next, "Missing attribute value", detail);
            }
            _ => {
                let detail = "Expected an equals sign (\"=\") to mark the beginning of the attribute value. A name with spaces or dots in it must be quoted.";
                return self.unclosed_object(open, next, "Missing key/value separator", detail);
            }
        }
        let key = object_key(key);
        let value = self.expression()?;
        Ok((ObjectItem { key, value }, height.max(self.height)))
    }

    fn unclosed_object<T>(&mut self, open: Token, next: Token, summary: &str, detail: &str) -> Parsed<T> {
        if next.kind == TokenKind::Eof {
            let detail = "There is no closing brace for this before the end of the file.";
            return self.fail(open, "Unterminated object constructor expression", detail);
        }
        self.fail(next, summary, detail)
    }
}

/// A bare word as a key is its own name, even `true` and `null`.
fn object_key(key: Expr) -> Expr {
    let bare = match &*key.kind {
        ExprKind::Root(name) => Some(Value::string(name)),
        ExprKind::Literal(value) if value.is_null() => Some(Value::string("null")),
        ExprKind::Literal(value) => value.as_bool().map(|b| Value::string(b.to_string())),
        _ => None,
    };
    match bare {
        Some(name) => Expr::new(ExprKind::Literal(name), key.span),
        None => key,
    }
}
