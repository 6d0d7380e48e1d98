//! Operators of one and two operands.
//!
//! As in Terraform 1.11 no operator short-circuits: both operands are evaluated, and `false && null` is an error.
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::value::convert::{ConversionError, convert};
use crate::value::{Marks, Number, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;
use super::range::{less_than, unknown_not_null};
use crate::value::equality::equal;

const NULL: &str = "argument must not be null";

impl Evaluator<'_> {
    /// `!x`, `-x`
    pub(super) fn unary(
        &self,
        op: UnaryOp,
        operand: &Expr,
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let (given, ok) = self.checked(operand, frame, diags);
        let ty = match op {
            UnaryOp::Not => Type::Bool,
            UnaryOp::Negate => Type::Number,
        };
        let value = match as_operand(&given, &ty, frame) {
            Ok(value) => value,
            Err(e) => {
                diags.push(invalid_operand("unary", &e).at(operand.span));
                return Value::unknown(ty);
            }
        };
        if !ok {
            return Value::unknown(ty);
        }
        if value.is_null() {
            diags.push(failed(NULL).at(span));
            return Value::unknown(ty);
        }
        let marks = value.marks();
        let result = match (op, value.as_bool(), value.as_number()) {
            (UnaryOp::Not, Some(b), _) => Value::bool(!b),
            (UnaryOp::Negate, _, Some(n)) => Value::number(n.neg()),
            _ => unknown_not_null(ty),
        };
        result.with_marks(marks)
    }

    /// A chain of operators: goes down the left side once, then computes its way up, so that its length costs no stack.
    pub(super) fn binary(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let mut spine = Vec::new();
        let mut leftmost = expr;
        while let ExprKind::Binary { op, lhs, rhs } = &*leftmost.kind {
            spine.push((*op, lhs, rhs, leftmost.span));
            leftmost = lhs;
        }
        let (mut value, mut ok) = self.checked(leftmost, frame, diags);
        for (op, lhs, rhs, span) in spine.into_iter().rev() {
            let (right, right_ok) = self.checked(rhs, frame, diags);
            let ty = operand_type(op);
            let left = as_operand(&value, &ty, frame).map_err(|e| diags.push(invalid_operand("left", &e).at(lhs.span)));
            let right =
                as_operand(&right, &ty, frame).map_err(|e| diags.push(invalid_operand("right", &e).at(rhs.span)));
            let computed = match (left, right) {
                (Ok(left), Ok(right)) if ok && right_ok => {
                    apply(op, &left, &right).map_err(|reason| diags.push(failed(reason).at(span)))
                }
                _ => Err(()),
            };
            ok = computed.is_ok();
            value = computed.unwrap_or_else(|()| Value::unknown(result_type(op)));
        }
        value
    }
}

/// The operand in the type that the operator works on.
fn as_operand(value: &Value, ty: &Type, frame: &Frame<'_>) -> Result<Value, ConversionError> {
    if *ty == Type::Dynamic || value.ty() == ty {
        return Ok(value.clone());
    }
    let concealing = frame.concealing();
    if concealing.is_empty() {
        return convert(value, ty);
    }
    let (converted, _) = convert(&value.clone().with_marks(concealing), ty)?.unmark();
    Ok(converted.with_marks(value.marks()))
}

fn invalid_operand(which: &str, reason: &ConversionError) -> Diagnostic {
    Diagnostic::error("Invalid operand", format!("Unsuitable value for {which} operand: {reason}."))
}

fn failed(reason: &str) -> Diagnostic {
    Diagnostic::error("Operation failed", format!("Error during operation: {reason}."))
}

fn operand_type(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Or | BinaryOp::And => Type::Bool,
        BinaryOp::Equal | BinaryOp::NotEqual => Type::Dynamic,
        _ => Type::Number,
    }
}

fn result_type(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => Type::Number,
        _ => Type::Bool,
    }
}

/// Computes; both operands are of the operator's type.
fn apply(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, &'static str> {
    if let BinaryOp::Equal | BinaryOp::NotEqual = op {
        let marks = a.deep_marks() | b.deep_marks();
        return Ok(truth(equal(a, b).map(|e| e == (op == BinaryOp::Equal)), marks));
    }
    if a.is_null() || b.is_null() {
        return Err(NULL);
    }
    let marks = a.marks() | b.marks();
    Ok(match op {
        BinaryOp::And => truth(a.as_bool().zip(b.as_bool()).map(|(a, b)| a && b), marks),
        BinaryOp::Or => truth(a.as_bool().zip(b.as_bool()).map(|(a, b)| a || b), marks),
        BinaryOp::Less => truth(less_than(a, b), marks),
        BinaryOp::Greater => truth(less_than(b, a), marks),
        BinaryOp::LessOrEqual => truth(either(less_than(a, b), equal(a, b)), marks),
        BinaryOp::GreaterOrEqual => truth(either(less_than(b, a), equal(a, b)), marks),
        _ => match a.as_number().zip(b.as_number()) {
            Some((a, b)) => Value::number(arithmetic(op, a, b)?).with_marks(marks),
            None => unknown_not_null(Type::Number).with_marks(marks),
        },
    })
}

fn truth(known: Option<bool>, marks: Marks) -> Value {
    known.map_or_else(|| unknown_not_null(Type::Bool), Value::bool).with_marks(marks)
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn arithmetic(op: BinaryOp, a: &Number, b: &Number) -> Result<Number, &'static str> {
    match op {
        BinaryOp::Add => a.add(b).ok_or("can't compute sum of opposing infinities"),
        BinaryOp::Subtract => a.sub(b).ok_or("can't subtract infinity from itself"),
        BinaryOp::Multiply => a.mul(b).ok_or("can't multiply zero by infinity"),
        BinaryOp::Divide => a.div(b).ok_or("can't divide zero by zero or infinity by infinity"),
        _ => a.rem(b).ok_or("can't use modulo with zero and infinity"),
    }
}
