//! Invoices: read, paid, voided.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::intents::{self, Attempt};
use super::{Outcome, billing, charges, list, payment_methods, view};
use crate::world::{Change, Kind};

pub(crate) fn get(change: &mut Change<'_>, id: &str) -> Outcome {
    settle_subscription(change, id);
    find(change, id).map(view)
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    let own = ["customer", "subscription", "status", "collection_method"];
    params.allow(&[&list::CURSOR[..], &own].concat())?;
    billing::settle_all(change, params.text("customer"));
    let subscription = params.text("subscription");
    list::page(change, Kind::Invoices, "/v1/invoices", params, subscription, |invoice| {
        ["customer", "status", "collection_method"]
            .iter()
            .all(|field| params.text(field).is_none_or(|wanted| invoice[*field] == wanted))
    })
}

/// Pays an open invoice: by the card given, the customer's default card, or outside of Stripe.
pub(crate) fn pay_call(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(&["payment_method", "paid_out_of_band", "off_session"])?;
    settle_subscription(change, id);
    let invoice = find(change, id)?;
    match invoice["status"].as_str() {
        Some("open" | "uncollectible") => {}
        Some("paid") => return Err(Refusal::bad("Invoice is already paid")),
        _ => return Err(Refusal::bad("This invoice can not be paid: it is void.")),
    }
    let customer = invoice["customer"].as_str().unwrap_or("").to_owned();
    let at = change.now().as_second();
    if params.flag("paid_out_of_band")? == Some(true) {
        mark_paid(change, id, None, at);
        return find(change, id).map(view);
    }
    let method = match params.text("payment_method") {
        Some(name) => Some(payment_methods::attach(change, name, &customer, "payment_method")?),
        None => billing::payment_method(change, find(change, id)?),
    };
    let Some(method) = method else {
        return Err(no_payment_method());
    };
    match intents::attempt(change, id, &method, false, at) {
        Attempt::Paid => find(change, id).map(view),
        Attempt::Declined => Err(Refusal::declined()),
        Attempt::Challenged => Err(Refusal::needs_action("invoice_payment_intent_requires_action")),
    }
}

pub(crate) fn void_call(change: &mut Change<'_>, id: &str) -> Outcome {
    if find(change, id)?["status"] != json!("open") {
        return Err(Refusal::bad("You can only void an open invoice."));
    }
    let at = change.now().as_second();
    void(change, id, at);
    find(change, id).map(view)
}

/// 400: there is no card to charge.
pub(crate) fn no_payment_method() -> Refusal {
    Refusal::bad(
        "This customer has no attached payment source or default payment method. Please consider \
         adding a default payment method.",
    )
    .code("resource_missing")
}

/// Charges a card for an invoice, and marks it paid.
pub(crate) fn charge(change: &mut Change<'_>, id: &str, method: Option<&str>, at: i64) {
    let Some(invoice) = change.get(Kind::Invoices, id).cloned() else {
        return;
    };
    let made = (invoice["amount_due"].as_i64().unwrap_or(0) > 0).then(|| charges::make(change, &invoice, method, at));
    if let Some(charge) = &made {
        intents::succeed(change, id, charge);
    }
    mark_paid(change, id, made.as_ref(), at);
}

/// Marks an invoice paid; its subscription comes to life.
fn mark_paid(change: &mut Change<'_>, id: &str, charge: Option<&Value>, at: i64) {
    let Some(mut invoice) = change.get(Kind::Invoices, id).cloned() else {
        return;
    };
    invoice["status"] = json!("paid");
    invoice["amount_paid"] = invoice["amount_due"].clone();
    invoice["amount_remaining"] = json!(0);
    invoice["auto_advance"] = json!(false);
    invoice["attempted"] = json!(true);
    invoice["next_payment_attempt"] = Value::Null;
    invoice["status_transitions"]["paid_at"] = json!(at);
    match charge {
        Some(_) => invoice["attempt_count"] = json!(invoice["attempt_count"].as_i64().unwrap_or(0) + 1),
        None => invoice["amount_paid_off_stripe"] = invoice["amount_due"].clone(),
    }
    let subscription = Kind::Invoices.lookup_key(&invoice).map(str::to_owned);
    change.put(Kind::Invoices, id, invoice);
    if let Some(subscription) = subscription {
        billing::invoice_paid(change, &subscription, id);
    }
}

/// Records a payment that was tried and failed.
pub(crate) fn record_failure(change: &mut Change<'_>, id: &str, at: i64) {
    let Some(mut invoice) = change.get(Kind::Invoices, id).cloned() else {
        return;
    };
    invoice["attempted"] = json!(true);
    invoice["attempt_count"] = json!(invoice["attempt_count"].as_i64().unwrap_or(0) + 1);
    invoice["next_payment_attempt"] = json!(at + 3 * 86_400);
    change.put(Kind::Invoices, id, invoice);
}

/// Voids an open invoice.
pub(crate) fn void(change: &mut Change<'_>, id: &str, at: i64) {
    let Some(mut invoice) = change.get(Kind::Invoices, id).cloned() else {
        return;
    };
    if invoice["status"] == json!("open") {
        invoice["status"] = json!("void");
        invoice["auto_advance"] = json!(false);
        invoice["next_payment_attempt"] = Value::Null;
        invoice["status_transitions"]["voided_at"] = json!(at);
        change.put(Kind::Invoices, id, invoice);
        intents::cancel(change, id, at);
    }
}

/// The stored invoice.
///
/// # Errors
///
/// 404 `resource_missing`.
pub(crate) fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Invoices, id).ok_or_else(|| Refusal::no_such("invoice", id).param("invoice"))
}

fn settle_subscription(change: &mut Change<'_>, invoice: &str) {
    let subscription = change.get(Kind::Invoices, invoice).and_then(|invoice| Kind::Invoices.lookup_key(invoice));
    if let Some(subscription) = subscription.map(str::to_owned) {
        billing::settle(change, &subscription);
    }
}
