//! `moved`, `removed`, `import`
use super::resource::no_provisioners;
use crate::config::constant::constant_bool;
use crate::config::traversal::{NOT_MANAGED, RefStep, address_of, provider_reference, reference, steps, unquote};
use crate::config::{Import, Module, Moved, Removed, Schema};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Expr, ExprKind};

const MOVED: Schema = Schema { attributes: &[("from", true), ("to", true)], blocks: &[] };

const REMOVED: Schema = Schema {
    attributes: &[("from", true)],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])],
};

const REMOVED_LIFECYCLE: Schema = Schema { attributes: &[("destroy", false)], blocks: &[] };

const IMPORT: Schema =
    Schema { attributes: &[("to", true), ("id", true), ("for_each", false), ("provider", false)], blocks: &[] };

pub(super) fn moved(block: Block, diags: &mut Diagnostics) -> Option<Moved> {
    let json = block.body.json;
    let mut content = MOVED.content(block.body, diags);
    let mut end = |name: &str| content.take(name).and_then(|e| move_endpoint(reference(e, json, diags)?, diags));
    let (from, to) = (end("from"), end("to"));
    let (from, to) = (from?, to?);
    if is_module(&from) != is_module(&to) {
        let detail = "The \"from\" and \"to\" addresses must either both refer to resources or both refer to modules.";
        diags.push(Diagnostic::error("Invalid \"moved\" addresses", detail).at(block.header));
        return None;
    }
    Some(Moved { from, to, span: block.header })
}

/// An address that may be moved: of a resource, an instance, or a module.
fn move_endpoint(expr: Expr, diags: &mut Diagnostics) -> Option<Expr> {
    if is_module(&expr) {
        return Some(expr);
    }
    match address_of(&expr) {
        Ok(_) => Some(expr),
        Err(detail) => {
            diags.push(Diagnostic::error("Invalid address", detail).at(expr.span));
            None
        }
    }
}

/// Whether an address is that of a module as a whole (`module.a`, `module.a["x"].module.b`).
fn is_module(expr: &Expr) -> bool {
    let Some(steps) = steps(expr) else { return false };
    let mut names = steps.into_iter().filter_map(|step| match step {
        RefStep::Name(name) => Some(name),
        RefStep::Key(_) => None,
    });
    let mut any = false;
    while let Some(name) = names.next() {
        if &*name != "module" || names.next().is_none() {
            return false;
        }
        any = true;
    }
    any
}

pub(super) fn removed(block: Block, diags: &mut Diagnostics) -> Option<Removed> {
    let json = block.body.json;
    let mut content = REMOVED.content(block.body, diags);
    let from = content.take("from").and_then(|e| reference(e, json, diags));
    let mut destroy = true;
    for inner in content.blocks {
        match &*inner.block_type {
            "lifecycle" => {
                let mut lifecycle = REMOVED_LIFECYCLE.content(inner.body, diags);
                destroy = lifecycle.take("destroy").and_then(|e| constant_bool(&e, diags)).unwrap_or(destroy);
            }
            kind => diags.push(no_provisioners(kind).at(inner.type_span)),
        }
    }
    let from = from?;
    if let Err((summary, detail)) = removable(&from) {
        diags.push(Diagnostic::error(summary, detail).at(from.span));
        return None;
    }
    Some(Removed { from, destroy, span: block.header })
}

/// A whole resource or module may be removed, one instance may not.
fn removable(from: &Expr) -> Result<(), (&'static str, String)> {
    let steps = steps(from).unwrap_or_default();
    if steps.iter().any(|step| matches!(step, RefStep::Key(_))) {
        let (summary, what) = match steps.first() {
            Some(RefStep::Name(first)) if &**first == "module" => ("Module instance keys not allowed", "module"),
            _ => ("Resource instance keys not allowed", "resource"),
        };
        return Err((
            summary,
            format!("The address in a \"removed\" block names a whole {what}, without an instance key."),
        ));
    }
    if is_module(from) {
        return Ok(());
    }
    address_of(from).map(drop).map_err(|detail| match detail.as_str() {
        NOT_MANAGED => ("Data source address not allowed", detail),
        _ => ("Invalid address", detail),
    })
}

/// Adds an import; two to one address cannot both be meant.
pub(super) fn add_import(block: Block, module: &mut Module, diags: &mut Diagnostics) {
    let Some(import) = import(block, diags) else { return };
    let address = address_of(&import.to).ok();
    let twice = module.imports.iter().any(|other| address.is_some() && address_of(&other.to).ok() == address);
    if let (true, Some((name, _))) = (twice, address) {
        let detail = format!("There is an import block for {name} already. A resource can have only one import block.");
        diags.push(
            Diagnostic::error(format!("Duplicate import configuration for \"{name}\""), detail).at(import.to.span),
        );
    }
    module.imports.push(import);
}

fn import(block: Block, diags: &mut Diagnostics) -> Option<Import> {
    let json = block.body.json;
    let mut content = IMPORT.content(block.body, diags);
    let to = content.take("to").map(|e| unquote(e, json, diags));
    let id = content.take_expression("id", diags);
    let for_each = content.take_expression("for_each", diags);
    let provider = content.take("provider").and_then(|e| provider_reference(e, json, diags));
    let to = to?;
    // The instance key may be calculated (`to = x.y[each.key]`).
    let whole = match &*to.kind {
        ExprKind::Index { object, .. } => object,
        _ => &to,
    };
    if let Err(detail) = address_of(whole) {
        diags.push(Diagnostic::error("Invalid import address", detail).at(to.span));
        return None;
    }
    Some(Import { to, id: id?, for_each, provider, span: block.header })
}
