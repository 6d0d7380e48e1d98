//! Volumes: only put in by hand, listed and deleted; we make none.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::Refusal;
use super::list::ListQuery;
use super::{HIDDEN, catalog};
use crate::server::Clouds;
use crate::world::{Change, Kind};

pub(crate) async fn list(
    State(clouds): State<Clouds>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::read(pairs, &["name", "status"])?;
    clouds.change(|change| {
        let volumes = change.all(Kind::Volumes).iter().map(|(_, volume)| volume);
        Ok(query.answer("volumes", volumes, view))
    })
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| Ok(Json(json!({"volume": view(find(change, &id)?)})).into_response()))
}

pub(crate) async fn delete(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| {
        let volume = find(change, &id)?;
        if volume["protection"]["delete"] == json!(true) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "protected", "volume deletion is protected"));
        }
        if !volume["server"].is_null() {
            let message = "the volume is attached to a server";
            return Err(Refusal::unprocessable("resource_in_use", message));
        }
        change.remove(Kind::Volumes, &id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// Detaches the volumes of a deleted server.
pub(crate) fn detach(change: &mut Change<'_>, server: i64) {
    let own: Vec<(String, Value)> = change
        .all(Kind::Volumes)
        .iter()
        .filter(|(_, volume)| volume["server"].as_i64() == Some(server))
        .map(|(id, volume)| (id.to_owned(), volume.clone()))
        .collect();
    for (id, mut volume) in own {
        volume["server"] = Value::Null;
        change.put(Kind::Volumes, &id, volume);
    }
}

/// The fields of a volume nobody said anything about.
pub(crate) fn defaults(id: i64) -> Value {
    json!({
        "format": null,
        "linux_device": format!("/dev/disk/by-id/scsi-0HC_Volume_{id}"),
        "location": "nbg1",
        "protection": {"delete": false},
        "server": null,
        "size": 10,
        "status": "available",
    })
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Volumes, id).ok_or_else(|| Refusal::not_found("volume", id))
}

fn view(volume: &Value) -> Value {
    let mut shown = volume.clone();
    let location = volume["location"].as_str().and_then(catalog::location);
    shown["location"] = location.unwrap_or(&volume["location"]).clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(HIDDEN);
    }
    shown
}
