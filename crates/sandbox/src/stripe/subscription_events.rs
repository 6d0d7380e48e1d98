//! What a customer or a bank would do, ordered through the control API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::Refusal;
use super::form::Params;
use super::{billing, customers, intents, invoices, payment_methods, refunds, subscriptions, view};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// `pay` pays the open invoice (and confirms to the bank what it asks), `fail_payment` lets the payment fail,
/// `require_action` lets the bank ask for a confirmation, `cancel_at_period_end` and `resume` do what the customer portal
/// does, `refund` pays the newest charge back (in part if an amount is given), `end` cancels now, `delete_customer` deletes
/// the customer as the dashboard does.
///
/// # Errors
///
/// 404 when there is no such subscription or event, 400 when there is nothing to pay or to pay back.
pub(crate) fn subscription_event(
    clouds: &Clouds,
    id: &str,
    event: &str,
    amount: Option<i64>,
) -> Result<Response, Refusal> {
    super::changed(clouds, |change| {
        billing::settle(change, id);
        subscriptions::find(change, id)?;
        match event {
            "pay" => {
                let Some(invoice) = open_invoice(change, id) else {
                    return Err(Refusal::bad("This subscription has no open invoice."));
                };
                let now = change.now().as_second();
                invoices::charge(change, &invoice, None, now);
            }
            "fail_payment" => fail_payment(change, id),
            "require_action" => {
                let Some(invoice) = open_invoice(change, id) else {
                    return Err(Refusal::bad("This subscription has no open invoice."));
                };
                let customer = subscriptions::find(change, id)?["customer"].as_str().unwrap_or("").to_owned();
                let card = "pm_card_threeDSecure2Required";
                let method = payment_methods::attach(change, card, &customer, "payment_method")?;
                intents::challenge(change, &invoice, &method);
            }
            "cancel_at_period_end" | "resume" => {
                let now = change.now().as_second();
                let mut subscription = subscriptions::find(change, id)?.clone();
                subscriptions::cancel_at_period_end(&mut subscription, event == "cancel_at_period_end", now);
                change.put(Kind::Subscriptions, id, subscription);
            }
            "refund" => refund(change, id, amount)?,
            "delete_customer" => {
                let customer = subscriptions::find(change, id)?["customer"].as_str().unwrap_or("").to_owned();
                customers::delete(change, &customer)?;
            }
            "end" => billing::cancel_now(change, id, "cancellation_requested"),
            _ => return Err(Refusal::failure(StatusCode::NOT_FOUND)),
        }
        let shown = subscriptions::find(change, id).map(view)?;
        Ok(Json(json!(shown)).into_response())
    })
}

/// Pays the newest charge of the subscription's customer back, or a part of it.
fn refund(change: &mut Change<'_>, id: &str, amount: Option<i64>) -> Result<(), Refusal> {
    let customer = subscriptions::find(change, id)?["customer"].as_str().unwrap_or("").to_owned();
    let charge = change.all(Kind::Charges).with_key(&customer).last().map(|(id, _)| id.to_owned());
    let Some(charge) = charge else {
        return Err(Refusal::bad("This customer has paid nothing yet."));
    };
    let amount = amount.map(|amount| format!("&amount={amount}")).unwrap_or_default();
    let params = Params::read(format!("charge={charge}{amount}").as_bytes())?;
    refunds::create(change, &params).map(drop)
}

/// Fails the payment of the open invoice, or of a new one when none is open.
fn fail_payment(change: &mut Change<'_>, id: &str) {
    let now = change.now().as_second();
    let invoice = open_invoice(change, id).unwrap_or_else(|| {
        let amount = change.get(Kind::Subscriptions, id).map_or(0, billing::amount);
        billing::bill(change, id, amount, now, "subscription_cycle")
    });
    let status = change.get(Kind::Subscriptions, id).map(|one| one["status"].clone());
    if status == Some(json!("incomplete")) {
        invoices::record_failure(change, &invoice, now);
    } else {
        billing::collect(change, id, &invoice, None, now);
    }
}

fn open_invoice(change: &Change<'_>, id: &str) -> Option<String> {
    let latest = change.get(Kind::Subscriptions, id)?["latest_invoice"].as_str()?;
    let open = change.get(Kind::Invoices, latest)?["status"] == json!("open");
    open.then(|| latest.to_owned())
}
