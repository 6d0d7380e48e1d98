//! Charges: what a paid invoice leaves behind.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{Outcome, intents, list, new_id, view};
use crate::world::{Change, Kind};

/// A charge of nothing.
pub(crate) fn shape(now: i64) -> Value {
    json!({
        "id": new_id("ch_3", 23), "object": "charge", "amount": 0, "amount_captured": 0,
        "amount_refunded": 0, "application": null, "application_fee": null,
        "application_fee_amount": null, "balance_transaction": null,
        "billing_details": {
            "address": {
                "city": null, "country": null, "line1": null, "line2": null,
                "postal_code": null, "state": null,
            },
            "email": null, "name": null, "phone": null, "tax_id": null,
        },
        "calculated_statement_descriptor": "SANDBOX", "captured": true, "created": now,
        "currency": "eur", "customer": null, "description": "Subscription payment",
        "disputed": false, "failure_balance_transaction": null, "failure_code": null,
        "failure_message": null, "fraud_details": {}, "livemode": false, "metadata": {},
        "on_behalf_of": null,
        "outcome": {
            "advice_code": null, "network_advice_code": null, "network_decline_code": null,
            "network_status": "approved_by_network", "reason": null, "risk_level": "normal",
            "risk_score": 7, "seller_message": "Payment complete.", "type": "authorized",
        },
        "paid": true, "payment_intent": null, "payment_method": null,
        "payment_method_details": null, "receipt_email": null, "receipt_number": null,
        "receipt_url": null, "refunded": false, "review": null, "shipping": null,
        "source_transfer": null, "statement_descriptor": null,
        "statement_descriptor_suffix": null, "status": "succeeded", "transfer_data": null,
        "transfer_group": null,
    })
}

/// The charge that a payment intent was paid by.
pub(crate) fn of_intent(change: &Change<'_>, intent: &str) -> Option<String> {
    let mut charges = change.all(Kind::Charges).iter();
    charges.find(|(_, charge)| charge["payment_intent"] == intent).map(|(id, _)| id.to_owned())
}

/// Charges a customer for an invoice; answers the charge.
pub(crate) fn make(change: &mut Change<'_>, invoice: &Value, method: Option<&str>, at: i64) -> Value {
    let intent = intents::of_invoice(invoice).map(str::to_owned);
    let mut charge = shape(at);
    charge["amount"] = invoice["amount_due"].clone();
    charge["amount_captured"] = invoice["amount_due"].clone();
    charge["currency"] = invoice["currency"].clone();
    charge["customer"] = invoice["customer"].clone();
    charge["payment_intent"] = json!(intent);
    charge["payment_method"] = json!(method);
    let card = method.and_then(|id| change.get(Kind::PaymentMethods, id)).map(|method| &method["card"]);
    if let Some(card) = card {
        charge["payment_method_details"] = json!({
            "card": {
                "brand": card["brand"], "country": card["country"],
                "exp_month": card["exp_month"], "exp_year": card["exp_year"],
                "funding": card["funding"], "last4": card["last4"],
            },
            "type": "card",
        });
    }
    let id = charge["id"].as_str().unwrap_or("").to_owned();
    change.put(Kind::Charges, &id, charge.clone());
    charge
}

pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    change.get(Kind::Charges, id).map(view).ok_or_else(|| Refusal::no_such("charge", id))
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&[&list::CURSOR[..], &["customer", "payment_intent"]].concat())?;
    let customer = params.text("customer");
    super::billing::settle_all(change, customer);
    list::page(change, Kind::Charges, "/v1/charges", params, customer, |charge| {
        params.text("payment_intent").is_none_or(|intent| charge["payment_intent"] == intent)
    })
}
