//! `validation`, `precondition`, `postcondition`, `assert`
use crate::config::{Condition, ResourceName, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Expr, ExprKind};
use crate::syntax::walk;

const SCHEMA: Schema = Schema { attributes: &[("condition", true), ("error_message", true)], blocks: &[] };

/// Reads a condition. One that refers to nothing would check nothing: that is an error.
pub(super) fn condition(block: Block, diags: &mut Diagnostics) -> Option<Condition> {
    let kind = block.block_type;
    let mut content = SCHEMA.content(block.body, diags);
    let (condition, error_message) =
        (content.take_expression("condition", diags), content.take_expression("error_message", diags));
    if let Some(condition) = &condition
        && !refers(condition, |_| true)
        && !crate::config::traversal::is_unreadable(condition)
    {
        let detail = "The condition must refer to at least one object from elsewhere in the configuration, or it would not check anything.";
        diags.push(Diagnostic::error(format!("Invalid {kind} expression"), detail).at(condition.span));
        return None;
    }
    Some(Condition { condition: condition?, error_message: error_message?, span: block.header })
}

/// Whether an expression has a reference of that kind.
fn refers(expr: &Expr, wanted: impl Fn(&Expr) -> bool) -> bool {
    let mut found = false;
    walk::visit(expr, &mut |inner, bound| {
        if let Some(root) = root_of(inner) {
            found |= !bound.contains(root) && wanted(inner);
        }
    });
    found
}

/// The first name of a reference.
fn root_of(mut expr: &Expr) -> Option<&std::sync::Arc<str>> {
    loop {
        match &*expr.kind {
            ExprKind::Root(name) => return Some(name),
            ExprKind::GetAttr { object, .. } => expr = object,
            _ => return None,
        }
    }
}

fn is_attribute_of(expr: &Expr, root: &str, attribute: &str) -> bool {
    match &*expr.kind {
        ExprKind::GetAttr { object, name, .. } => {
            &**name == attribute && matches!(&*object.kind, ExprKind::Root(r) if &**r == root)
        }
        _ => false,
    }
}

/// A condition of a resource must say `self`, not its own address.
pub(super) fn forbid_own_address(condition: &Condition, kind: &str, own: &ResourceName, diags: &mut Diagnostics) {
    for expr in [&condition.condition, &condition.error_message] {
        if refers(expr, |e| is_attribute_of(e, &own.resource_type, &own.name)) {
            let detail = format!("Configuration for {own} may not refer to itself.");
            diags.push(Diagnostic::error(format!("Invalid reference in {kind}"), detail).at(expr.span));
        }
    }
}

/// A validation must look at its own variable.
pub(super) fn require_own_variable(condition: &Condition, variable: &str, diags: &mut Diagnostics) {
    if !refers(&condition.condition, |e| is_attribute_of(e, "var", variable)) {
        let detail = format!(
            "The condition for variable {variable:?} must refer to var.{variable} in order to test incoming values."
        );
        diags.push(Diagnostic::error("Invalid variable validation condition", detail).at(condition.condition.span));
    }
}
