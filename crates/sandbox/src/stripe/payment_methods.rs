//! Stripe's test cards: some are charged, some are declined.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::{HIDDEN, Outcome, new_id, view};
use crate::world::{Change, Kind};

/// What happens when a card is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Card {
    Good,
    Declines,
    /// The bank wants the customer to confirm: 3-D Secure.
    Challenges,
}

/// The cards by their test names (<https://docs.stripe.com/testing>): brand, last four digits, what a charge does.
const CARDS: &[(&str, &str, &str, Card)] = &[
    ("pm_card_visa", "visa", "4242", Card::Good),
    ("pm_card_mastercard", "mastercard", "4444", Card::Good),
    ("pm_card_amex", "amex", "8431", Card::Good),
    ("pm_card_chargeCustomerFail", "visa", "0341", Card::Declines),
    ("pm_card_threeDSecure2Required", "visa", "3220", Card::Challenges),
    ("pm_card_authenticationRequired", "visa", "3184", Card::Challenges),
];

/// The cards that cannot even be attached.
const DECLINED_AT_ONCE: [&str; 2] = ["pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"];

/// A card nobody said anything about.
pub(crate) fn shape(now: i64) -> Value {
    json!({
        "id": new_id("pm_1", 23), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": {
            "address": {
                "city": null, "country": null, "line1": null, "line2": null,
                "postal_code": null, "state": null,
            },
            "email": null, "name": null, "phone": null, "tax_id": null,
        },
        "card": {
            "brand": "visa",
            "checks": {
                "address_line1_check": null, "address_postal_code_check": null,
                "cvc_check": "pass",
            },
            "country": "US", "display_brand": "visa", "exp_month": 12, "exp_year": 2034,
            "fingerprint": "SandboxCardFinge", "funding": "credit", "generated_from": null,
            "last4": "4242", "networks": {"available": ["visa"], "preferred": null},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": true}, "wallet": null,
        },
        "created": now, "customer": null, "customer_account": null, "livemode": false,
        "metadata": {}, "type": "card",
    })
}

/// Attaches a card, given by test name or id, to a customer; answers its id.
///
/// # Errors
///
/// 402 when the card is declined at once, 400 when there is no such card.
pub(crate) fn attach(change: &mut Change<'_>, name: &str, customer: &str, param: &str) -> Result<String, Refusal> {
    if DECLINED_AT_ONCE.contains(&name) {
        return Err(Refusal::declined());
    }
    let mut method = match CARDS.iter().find(|card| card.0 == name) {
        Some((_, brand, last4, card)) => {
            let mut method = shape(change.now().as_second());
            method["card"]["brand"] = json!(brand);
            method["card"]["display_brand"] = json!(brand);
            method["card"]["networks"]["available"] = json!([brand]);
            method["card"]["last4"] = json!(last4);
            method[HIDDEN] = json!({
                "declines": *card == Card::Declines, "challenges": *card == Card::Challenges,
            });
            method
        }
        None => change
            .get(Kind::PaymentMethods, name)
            .cloned()
            .ok_or_else(|| Refusal::no_such_param("PaymentMethod", name, param))?,
    };
    if method["customer"].as_str().is_some_and(|other| other != customer) {
        let message = "The payment method you provided has already been attached to a customer.";
        return Err(Refusal::bad(message).param(param));
    }
    method["customer"] = json!(customer);
    let id = method["id"].as_str().unwrap_or(name).to_owned();
    change.put(Kind::PaymentMethods, &id, method);
    Ok(id)
}

/// What charging this card does.
pub(crate) fn card(change: &Change<'_>, id: &str) -> Card {
    match change.get(Kind::PaymentMethods, id).map(|method| &method[HIDDEN]) {
        Some(known) if known["challenges"] == json!(true) => Card::Challenges,
        Some(known) if known["declines"] != json!(true) => Card::Good,
        _ => Card::Declines,
    }
}

pub(crate) fn get(change: &Change<'_>, id: &str) -> Outcome {
    change.get(Kind::PaymentMethods, id).map(view).ok_or_else(|| Refusal::no_such("PaymentMethod", id))
}

pub(crate) fn attach_call(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(&["customer"])?;
    let customer = params.required("customer")?;
    super::customers::living(change, customer, "customer")?;
    let id = attach(change, id, customer, "payment_method")?;
    get(change, &id)
}
