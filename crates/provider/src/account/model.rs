//! A user and its document as one object.
use std::collections::BTreeMap;

use ampere_core::identity::{ExternalId, Marker};
use ampere_core::inventory::{Depth, Observed, Part};
use ampere_lang::value::Value;

use crate::attributes::{Attributes, list, optional};
use crate::firebase::{Document, User};

/// The part that makes the account.
pub(crate) const USER: &str = "user";
/// The part that holds the sealed data.
pub(crate) const DOCUMENT: &str = "document";
/// Reported as missing while the user's custom claims lack our marker.
pub(crate) const MARKER: &str = "marker";

/// Reported as missing while fields of the document are not as we write them.
pub(crate) const FIELDS: &str = "fields of the document";

/// What the user says of the account's attributes.
pub(crate) fn attributes(user: &User) -> Attributes {
    let created_at = user.created_at.map(|at| at.to_string());
    Attributes::from([
        ("id".into(), Value::string(&user.uid)),
        ("email".into(), optional(user.email.as_deref())),
        ("name".into(), optional(user.name.as_deref())),
        ("disabled".into(), Value::bool(user.disabled)),
        ("sign_in_providers".into(), list(&user.providers)),
        ("created_at".into(), optional(created_at)),
    ])
}

/// One account from its parts, of which at least one is there.
pub(crate) fn observed(
    uid: &str,
    user: Option<&User>,
    document: Option<&Document>,
    marker: Marker,
    depth: Depth,
) -> Observed {
    let parts = [(USER, user.is_some()), (DOCUMENT, document.is_some())];
    let mut missing: Vec<&'static str> = parts.iter().filter(|(_, there)| !there).map(|(what, _)| *what).collect();
    let id = ExternalId::from(uid);
    if user.is_some_and(|user| !marker.stack.0.is_empty() && !user.is_marked(&marker)) {
        missing.push(MARKER);
    }
    // Sealed texts are asked for by a thorough listing alone.
    let is_whole = |document: &Document| {
        document.is_labelled() && (depth == Depth::Objects || document.text("sealedEmail").is_some())
    };
    if document.is_some_and(|document| !is_whole(document)) {
        missing.push(FIELDS);
    }
    Observed {
        id: Some(id.clone()),
        marker,
        attributes: user.map_or_else(|| BTreeMap::from([("id".into(), Value::string(uid))]), attributes),
        parts: parts.iter().filter(|(_, there)| *there).map(|(what, _)| Part { what, id: id.clone() }).collect(),
        missing,
    }
}
