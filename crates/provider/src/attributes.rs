//! Attributes of objects, in and out.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use ampere_core::schema::Schema;
use ampere_lang::value::{Type, Value};

/// Attributes by name, as an [`Observed`](ampere_core::inventory::Observed) holds them.
pub(crate) type Attributes = BTreeMap<Arc<str>, Value>;

/// The text of an attribute; none if it is null, unknown or no string.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.entries()?.get(name)?.as_str()
}

/// The whole number of an attribute.
pub(crate) fn integer(object: &Value, name: &str) -> Option<i64> {
    object.entries()?.get(name)?.as_number()?.to_i64()
}

/// The truth of an attribute; none if it is null or unknown.
pub(crate) fn flag(object: &Value, name: &str) -> Option<bool> {
    object.entries()?.get(name)?.as_bool()
}

/// The text of an attribute that must be known by now.
///
/// # Errors
///
/// `Invalid` if it is not: the plan should not have let it come here.
pub(crate) fn required(cloud: &'static str, object: &Value, name: &'static str) -> Result<String, ProviderError> {
    text(object, name).map(str::to_owned).ok_or_else(|| {
        let message = format!("the attribute {name} has no value");
        ProviderError::new(cloud, ProviderErrorKind::Invalid, message).about(name)
    })
}

/// A text or null.
pub(crate) fn optional(text: Option<impl AsRef<str>>) -> Value {
    text.map_or_else(|| Value::null(Type::String), Value::string)
}

/// A list of texts.
pub(crate) fn list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
    Value::list(Type::String, texts.into_iter().map(Value::string))
}

/// The object after a step: what was wanted, with the computed attributes as the cloud has them, write-only ones null.
pub(crate) fn applied(schema: &Schema, wanted: &Value, observed: &Attributes) -> Value {
    Value::object(schema.attributes.iter().map(|attribute| {
        let wanted = wanted.get(attribute.name).filter(Value::is_wholly_known);
        let found = observed.get(attribute.name).cloned();
        let value = match wanted {
            _ if attribute.write_only => None,
            // What the configuration may leave open is known in `wanted` by now; it wins over an echo of it.
            Some(wanted) if attribute.presence.settable() => Some(wanted),
            wanted => found.or(wanted),
        };
        (attribute.name, value.unwrap_or_else(|| Value::null(attribute.ty.clone())))
    }))
}

/// A copy of an object with one attribute set.
pub(crate) fn set(object: &Value, name: &str, value: Value) -> Value {
    let (bare, marks) = object.clone().unmark();
    let Some(entries) = bare.entries() else { return object.clone() };
    let mut entries = entries.clone();
    entries.insert(name.into(), value);
    Value::object(entries).with_marks(marks)
}
