//! Expressions typed at the console.
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Call, Expr, ExprKind};

use super::evaluator::Evaluator;
use super::render::{render, render_type};
use super::{Host, Scope};

/// What the console prints for an expression (none with an error among the findings). Beside everything else it knows the
/// function `type`, which may only be the whole expression.
pub fn console(expr: &Expr, scope: &dyn Scope, host: &dyn Host) -> (Option<String>, Diagnostics) {
    let evaluator = Evaluator { at_console: true, ..Evaluator::new(scope, host) };
    if let Some(call) = type_call(expr) {
        return match call.args.as_slice() {
            [argument] if !call.expand => {
                let (value, diags) = evaluator.run(argument);
                ((!diags.has_errors()).then(|| render_type(value.ty())), diags)
            }
            arguments => (None, wrong_count(call, arguments).into()),
        };
    }
    let (value, diags) = evaluator.run(expr);
    ((!diags.has_errors()).then(|| render(&value, 0)), diags)
}

fn type_call(expr: &Expr) -> Option<&Call> {
    match &*expr.kind {
        ExprKind::Call(call) if &*call.name == "type" || &*call.name == "core::type" => Some(call),
        ExprKind::Parens(inner) => type_call(inner),
        _ => None,
    }
}

fn wrong_count(call: &Call, arguments: &[Expr]) -> Diagnostic {
    match arguments.get(1) {
        Some(extra) => {
            Diagnostic::error("Too many function arguments", "Function \"type\" expects only 1 argument(s).")
                .at(extra.span)
        }
        None => Diagnostic::error(
            "Not enough function arguments",
            "Function \"type\" expects 1 argument(s). Missing value for \"value\".",
        )
        .at(call.name_span),
    }
}
