//! Objects as they are stored, read and changed behind the clients' back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Answer, Refusal};
use crate::server::Clouds;
use crate::world::{Change, Cloud, Kind};
use crate::{firestore, hetzner, identity, stripe};

/// How many objects each cloud holds of each kind.
pub(crate) async fn counts(State(clouds): State<Clouds>) -> Answer {
    clouds.change(|change| {
        let mut counts = Map::new();
        for cloud in Cloud::ALL.into_iter().filter(|cloud| *cloud != Cloud::SecureToken) {
            let kinds: Map<String, Value> = Kind::ALL
                .into_iter()
                .filter(|kind| kind.cloud() == cloud)
                .map(|kind| (kind.name().to_owned(), json!(count(change, kind))))
                .collect();
            counts.insert(cloud.name().to_owned(), Value::Object(kinds));
        }
        Ok(Json(Value::Object(counts)))
    })
}

/// Objects that are there; a deleted Stripe customer stays readable and is not counted.
fn count(change: &Change<'_>, kind: Kind) -> usize {
    let all = change.all(kind).iter();
    all.filter(|(_, object)| object["deleted"] != json!(true)).count()
}

/// The raw objects of one kind, oldest first.
pub(crate) async fn list(State(clouds): State<Clouds>, Path((cloud, kind)): Path<(String, String)>) -> Answer {
    let kind = find_kind(&cloud, &kind)?;
    clouds.change(|change| {
        let objects: Vec<&Value> = change.all(kind).iter().map(|(_, object)| object).collect();
        Ok(Json(json!(objects)))
    })
}

pub(crate) async fn get(
    State(clouds): State<Clouds>,
    Path((cloud, kind, id)): Path<(String, String, String)>,
) -> Answer {
    let kind = find_kind(&cloud, &kind)?;
    clouds.change(|change| {
        let id = find_id(change, kind, &id)?;
        Ok(Json(json!(change.get(kind, &id))))
    })
}

/// Puts an object in by hand, or each one of a list: what every object of its kind has is added when it is missing.
pub(crate) async fn insert(
    State(clouds): State<Clouds>,
    Path((cloud, kind)): Path<(String, String)>,
    Json(given): Json<Value>,
) -> Answer {
    let kind = find_kind(&cloud, &kind)?;
    clouds.change(|change| match given {
        Value::Array(objects) => {
            let put: Result<Vec<Value>, Refusal> =
                objects.into_iter().map(|object| put(change, kind, object)).collect();
            Ok(Json(Value::Array(put?)))
        }
        object => put(change, kind, object).map(Json),
    })
}

fn put(change: &mut Change<'_>, kind: Kind, mut object: Value) -> Result<Value, Refusal> {
    let completed = match kind.cloud() {
        Cloud::Hetzner => hetzner::complete(change, kind, &mut object),
        Cloud::Stripe => stripe::complete(change, kind, &mut object),
        Cloud::IdentityToolkit => identity::complete(change, &mut object),
        Cloud::Firestore => firestore::complete(change, &mut object),
        Cloud::SecureToken | Cloud::Sandbox => None,
    };
    let bad = || Refusal(StatusCode::BAD_REQUEST, "the object is not complete".to_owned());
    let id = completed.ok_or_else(bad)?;
    change.put(kind, &id, object.clone());
    Ok(object)
}

/// Changes a stored object by a JSON merge patch (RFC 7396).
pub(crate) async fn patch(
    State(clouds): State<Clouds>,
    Path((cloud, kind, id)): Path<(String, String, String)>,
    Json(patch): Json<Value>,
) -> Answer {
    let kind = find_kind(&cloud, &kind)?;
    clouds.change(|change| {
        let id = find_id(change, kind, &id)?;
        let mut object = change.get(kind, &id).cloned().unwrap_or_default();
        merge(&mut object, &patch);
        change.put(kind, &id, object.clone());
        Ok(Json(object))
    })
}

/// Deletes a stored object and nothing else, whatever depends on it.
pub(crate) async fn delete(
    State(clouds): State<Clouds>,
    Path((cloud, kind, id)): Path<(String, String, String)>,
) -> Result<StatusCode, Refusal> {
    let kind = find_kind(&cloud, &kind)?;
    clouds.change(|change| {
        let id = find_id(change, kind, &id)?;
        change.remove(kind, &id);
        Ok(StatusCode::NO_CONTENT)
    })
}

fn find_kind(cloud: &str, kind: &str) -> Result<Kind, Refusal> {
    Kind::find(cloud, kind)
        .filter(|kind| kind.cloud() != Cloud::Sandbox)
        .ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "no such cloud or kind".to_owned()))
}

/// The stored id: given whole, or (for accounts and documents) as its last part when it is unique.
fn find_id(change: &Change<'_>, kind: Kind, id: &str) -> Result<String, Refusal> {
    if change.get(kind, id).is_some() {
        return Ok(id.to_owned());
    }
    let suffix = format!("/{id}");
    let mut ending = change.all(kind).iter().filter(|(stored, _)| stored.ends_with(&suffix));
    match (ending.next(), ending.next()) {
        (Some((stored, _)), None) => Ok(stored.to_owned()),
        (Some(_), Some(_)) => Err(Refusal(StatusCode::CONFLICT, "several objects have this id".to_owned())),
        (None, _) => Err(Refusal(StatusCode::NOT_FOUND, "no such object".to_owned())),
    }
}

/// Applies a JSON merge patch (RFC 7396).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(fields) = target.as_object_mut() else {
        return;
    };
    for (field, value) in patch {
        if value.is_null() {
            fields.remove(field);
        } else {
            merge(fields.entry(field.as_str()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_replaces_adds_and_removes() {
        let mut object = json!({"labels": {"a": "1", "b": "2"}, "list": [1, 2]});
        merge(&mut object, &json!({"labels": {"a": null, "c": "3"}, "list": [3], "new": {"x": 1}}));
        assert_eq!(object, json!({"labels": {"b": "2", "c": "3"}, "list": [3], "new": {"x": 1}}));
    }
}
