//! Defaults of optional attributes.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Data, Marks, Type, Value};
use crate::config::TypeDefaults;

/// Puts the defaults of optional attributes in, at every depth, before the conversion to the type they belong to: a
/// missing or null attribute takes its default (`optional(T, default)`).
pub fn apply_defaults(v: &Value, defaults: &TypeDefaults) -> Value {
    if defaults.values.is_empty() && defaults.children.is_empty() {
        return v.clone();
    }
    let marks: Marks = v.marks;
    let filled = match &v.data {
        Data::Mapping(items) => match v.ty {
            Type::Map(_) if defaults.values.is_empty() => fill_map(items, defaults),
            _ => fill_object(items, defaults),
        },
        Data::Sequence(items) => {
            let filled = items.iter().enumerate().map(|(i, item)| {
                let inner = match v.ty {
                    Type::Tuple(_) => {
                        defaults.children.get(i.to_string().as_str()).or_else(|| defaults.children.get(""))
                    }
                    _ => defaults.children.get(""),
                };
                inner.map_or_else(|| item.clone(), |inner| apply_defaults(item, inner))
            });
            // The elements may now differ in type; the conversion that follows brings them together.
            Value::tuple(filled)
        }
        _ => return v.clone(),
    };
    filled.with_marks(marks)
}

fn fill_map(items: &BTreeMap<Arc<str>, Value>, defaults: &TypeDefaults) -> Value {
    let Some(inner) = defaults.children.get("") else {
        return Value::object(items.iter().map(|(k, v)| (k.clone(), v.clone())));
    };
    Value::object(items.iter().map(|(k, v)| (k.clone(), apply_defaults(v, inner))))
}

fn fill_object(items: &BTreeMap<Arc<str>, Value>, defaults: &TypeDefaults) -> Value {
    let mut filled = items.clone();
    for (name, default) in &defaults.values {
        let missing = filled.get(name).is_none_or(|v| v.is_null());
        if missing {
            let marks = filled.get(name).map_or(Marks::NONE, Value::marks);
            filled.insert(name.clone(), default.clone().with_marks(marks));
        }
    }
    for (name, v) in &mut filled {
        if let Some(inner) = defaults.children.get(name).or_else(|| defaults.children.get("")) {
            *v = apply_defaults(v, inner);
        }
    }
    Value::object(filled)
}
