//! What time does to a subscription, worked out when somebody looks.

use serde_json::{Value, json};

use super::intents::{self, Attempt};
use super::invoice_shape::{Bill, of_subscription};
use super::{HIDDEN, invoices, period};
use crate::world::{Change, Kind};

/// How long a first payment may be awaited, in seconds: 23 hours
/// (<https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>).
const FIRST_PAYMENT: i64 = 23 * 60 * 60;

/// The most events worked out for one subscription at a time: some decades of weeks.
const MOST_EVENTS: usize = 5_000;

/// What happens next to a subscription, and when.
enum Event {
    Expire,
    Cancel,
    Renew,
    Overdue,
}

/// Brings one subscription up to now.
pub(crate) fn settle(change: &mut Change<'_>, id: &str) {
    let now = change.now().as_second();
    for _ in 0..MOST_EVENTS {
        let Some(subscription) = change.get(Kind::Subscriptions, id) else {
            return;
        };
        let Some((event, at)) = next_event(change, subscription) else {
            return;
        };
        if at > now {
            return;
        }
        match event {
            Event::Expire => expire(change, id, at),
            Event::Cancel => end(change, id, at),
            Event::Renew => renew(change, id, at),
            Event::Overdue => set_status(change, id, "past_due"),
        }
    }
}

/// Brings the subscriptions of one customer, or all, up to now.
pub(crate) fn settle_all(change: &mut Change<'_>, customer: Option<&str>) {
    let now = change.now().as_second();
    let due = |subscription: &Value| next_event(change, subscription).is_some_and(|(_, at)| at <= now);
    let subscriptions = change.all(Kind::Subscriptions);
    let ids: Vec<String> = match customer {
        Some(customer) => {
            let own = subscriptions.with_key(customer);
            own.filter(|(_, one)| due(one)).map(|(id, _)| id.to_owned()).collect()
        }
        None => {
            let all = subscriptions.iter();
            all.filter(|(_, one)| due(one)).map(|(id, _)| id.to_owned()).collect()
        }
    };
    for id in ids {
        settle(change, &id);
    }
}

fn next_event(change: &Change<'_>, subscription: &Value) -> Option<(Event, i64)> {
    let renewal = || subscription["items"]["data"][0]["current_period_end"].as_i64();
    let cancellation = subscription["cancel_at"].as_i64();
    match subscription["status"].as_str()? {
        "incomplete" => Some((Event::Expire, subscription["created"].as_i64()? + FIRST_PAYMENT)),
        "trialing" | "active" | "past_due" | "unpaid" => {
            let mut next = (Event::Renew, renewal()?);
            if let Some(due) = overdue_at(change, subscription)
                && due < next.1
            {
                next = (Event::Overdue, due);
            }
            match cancellation {
                Some(at) if at <= next.1 => Some((Event::Cancel, at)),
                _ => Some(next),
            }
        }
        "paused" => cancellation.map(|at| (Event::Cancel, at)),
        _ => None,
    }
}

/// When an active subscription paid by invoice falls behind.
fn overdue_at(change: &Change<'_>, subscription: &Value) -> Option<i64> {
    if subscription["status"] != json!("active") {
        return None;
    }
    let invoice = change.get(Kind::Invoices, subscription["latest_invoice"].as_str()?)?;
    if invoice["status"] == json!("open") { invoice["due_date"].as_i64() } else { None }
}

fn expire(change: &mut Change<'_>, id: &str, at: i64) {
    edit(change, id, |subscription| {
        subscription["status"] = json!("incomplete_expired");
        subscription["ended_at"] = json!(at);
    });
    void_open_invoice(change, id, at);
}

fn end(change: &mut Change<'_>, id: &str, at: i64) {
    edit(change, id, |subscription| {
        subscription["status"] = json!("canceled");
        subscription["ended_at"] = json!(at);
        if subscription["canceled_at"].is_null() {
            subscription["canceled_at"] = json!(at);
        }
    });
}

/// Begins the next period and bills it.
fn renew(change: &mut Change<'_>, id: &str, at: i64) {
    let Some(subscription) = change.get(Kind::Subscriptions, id) else {
        return;
    };
    let method = payment_method(change, subscription);
    let automatic = subscription["collection_method"] == json!("charge_automatically");
    let trial_over = subscription["status"] == json!("trialing");
    let behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"].clone();
    if trial_over && automatic && method.is_none() {
        match behavior.as_str() {
            Some("cancel") => return end(change, id, at),
            Some("pause") => return set_status(change, id, "paused"),
            _ => {}
        }
    }
    edit(change, id, |subscription| {
        let anchor = subscription["billing_cycle_anchor"].as_i64().unwrap_or(at);
        let item = &mut subscription["items"]["data"][0];
        let end = period::end_after(anchor, at, &item["price"]["recurring"]);
        item["current_period_start"] = json!(at);
        item["current_period_end"] = json!(end);
        if trial_over {
            subscription["status"] = json!("active");
        }
    });
    let amount = change.get(Kind::Subscriptions, id).map_or(0, amount);
    let invoice = bill(change, id, amount, at, "subscription_cycle");
    if amount == 0 {
        invoices::charge(change, &invoice, None, at);
    } else if automatic {
        collect(change, id, &invoice, method.as_deref(), at);
    }
}

