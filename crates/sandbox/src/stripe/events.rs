//! What happened, as Stripe tells it (<https://docs.stripe.com/api/events>): worked out from what a call wrote.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{API_VERSION, Outcome, new_id, view};
use crate::world::{Change, Kind};

/// The events that are kept, newest last. Stripe keeps those of 30 days.
const MOST: usize = 2_000;

/// The newest events. Kept in memory: a restart begins without.
#[derive(Debug, Default)]
pub(crate) struct Events(VecDeque<Value>);

impl Events {
    pub(crate) fn push(&mut self, event: Value) {
        self.0.push_back(event);
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    pub(crate) fn get(&self, id: &str) -> Outcome {
        self.0.iter().find(|event| event["id"] == id).cloned().ok_or_else(|| Refusal::no_such("event", id))
    }

    /// A page of them, newest first.
    pub(crate) fn list(&self, params: &Params) -> Outcome {
        params.allow(&["limit", "starting_after", "type", "types"])?;
        let limit = params.integer("limit")?.unwrap_or(10);
        if !(1..=100).contains(&limit) {
            return Err(Refusal::bad("Invalid limit: it must be between 1 and 100.").param("limit"));
        }
        let types = params.list("types");
        let wanted = |event: &&Value| {
            let name = event["type"].as_str().unwrap_or("");
            params.text("type").is_none_or(|pattern| fits(pattern, name)) && (types.is_empty() || types.contains(&name))
        };
        let mut newest = self.0.iter().rev();
        if let Some(after) = params.text("starting_after") {
            newest
                .find(|event| event["id"] == after)
                .ok_or_else(|| Refusal::no_such_param("event", after, "starting_after"))?;
        }
        let limit = usize::try_from(limit).unwrap_or(1);
        let mut data: Vec<&Value> = newest.filter(wanted).take(limit + 1).collect();
        let more = data.len() > limit;
        data.truncate(limit);
        Ok(json!({"object": "list", "data": data, "has_more": more, "url": "/v1/events"}))
    }
}

/// Whether an event's type is among those that a pattern names: itself, `customer.*` or `*`.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

/// The events of everything that was written so far, in the order in which it was.
pub(crate) fn of(change: &Change<'_>) -> Vec<Value> {
    let now = change.now().as_second();
    let mut events = Vec::new();
    for (kind, id, before) in change.written() {
        let Some(after) = change.get(kind, id) else { continue };
        for name in names(kind, before, after) {
            let told = if name == "customer.deleted" { before.unwrap_or(after) } else { after };
            events.push(shape(name, &view(told), before.map(view).as_ref(), now));
        }
    }
    events
}

fn shape(name: &str, object: &Value, before: Option<&Value>, now: i64) -> Value {
    let mut data = json!({"object": object});
    if let (true, Some(before)) = (name.ends_with(".updated"), before) {
        data["previous_attributes"] = previous(before, object);
    }
    json!({
        "id": new_id("evt_1", 23), "object": "event", "api_version": API_VERSION, "created": now,
        "data": data, "livemode": false, "pending_webhooks": 0,
        "request": {"id": null, "idempotency_key": null}, "type": name,
    })
}

fn previous(before: &Value, after: &Value) -> Value {
    let fields = before.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| after[name.as_str()] != **value)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn names(kind: Kind, before: Option<&Value>, after: &Value) -> Vec<&'static str> {
    let status = after["status"].as_str().unwrap_or("");
    let became = |wanted: &str| status == wanted && before.is_none_or(|before| before["status"] != *wanted);
    let grew = |field: &str| after[field].as_i64() > before.and_then(|before| before[field].as_i64());
    match (kind, before) {
        (Kind::Customers, None) => vec!["customer.created"],
        (Kind::Customers, Some(_)) if after["deleted"] == json!(true) => vec!["customer.deleted"],
        (Kind::Customers, Some(_)) => vec!["customer.updated"],
        (Kind::PaymentMethods, None) => vec!["payment_method.attached"],
        (Kind::Subscriptions, None) => vec!["customer.subscription.created"],
        (Kind::Subscriptions, Some(_)) if became("canceled") => vec!["customer.subscription.deleted"],
        (Kind::Subscriptions, Some(_)) if became("paused") => vec!["customer.subscription.paused"],
        (Kind::Subscriptions, Some(_)) => vec!["customer.subscription.updated"],
        (Kind::Invoices, before) => {
            let mut names = if before.is_none() { vec!["invoice.created", "invoice.finalized"] } else { Vec::new() };
            match () {
                () if became("paid") => names.extend(["invoice.paid", "invoice.payment_succeeded"]),
                () if became("void") => names.push("invoice.voided"),
                () if before.is_some() && grew("attempt_count") => names.push("invoice.payment_failed"),
                () => {}
            }
            names
        }
        (Kind::PaymentIntents, before) => {
            let mut names = if before.is_none() { vec!["payment_intent.created"] } else { Vec::new() };
            match () {
                () if became("succeeded") => names.push("payment_intent.succeeded"),
                () if became("requires_action") => names.push("payment_intent.requires_action"),
                () if became("canceled") => names.push("payment_intent.canceled"),
                () if before.is_some() && !after["last_payment_error"].is_null() => {
                    names.push("payment_intent.payment_failed");
                }
                () => {}
            }
            names
        }
        (Kind::Charges, None) => vec!["charge.succeeded"],
        (Kind::Charges, Some(_)) if grew("amount_refunded") => vec!["charge.refunded"],
        (Kind::Refunds, None) => vec!["refund.created"],
        _ => Vec::new(),
    }
}
