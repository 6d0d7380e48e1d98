//! Values that must be written out: no reference, no function.
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::walk;
use crate::value::{Data, Value};

/// The value of an expression that may refer to nothing.
pub(crate) fn constant(expr: &Expr, diags: &mut Diagnostics) -> Option<Value> {
    let mut found = None;
    walk::visit(expr, &mut |inner, bound| {
        let problem = match &*inner.kind {
            ExprKind::Root(name) if !bound.contains(name) => {
                Diagnostic::error("Variables not allowed", "Variables may not be used here.")
            }
            ExprKind::Call(call) => {
                let detail = format!("Functions may not be called here, {:?} neither.", call.name);
                Diagnostic::error("Function calls not allowed", detail)
            }
            _ => return,
        };
        found.get_or_insert(problem.at(inner.span));
    });
    if let Some(problem) = found {
        diags.push(problem);
        return None;
    }
    literal(expr).or_else(|| {
        diags.push(Diagnostic::error("Invalid expression", "A literal value is required here.").at(expr.span));
        None
    })
}

fn literal(expr: &Expr) -> Option<Value> {
    match &*expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::Parens(inner) => literal(inner),
        ExprKind::Tuple(items) => Some(Value::tuple(items.iter().map(literal).collect::<Option<Vec<_>>>()?)),
        ExprKind::Object(items) => {
            let items = items.iter().map(|i| Some((Arc::<str>::from(literal(&i.key)?.as_str()?), literal(&i.value)?)));
            Some(Value::object(items.collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    }
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
