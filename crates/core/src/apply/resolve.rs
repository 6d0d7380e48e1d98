//! The last evaluation of a step's configuration: what was unknown in the plan is known now.
use std::collections::BTreeMap;

use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::{Data, Marks, Value};

use crate::address::Address;
use crate::schema::Schema;
use crate::secret::Secret;

/// What a provider is asked for.
pub(super) struct Wanted {
    /// The object wanted; unknown is only what the provider decides.
    pub after: Value,
    /// Values of write-only attributes that are given.
    pub write_only: BTreeMap<&'static str, Secret>,
}

/// Fills the planned object with what the configuration says now. What was known in the plan stays as planned.
pub(super) fn wanted(
    address: &Address,
    schema: &Schema,
    planned: &Value,
    config: &Value,
) -> Result<Wanted, Diagnostic> {
    let mut attributes = Vec::with_capacity(schema.attributes.len());
    let mut write_only = BTreeMap::new();
    for attribute in &schema.attributes {
        let given = config.get(attribute.name).filter(|v| !v.is_null());
        if attribute.write_only {
            if let Some(value) = given {
                write_only.insert(attribute.name, secret(address, attribute.name, &value)?);
            }
            attributes.push((attribute.name, Value::null(attribute.ty.clone())));
            continue;
        }
        let planned = planned.get(attribute.name).unwrap_or_else(|| Value::null(attribute.ty.clone()));
        let value = match given {
            Some(given) if !planned.is_wholly_known() => {
                known(address, attribute.name, given, attribute.presence.computed())?
            }
            _ => planned,
        };
        attributes.push((attribute.name, value));
    }
    Ok(Wanted { after: Value::object(attributes), write_only })
}

fn known(address: &Address, name: &str, value: Value, computed: bool) -> Result<Value, Diagnostic> {
    if value.is_wholly_known() || computed {
        return Ok(value);
    }
    Err(Diagnostic::error(
        "Value not known when it was needed",
        format!("The attribute \"{name}\" refers to something that is still unknown after everything it depends on was applied."),
    )
    .about(address))
}

fn secret(address: &Address, name: &str, value: &Value) -> Result<Secret, Diagnostic> {
    match value.as_str() {
        Some(text) => Ok(Secret::new(text)),
        None => Err(Diagnostic::error(
            "Write-only value not known",
            format!("The write-only attribute \"{name}\" must be a text that is known when it is used."),
        )
        .about(address)
        .concealed()),
    }
}

/// Puts the sensitive marks of one value onto the same places of another.
pub(super) fn mark_like(value: Value, like: &Value) -> Value {
    let own = if like.marks().sensitive() { Marks::SENSITIVE } else { Marks::NONE };
    if !like.deep_marks().sensitive() {
        return value;
    }
    let marked = match (value.data(), like.data()) {
        (Data::Mapping(items), Data::Mapping(likes)) => {
            let items = items.iter().map(|(key, item)| match likes.get(key) {
                Some(like) => (key.clone(), mark_like(item.clone(), like)),
                None => (key.clone(), item.clone()),
            });
            let items = items.collect();
            value.with_entries(items)
        }
        (Data::Sequence(items), Data::Sequence(likes)) if items.len() == likes.len() => {
            let items = items.iter().zip(likes.iter()).map(|(item, like)| mark_like(item.clone(), like));
            let items = items.collect();
            value.with_elements(items)
        }
        _ => value.clone(),
    };
    marked.with_marks(own)
}
