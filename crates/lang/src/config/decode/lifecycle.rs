//! `lifecycle`
use super::condition::{condition, forbid_own_address};
use crate::config::constant::constant_bool;
use crate::config::traversal::{is_unreadable, reference, reference_list};
use crate::config::{IgnoreChanges, Lifecycle, ResourceName, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Expr, ExprKind};

pub(in crate::config) const MANAGED: Schema = Schema {
    attributes: &[
        ("create_before_destroy", false),
        ("prevent_destroy", false),
        ("ignore_changes", false),
        ("replace_triggered_by", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

/// What is never created or destroyed by us has conditions only.
const READ: Schema = Schema { attributes: &[], blocks: MANAGED.blocks };

pub(super) fn lifecycle(block: Block, kind: &str, own: &ResourceName, diags: &mut Diagnostics) -> Lifecycle {
    let json = block.body.json;
    let mut content = if kind == "resource" {
        MANAGED.content(block.body, block.header, diags)
    } else {
        let content = READ.partial(block.body, block.header, diags);
        for attribute in &content.rest.attributes {
            let detail = format!("The lifecycle argument {:?} cannot be used in a {kind} block.", attribute.name);
            diags.push(
                Diagnostic::error(format!("Invalid {kind} resource lifecycle argument"), detail)
                    .at(attribute.name_span),
            );
        }
        content
    };
    let mut found = Lifecycle {
        create_before_destroy: content.take("create_before_destroy").and_then(|e| constant_bool(&e, diags)),
        prevent_destroy: content.take("prevent_destroy").and_then(|e| constant_bool(&e, diags)).unwrap_or(false),
        ignore_changes: content.take("ignore_changes").map(|e| ignore_changes(e, json, diags)).unwrap_or_default(),
        replace_triggered_by: content
            .take("replace_triggered_by")
            .map(|e| replace_triggered_by(e, json, diags))
            .unwrap_or_default(),
        ..Lifecycle::default()
    };
    for block in content.blocks {
        let kind = block.block_type.clone();
        let Some(condition) = condition(block, diags) else { continue };
        forbid_own_address(&condition, &kind, own, diags);
        match &*kind {
            "precondition" => found.preconditions.push(condition),
            _ => found.postconditions.push(condition),
        }
    }
    found
}

/// References; an index may be `count.index` or `each.key` as well.
fn replace_triggered_by(expr: Expr, json: bool, diags: &mut Diagnostics) -> Vec<Expr> {
    let span = expr.span;
    let ExprKind::Tuple(items) = *expr.kind else {
        return reference_list(Expr::new(*expr.kind, span), json, diags);
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        if is_triggering(&item) {
            found.push(item);
        } else {
            found.extend(reference(item, json, diags));
        }
    }
    found
}

fn is_triggering(mut expr: &Expr) -> bool {
    loop {
        match &*expr.kind {
            ExprKind::Root(_) => return true,
            ExprKind::GetAttr { object, .. } => expr = object,
            ExprKind::Index { object, key } => {
                let is_key = match &*key.kind {
                    ExprKind::Literal(_) => true,
                    ExprKind::GetAttr { object, name, .. } => matches!(
                        (&*object.kind, &**name),
                        (ExprKind::Root(root), "index" | "key") if matches!(&**root, "count" | "each")
                    ),
                    _ => false,
                };
                if !is_key {
                    return false;
                }
                expr = object;
            }
            _ => return false,
        }
    }
}

fn ignore_changes(expr: Expr, json: bool, diags: &mut Diagnostics) -> IgnoreChanges {
    let span = expr.span;
    let is_all = |e: &Expr| match &*e.kind {
        ExprKind::Root(name) => &**name == "all",
        ExprKind::Literal(value) => json && value.as_str() == Some("all"),
        _ => false,
    };
    if is_all(&expr) {
        return IgnoreChanges::All;
    }
    if is_unreadable(&expr) {
        return IgnoreChanges::None;
    }
    let ExprKind::Tuple(items) = *expr.kind else {
        diags.push(Diagnostic::error("Invalid expression", "A static list expression is required.").at(span));
        return IgnoreChanges::None;
    };
    let mut paths = Vec::with_capacity(items.len());
    for item in items {
        match &*item.kind {
            ExprKind::Literal(value) if value.as_str() == Some("*") => {
                let detail = "The form [\"*\"] is no longer valid. Use \"ignore_changes = all\" to ignore changes to all attributes.";
                diags.push(Diagnostic::error("Invalid ignore_changes wildcard", detail).at(span));
            }
            // Names in quotes are an old form that is still understood.
            ExprKind::Literal(value) if value.as_str().is_some() => paths.extend(reference(item, true, diags)),
            _ => paths.extend(reference(item, json, diags)),
        }
    }
    IgnoreChanges::Paths(paths)
}
