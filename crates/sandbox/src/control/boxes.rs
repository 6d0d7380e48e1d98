//! What is inside servers: what there is, what is wrong with it on order, and its metadata service.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal};
use crate::boxes::Order;
use crate::metadata;
use crate::server::Clouds;

/// The servers that run, and whether somebody is inside.
pub(crate) async fn list(State(clouds): State<Clouds>) -> Json<Value> {
    Json(json!({"boxes": clouds.keeper.as_ref().map_or_else(|| json!([]), |keeper| keeper.report())}))
}

/// Orders a fault: of files at once, of a boot at the next one.
pub(crate) async fn order(State(clouds): State<Clouds>, body: axum::body::Bytes) -> Answer {
    let bad = |error: serde_json::Error| Refusal(StatusCode::BAD_REQUEST, error.to_string());
    let order: Order = serde_json::from_slice(&body).map_err(bad)?;
    clouds.control().boxes.add(order);
    clouds.look_at_boxes();
    Ok(Json(json!({"faults": clouds.control().boxes.all()})))
}

pub(crate) async fn ordered(State(clouds): State<Clouds>) -> Json<Value> {
    Json(json!({"faults": clouds.control().boxes.all()}))
}

/// Forgets all faults: a box that never booted does now.
pub(crate) async fn forget(State(clouds): State<Clouds>) -> StatusCode {
    clouds.control().boxes.clear();
    clouds.look_at_boxes();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    server: String,
    listen: SocketAddr,
}

/// Serves the metadata of a server at an address.
pub(crate) async fn metadata(State(clouds): State<Clouds>, Json(wanted): Json<Wanted>) -> Answer {
    let served = metadata::serve(clouds.clone(), wanted.server, wanted.listen).await;
    let served = served.map_err(|error| Refusal(StatusCode::BAD_REQUEST, error.to_string()))?;
    let address = served.address;
    clouds.keep_serving(served);
    Ok(Json(json!({"listen": address.to_string()})))
}
