//! Values that must be written out: no reference, no function.
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval;
use crate::syntax::ast::Expr;
use crate::value::{Data, Value};

/// The value of an expression that may refer to nothing; none after an error.
pub(crate) fn constant(expr: &Expr, diags: &mut Diagnostics) -> Option<Value> {
    let (value, findings) = eval::constant(expr);
    let failed = findings.has_errors();
    diags.extend(findings);
    (!failed).then_some(value)
}

/// A string that must be written out; `null` counts as absent.
pub(crate) fn constant_string(expr: &Expr, diags: &mut Diagnostics) -> Option<Arc<str>> {
    let value = constant(expr, diags)?;
    match value.data() {
        Data::Null | Data::Unknown(_) => None,
        Data::String(s) => Some(s.clone()),
        Data::Bool(b) => Some(b.to_string().into()),
        Data::Number(n) => Some(n.to_string().into()),
        _ => {
            diags.push(unsuitable("a string", expr));
            None
        }
    }
}

/// A bool that must be written out; `null` counts as absent.
pub(crate) fn constant_bool(expr: &Expr, diags: &mut Diagnostics) -> Option<bool> {
    let value = constant(expr, diags)?;
    match (value.data(), value.as_str()) {
        (Data::Null | Data::Unknown(_), _) => None,
        (Data::Bool(b), _) => Some(*b),
        (_, Some("true")) => Some(true),
        (_, Some("false")) => Some(false),
        _ => {
            diags.push(unsuitable("a bool", expr));
            None
        }
    }
}

fn unsuitable(wanted: &str, expr: &Expr) -> Diagnostic {
    Diagnostic::error("Unsuitable value type", format!("Unsuitable value: {wanted} is required.")).at(expr.span)
}
