//! Identity Toolkit v1 (Firebase Auth's admin calls), after
//! <https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts>.

mod accounts;
mod error;
mod fields;
mod pages;
mod persons;
mod signing;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Value, json};

pub(crate) use error::Refusal;

use crate::server::Clouds;
use crate::world::Change;

/// The project an account put in by hand without one belongs to.
const DEFAULT_PROJECT: &str = "demo-ampere";

/// The routes below `/identitytoolkit.googleapis.com`.
pub(crate) fn router(_clouds: &Clouds) -> Router<Clouds> {
    // What a browser calls, and what is public, wants no administrator's token.
    let public = Router::new()
        .route("/v1/accounts:signInWithIdp", post(persons::sign_in_with_idp))
        .route(&format!("/{}", signing::KEYS), get(persons::keys))
        .layer(Extension(Arc::new(signing::Signer::default())));
    Router::new()
        .route("/v1/projects/{project}/accounts", post(accounts::create))
        .route("/v1/projects/{project}/accounts:lookup", post(accounts::lookup))
        .route("/v1/projects/{project}/accounts:update", post(accounts::update))
        .route("/v1/projects/{project}/accounts:delete", post(accounts::delete))
        .route("/v1/projects/{project}/accounts:batchGet", get(pages::batch_get))
        .route("/v1/projects/{project}/accounts:batchDelete", post(pages::batch_delete))
        .fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .layer(from_fn(admit))
        .merge(public)
}

async fn admit(request: Request, next: Next) -> Response {
    if bearer(&request) { next.run(request).await } else { Refusal::failure(StatusCode::UNAUTHORIZED).into_response() }
}

/// Whether a Google call carries a token that the sandbox takes.
pub(crate) fn bearer(request: &Request) -> bool {
    request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|token| !token.is_empty() && !token.starts_with("invalid"))
}

/// The key an account is stored under.
fn key(project: &str, local_id: &str) -> String {
    format!("{project}/{local_id}")
}

/// Gives an account that is put in by hand what every account has.
pub(crate) fn complete(change: &mut Change<'_>, object: &mut Value) -> Option<String> {
    let fields = object.as_object_mut()?;
    let project = match fields.remove("project") {
        Some(project) => project.as_str()?.to_owned(),
        None => DEFAULT_PROJECT.to_owned(),
    };
    let local_id = fields.entry("localId").or_insert_with(|| json!(accounts::new_local_id())).as_str()?.to_owned();
    let now = change.now();
    fields.entry("createdAt").or_insert_with(|| json!(now.as_millisecond().to_string()));
    fields.entry("validSince").or_insert_with(|| json!(now.as_second().to_string()));
    Some(key(&project, &local_id))
}
