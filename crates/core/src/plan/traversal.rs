//! Addresses written as expressions: in `moved`, `removed`, `import`, `replace_triggered_by`, `ignore_changes`.
use ampere_lang::config::ResourceName;
use ampere_lang::eval::InstanceKey;
use ampere_lang::syntax::ast::{Expr, ExprKind};
use ampere_lang::value::{Data, Value};

use crate::address::Address;

/// An access after the root of a traversal.
pub(super) enum Access<'e> {
    /// `.name`
    Attribute(&'e str),
    /// `[key]`
    Index(&'e Expr),
}

/// A traversal taken apart: the root name and the accesses, in order. None if it is something else.
pub(super) fn split(expr: &Expr) -> Option<(&str, Vec<Access<'_>>)> {
    let mut accesses = Vec::new();
    let mut at = expr;
    loop {
        match &*at.kind {
            ExprKind::Root(name) => {
                accesses.reverse();
                return Some((name, accesses));
            }
            ExprKind::GetAttr { object, name, .. } => {
                accesses.push(Access::Attribute(name));
                at = object;
            }
            ExprKind::Index { object, key } => {
                accesses.push(Access::Index(key));
                at = object;
            }
            ExprKind::Parens(inner) => at = inner,
            _ => return None,
        }
    }
}

/// `type.name`, the key expression after it if there is one, and the accesses after that.
pub(super) fn split_resource(expr: &Expr) -> Option<(ResourceName, Option<&Expr>, Vec<Access<'_>>)> {
    let (root, accesses) = split(expr)?;
    let mut accesses = accesses.into_iter().peekable();
    let resource_type = match root {
        "resource" => match accesses.next()? {
            Access::Attribute(name) => name,
            Access::Index(_) => return None,
        },
        name => name,
    };
    let Access::Attribute(name) = accesses.next()? else { return None };
    let key = match accesses.peek() {
        Some(Access::Index(key)) => Some(*key),
        _ => None,
    };
    if key.is_some() {
        accesses.next();
    }
    let resource = ResourceName { resource_type: resource_type.into(), name: name.into() };
    Some((resource, key, accesses.collect()))
}

/// The address of a traversal whose key, if any, is a literal.
pub(super) fn literal_address(expr: &Expr) -> Option<Address> {
    let (resource, key, rest) = split_resource(expr)?;
    if !rest.is_empty() {
        return None;
    }
    let key = match key {
        None => None,
        Some(key) => match &*key.kind {
            ExprKind::Literal(value) => Some(instance_key(value)?),
            _ => return None,
        },
    };
    Some(Address { resource, key })
}

/// A value as an instance key: a known string, or a whole number from 0.
pub(super) fn instance_key(value: &Value) -> Option<InstanceKey> {
    match value.data() {
        Data::String(text) => Some(InstanceKey::Key(text.clone())),
        Data::Number(n) => n.to_u64().map(InstanceKey::Index),
        _ => None,
    }
}
