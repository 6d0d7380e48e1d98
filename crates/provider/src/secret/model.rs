//! A sealed document as an object.
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Observed, Part};
use ampere_lang::value::{Type, Value};

use crate::attributes::{Attributes, optional};
use crate::firebase::Document;
use crate::marker;

/// The part that makes the secret.
const DOCUMENT: &str = "document";
/// Reported as missing when the document holds no sealed text.
const SEALED: &str = "sealed value";

/// The fields that say what the secret is; the sealed text is not listed.
pub(crate) const FACTS: &[&str] = &["account", "kind", "name", "valueVersion", "version", "fingerprint"];

/// What the document says of the attributes.
pub(crate) fn attributes(document: &Document) -> Attributes {
    let number = |name: &str| {
        let found = document.text(name).and_then(|text| text.parse::<i64>().ok());
        found.map_or_else(|| Value::null(Type::Number), Value::number)
    };
    Attributes::from([
        ("id".into(), Value::string(&document.id)),
        ("account".into(), optional(document.text("account"))),
        ("kind".into(), optional(document.text("kind"))),
        ("name".into(), optional(document.text("name"))),
        ("value_wo_version".into(), number("valueVersion")),
        ("version".into(), number("version")),
        ("fingerprint".into(), optional(document.text("fingerprint"))),
    ])
}

/// The document as an object.
pub(crate) fn observed(document: &Document) -> Observed {
    let id = ExternalId::from(document.id.as_str());
    let missing = if document.text("version").is_some() { Vec::new() } else { vec![SEALED] };
    Observed {
        id: Some(id.clone()),
        marker: document.marker().unwrap_or_else(marker::none),
        attributes: attributes(document),
        parts: vec![Part { what: DOCUMENT, id }],
        missing,
    }
}
