//! Webhook endpoints, and deliveries to them (<https://docs.stripe.com/webhooks>).
//!
//! Deliveries go to loopback addresses only, each once: Stripe would repeat a failed one for days. They can be ordered to go
//! wrong.

use std::collections::VecDeque;
use std::net::IpAddr;

use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::error::Refusal;
use super::events::fits;
use super::form::Params;
use super::{API_VERSION, HIDDEN, Outcome, list, new_id, view};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The deliveries that are remembered.
const MOST: usize = 10_000;
/// How old the signature of a stale delivery is, in seconds.
const STALE: i64 = 3_600;
/// How long a receiver may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// How a delivery goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// It never comes.
    Lose,
    /// It comes twice.
    Duplicate,
    /// It is signed with a secret that is not the endpoint's.
    Forge,
    /// It was signed an hour ago.
    Stale,
    /// It waits until the faults are deleted; what waited comes newest first.
    Hold,
}

/// An ordered fault: the next `times` deliveries, or all.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    effect: Effect,
    #[serde(default)]
    times: Option<u64>,
}

#[derive(Debug, Clone)]
struct Delivery {
    url: String,
    event: String,
    name: String,
    body: String,
    signature: String,
}

/// What became of a delivery.
#[derive(Debug, Clone, Serialize)]
struct Delivered {
    event: String,
    r#type: String,
    url: String,
    effect: Option<Effect>,
    /// The receiver's status; none if it was not reached, or not tried.
    status: Option<u16>,
}

/// Deliveries, as they were ordered and as they went.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    faults: Vec<Fault>,
    held: Vec<Delivery>,
    outcomes: VecDeque<Delivered>,
}

impl Webhooks {
    pub(crate) fn order(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(crate) fn report(&self) -> Value {
        json!({"faults": self.faults, "held": self.held.len(), "deliveries": self.outcomes})
    }

    fn effect(&mut self) -> Option<Effect> {
        let fault = self.faults.iter_mut().find(|fault| fault.times != Some(0))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.effect)
    }

    fn note(&mut self, delivery: &Delivery, effect: Option<Effect>, status: Option<u16>) {
        let Delivery { url, event, name, .. } = delivery.clone();
        self.outcomes.push_back(Delivered { event, r#type: name, url, effect, status });
        if self.outcomes.len() > MOST {
            self.outcomes.pop_front();
        }
    }
}

pub(crate) fn create(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&["url", "enabled_events", "description", "metadata", "api_version", "connect"])?;
    let url = params.required("url")?;
    check(url)?;
    let events = params.list("enabled_events");
    if events.is_empty() {
        return Err(Refusal::missing("enabled_events"));
    }
    let secret = new_id("whsec_", 32);
    let id = new_id("we_1", 23);
    let endpoint = json!({
        "id": id, "object": "webhook_endpoint", "api_version": API_VERSION, "application": null,
        "created": change.now().as_second(), "description": params.text("description"),
        "enabled_events": events, "livemode": false, "metadata": params.metadata(&Value::Null)?,
        "status": "enabled", "url": url, HIDDEN: {"secret": secret},
    });
    change.put(Kind::WebhookEndpoints, &id, endpoint.clone());
    let mut shown = view(&endpoint);
    shown["secret"] = json!(secret);
    Ok(shown)
}

pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    find(change, id).map(view)
}

pub(crate) fn list(change: &Change<'_>, params: &Params) -> Outcome {
    params.allow(&["limit", "starting_after", "ending_before"])?;
    list::page(change, Kind::WebhookEndpoints, "/v1/webhook_endpoints", params, None, |_| true)
}

pub(crate) fn update(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(&["url", "enabled_events", "description", "metadata", "disabled"])?;
    let mut endpoint = find(change, id)?.clone();
    if let Some(url) = params.text("url") {
        check(url)?;
        endpoint["url"] = json!(url);
    }
    if params.has("enabled_events") {
        endpoint["enabled_events"] = json!(params.list("enabled_events"));
    }
    if params.has("description") {
        endpoint["description"] = json!(params.text("description"));
    }
    if let Some(disabled) = params.flag("disabled")? {
        endpoint["status"] = json!(if disabled { "disabled" } else { "enabled" });
    }
    endpoint["metadata"] = params.metadata(&endpoint["metadata"])?;
    change.put(Kind::WebhookEndpoints, id, endpoint.clone());
    Ok(view(&endpoint))
}

