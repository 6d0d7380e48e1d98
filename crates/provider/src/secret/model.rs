//! A sealed document as an object.
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Observed, Part};
use ampere_lang::value::{Type, Value};

use crate::attributes::Attributes;
use crate::firebase::Document;
use crate::marker;

/// The part that makes the secret.
const DOCUMENT: &str = "document";
/// Reported as missing when the document holds no sealed text.
const SEALED: &str = "sealed value";

/// Reported as missing while fields of the document are not as we write them.
const FIELDS: &str = "fields of the document";

/// What the document says of the attributes, and whether every field is as we write it. One that is not is left out: what
/// is remembered of it counts, and the field is repaired.
fn attributes(document: &Document) -> (Attributes, bool) {
    let mut attributes = Attributes::from([("id".into(), Value::string(&document.id))]);
    let mut sound = document.is_labelled();
    let mut take = |name: &str, field: &str, required: bool, found: Option<Value>, null: Type| {
        let absent = !required && !document.has(field);
        match found.or_else(|| absent.then(|| Value::null(null))) {
            Some(value) => drop(attributes.insert(name.into(), value)),
            None => sound = false,
        }
    };
    for (field, required) in [("account", true), ("kind", true), ("name", false), ("fingerprint", true)] {
        take(field, field, required, document.text(field).map(Value::string), Type::String);
    }
    for (name, field, required) in [("value_wo_version", "valueVersion", false), ("version", "version", true)] {
        take(name, field, required, document.integer(field).map(Value::number), Type::Number);
    }
    (attributes, sound)
}

/// The document as an object.
pub(crate) fn observed(document: &Document) -> Observed {
    let id = ExternalId::from(document.id.as_str());
    let (attributes, sound) = attributes(document);
    let mut missing = Vec::new();
    if document.integer("version").is_none() {
        missing.push(SEALED);
    }
    if !sound {
        missing.push(FIELDS);
    }
    Observed {
        id: Some(id.clone()),
        marker: document.marker().unwrap_or_else(marker::none),
        attributes,
        parts: vec![Part { what: DOCUMENT, id }],
        missing,
    }
}
