//! Hetzner Cloud, after <https://docs.hetzner.cloud/reference/cloud>.
//!
//! Objects are stored as they are answered, with names in place of what the catalogue knows, and
//! with what only the sandbox knows under one extra key.

mod actions;
mod body;
mod catalog;
mod error;
mod firewall_rules;
mod firewalls;
mod inside;
mod list;
mod primary_ips;
mod selector;
mod server_actions;
mod server_create;
mod server_view;
mod servers;
mod ssh_keys;
mod volumes;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use error::Refusal;
pub(crate) use inside::{Seen, next_phase, seen};

use crate::server::Clouds;
use crate::world::{Change, Kind};

/// What a stored object knows and never answers.
const HIDDEN: &str = "_sandbox";

/// The routes below `/hetzner/v1`.
pub(crate) fn router(clouds: &Clouds) -> Router<Clouds> {
    Router::new()
        .route("/servers", get(servers::list).post(server_create::create))
        .route("/servers/{id}", get(servers::get).put(servers::update).delete(servers::delete))
        .route("/servers/actions", get(actions::of_servers))
        .route("/servers/actions/{id}", get(actions::get))
        .route("/servers/{id}/actions", get(actions::of_server))
        .route("/servers/{id}/actions/{command}", post(server_actions::run).get(actions::get_of_server))
        .route("/actions", get(actions::list))
        .route("/actions/{id}", get(actions::get))
        .route("/firewalls", get(firewalls::list).post(firewalls::create))
        .route("/firewalls/{id}", get(firewalls::get).put(firewalls::update).delete(firewalls::delete))
        .route("/firewalls/{id}/actions/apply_to_resources", post(firewalls::apply))
        .route("/firewalls/{id}/actions/remove_from_resources", post(firewalls::remove))
        .route("/firewalls/{id}/actions/set_rules", post(firewalls::set_rules))
        .route("/ssh_keys", get(ssh_keys::list).post(ssh_keys::create))
        .route("/ssh_keys/{id}", get(ssh_keys::get).put(ssh_keys::update).delete(ssh_keys::delete))
        .route("/primary_ips", get(primary_ips::list))
        .route("/primary_ips/{id}", get(primary_ips::get).delete(primary_ips::delete))
        .route("/volumes", get(volumes::list))
        .route("/volumes/{id}", get(volumes::get).delete(volumes::delete))
        .route("/server_types", get(catalog::list_server_types))
        .route("/server_types/{id}", get(catalog::get_server_type))
        .route("/locations", get(catalog::list_locations))
        .route("/locations/{id}", get(catalog::get_location))
        .route("/images", get(catalog::list_images))
        .route("/images/{id}", get(catalog::get_image))
        .fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Refusal::failure(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(from_fn_with_state(clouds.clone(), admit))
}

/// Checks the token, as far as a sandbox can, and adds rate limit and time to the answer.
async fn admit(State(clouds): State<Clouds>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let now = clouds.now();
    let mut response = match check(request.headers(), &method) {
        Err(refusal) => refusal.into_response(),
        Ok(()) if !clouds.control().limits.take_hetzner(&method, &path, now) => {
            Refusal::failure(StatusCode::TOO_MANY_REQUESTS).into_response()
        }
        Ok(()) => next.run(request).await,
    };
    let headers = clouds.control().limits.hetzner_headers(&method, &path, now);
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}

fn check(headers: &HeaderMap, method: &Method) -> Result<(), Refusal> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or("");
    if token.is_empty() || token.starts_with("invalid") {
        return Err(Refusal::failure(StatusCode::UNAUTHORIZED));
    }
    if token.starts_with("readonly") && method != Method::GET {
        let message = "the token is only allowed to perform GET requests";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "token_readonly", message));
    }
    Ok(())
}

/// A time as Hetzner writes it: whole seconds.
fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The next id of a kind; each kind counts from its own start, as ids at Hetzner look.
fn next_id(change: &mut Change<'_>, kind: Kind) -> i64 {
    let first = match kind {
        Kind::Servers => 104_000_001,
        Kind::Actions => 580_000_001,
        Kind::Firewalls => 2_100_001,
        Kind::SshKeys => 24_000_001,
        Kind::PrimaryIps => 87_000_001,
        _ => 103_000_001,
    };
    change.next_number(kind.name(), first)
}

/// Gives an object that is put in by hand what every object of its kind has.
pub(crate) fn complete(change: &mut Change<'_>, kind: Kind, object: &mut Value) -> Option<String> {
    let id = match object["id"].as_i64() {
        Some(id) => id,
        None => next_id(change, kind),
    };
    let now = time(change.now());
    let defaults = match kind {
        Kind::Servers => json!({"status": "running"}),
        Kind::Firewalls => json!({"rules": [], "applied_to": []}),
        Kind::SshKeys => json!({"public_key": "", "fingerprint": ""}),
        Kind::PrimaryIps => primary_ips::defaults(id),
        Kind::Volumes => volumes::defaults(id),
        Kind::Actions => actions::defaults(change.now()),
        _ => json!({}),
    };
    let name = format!("{}-{id}", kind.name());
    let shared = json!({"id": id, "name": name, "created": now, "labels": {}});
    let fields = object.as_object_mut()?;
    for (field, value) in defaults.as_object().into_iter().chain(shared.as_object()).flatten() {
        fields.entry(field.as_str()).or_insert_with(|| value.clone());
    }
    Some(id.to_string())
}