/// Charges a renewal, or notes that it could not be charged.
pub(crate) fn collect(change: &mut Change<'_>, id: &str, invoice: &str, method: Option<&str>, at: i64) {
    match method {
        Some(method) if intents::attempt(change, invoice, method, false, at) == Attempt::Paid => {}
        _ => {
            invoices::record_failure(change, invoice, at);
            set_status(change, id, "past_due");
        }
    }
}

/// Makes the invoice of the subscription's current period, and answers its id.
pub(crate) fn bill(change: &mut Change<'_>, id: &str, amount: i64, at: i64, reason: &'static str) -> String {
    let subscription = change.get(Kind::Subscriptions, id).cloned().unwrap_or_default();
    let customer_id = subscription["customer"].as_str().unwrap_or("").to_owned();
    let mut customer = change.get(Kind::Customers, &customer_id).cloned().unwrap_or_default();
    let item = &subscription["items"]["data"][0];
    let invoice = of_subscription(&Bill {
        subscription: &subscription,
        customer: &customer,
        amount,
        start: item["current_period_start"].as_i64().unwrap_or(at),
        end: item["current_period_end"].as_i64().unwrap_or(at),
        at,
        reason,
    });
    let invoice_id = invoice["id"].as_str().unwrap_or("").to_owned();
    let mut invoice = invoice;
    if amount > 0 {
        let intent = intents::for_invoice(change, &invoice, at);
        invoice[HIDDEN] = json!({"payment_intent": intent});
    }
    change.put(Kind::Invoices, &invoice_id, invoice);
    if let Some(sequence) = customer["next_invoice_sequence"].as_i64() {
        customer["next_invoice_sequence"] = json!(sequence + 1);
        customer["currency"] = subscription["currency"].clone();
        change.put(Kind::Customers, &customer_id, customer);
    }
    edit(change, id, |subscription| subscription["latest_invoice"] = json!(invoice_id));
    invoice_id
}

/// What a period costs, in the smallest unit of the currency.
pub(crate) fn amount(subscription: &Value) -> i64 {
    let item = &subscription["items"]["data"][0];
    let unit = item["price"]["unit_amount"].as_i64().unwrap_or(0);
    unit.saturating_mul(item["quantity"].as_i64().unwrap_or(1))
}

/// The card that is charged for a subscription or an invoice: its own, else its customer's.
pub(crate) fn payment_method(change: &Change<'_>, object: &Value) -> Option<String> {
    let own = object["default_payment_method"].as_str();
    let of_subscription = Kind::Invoices
        .lookup_key(object)
        .and_then(|id| change.get(Kind::Subscriptions, id))
        .and_then(|subscription| subscription["default_payment_method"].as_str());
    let of_customer = object["customer"]
        .as_str()
        .and_then(|id| change.get(Kind::Customers, id))
        .and_then(|customer| customer["invoice_settings"]["default_payment_method"].as_str());
    own.or(of_subscription).or(of_customer).map(str::to_owned)
}

/// A paid invoice brings its subscription to life when it is the one that was awaited.
pub(crate) fn invoice_paid(change: &mut Change<'_>, id: &str, invoice: &str) {
    edit(change, id, |subscription| {
        let awaited = subscription["latest_invoice"] == invoice;
        let waiting = matches!(subscription["status"].as_str(), Some("incomplete" | "past_due" | "unpaid"));
        if awaited && waiting {
            subscription["status"] = json!("active");
        }
    });
}

/// Cancels a subscription now; what is still unpaid for it is voided.
pub(crate) fn cancel_now(change: &mut Change<'_>, id: &str, reason: &str) {
    let now = change.now().as_second();
    let over = change
        .get(Kind::Subscriptions, id)
        .is_none_or(|subscription| matches!(subscription["status"].as_str(), Some("canceled" | "incomplete_expired")));
    if over {
        return;
    }
    edit(change, id, |subscription| {
        subscription["status"] = json!("canceled");
        subscription["canceled_at"] = json!(now);
        subscription["ended_at"] = json!(now);
        subscription["cancel_at_period_end"] = json!(false);
        subscription["cancel_at"] = Value::Null;
        subscription["cancellation_details"]["reason"] = json!(reason);
    });
    void_open_invoice(change, id, now);
}

fn void_open_invoice(change: &mut Change<'_>, id: &str, at: i64) {
    let latest = change.get(Kind::Subscriptions, id).and_then(|one| one["latest_invoice"].as_str());
    if let Some(invoice) = latest.map(str::to_owned) {
        invoices::void(change, &invoice, at);
    }
}

/// Writes a status.
pub(crate) fn set_status(change: &mut Change<'_>, id: &str, status: &str) {
    edit(change, id, |subscription| subscription["status"] = json!(status));
}

fn edit(change: &mut Change<'_>, id: &str, write: impl FnOnce(&mut Value)) {
    if let Some(mut subscription) = change.get(Kind::Subscriptions, id).cloned() {
        let before = subscription.clone();
        write(&mut subscription);
        if subscription != before {
            change.put(Kind::Subscriptions, id, subscription);
        }
    }
}
