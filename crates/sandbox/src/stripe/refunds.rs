//! Refunds: whole or in part (<https://docs.stripe.com/api/refunds>).

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{Outcome, intents, list, new_id, view};
use crate::world::{Change, Kind};

/// A refund of nothing.
pub(crate) fn shape(now: i64) -> Value {
    json!({
        "id": new_id("re_3", 23), "object": "refund", "amount": 0, "balance_transaction": null,
        "charge": null, "created": now, "currency": "eur",
        "destination_details": {
            "card": {
                "reference_status": "pending", "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": {}, "payment_intent": null, "reason": null, "receipt_number": null,
        "source_transfer_reversal": null, "status": "succeeded", "transfer_reversal": null,
    })
}

pub(crate) fn create(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&["charge", "payment_intent", "amount", "reason", "metadata"])?;
    let id = charge_id(change, params)?;
    let mut charge =
        change.get(Kind::Charges, &id).cloned().ok_or_else(|| Refusal::no_such_param("charge", &id, "charge"))?;
    let (total, already) = (charge["amount"].as_i64().unwrap_or(0), charge["amount_refunded"].as_i64().unwrap_or(0));
    if already >= total {
        let refusal = Refusal::bad(format!("Charge {id} has already been refunded."));
        return Err(refusal.code("charge_already_refunded"));
    }
    let amount = params.integer("amount")?.unwrap_or(total - already);
    if amount <= 0 || amount > total - already {
        let message = "Refund amount is greater than unrefunded amount on charge, or not positive.";
        return Err(Refusal::bad(message).param("amount"));
    }
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let mut refund = shape(change.now().as_second());
    refund["amount"] = json!(amount);
    refund["charge"] = json!(id);
    refund["currency"] = charge["currency"].clone();
    refund["payment_intent"] = charge["payment_intent"].clone();
    refund["reason"] = json!(params.choice("reason", &reasons)?);
    refund["metadata"] = params.metadata(&Value::Null)?;
    charge["amount_refunded"] = json!(already + amount);
    charge["refunded"] = json!(already + amount == total);
    change.put(Kind::Charges, &id, charge);
    let refund_id = refund["id"].as_str().unwrap_or("").to_owned();
    change.put(Kind::Refunds, &refund_id, refund.clone());
    Ok(view(&refund))
}

fn charge_id(change: &Change<'_>, params: &Params) -> Result<String, Refusal> {
    if let Some(charge) = params.text("charge") {
        return Ok(charge.to_owned());
    }
    let Some(intent) = params.text("payment_intent") else {
        let message = "One of the following params should be provided for this request: \
                       payment_intent or charge.";
        return Err(Refusal::bad(message));
    };
    intents::charge_of(change, intent).ok_or_else(|| Refusal::no_such_param("payment_intent", intent, "payment_intent"))
}

pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    change.get(Kind::Refunds, id).map(view).ok_or_else(|| Refusal::no_such("refund", id))
}

pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(&[&list::CURSOR[..], &["charge", "payment_intent"]].concat())?;
    let charge = params.text("charge");
    list::page(change, Kind::Refunds, "/v1/refunds", params, charge, |refund| {
        params.text("payment_intent").is_none_or(|intent| refund["payment_intent"] == intent)
    })
}
