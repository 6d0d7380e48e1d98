//! The HTTP interface: a change answers with its events, one JSON object a line, while it happens.
//!
//! Every call bears the Firebase id token of the person who makes it. Nothing is made for, or shown to, anybody else (U2).
use std::sync::Arc;

use ampere_core::apply::{Event, EventKind, Outcome};
use ampere_core::plan::Action;
use ampere_core::secret::Secret as SecretText;
use ampere_provider::id_token::{Person, Revocation, Verifier};
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::backend::{Backend, BackendError, Customer, Signup};

/// The routes.
pub fn router(backend: Arc<Backend>, verifier: Arc<Verifier>) -> Router {
    Router::new()
        .route("/customers", post(sign_up))
        .route("/customers/{name}", delete(remove))
        .route("/plan", get(plan))
        .with_state(App { backend, verifier })
}

#[derive(Clone)]
struct App {
    backend: Arc<Backend>,
    verifier: Arc<Verifier>,
}

/// Somebody who proved who they are.
struct SignedIn(Person);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<SignedIn, Response> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return Err(refusal(StatusCode::UNAUTHORIZED, "sign in first"));
        };
        match app.verifier.verify(token, Revocation::Checked).await {
            Ok(person) => Ok(SignedIn(person)),
            Err(error) if error.is_refusal() => Err(refusal(StatusCode::UNAUTHORIZED, &error.to_string())),
            Err(error) => Err(refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())),
        }
    }
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

#[derive(Deserialize)]
struct Form {
    name: String,
    model: String,
    model_key: String,
}

async fn sign_up(State(app): State<App>, SignedIn(person): SignedIn, Json(form): Json<Form>) -> Response {
    // An address that nobody vouches for could be anybody's.
    let Some(email) = person.email.filter(|_| person.email_verified) else {
        return refusal(StatusCode::FORBIDDEN, "your email address is not verified");
    };
    let person = Customer { uid: person.uid, email };
    let model_key = Some(SecretText::new(form.model_key));
    let signup = Signup { name: form.name, person, model: form.model, model_key };
    let (sender, events) = lines();
    tokio::spawn(async move {
        let ended = app.backend.sign_up(signup, &|event| send(&sender, &event_line(&event))).await;
        send(&sender, &last_line(ended));
    });
    events
}

async fn remove(State(app): State<App>, SignedIn(person): SignedIn, Path(name): Path<String>) -> Response {
    let (sender, events) = lines();
    tokio::spawn(async move {
        let ended = app.backend.remove(&person.uid, &name, &|event| send(&sender, &event_line(&event))).await;
        send(&sender, &last_line(ended));
    });
    events
}

async fn plan(State(app): State<App>, SignedIn(person): SignedIn) -> Response {
    match app.backend.plan(&person.uid).await {
        Ok(changes) => {
            let changes = changes.iter().filter(|change| change.action != Action::NoOp);
            let changes =
                changes.map(|c| json!({ "address": c.address.to_string(), "action": format!("{:?}", c.action) }));
            let changes: Vec<Value> = changes.collect();
            Json(json!({ "changes": changes })).into_response()
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
