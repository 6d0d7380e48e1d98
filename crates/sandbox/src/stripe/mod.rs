//! Stripe, after <https://docs.stripe.com/api>, API version `2026-05-27.dahlia`.
//!
//! Objects are stored as they are answered, ids in place of what can be expanded, and with what
//! only the sandbox knows under one extra key.

mod billing;
mod charges;
mod customers;
mod error;
mod events;
mod expand;
mod form;
mod idempotency;
mod intents;
mod invoice_shape;
mod invoices;
mod list;
mod payment_methods;
mod period;
mod prices;
mod refunds;
mod subscription_create;
mod subscription_events;
mod subscription_shape;
mod subscriptions;
mod webhooks;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};

pub(crate) use error::Refusal;
pub(crate) use events::Events;
pub(crate) use prices::seed;
pub(crate) use subscription_events::subscription_event;
pub(crate) use webhooks::{Fault as WebhookFault, Webhooks, release};

use crate::server::Clouds;
use crate::world::{Change, Kind, NotWritten};
use form::Params;

/// What a stored object knows and never answers.
const HIDDEN: &str = "_sandbox";

/// The API version the shapes are those of.
const API_VERSION: &str = "2026-05-27.dahlia";

type Outcome = Result<Value, Refusal>;

/// The routes below `/stripe`.
pub(crate) fn router(_clouds: &Clouds) -> Router<Clouds> {
    // One handler, because effect and idempotency key are one change of the world.
    Router::new().fallback(answer)
}

/// The same calls at the root, for clients that take a host and port only.
pub(crate) fn at_root() -> Router<Clouds> {
    Router::new().route("/v1/{*call}", any(answer))
}

/// Whether a request at the root is for Stripe: it bears a key of Stripe's.
pub(crate) fn is_for_us(headers: &HeaderMap) -> bool {
    let key = key_of(headers);
    ["sk_", "rk_", "pk_"].iter().any(|prefix| key.starts_with(prefix))
}

async fn answer(State(clouds): State<Clouds>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let request_id = new_id("req_", 14);
    let mut response = match call(&clouds, &method, &uri, &headers, &body) {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    let version = headers.get("stripe-version").cloned();
    let version = version.unwrap_or(HeaderValue::from_static(API_VERSION));
    let out = response.headers_mut();
    out.insert(HeaderName::from_static("stripe-version"), version);
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        out.insert(HeaderName::from_static("request-id"), id);
    }
    if let Some(key) = headers.get("idempotency-key") {
        out.insert(HeaderName::from_static("idempotency-key"), key.clone());
    }
    response
}

fn call(clouds: &Clouds, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<Response, Refusal> {
    check_key(headers)?;
    let sent = if *method == Method::GET || body.is_empty() { uri.query().unwrap_or("").as_bytes() } else { body };
    let params = Params::read(sent)?;
    let path = uri.path().trim_end_matches('/');
    if let Some(answered) = told(clouds, method.as_str(), path, &params) {
        return answered.map(|object| axum::Json(object).into_response());
    }
    let mut happened = Vec::new();
    let run = |change: &mut Change<'_>| {
        let object = route(change, method.as_str(), path, &params)?;
        happened = events::of(change);
        expand::expand(change, object, &params.list("expand"))
    };
    let answered = match headers.get("idempotency-key") {
        Some(key) if *method == Method::POST => {
            let key = key.to_str().map_err(|_| Refusal::idempotency("Invalid idempotency key."))?;
            idempotency::once(clouds, key, path, sent, run)
        }
        _ => clouds.change(run).map(|object| axum::Json(object).into_response()),
    }?;
    webhooks::publish(clouds, happened);
    Ok(answered)
}

/// What is answered from events, which are no part of the world.
fn told(clouds: &Clouds, method: &str, path: &str, params: &Params) -> Option<Outcome> {
    match (method, path.split('/').skip(1).collect::<Vec<_>>().as_slice()) {
        ("GET", ["v1", "events"]) => Some(clouds.control().events.list(params)),
        ("GET", ["v1", "events", id]) => Some(clouds.control().events.get(id)),
        _ => None,
    }
}

/// Runs a change that is no call of the API, and tells of what happened by it.
pub(crate) fn changed<T, E: From<NotWritten>>(
    clouds: &Clouds,
    request: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut happened = Vec::new();
    let value = clouds.change(|change| {
        let value = request(change)?;
        happened = events::of(change);
        Ok::<T, E>(value)
    })?;
    webhooks::publish(clouds, happened);
    Ok(value)
}

/// Works out what time has done, if anybody is to be told: else it is worked out when somebody reads.
pub(crate) fn time_passed(change: &mut Change<'_>) {
    if change.all(Kind::WebhookEndpoints).len() > 0 {
        billing::settle_all(change, None);
    }
}

/// Keeps a 500 under the request's idempotency key, and answers it.
pub(crate) async fn remember(clouds: &Clouds, request: Request, refused: Response) -> Response {
    idempotency::remember_failure(clouds, request, refused).await
}

/// Takes a secret test key, as a bearer token or as the user of basic authentication.
fn check_key(headers: &HeaderMap) -> Result<(), Refusal> {
    let key = key_of(headers);
    let known = ["sk_test_", "rk_test_"].iter().any(|prefix| key.starts_with(prefix));
    if known && !key.contains("invalid") { Ok(()) } else { Err(Refusal::failure(StatusCode::UNAUTHORIZED)) }
}

