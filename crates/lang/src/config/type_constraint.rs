//! Type constraints: `list(object({ a = string, b = optional(number, 1) }))`.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::TypeDefaults;
use super::constant::constant;
use super::suggest::did_you_mean;
use super::traversal::is_unreadable;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, ObjectItem};
use crate::value::convert::{apply_defaults, convert};
use crate::value::{ObjectType, Type};

const SUMMARY: &str = "Invalid type specification";
const KEYWORDS: [&str; 9] = ["any", "bool", "number", "string", "list", "set", "map", "object", "tuple"];

/// Reads a type constraint and the defaults of its optional attributes. A type that cannot be read is reported and
/// counts as `any`.
pub(crate) fn type_constraint(expr: &Expr, diags: &mut Diagnostics) -> (Type, TypeDefaults) {
    // A shorthand of old, for variables only.
    match &*expr.kind {
        ExprKind::Root(name) if &**name == "list" => return (Type::list(Type::Dynamic), TypeDefaults::default()),
        ExprKind::Root(name) if &**name == "map" => return (Type::map(Type::Dynamic), TypeDefaults::default()),
        ExprKind::Literal(value) if value.as_str().is_some() => {
            let detail = "A type is written without quotes: remove them, and say list(string) rather than \"list\".";
            diags.push(Diagnostic::error("Invalid quoted type constraints", detail).at(expr.span));
            return (Type::Dynamic, TypeDefaults::default());
        }
        _ => {}
    }
    constraint(expr, diags).unwrap_or((Type::Dynamic, TypeDefaults::default()))
}

/// Reads a type constraint; none after an error.
fn constraint(expr: &Expr, diags: &mut Diagnostics) -> Option<(Type, TypeDefaults)> {
    match &*expr.kind {
        ExprKind::Root(name) => Some((keyword(name, expr.span, diags)?, TypeDefaults::default())),
        ExprKind::Call(call) => constructor(call, expr.span, diags),
        _ => {
            if !is_unreadable(expr) {
                let detail = "A type specification is either a primitive type keyword (bool, number, string), a complex type constructor call, like list(string), or any.";
                diags.push(Diagnostic::error(SUMMARY, detail).at(expr.span));
            }
            None
        }
    }
}

fn keyword(name: &str, span: Span, diags: &mut Diagnostics) -> Option<Type> {
    let detail = match name {
        "bool" => return Some(Type::Bool),
        "number" => return Some(Type::Number),
        "string" => return Some(Type::String),
        "any" => return Some(Type::Dynamic),
        "list" | "set" | "map" => {
            format!("The {name} type constructor requires one argument specifying the element type, like {name}(string).")
        }
        "object" => "The object type constructor requires one argument specifying the attribute types and values as a map, like object({ name = string }).".into(),
        "tuple" => "The tuple type constructor requires one argument specifying the element types as a list, like tuple([string, number]).".into(),
        _ => format!("The keyword {name:?} is not a valid type specification.{}", did_you_mean(name, KEYWORDS)),
    };
    diags.push(Diagnostic::error(SUMMARY, detail).at(span));
    None
}

fn constructor(call: &Call, span: Span, diags: &mut Diagnostics) -> Option<(Type, TypeDefaults)> {
    let mut fail = |detail: String| {
        diags.push(Diagnostic::error(SUMMARY, detail).at(span));
        None
    };
    match &*call.name {
        "bool" | "string" | "number" | "any" => return fail(format!("The {:?} type takes no arguments.", call.name)),
        "optional" => {
            return fail("The keyword \"optional\" is valid only as a modifier for object type attributes.".into());
        }
        name if !KEYWORDS.contains(&name) => {
            return fail(format!(
                "The keyword {name:?} is not a valid type constructor.{}",
                did_you_mean(name, KEYWORDS)
            ));
        }
        _ => {}
    }
    let [argument] = call.args.as_slice() else {
        keyword(&call.name, span, diags);
        return None;
    };
    match (&*call.name, &*argument.kind) {
        ("object", ExprKind::Object(items)) => object(items, diags),
        ("tuple", ExprKind::Tuple(items)) => tuple(items, diags),
        ("object" | "tuple", _) => {
            keyword(&call.name, argument.span, diags);
            None
        }
        (name, _) => {
            let (element, inner) = constraint(argument, diags)?;
            let ty = match name {
                "list" => Type::list(element),
                "set" => Type::set(element),
                _ => Type::map(element),
            };
            Some((ty, TypeDefaults { values: BTreeMap::new(), children: child("", inner) }))
        }
    }
}

