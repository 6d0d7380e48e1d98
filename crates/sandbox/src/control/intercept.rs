//! What every request to a cloud passes through: the request log, and ordered faults.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::fault::{Effect, Fault, malform};
use crate::connection::Switch;
use crate::server::Clouds;
use crate::watch::{After, Before, Call, Decision};
use crate::world::Cloud;
use crate::{firestore, hetzner, identity, stripe};

/// The largest body the sandbox reads or answers: 64 MiB.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Logs the request, strikes it with the faults that fit, and answers.
pub(crate) async fn intercept(
    State(clouds): State<Clouds>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let mounted = Cloud::ALL.into_iter().find(|cloud| path.starts_with(cloud.mount()));
    let at_root = path.starts_with("/v1/") && stripe::is_for_us(request.headers());
    let cloud = match mounted {
        Some(cloud) => cloud,
        None if at_root => Cloud::Stripe,
        None => return crate::server::nothing_here().into_response(),
    };
    let path = if at_root { format!("{}{path}", Cloud::Stripe.mount()) } else { path };
    if clouds.control().requests.records_bodies() {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, MOST_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        clouds.control().requests.record(&parts.method, &parts.uri, &bytes);
        request = Request::from_parts(parts, Body::from(bytes));
    }
    let faults = {
        let mut control = clouds.control();
        control.requests.count(request.method(), &path);
        control.struck(cloud, request.method(), &path)
    };
    let latency: u64 = faults.iter().map(|fault| fault.latency_ms).sum();
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let Some(watch) = clouds.watch.clone() else {
        return strike(&clouds, cloud, &switch, faults, request, next).await;
    };
    let caller = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number = clouds.watched.fetch_add(1, Ordering::Relaxed);
    let call =
        Call { number, cloud: cloud.name(), method: request.method().to_string(), path, caller: caller.to_owned() };
    match watch.before(&call).await {
        Before::Go => {}
        Before::Drop => return closed(&switch),
        Before::Late(moment) => {
            // The client goes away when its connection is closed, and the request with it: it is kept elsewhere.
            tokio::spawn(late(moment, clouds.clone(), cloud, switch.clone(), faults, request, next));
            return closed(&switch);
        }
    }
    let response = strike(&clouds, cloud, &switch, faults, request, next).await;
    match watch.after(&call, response.status().as_u16()).await {
        After::Answer => response,
        After::Lose => closed(&switch),
    }
}

/// Ends the connection; what is returned reaches nobody.
fn closed(switch: &Switch) -> Response {
    switch.close();
    StatusCode::OK.into_response()
}

/// Lets a request take effect when its client has long been gone.
async fn late(
    moment: Decision<'static, ()>,
    clouds: Clouds,
    cloud: Cloud,
    switch: Switch,
    faults: Vec<Fault>,
    request: Request,
    next: Next,
) {
    moment.await;
    let answer = strike(&clouds, cloud, &switch, faults, request, next).await;
    tracing::debug!(status = answer.status().as_u16(), "a late request took effect");
}

async fn strike(
    clouds: &Clouds,
    cloud: Cloud,
    switch: &Switch,
    faults: Vec<Fault>,
    request: Request,
    next: Next,
) -> Response {
    for effect in faults.iter().filter_map(|fault| fault.effect.as_ref()) {
        match effect {
            Effect::Status { code, retry_after, remember } => {
                let refused = refuse(clouds, cloud, *code, *retry_after);
                if cloud == Cloud::Stripe && *remember && *code == 500 {
                    return stripe::remember(clouds, request, refused).await;
                }
                return refused;
            }
            Effect::Answer { status, headers, body } => return answer(*status, headers, body),
            Effect::Reset => {
                switch.reset();
                return StatusCode::OK.into_response();
            }
            _ => {}
        }
    }
    let mut response = next.run(request).await;
    for effect in faults.iter().filter_map(|fault| fault.effect.as_ref()) {
        match effect {
            Effect::ResetAfter => switch.reset(),
            Effect::LoseResponse => switch.close(),
            Effect::Truncate { bytes } => {
                response = rewrite(response, |body| body.slice(..(*bytes).min(body.len()))).await;
            }
            Effect::Malform { index, field, value } => {
                let change = |body: Bytes| malformed(&body, *index, field, value.as_ref());
                response = rewrite(response, change).await;
            }
            _ => {}
        }
    }
    response
}

fn refuse(clouds: &Clouds, cloud: Cloud, code: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match cloud {
        Cloud::Hetzner => hetzner::Refusal::failure(status).into_response(),
        Cloud::Stripe => stripe::Refusal::failure(status).into_response(),
        Cloud::IdentityToolkit => identity::Refusal::failure(status).into_response(),
        Cloud::Firestore | Cloud::SecureToken | Cloud::Sandbox => firestore::Refusal::failure(status).into_response(),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if cloud == Cloud::Hetzner && status == StatusCode::TOO_MANY_REQUESTS {
        let wait = i64::try_from(retry_after.unwrap_or(1)).unwrap_or(i64::MAX);
        let reset = clouds.now().as_second().saturating_add(wait);
        for (name, value) in [("ratelimit-limit", 3600), ("ratelimit-remaining", 0), ("ratelimit-reset", reset)] {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    response
}

fn answer(status: u16, headers: &std::collections::BTreeMap<String, String>, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, body.to_owned()).into_response();
    if !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn rewrite(response: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (mut parts, body) = response.into_parts();
    match to_bytes(body, MOST_BYTES).await {
        Ok(bytes) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(change(bytes)))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn malformed(body: &Bytes, index: usize, field: &str, value: Option<&Value>) -> Bytes {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    malform(&mut json, index, field, value);
    Bytes::from(json.to_string())
}
