//! An object as the cloud tells it, laid over what we remember.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::convert::convert;
use ampere_lang::value::{Marks, Value};

use crate::inventory::Observed;
use crate::schema::{Attribute, Schema};

/// The attributes of an object now: the cloud's word where it has one, memory else, null where there is neither.
pub(super) fn refreshed(schema: &Schema, remembered: Option<&Value>, observed: &Observed) -> Value {
    let remembered = remembered.and_then(Value::entries);
    let attributes: BTreeMap<Arc<str>, Value> = schema
        .attributes
        .iter()
        .map(|a| (a.name.into(), attribute(a, remembered.and_then(|r| r.get(a.name)), observed.attributes.get(a.name))))
        .collect();
    Value::object(attributes)
}

fn attribute(attribute: &Attribute, remembered: Option<&Value>, observed: Option<&Value>) -> Value {
    let ty = attribute.ty.without_optional();
    if attribute.write_only {
        return Value::null(ty);
    }
    // What the cloud says in a wrong type is as good as not said: the provider vouches for its types.
    let observed = observed.and_then(|v| convert(v, &attribute.ty).ok());
    let value = match (observed, remembered) {
        (Some(observed), Some(remembered)) if observed.same(remembered) => remembered.clone(),
        (Some(observed), Some(remembered)) => {
            let marks = remembered.deep_marks();
            observed.with_marks(marks)
        }
        (Some(observed), None) => observed,
        (None, Some(remembered)) => remembered.clone(),
        (None, None) => Value::null(ty),
    };
    if attribute.sensitive { value.with_marks(Marks::SENSITIVE) } else { value }
}