/// The key that a request bears; empty if it bears none.
fn key_of(headers: &HeaderMap) -> String {
    use base64::Engine;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    if let Some(basic) = given.strip_prefix("Basic ") {
        let decoded = base64::engine::general_purpose::STANDARD.decode(basic).unwrap_or_default();
        let decoded = String::from_utf8(decoded).unwrap_or_default();
        decoded.split(':').next().unwrap_or("").to_owned()
    } else {
        given.strip_prefix("Bearer ").unwrap_or("").to_owned()
    }
}

fn route(change: &mut Change<'_>, method: &str, path: &str, params: &Params) -> Outcome {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (method, segments.as_slice()) {
        ("POST", ["v1", "customers"]) => customers::create(change, params),
        ("GET", ["v1", "customers"]) => customers::list(change, params),
        ("GET", ["v1", "customers", id]) => customers::get(change, id),
        ("POST", ["v1", "customers", id]) => customers::update(change, id, params),
        ("DELETE", ["v1", "customers", id]) => customers::delete(change, id),
        ("GET", ["v1", "payment_methods", id]) => payment_methods::get(change, id),
        ("POST", ["v1", "payment_methods", id, "attach"]) => payment_methods::attach_call(change, id, params),
        ("GET", ["v1", "prices"]) => prices::list(change, params),
        ("GET", ["v1", "prices", id]) => prices::get(change, Kind::Prices, "price", id),
        ("GET", ["v1", "products", id]) => prices::get(change, Kind::Products, "product", id),
        ("POST", ["v1", "subscriptions"]) => subscription_create::create(change, params),
        ("GET", ["v1", "subscriptions"]) => subscriptions::list(change, params),
        ("GET", ["v1", "subscriptions", id]) => subscriptions::get(change, id),
        ("POST", ["v1", "subscriptions", id]) => subscriptions::update(change, id, params),
        ("DELETE", ["v1", "subscriptions", id]) => subscriptions::cancel(change, id, params),
        ("GET", ["v1", "invoices"]) => invoices::list(change, params),
        ("GET", ["v1", "invoices", id]) => invoices::get(change, id),
        ("POST", ["v1", "invoices", id, "pay"]) => invoices::pay_call(change, id, params),
        ("POST", ["v1", "invoices", id, "void"]) => invoices::void_call(change, id),
        ("GET", ["v1", "payment_intents"]) => intents::list(change, params),
        ("GET", ["v1", "payment_intents", id]) => intents::get(change, id),
        ("POST", ["v1", "payment_intents", id, "confirm"]) => intents::confirm(change, id, params),
        ("GET", ["v1", "charges"]) => charges::list(change, params),
        ("GET", ["v1", "charges", id]) => charges::get(change, id),
        ("POST", ["v1", "webhook_endpoints"]) => webhooks::create(change, params),
        ("GET", ["v1", "webhook_endpoints"]) => webhooks::list(change, params),
        ("GET", ["v1", "webhook_endpoints", id]) => webhooks::get(change, id),
        ("POST", ["v1", "webhook_endpoints", id]) => webhooks::update(change, id, params),
        ("DELETE", ["v1", "webhook_endpoints", id]) => webhooks::delete(change, id),
        ("POST", ["v1", "refunds"]) => refunds::create(change, params),
        ("GET", ["v1", "refunds"]) => refunds::list(change, params),
        ("GET", ["v1", "refunds", id]) => refunds::get(change, id),
        _ => Err(unrecognized(method, path)),
    }
}

fn unrecognized(method: &str, path: &str) -> Refusal {
    let message = format!("Unrecognized request URL ({method}: {path}).");
    let refusal = Refusal::failure(StatusCode::NOT_FOUND);
    refusal.with_message(message)
}

/// A random id like those of Stripe: a prefix, and letters and digits.
fn new_id(prefix: &str, length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut id = prefix.to_owned();
    for byte in uuid::Uuid::new_v4().into_bytes().into_iter().chain(uuid::Uuid::new_v4().into_bytes()).take(length) {
        id.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    }
    id
}

/// The object as it is answered.
fn view(object: &Value) -> Value {
    let mut shown = object.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(HIDDEN);
    }
    shown
}

/// Gives an object that is put in by hand what every object of its kind has.
pub(crate) fn complete(change: &mut Change<'_>, kind: Kind, object: &mut Value) -> Option<String> {
    let now = change.now().as_second();
    let mut whole = match kind {
        Kind::Customers => customers::shape(now),
        Kind::Subscriptions => subscription_shape::by_hand(change, object),
        Kind::Products => prices::product_shape(now),
        Kind::Prices => prices::price_shape(now),
        Kind::Invoices => invoice_shape::empty(now),
        Kind::PaymentIntents => intents::shape(now),
        Kind::Charges => charges::shape(now),
        Kind::Refunds => refunds::shape(now),
        Kind::PaymentMethods => payment_methods::shape(now),
        _ => return None,
    };
    for (field, value) in object.as_object()? {
        whole[field.as_str()] = value.clone();
    }
    whole["livemode"] = json!(false);
    if kind == Kind::Refunds {
        whole.as_object_mut()?.remove("livemode");
    }
    *object = whole;
    Some(object["id"].as_str()?.to_owned())
}
