//! The HTTP interface: a change answers with its events, one JSON object a line, while it happens.
use std::sync::Arc;

use ampere_core::apply::{Event, EventKind, Outcome};
use ampere_core::plan::Action;
use ampere_core::secret::Secret as SecretText;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::backend::{Backend, BackendError, Signup};

/// The routes.
pub fn router(backend: Arc<Backend>) -> Router {
    Router::new()
        .route("/customers", post(sign_up))
        .route("/customers/{name}", delete(remove))
        .route("/plan", get(plan))
        .with_state(backend)
}

#[derive(Deserialize)]
struct Form {
    name: String,
    email: String,
    model: String,
    model_key: String,
}

async fn sign_up(State(backend): State<Arc<Backend>>, Json(form): Json<Form>) -> Response {
    let model_key = Some(SecretText::new(form.model_key));
    let signup = Signup { name: form.name, email: form.email, model: form.model, model_key };
    let (sender, events) = lines();
    tokio::spawn(async move {
        let ended = backend.sign_up(signup, &|event| send(&sender, &event_line(&event))).await;
        send(&sender, &last_line(ended));
    });
    events
}

async fn remove(State(backend): State<Arc<Backend>>, Path(name): Path<String>) -> Response {
    let (sender, events) = lines();
    tokio::spawn(async move {
        let ended = backend.remove(&name, &|event| send(&sender, &event_line(&event))).await;
        send(&sender, &last_line(ended));
    });
    events
}

async fn plan(State(backend): State<Arc<Backend>>) -> Response {
    match backend.plan().await {
        Ok(plan) => {
            let changes = plan.changes.iter().filter(|change| change.action != Action::NoOp);
            let changes =
                changes.map(|c| json!({ "address": c.address.to_string(), "action": format!("{:?}", c.action) }));
            let changes: Vec<Value> = changes.collect();
            Json(json!({ "id": plan.id, "changes": changes })).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

/// A body of lines, and where they go in. The work goes on when the client hangs up: it is the customer's, not the line's.
fn lines() -> (UnboundedSender<String>, Response) {
    let (sender, receiver) = unbounded_channel();
    let body = Body::from_stream(UnboundedReceiverStream::new(receiver).map(Ok::<String, std::convert::Infallible>));
    (sender, ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn send(sender: &UnboundedSender<String>, line: &Value) {
    // Nobody may be listening any more.
    let _ = sender.send(format!("{line}\n"));
}

fn event_line(event: &Event) -> Value {
    let what = match &event.kind {
        EventKind::Started => "started",
        EventKind::Progress(_) => "progress",
        EventKind::Retrying { .. } => "retrying",
        EventKind::Succeeded => "succeeded",
        EventKind::Failed => "failed",
        EventKind::Deferred { .. } => "deferred",
    };
    json!({
        "address": event.address.to_string(),
        "work": format!("{:?}", event.work).to_lowercase(),
        "event": what,
        "id": event.id.as_ref().map(ToString::to_string),
    })
}

fn last_line(ended: Result<Outcome, BackendError>) -> Value {
    match ended {
        Ok(outcome) => json!({
            "done": outcome.is_complete(),
            "added": outcome.done.added,
            "changed": outcome.done.changed,
            "destroyed": outcome.done.destroyed,
            "problems": outcome.diagnostics.iter().map(|d| d.summary.clone()).collect::<Vec<_>>(),
        }),
        Err(error) => json!({ "done": false, "error": error.to_string() }),
    }
}
