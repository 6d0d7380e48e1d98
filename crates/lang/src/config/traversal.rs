//! References that must be written out: `a.b["k"]`, nothing calculated.
use std::sync::Arc;

use super::ResourceName;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::InstanceKey;
use crate::source::FileId;
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::{expression_at, parse_expression};

/// The expression an argument holds where Terraform takes a reference, a keyword or a type: JSON has it in a string.
pub(crate) fn unquote(expr: Expr, json: bool, diags: &mut Diagnostics) -> Expr {
    let ExprKind::Literal(literal) = &*expr.kind else { return expr };
    let Some(text) = literal.as_str().filter(|_| json) else { return expr };
    let (inner, problems) = expression_at(expr.span, text);
    diags.extend(problems);
    inner
}

/// A reference where Terraform still takes the quoted form of its early versions, with a warning.
pub(crate) fn maybe_quoted(expr: Expr, json: bool, diags: &mut Diagnostics) -> Expr {
    let quoted = matches!(&*expr.kind, ExprKind::Literal(value) if value.as_str().is_some());
    if quoted && !json {
        let detail = "References are written without quotes. Remove the quotes to silence this warning.";
        diags.push(Diagnostic::warning("Quoted references are deprecated", detail).at(expr.span));
    }
    unquote(expr, true, diags)
}

/// A single static reference.
pub(crate) fn reference(expr: Expr, json: bool, diags: &mut Diagnostics) -> Option<Expr> {
    let expr = unquote(expr, json, diags);
    if steps(&expr).is_some() {
        return Some(expr);
    }
    if !is_unreadable(&expr) {
        diags.push(static_reference_required(&expr));
    }
    None
}

/// A provider configuration: `name` or `name.alias`.
pub(crate) fn provider_reference(expr: Expr, json: bool, diags: &mut Diagnostics) -> Option<Expr> {
    let expr = maybe_quoted(expr, json, diags);
    match steps(&expr).as_deref() {
        Some([RefStep::Name(_)] | [RefStep::Name(_), RefStep::Name(_)]) => Some(expr),
        _ if is_unreadable(&expr) => None,
        _ => {
            let detail = "The provider argument requires a provider type name, optionally followed by a period and then a configuration alias.";
            diags.push(Diagnostic::error("Invalid provider configuration reference", detail).at(expr.span));
            None
        }
    }
}

/// A list of single static references (`depends_on`).
pub(crate) fn reference_list(expr: Expr, json: bool, diags: &mut Diagnostics) -> Vec<Expr> {
    let span = expr.span;
    match *expr.kind {
        ExprKind::Tuple(items) => {
            let mut read = |item| reference(maybe_quoted(item, json, diags), false, diags);
            items.into_iter().filter_map(&mut read).collect()
        }
        _ => {
            if !is_unreadable(&expr) {
                diags.push(Diagnostic::error("Invalid expression", "A static list expression is required.").at(span));
            }
            Vec::new()
        }
    }
}

/// Whether the parser could not read it (and said so).
pub(crate) fn is_unreadable(expr: &Expr) -> bool {
    matches!(&*expr.kind, ExprKind::Literal(value) if !value.is_known())
}

fn static_reference_required(expr: &Expr) -> Diagnostic {
    let detail = "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.";
    Diagnostic::error("Invalid expression", detail).at(expr.span)
}

/// A step of a static reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefStep {
    Name(Arc<str>),
    Key(InstanceKey),
}

/// The steps of a static reference; none if it is something else.
pub(crate) fn steps(expr: &Expr) -> Option<Vec<RefStep>> {
    let (mut found, mut at) = (Vec::new(), expr);
    loop {
        match &*at.kind {
            ExprKind::Root(name) => {
                found.push(RefStep::Name(name.clone()));
                found.reverse();
                return Some(found);
            }
            ExprKind::GetAttr { object, name, .. } => {
                found.push(RefStep::Name(name.clone()));
                at = object;
            }
            ExprKind::Index { object, key } => {
                let ExprKind::Literal(key) = &*key.kind else { return None };
                let key = match (key.as_str(), key.as_number()) {
                    (Some(s), _) => InstanceKey::Key(s.into()),
                    (_, Some(n)) => InstanceKey::Index(n.to_string().parse().ok()?),
                    _ => return None,
                };
                found.push(RefStep::Key(key));
                at = object;
            }
            _ => return None,
        }
    }
}

/// Reads the address of a resource or of one instance: `type.name`, `type.name[0]`, `type.name["key"]`.
///
/// # Errors
/// The text is no such address, or it names something in a module, or a data source.
///
/// ```
/// use ampere_lang::config::parse_resource_address;
/// let (name, key) = parse_resource_address("terraform_data.a[\"x\"]").unwrap();
/// assert_eq!(name.to_string(), "terraform_data.a");
/// assert!(key.is_some());
/// assert!(parse_resource_address("terraform_data").is_err());
/// ```
pub fn parse_resource_address(text: &str) -> Result<(ResourceName, Option<InstanceKey>), Diagnostic> {
    let invalid = |detail: &str| Diagnostic::error("Invalid address", format!("{detail} (Given: {text:?}.)"));
    let (expr, problems) = parse_expression(FileId(u32::MAX), text);
    if problems.has_errors() {
        return Err(invalid("A resource address looks like type.name, type.name[0] or type.name[\"key\"]."));
    }
    address_of(&expr).map_err(|detail| invalid(&detail))
}

/// Why the address of a data source will not do.
pub(crate) const NOT_MANAGED: &str = "A managed resource is required here, not a data source.";

/// The resource address a static reference stands for.
pub(crate) fn address_of(expr: &Expr) -> Result<(ResourceName, Option<InstanceKey>), String> {
    let steps = steps(expr).ok_or("A resource address is written out, without anything to calculate.")?;
    let mut steps = steps.into_iter();
    let (Some(RefStep::Name(resource_type)), Some(RefStep::Name(name))) = (steps.next(), steps.next()) else {
        return Err("A resource address must name a type and a name: type.name.".into());
    };
    match &*resource_type {
        "module" => return Err("Addresses inside of modules are not supported yet.".into()),
        "data" => return Err(NOT_MANAGED.into()),
        _ => {}
    }
    let key = match steps.next() {
        None => None,
        Some(RefStep::Key(key)) => Some(key),
        Some(RefStep::Name(_)) => return Err("A resource address ends with the name or an instance key.".into()),
    };
    match steps.next() {
        None => Ok((ResourceName { resource_type, name }, key)),
        Some(_) => Err("Nothing may follow the instance key of a resource address.".into()),
    }
}
