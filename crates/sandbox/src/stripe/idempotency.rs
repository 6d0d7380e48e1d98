//! Idempotency keys: <https://docs.stripe.com/api/idempotent_requests>.

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::Refusal;
use crate::server::Clouds;
use crate::world::{Change, KEY_LIFE, Kind};

/// The longest key.
const LONGEST: usize = 255;

/// The largest body of a request or answer that is kept.
const MOST_BYTES: usize = 1024 * 1024;

/// Runs a call once per key; a repetition gets the first answer again.
///
/// Effect and key are written together, so that a kill leaves both or neither.
///
/// # Errors
///
/// The call's own refusal, or `idempotency_error` when the key stood for another call.
pub(crate) fn once(
    clouds: &Clouds,
    key: &str,
    path: &str,
    sent: &[u8],
    run: impl FnOnce(&mut Change<'_>) -> Result<Value, Refusal>,
) -> Result<Response, Refusal> {
    if key.is_empty() || key.len() > LONGEST {
        return Err(Refusal::idempotency("An idempotency key has between 1 and 255 characters."));
    }
    let fingerprint = fingerprint(sent);
    let mut replayed = None;
    let outcome: Result<Value, Refusal> = clouds.change(|change| {
        if let Some(stored) = kept(change, key) {
            replayed = Some(replay(key, path, &fingerprint, stored)?);
            return Ok(Value::Null);
        }
        let object = run(change)?;
        keep(change, key, path, &fingerprint, 200, &object);
        Ok(object)
    });
    if let Some(response) = replayed {
        return Ok(response);
    }
    match outcome {
        Ok(object) => Ok(Json(object).into_response()),
        Err(refusal) => {
            if refusal.is_remembered() {
                let (status, body) = (refusal.status().as_u16(), refusal.body());
                clouds.change(|change| {
                    keep(change, key, path, &fingerprint, status, &body);
                    Ok::<(), Refusal>(())
                })?;
            }
            Err(refusal)
        }
    }
}

/// Keeps a failure that was ordered, as Stripe keeps its own 500s.
pub(crate) async fn remember_failure(clouds: &Clouds, request: Request, refused: Response) -> Response {
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key.map(str::to_owned) else {
        return refused;
    };
    let path = request.uri().path().to_owned();
    let path = path.strip_prefix(crate::world::Cloud::Stripe.mount()).unwrap_or(&path).to_owned();
    let status = refused.status();
    let (parts, body) = refused.into_parts();
    let sent = to_bytes(request.into_body(), MOST_BYTES).await.unwrap_or_default();
    let body = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let answered: Value = serde_json::from_slice(&body).unwrap_or_default();
    let kept = clouds.change(|change| {
        if kept(change, &key).is_none() {
            keep(change, &key, &path, &fingerprint(&sent), status.as_u16(), &answered);
        }
        Ok::<(), Refusal>(())
    });
    match kept {
        Ok(()) => Response::from_parts(parts, Bytes::into(body)),
        Err(refusal) => refusal.into_response(),
    }
}

/// The sent parameters are kept as a digest only: they may be personal.
fn fingerprint(sent: &[u8]) -> String {
    Sha256::digest(sent).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kept<'c>(change: &'c Change<'_>, key: &str) -> Option<&'c Value> {
    let stored = change.get(Kind::IdempotencyKeys, key)?;
    let since = stored["created"].as_i64().unwrap_or(0);
    (change.now().as_second() < since + KEY_LIFE).then_some(stored)
}

fn keep(change: &mut Change<'_>, key: &str, path: &str, fingerprint: &str, status: u16, body: &Value) {
    let created = change.now().as_second();
    let entry = json!({
        "created": created, "path": path, "fingerprint": fingerprint, "status": status,
        "body": body,
    });
    change.put(Kind::IdempotencyKeys, key, entry);
}

fn replay(key: &str, path: &str, fingerprint: &str, stored: &Value) -> Result<Response, Refusal> {
    let first = stored["path"].as_str().unwrap_or("");
    if first != path {
        return Err(Refusal::idempotency(format!(
            "Keys for idempotent requests can only be used for the same endpoint they were first \
             used for ('{path}' vs '{first}'). Try using a key other than '{key}' if you meant to \
             execute a different request."
        )));
    }
    if stored["fingerprint"] != json!(fingerprint) {
        return Err(Refusal::idempotency(format!(
            "Keys for idempotent requests can only be used with the same parameters they were \
             first used with. Try using a key other than '{key}' if you meant to execute a \
             different request."
        )));
    }
    let status = stored["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::OK);
    let mut response = (status, Json(&stored["body"])).into_response();
    let replayed = HeaderName::from_static("idempotent-replayed");
    response.headers_mut().insert(replayed, HeaderValue::from_static("true"));
    Ok(response)
}
