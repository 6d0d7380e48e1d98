//! Identity Toolkit v1 (Firebase Auth's admin calls), after
//! <https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts>.

mod accounts;
mod custom;
mod error;
mod fields;
mod pages;
mod persons;
mod refresh;
mod signing;
mod tokens;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

pub(crate) use error::Refusal;
pub(crate) use signing::{Signer, decoded};

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
        .merge(
            Router::new()
                .route("/v1/accounts:signInWithCustomToken", post(custom::sign_in))
                .layer(from_fn(admit_client)),
        );
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

/// The routes below `/securetoken.googleapis.com`.
pub(crate) fn secure_token_router() -> Router<Clouds> {
    Router::new()
        .route("/v1/token", post(refresh::token))
        .fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .layer(from_fn(admit_client))
}

/// Lets a client in: it shows an API key, which says no more than what project it talks to.
async fn admit_client(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let in_query = fields::of_form(query, "key");
    let in_header = request.headers().get("x-goog-api-key").and_then(|value| value.to_str().ok());
    match in_query.as_deref().or(in_header).filter(|key| !key.is_empty()) {
        Some(key) if key.starts_with("invalid") => {
            Refusal::bad("API key not valid. Please pass a valid API key.").into_response()
        }
        Some(_) => next.run(request).await,
        None => Refusal::no_key().into_response(),
    }
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
