//! Payment intents: what becomes of a payment (<https://docs.stripe.com/payments/paymentintents/lifecycle>).

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::payment_methods::{self, Card};
use super::{HIDDEN, Outcome, charges, invoices, list, new_id, view};
use crate::world::{Change, Kind};

/// An intent to pay nothing.
pub(crate) fn shape(now: i64) -> Value {
    let id = new_id("pi_3", 23);
    json!({
        "id": id, "object": "payment_intent", "amount": 0, "amount_capturable": 0,
        "amount_details": {"tip": {}}, "amount_received": 0, "application": null,
        "application_fee_amount": null, "automatic_payment_methods": null, "canceled_at": null,
        "cancellation_reason": null, "capture_method": "automatic",
        "client_secret": format!("{id}_secret_sandbox"), "confirmation_method": "automatic",
        "created": now, "currency": "eur", "customer": null, "customer_account": null,
        "description": "Subscription payment", "excluded_payment_method_types": null,
        "last_payment_error": null, "latest_charge": null, "livemode": false, "metadata": {},
        "next_action": null, "on_behalf_of": null, "payment_method": null,
        "payment_method_configuration_details": null,
        "payment_method_options": {"card": {
            "installments": null, "mandate_options": null, "network": null,
            "request_three_d_secure": "automatic",
        }},
        "payment_method_types": ["card"], "processing": null, "receipt_email": null,
        "review": null, "setup_future_usage": "off_session", "shipping": null, "source": null,
        "statement_descriptor": null, "statement_descriptor_suffix": null,
        "status": "requires_payment_method", "transfer_data": null, "transfer_group": null,
    })
}

/// The intent to pay an invoice; answers its id.
pub(crate) fn for_invoice(change: &mut Change<'_>, invoice: &Value, at: i64) -> String {
    let mut intent = shape(at);
    intent["amount"] = invoice["amount_due"].clone();
    for field in ["currency", "customer"] {
        intent[field] = invoice[field].clone();
    }
    intent[HIDDEN] = json!({"invoice": invoice["id"]});
    let id = intent["id"].as_str().unwrap_or("").to_owned();
    change.put(Kind::PaymentIntents, &id, intent);
    id
}

/// How an attempt to pay went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Paid,
    Declined,
    /// The bank wants the customer to confirm: 3-D Secure.
    Challenged,
}

/// Tries to pay an open invoice with a card. A payment that succeeds is booked; one that does not leaves its trace on the
/// intent and nowhere else.
pub(crate) fn attempt(change: &mut Change<'_>, invoice: &str, method: &str, confirmed: bool, at: i64) -> Attempt {
    let attempt = match payment_methods::card(change, method) {
        Card::Good => Attempt::Paid,
        Card::Challenges if confirmed => Attempt::Paid,
        Card::Challenges => Attempt::Challenged,
        Card::Declines => Attempt::Declined,
    };
    match attempt {
        Attempt::Paid => invoices::charge(change, invoice, Some(method), at),
        Attempt::Declined => decline(change, invoice, method),
        Attempt::Challenged => challenge(change, invoice, method),
    }
    attempt
}

/// Lets the bank ask for the customer's confirmation.
pub(crate) fn challenge(change: &mut Change<'_>, invoice: &str, method: &str) {
    edit(change, invoice, |intent| {
        intent["status"] = json!("requires_action");
        intent["payment_method"] = json!(method);
        intent["next_action"] = json!({
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": null, "url": "https://hooks.stripe.com/3d_secure_2/hosted"},
        });
    });
}

fn decline(change: &mut Change<'_>, invoice: &str, method: &str) {
    let card = change.get(Kind::PaymentMethods, method).map(view).unwrap_or_default();
    edit(change, invoice, |intent| {
        intent["status"] = json!("requires_payment_method");
        intent["payment_method"] = Value::Null;
        intent["next_action"] = Value::Null;
        intent["last_payment_error"] = json!({
            "type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
            "message": "Your card was declined.", "payment_method": card,
            "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        });
    });
}

/// Notes on the intent of an invoice that it was paid by a charge.
pub(crate) fn succeed(change: &mut Change<'_>, invoice: &str, charge: &Value) {
    edit(change, invoice, |intent| {
        intent["status"] = json!("succeeded");
        intent["amount_received"] = charge["amount"].clone();
        intent["latest_charge"] = charge["id"].clone();
        intent["payment_method"] = charge["payment_method"].clone();
        intent["next_action"] = Value::Null;
        intent["last_payment_error"] = Value::Null;
    });
}

/// Cancels the intent of an invoice that is voided.
pub(crate) fn cancel(change: &mut Change<'_>, invoice: &str, at: i64) {
    edit(change, invoice, |intent| {
        intent["status"] = json!("canceled");
        intent["canceled_at"] = json!(at);
        intent["cancellation_reason"] = json!("void_invoice");
        intent["next_action"] = Value::Null;
    });
}

/// The id of the intent to pay an invoice.
pub(crate) fn of_invoice(invoice: &Value) -> Option<&str> {
    invoice[HIDDEN]["payment_intent"].as_str()
}

fn edit(change: &mut Change<'_>, invoice: &str, write: impl FnOnce(&mut Value)) {
    let id = change.get(Kind::Invoices, invoice).and_then(of_invoice).map(str::to_owned);
    let Some(id) = id else { return };
    if let Some(mut intent) = change.get(Kind::PaymentIntents, &id).cloned() {
        write(&mut intent);
        change.put(Kind::PaymentIntents, &id, intent);
    }
}

pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    find(change, id).map(view)
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&[&list::CURSOR[..], &["customer"]].concat())?;
    let customer = params.text("customer");
    list::page(change, Kind::PaymentIntents, "/v1/payment_intents", params, None, |intent| {
        customer.is_none_or(|customer| intent["customer"] == customer)
    })
}

/// `POST /v1/payment_intents/{id}/confirm`, as the customer's browser does it.
pub(crate) fn confirm(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(&["payment_method", "client_secret", "return_url", "off_session"])?;
    let intent = find(change, id)?.clone();
    if !matches!(
        intent["status"].as_str(),
        Some("requires_payment_method" | "requires_confirmation" | "requires_action")
    ) {
        let message = "You cannot confirm this PaymentIntent because it has already succeeded or was canceled.";
        return Err(Refusal::bad(message).code("payment_intent_unexpected_state"));
    }
    let invoice = intent[HIDDEN]["invoice"].as_str().unwrap_or("").to_owned();
    let customer = intent["customer"].as_str().unwrap_or("").to_owned();
    let at = change.now().as_second();
    let method = match params.text("payment_method") {
        Some(name) => payment_methods::attach(change, name, &customer, "payment_method")?,
        None => intent["payment_method"].as_str().map(str::to_owned).ok_or_else(|| {
            Refusal::bad("You cannot confirm this PaymentIntent because it's missing a payment method.")
                .code("payment_intent_unexpected_state")
        })?,
    };
    match attempt(change, &invoice, &method, false, at) {
        Attempt::Declined => Err(Refusal::declined()),
        Attempt::Paid | Attempt::Challenged => get(change, id),
    }
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::PaymentIntents, id).ok_or_else(|| Refusal::no_such("payment_intent", id).param("intent"))
}

/// The charge of a payment intent, if it was paid.
pub(crate) fn charge_of(change: &Change<'_>, intent: &str) -> Option<String> {
    let known = change.get(Kind::PaymentIntents, intent).and_then(|intent| intent["latest_charge"].as_str());
    known.map(str::to_owned).or_else(|| charges::of_intent(change, intent))
}
