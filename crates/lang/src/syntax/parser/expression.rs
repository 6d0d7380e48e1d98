//! Conditionals and operators.
use super::{Parsed, Parser};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::syntax::token::{Token, TokenKind};

impl Parser<'_> {
    /// A whole expression.
    pub(super) fn expression(&mut self) -> Parsed {
        let start = self.peek();
        self.deeper(start, Parser::conditional)
    }

    fn conditional(&mut self) -> Parsed {
        let cond = self.operations()?;
        let tallest = self.height;
        if self.take(TokenKind::Question).is_none() {
            return Ok(cond);
        }
        let yes = self.expression()?;
        let tallest = tallest.max(self.height);
        if self.take(TokenKind::Colon).is_none() {
            let next = self.peek();
            let detail =
                "The conditional operator (… ? … : …) needs a colon and what to take when the condition is false.";
            return self.fail(next, "Missing false expression in conditional", detail);
        }
        let no = self.expression()?;
        let tallest = tallest.max(self.height);
        let span = cond.span.to(no.span);
        self.node(ExprKind::Conditional { cond, yes, no }, span, tallest)
    }

    /// Operators of two operands by precedence, all left-associative, without recursion.
    fn operations(&mut self) -> Parsed {
        let first = self.unary()?;
        let Some(mut next) = binary_op(self.kind()) else { return Ok(first) };
        let mut operands = vec![(first, self.height)];
        let mut operators: Vec<(BinaryOp, u8)> = Vec::new();
        loop {
            self.read();
            while operators.last().is_some_and(|(_, level)| *level >= next.1) {
                self.reduce(&mut operands, &mut operators)?;
            }
            operators.push(next);
            let operand = self.unary()?;
            operands.push((operand, self.height));
            match binary_op(self.kind()) {
                Some(op) => next = op,
                None => break,
            }
        }
        while !operators.is_empty() {
            self.reduce(&mut operands, &mut operators)?;
        }
        let (whole, height) = operands.pop().expect("one operand is left when every operator took two and gave one");
        self.height = height;
        Ok(whole)
    }

    fn reduce(&mut self, operands: &mut Vec<(Expr, u32)>, operators: &mut Vec<(BinaryOp, u8)>) -> Parsed<()> {
        let (Some((op, _)), Some((rhs, b)), Some((lhs, a))) = (operators.pop(), operands.pop(), operands.pop()) else {
            return Ok(());
        };
        let span = lhs.span.to(rhs.span);
        let whole = self.node(ExprKind::Binary { op, lhs, rhs }, span, a.max(b))?;
        operands.push((whole, self.height));
        Ok(())
    }

    /// `!` and `-` before a term, in any number.
    fn unary(&mut self) -> Parsed {
        let mut prefixes: Vec<(UnaryOp, Token)> = Vec::new();
        loop {
            let op = match self.kind() {
                TokenKind::Bang => UnaryOp::Not,
                TokenKind::Minus => UnaryOp::Negate,
                _ => break,
            };
            prefixes.push((op, self.read()));
        }
        let mut operand = self.traversed_term()?;
        for (op, token) in prefixes.into_iter().rev() {
            let span = self.span(token).to(operand.span);
            operand = self.node(ExprKind::Unary { op, operand }, span, self.height)?;
        }
        Ok(operand)
    }
}

/// The operator a token stands for, and how tightly it binds.
fn binary_op(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::Or => (BinaryOp::Or, 1),
        TokenKind::And => (BinaryOp::And, 2),
        TokenKind::EqualEqual => (BinaryOp::Equal, 3),
        TokenKind::NotEqual => (BinaryOp::NotEqual, 3),
        TokenKind::Less => (BinaryOp::Less, 4),
        TokenKind::LessEqual => (BinaryOp::LessOrEqual, 4),
        TokenKind::Greater => (BinaryOp::Greater, 4),
        TokenKind::GreaterEqual => (BinaryOp::GreaterOrEqual, 4),
        TokenKind::Plus => (BinaryOp::Add, 5),
        TokenKind::Minus => (BinaryOp::Subtract, 5),
        TokenKind::Star => (BinaryOp::Multiply, 6),
        TokenKind::Slash => (BinaryOp::Divide, 6),
        TokenKind::Percent => (BinaryOp::Modulo, 6),
        _ => return None,
    })
}
