//! What a customer or a bank would do, ordered through the control API.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::Refusal;
use super::{billing, invoices, subscriptions, view};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// `pay` pays the open invoice, `fail_payment` lets the payment fail, `end` cancels now.
///
/// # Errors
///
/// 404 when there is no such subscription or event, 400 when there is nothing to pay.
pub(crate) fn subscription_event(clouds: &Clouds, id: &str, event: &str) -> Result<Response, Refusal> {
    clouds.change(|change| {
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
            "end" => billing::cancel_now(change, id, "cancellation_requested"),
            _ => return Err(Refusal::failure(StatusCode::NOT_FOUND)),
        }
        let shown = subscriptions::find(change, id).map(view)?;
        Ok(Json(json!(shown)).into_response())
    })
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