/// Defaults of an inner type, if it has any.
fn child(name: &str, inner: TypeDefaults) -> BTreeMap<Arc<str>, TypeDefaults> {
    match inner.values.is_empty() && inner.children.is_empty() {
        true => BTreeMap::new(),
        false => BTreeMap::from([(name.into(), inner)]),
    }
}

fn tuple(items: &[Expr], diags: &mut Diagnostics) -> Option<(Type, TypeDefaults)> {
    let mut defaults = TypeDefaults::default();
    let mut types = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let (ty, inner) = constraint(item, diags)?;
        defaults.children.append(&mut child(&i.to_string(), inner));
        types.push(ty);
    }
    Some((Type::Tuple(types.into()), defaults))
}

fn object(items: &[ObjectItem], diags: &mut Diagnostics) -> Option<(Type, TypeDefaults)> {
    let (mut attributes, mut optional) = (BTreeMap::new(), BTreeSet::new());
    let mut defaults = TypeDefaults::default();
    for item in items {
        let name: Arc<str> = match &*item.key.kind {
            ExprKind::Literal(name) => name.as_str()?.into(),
            _ => {
                let detail = "Object constructor map keys must be attribute names.";
                diags.push(Diagnostic::error(SUMMARY, detail).at(item.key.span));
                continue;
            }
        };
        let (ty, inner) = match optional_of(&item.value) {
            None => constraint(&item.value, diags)?,
            Some(call) => {
                let (ty, inner) = optional_attribute(call, &name, item.value.span, &mut defaults, diags)?;
                optional.insert(name.clone());
                (ty, inner)
            }
        };
        defaults.children.append(&mut child(&name, inner));
        attributes.insert(name, ty);
    }
    Some((Type::Object(Arc::new(ObjectType { attributes, optional })), defaults))
}

fn optional_of(value: &Expr) -> Option<&Call> {
    match &*value.kind {
        ExprKind::Call(call) if &*call.name == "optional" => Some(call),
        _ => None,
    }
}

/// `optional(T)` or `optional(T, default)`
fn optional_attribute(
    call: &Call,
    name: &Arc<str>,
    span: Span,
    defaults: &mut TypeDefaults,
    diags: &mut Diagnostics,
) -> Option<(Type, TypeDefaults)> {
    let (ty_expr, default) = match call.args.as_slice() {
        [ty] => (ty, None),
        [ty, default] => (ty, Some(default)),
        given => {
            let detail = match given.len() {
                0 => "Optional attribute modifier requires the attribute type as its argument.",
                _ => {
                    "Optional attribute modifier expects at most two arguments: the attribute type, and a default value."
                }
            };
            diags.push(Diagnostic::error(SUMMARY, detail).at(span));
            return None;
        }
    };
    let (ty, inner) = constraint(ty_expr, diags)?;
    if let Some(value) = default.and_then(|default| constant(default, diags)) {
        let full = if value.is_null() { value.clone() } else { apply_defaults(&value, &inner) };
        if let (Err(error), Some(default)) = (convert(&full, &ty), default) {
            let detail = format!("This default value is not compatible with the attribute's type constraint: {error}.");
            diags.push(Diagnostic::error("Invalid default value for optional attribute", detail).at(default.span));
            return None;
        }
        defaults.values.insert(name.clone(), value);
    }
    Some((ty, inner))
}
