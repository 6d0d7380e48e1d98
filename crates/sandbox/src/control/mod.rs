//! The control API under `/_sandbox`: order faults, look at and change objects behind the clients'
//! back, move the clock, read the request log.

mod boxes;
mod fault;
mod intercept;
mod limits;
mod objects;
mod requests;

use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use intercept::intercept;
pub(crate) use limits::Limits;
pub(crate) use objects::merge;

use crate::boxes::Orders;
use crate::server::Clouds;
use crate::stripe;
use crate::world::{Cloud, NotWritten};
use fault::{Fault, Ordered};
use requests::Requests;

/// What was ordered, and what was seen. Kept in memory: a restart begins without faults.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub(crate) limits: Limits,
    pub(crate) requests: Requests,
    pub(crate) events: stripe::Events,
    pub(crate) webhooks: stripe::Webhooks,
    pub(crate) boxes: Orders,
    faults: Vec<Ordered>,
    last_fault: u64,
}

impl Control {
    /// The faults that strike this request.
    fn struck(&mut self, cloud: Cloud, method: &Method, path: &str) -> Vec<Fault> {
        self.faults
            .iter_mut()
            .filter_map(|ordered| ordered.strikes(cloud, method, path).then(|| ordered.fault.clone()))
            .collect()
    }

    fn order(&mut self, fault: Fault) -> Result<u64, regex::Error> {
        let ordered = Ordered::new(self.last_fault + 1, fault)?;
        self.last_fault += 1;
        self.faults.push(ordered);
        Ok(self.last_fault)
    }
}

/// A request to the control API that cannot be done.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, String);

impl From<NotWritten> for Refusal {
    fn from(error: NotWritten) -> Refusal {
        Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Answer = Result<Json<Value>, Refusal>;

/// The routes below `/_sandbox`.
pub(crate) fn router() -> Router<Clouds> {
    Router::new()
        .route("/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/faults", post(order).get(faults).delete(forget_faults))
        .route("/faults/{id}", delete(forget_fault))
        .route("/objects", get(objects::counts))
        .route("/objects/{cloud}/{kind}", get(objects::list).post(objects::insert))
        .route("/objects/{cloud}/{kind}/{*id}", get(objects::get).patch(objects::patch).delete(objects::delete))
        .route("/boxes", get(boxes::list))
        .route("/boxes/faults", post(boxes::order).get(boxes::ordered).delete(boxes::forget))
        .route("/metadata", post(boxes::metadata))
        .route("/clock", get(clock).post(advance))
        .route("/limits", post(limit))
        .route("/requests", get(log).delete(clear_log))
        .route("/recording", post(record))
        .route("/stripe/subscriptions/{id}/{event}", post(subscription_event))
        .route("/stripe/webhooks", post(order_webhooks).get(webhooks).delete(release_webhooks))
        .fallback(|| async { Refusal(StatusCode::NOT_FOUND, "no such control call".to_owned()) })
}

async fn order(State(clouds): State<Clouds>, body: axum::body::Bytes) -> Answer {
    let bad = |error: &dyn std::fmt::Display| Refusal(StatusCode::BAD_REQUEST, error.to_string());
    let fault: Fault = serde_json::from_slice(&body).map_err(|error| bad(&error))?;
    let id = clouds.control().order(fault).map_err(|error| bad(&error))?;
    Ok(Json(json!({"id": id})))
}

async fn faults(State(clouds): State<Clouds>) -> Json<Value> {
    Json(json!({"faults": clouds.control().faults}))
}

async fn forget_faults(State(clouds): State<Clouds>) -> StatusCode {
    clouds.control().faults.clear();
    StatusCode::NO_CONTENT
}

async fn forget_fault(State(clouds): State<Clouds>, Path(id): Path<u64>) -> StatusCode {
    let mut control = clouds.control();
    let before = control.faults.len();
    control.faults.retain(|ordered| ordered.id != id);
    if control.faults.len() < before { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(default)]
    advance_seconds: i64,
    #[serde(default)]
    advance_ms: i64,
    /// Whether the clock stands still from now on, but for being advanced.
    #[serde(default)]
    stopped: Option<bool>,
}

async fn clock(State(clouds): State<Clouds>) -> Answer {
    clouds.change(|change| Ok(Json(json!({"now": change.now().to_string()}))))
}

async fn advance(State(clouds): State<Clouds>, Json(by): Json<Advance>) -> Answer {
    stripe::changed(&clouds, |change| {
        if let Some(stopped) = by.stopped {
            change.stop_clock(stopped);
        }
        let seconds = SignedDuration::from_secs(by.advance_seconds);
        change.advance_clock(seconds.saturating_add(SignedDuration::from_millis(by.advance_ms)));
        stripe::time_passed(change);
        Ok(Json(json!({"now": change.now().to_string()})))
    })
}

async fn limit(State(clouds): State<Clouds>, Json(ordered): Json<limits::Ordered>) -> Json<Value> {
    clouds.control().limits.set(&ordered);
    Json(json!(ordered))
}

async fn log(State(clouds): State<Clouds>) -> Json<Value> {
    Json(json!(clouds.control().requests.log()))
}

async fn clear_log(State(clouds): State<Clouds>) -> StatusCode {
    clouds.control().requests.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    record_bodies: bool,
}

async fn record(State(clouds): State<Clouds>, Json(wanted): Json<Recording>) -> Json<Value> {
    clouds.control().requests.set_recording(wanted.record_bodies);
    Json(json!({"record_bodies": wanted.record_bodies}))
}

async fn order_webhooks(State(clouds): State<Clouds>, Json(fault): Json<stripe::WebhookFault>) -> Json<Value> {
    clouds.control().webhooks.order(fault);
    Json(clouds.control().webhooks.report())
}

async fn webhooks(State(clouds): State<Clouds>) -> Json<Value> {
    Json(clouds.control().webhooks.report())
}

async fn release_webhooks(State(clouds): State<Clouds>) -> StatusCode {
    stripe::release(&clouds);
    StatusCode::NO_CONTENT
}

async fn subscription_event(
    State(clouds): State<Clouds>,
    Path((id, event)): Path<(String, String)>,
    Query(given): Query<Given>,
) -> Result<Response, stripe::Refusal> {
    stripe::subscription_event(&clouds, &id, &event, given.amount)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    amount: Option<i64>,
}
