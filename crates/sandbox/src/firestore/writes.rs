//! One write: its precondition, its mask, its transforms.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::field_path::FieldPath;
use super::rules::Caller;
use super::{time, value};
use crate::world::{Change, Kind};

/// The most bytes of a document: 1 MiB, counted here in its JSON form.
const MOST_BYTES: usize = 1024 * 1024;

/// What must be true of a document for a write to happen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Precondition {
    pub(crate) exists: Option<bool>,
    pub(crate) update_time: Option<Timestamp>,
}

impl Precondition {
    /// Reads `currentDocument`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` when the time is none.
    pub(crate) fn read(value: &Value) -> Result<Precondition, Refusal> {
        let update_time = match value["updateTime"].as_str() {
            Some(text) => Some(text.parse().map_err(|_| Refusal::invalid("Invalid updateTime."))?),
            None => None,
        };
        Ok(Precondition { exists: value["exists"].as_bool(), update_time })
    }

    fn check(&self, name: &str, stored: Option<&Value>) -> Result<(), Refusal> {
        match (self.exists, stored) {
            (Some(true), None) => {
                return Err(Refusal::not_found(format!("No document to update: {name}")));
            }
            (Some(false), Some(_)) => return Err(Refusal::already_exists(name)),
            _ => {}
        }
        let Some(wanted) = self.update_time else {
            return Ok(());
        };
        let found = stored.and_then(update_time);
        if found == Some(wanted) {
            return Ok(());
        }
        Err(Refusal::failed_precondition(format!(
            "the stored version ({}) does not match the required base version ({})",
            found.map_or(0, Timestamp::as_microsecond),
            wanted.as_microsecond(),
        )))
    }
}

fn update_time(document: &Value) -> Option<Timestamp> {
    document["updateTime"].as_str()?.parse().ok()
}

/// Does one write of a commit and answers its result.
///
/// # Errors
///
/// When the precondition does not hold, or the write is not valid.
pub(crate) fn apply(change: &mut Change<'_>, caller: &Caller, write: &Value) -> Result<Value, Refusal> {
    let precondition = Precondition::read(&write["currentDocument"])?;
    if let Some(name) = write["delete"].as_str() {
        delete(change, caller, name, &precondition)?;
        return Ok(json!({}));
    }
    if write["update"].is_object() {
        let name = write["update"]["name"].as_str().unwrap_or("").to_owned();
        let fields = write["update"]["fields"].as_object().cloned().unwrap_or_default();
        let mask = write.get("updateMask").map(mask_of).transpose()?;
        let transforms = write["updateTransforms"].as_array().map(Vec::as_slice).unwrap_or_default();
        let new = Update { name: &name, fields, mask: mask.as_deref(), transforms };
        let (document, results) = update(change, caller, new, &precondition)?;
        let mut result = json!({"updateTime": document["updateTime"]});
        if !results.is_empty() {
            result["transformResults"] = json!(results);
        }
        return Ok(result);
    }
    if let Some(name) = write["verify"].as_str() {
        let stored = change.get(Kind::Documents, name);
        caller.may_get(name, stored)?;
        precondition.check(name, stored)?;
        return Ok(json!({}));
    }
    Err(Refusal::unimplemented("this kind of write"))
}

/// The paths of a mask.
///
/// # Errors
///
/// `INVALID_ARGUMENT` when one is no field path.
pub(crate) fn mask_of(mask: &Value) -> Result<Vec<FieldPath>, Refusal> {
    mask["fieldPaths"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|path| FieldPath::parse(path.as_str().unwrap_or("")))
        .collect()
}

/// What is written into a document.
pub(crate) struct Update<'a> {
    pub(crate) name: &'a str,
    pub(crate) fields: Map<String, Value>,
    /// The fields that are written; all of them without one.
    pub(crate) mask: Option<&'a [FieldPath]>,
    pub(crate) transforms: &'a [Value],
}

/// Writes a document, whole or the masked fields of it.
///
/// # Errors
///
/// When the precondition does not hold, or name or fields are not valid.
pub(crate) fn update(
    change: &mut Change<'_>,
    caller: &Caller,
    update: Update<'_>,
    precondition: &Precondition,
) -> Result<(Value, Vec<Value>), Refusal> {
    let Update { name, mut fields, mask, transforms } = update;
    super::check_document_name(name)?;
    value::check_fields(&mut fields)?;
    let stored = change.get(Kind::Documents, name);
    let mut result = match (mask, stored) {
        (None, _) => fields.clone(),
        (Some(_), None) => Map::new(),
        (Some(_), Some(stored)) => stored["fields"].as_object().cloned().unwrap_or_default(),
    };
    let given = Value::Object(fields);
    for path in mask.into_iter().flatten() {
        path.set(&mut result, path.get(&given).cloned());
    }
    // A later write always has a later time, however fast it follows.
    let last = stored.and_then(update_time);
    let next = last.and_then(|last| last.checked_add(SignedDuration::from_micros(1)).ok());
    let now = next.map_or(change.now(), |next| next.max(change.now()));
    let results = transforms
        .iter()
        .map(|transform| transform_field(&mut result, transform, now))
        .collect::<Result<Vec<_>, _>>()?;
    let created = stored.map_or_else(|| json!(time(now)), |stored| stored["createTime"].clone());
    let document = json!({
        "name": name,
        "fields": result,
        "createTime": created,
        "updateTime": time(now),
    });
    // The rules come first, so that a precondition tells nobody what is there.
    caller.may_write(name, stored, Some(&document), change.now())?;
    precondition.check(name, stored)?;
    if document["fields"].to_string().len() > MOST_BYTES {
        return Err(Refusal::invalid("The document is larger than 1048576 bytes."));
    }
    change.put(Kind::Documents, name, document.clone());
    Ok((document, results))
}

/// Deletes a document; one that is not there counts as deleted.
///
/// # Errors
///
/// When the precondition does not hold or the name is not valid.
pub(crate) fn delete(
    change: &mut Change<'_>,
    caller: &Caller,
    name: &str,
    precondition: &Precondition,
) -> Result<(), Refusal> {
    super::check_document_name(name)?;
    let stored = change.get(Kind::Documents, name);
    caller.may_write(name, stored, None, change.now())?;
    precondition.check(name, stored)?;
    change.remove(Kind::Documents, name);
    Ok(())
}

fn transform_field(fields: &mut Map<String, Value>, transform: &Value, now: Timestamp) -> Result<Value, Refusal> {
    let path = FieldPath::parse(transform["fieldPath"].as_str().unwrap_or(""))?;
    let stored = Value::Object(fields.clone());
    let result = if transform["setToServerValue"] == json!("REQUEST_TIME") {
        json!({"timestampValue": time(now)})
    } else if transform["increment"].is_object() {
        let mut by = transform["increment"].clone();
        value::check(&mut by, 0)?;
        incremented(path.get(&stored), &by)
    } else {
        return Err(Refusal::unimplemented("this kind of field transform"));
    };
    path.set(fields, Some(result.clone()));
    Ok(result)
}

/// The sum; what is no number counts as nothing, and integers stop at their bounds.
fn incremented(stored: Option<&Value>, by: &Value) -> Value {
    let integer = |value: &Value| value["integerValue"].as_str().and_then(|text| text.parse::<i64>().ok());
    match stored.filter(|stored| value::rank(stored) == 2) {
        None => by.clone(),
        Some(stored) => match (integer(stored), integer(by)) {
            (Some(left), Some(right)) => {
                json!({"integerValue": left.saturating_add(right).to_string()})
            }
            _ => json!({"doubleValue": value::number(stored) + value::number(by)}),
        },
    }
}