pub(crate) fn delete(change: &mut Change<'_>, id: &str) -> Outcome {
    find(change, id)?;
    change.remove(Kind::WebhookEndpoints, id);
    Ok(json!({"id": id, "object": "webhook_endpoint", "deleted": true}))
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::WebhookEndpoints, id).ok_or_else(|| Refusal::no_such("webhook endpoint", id))
}

/// Takes loopback addresses only.
fn check(url: &str) -> Result<(), Refusal> {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().filter(|uri| uri.scheme_str() == Some("http")).and_then(Uri::host).unwrap_or("");
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        return Ok(());
    }
    let message = "Invalid URL: the sandbox delivers to http:// addresses of this machine only.";
    Err(Refusal::bad(message).code("url_invalid").param("url"))
}

/// The deliveries that events make.
fn deliveries(change: &Change<'_>, events: &[Value], effects: &mut Webhooks) -> Vec<(Delivery, Option<Effect>)> {
    let mut deliveries = Vec::new();
    let now = change.now().as_second();
    for event in events {
        let name = event["type"].as_str().unwrap_or("");
        for (_, endpoint) in change.all(Kind::WebhookEndpoints).iter() {
            let mut wanted = endpoint["enabled_events"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if endpoint["status"] != json!("enabled") || !wanted.any(|pattern| fits(pattern, name)) {
                continue;
            }
            let effect = effects.effect();
            let secret = match effect {
                Some(Effect::Forge) => "whsec_nobodys",
                _ => endpoint[HIDDEN]["secret"].as_str().unwrap_or(""),
            };
            let body = event.to_string();
            let at = if effect == Some(Effect::Stale) { now - STALE } else { now };
            let signature = format!("t={at},v1={}", sign(secret, at, &body));
            let (event, name) = (event["id"].as_str().unwrap_or("").to_owned(), name.to_owned());
            let url = endpoint["url"].as_str().unwrap_or("").to_owned();
            deliveries.push((Delivery { url, event, name, body, signature }, effect));
        }
    }
    deliveries
}

fn sign(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{at}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps events and delivers them. To be called when the change that they tell of is written.
pub(crate) fn publish(clouds: &Clouds, events: Vec<Value>) {
    if events.is_empty() {
        return;
    }
    let mut sent = Vec::new();
    // The world is held before the control everywhere.
    let made: Result<_, Refusal> = clouds.change(|change| {
        let mut control = clouds.control();
        for (delivery, effect) in deliveries(change, &events, &mut control.webhooks) {
            match effect {
                Some(Effect::Lose) => control.webhooks.note(&delivery, effect, None),
                Some(Effect::Hold) => control.webhooks.held.push(delivery),
                Some(Effect::Duplicate) => sent.extend([(delivery.clone(), effect), (delivery, effect)]),
                _ => sent.push((delivery, effect)),
            }
        }
        events.into_iter().for_each(|event| control.events.push(event));
        Ok(())
    });
    if made.is_ok() {
        deliver(clouds, sent);
    }
}

/// Forgets the faults, and delivers what was held, newest first.
pub(crate) fn release(clouds: &Clouds) {
    let held = {
        let mut control = clouds.control();
        control.webhooks.faults.clear();
        std::mem::take(&mut control.webhooks.held)
    };
    deliver(clouds, held.into_iter().rev().map(|delivery| (delivery, Some(Effect::Hold))).collect());
}

fn deliver(clouds: &Clouds, sent: Vec<(Delivery, Option<Effect>)>) {
    if sent.is_empty() {
        return;
    }
    let clouds = clouds.clone();
    tokio::spawn(async move {
        for (delivery, effect) in sent {
            let status = tokio::time::timeout(PATIENCE, post(&delivery)).await.ok().flatten();
            clouds.control().webhooks.note(&delivery, effect, status);
        }
    });
}

/// The receiver's status; none if it cannot be reached.
async fn post(delivery: &Delivery) -> Option<u16> {
    let uri: Uri = delivery.url.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    let stream = tokio::net::TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::spawn(connection);
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, uri.authority()?.as_str())
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::USER_AGENT, "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("Stripe-Signature", &delivery.signature)
        .body(Full::new(Bytes::from(delivery.body.clone())))
        .ok()?;
    let status = sender.send_request(request).await.ok()?.status().as_u16();
    driver.abort();
    Some(status)
}
