//! The fields of a JSON request body, each wrong one named as the real service names it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::error::Refusal;
use super::selector::{valid_key, valid_value};

/// A request body.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body; an empty one has no fields.
    ///
    /// # Errors
    ///
    /// 400 `json_error` when it is not a JSON object.
    pub(crate) fn read(bytes: &[u8]) -> Result<Fields, Refusal> {
        if bytes.is_empty() {
            return Ok(Fields(Map::new()));
        }
        serde_json::from_slice(bytes)
            .map(Fields)
            .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "json_error", "invalid JSON input in your request"))
    }

    /// A field that is present and not null.
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&self, field: &str) -> Result<Option<&str>, Refusal> {
        self.get(field)
            .map(|value| value.as_str().ok_or_else(|| Refusal::invalid(field, "must be a string")))
            .transpose()
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required_text(&self, field: &str) -> Result<&str, Refusal> {
        match self.text(field)? {
            Some("") | None => Err(Refusal::invalid(field, "Missing data for required field.")),
            Some(text) => Ok(text),
        }
    }

    /// A name or an id; clients send ids as numbers or as text.
    pub(crate) fn reference(&self, field: &str) -> Result<Option<String>, Refusal> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(name)) if !name.is_empty() => Ok(Some(name.clone())),
            Some(Value::Number(id)) => Ok(Some(id.to_string())),
            Some(_) => Err(Refusal::invalid(field, "must be a name or an id")),
        }
    }

    /// A name or an id that must be there.
    pub(crate) fn required_reference(&self, field: &str) -> Result<String, Refusal> {
        self.reference(field)?.ok_or_else(|| Refusal::invalid(field, "Missing data for required field."))
    }

    /// A truth value, or its default.
    pub(crate) fn flag(&self, field: &str, default: bool) -> Result<bool, Refusal> {
        self.get(field)
            .map_or(Ok(default), |value| value.as_bool().ok_or_else(|| Refusal::invalid(field, "must be a boolean")))
    }

    /// A list; an absent one is empty.
    pub(crate) fn list(&self, field: &str) -> Result<&[Value], Refusal> {
        self.get(field).map_or(Ok(&[][..]), |value| {
            value.as_array().map(Vec::as_slice).ok_or_else(|| Refusal::invalid(field, "must be a list"))
        })
    }

    /// The labels, when they are given.
    ///
    /// # Errors
    ///
    /// 422 when a key or value breaks the rules of
    /// <https://docs.hetzner.cloud/reference/cloud#labels>.
    pub(crate) fn labels(&self) -> Result<Option<Value>, Refusal> {
        let Some(labels) = self.get("labels") else {
            return Ok(None);
        };
        let wrong = |what: &str| Refusal::invalid("labels", what);
        let map: BTreeMap<&str, &Value> = labels
            .as_object()
            .ok_or_else(|| wrong("must be an object"))?
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        for (key, value) in map {
            if !valid_key(key) {
                return Err(wrong("a label key is not valid"));
            }
            if !value.as_str().is_some_and(valid_value) {
                return Err(wrong("a label value is not valid"));
            }
        }
        Ok(Some(labels.clone()))
    }
}
