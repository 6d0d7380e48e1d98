//! `lifecycle`
use super::condition::{condition, forbid_own_address};
use crate::config::constant::constant_bool;
use crate::config::traversal::{is_unreadable, maybe_quoted, reference, unquote};
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
        MANAGED.content(block.body, diags)
    } else {
        let content = READ.partial(block.body, diags);
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

/// References to resources; an index may be `count.index` or `each.key` as well.
fn replace_triggered_by(expr: Expr, json: bool, diags: &mut Diagnostics) -> Vec<Expr> {
    let span = expr.span;
    if is_unreadable(&expr) {
        return Vec::new();
    }
    let ExprKind::Tuple(items) = *expr.kind else {
        diags.push(Diagnostic::error("Invalid expression", "A static list expression is required.").at(span));
        return Vec::new();
    };
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let item = unquote(item, json, diags);
        match trigger_root(&item) {
            Some("var" | "local" | "data" | "module" | "each" | "count" | "self" | "path" | "terraform") => {
                let detail = "Only resources can be referenced in replace_triggered_by.";
                let summary = "Invalid reference in replace_triggered_by expression";
                diags.push(Diagnostic::error(summary, detail).at(item.span));
            }
            Some(_) => found.push(item),
            None if is_unreadable(&item) => {}
            None => {
                let detail = "A reference to a resource, one of its instances, or an attribute is required.";
                diags.push(Diagnostic::error("Invalid replace_triggered_by expression", detail).at(item.span));
            }
        }
    }
    found
}

/// The first name of such a reference; none if it is something else.
fn trigger_root(mut expr: &Expr) -> Option<&str> {
    loop {
        match &*expr.kind {
            ExprKind::Root(name) => return Some(name),
            ExprKind::GetAttr { object, .. } => expr = object,
            ExprKind::Index { object, key } if is_instance_key(key) => expr = object,
            _ => return None,
        }
    }
}

fn is_instance_key(key: &Expr) -> bool {
    match &*key.kind {
        ExprKind::Literal(_) => true,
        ExprKind::GetAttr { object, name, .. } => matches!(
            (&*object.kind, &**name),
            (ExprKind::Root(root), "index" | "key") if matches!(&**root, "count" | "each")
        ),
        _ => false,
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
            _ => paths.extend(reference(maybe_quoted(item, json, diags), false, diags)),
        }
    }
    IgnoreChanges::Paths(paths)
}
