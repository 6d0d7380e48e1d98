//! Subscriptions read, changed and canceled.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::Params;
use super::subscription_create::write_terms;
use super::{Outcome, billing, list, view};
use crate::world::{Change, Kind};

const CHANGEABLE: &[&str] = &[
    "metadata",
    "description",
    "payment_behavior",
    "payment_settings",
    "collection_method",
    "days_until_due",
    "trial_settings",
    "cancel_at_period_end",
    "default_payment_method",
    "off_session",
    "proration_behavior",
    "items",
    "cancellation_details",
];

const STATUSES: &[&str] = &[
    "active",
    "all",
    "canceled",
    "ended",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
];

pub(crate) fn get(change: &mut Change<'_>, id: &str) -> Outcome {
    billing::settle(change, id);
    find(change, id).map(view)
}

/// Lists subscriptions; without a status those that are not canceled.
pub(crate) fn list(change: &mut Change<'_>, params: &Params) -> Outcome {
    let own = ["customer", "price", "status", "collection_method"];
    params.allow(&[&list::CURSOR[..], &own].concat())?;
    let customer = params.text("customer");
    let wanted = params.choice("status", STATUSES)?;
    billing::settle_all(change, customer);
    list::page(change, Kind::Subscriptions, "/v1/subscriptions", params, customer, |subscription| {
        let status = subscription["status"].as_str().unwrap_or("");
        let in_status = match wanted {
            None => status != "canceled",
            Some("all") => true,
            Some("ended") => matches!(status, "canceled" | "incomplete_expired"),
            Some(wanted) => status == wanted,
        };
        let price = &subscription["items"]["data"][0]["price"]["id"];
        let method = &subscription["collection_method"];
        in_status
            && params.text("price").is_none_or(|wanted| *price == wanted)
            && params.text("collection_method").is_none_or(|wanted| *method == wanted)
    })
}

pub(crate) fn update(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(CHANGEABLE)?;
    billing::settle(change, id);
    let mut subscription = find(change, id)?.clone();
    if is_over(&subscription) {
        let only_metadata = params.allow(&["metadata"]).is_ok();
        if !only_metadata {
            let message = "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(Refusal::bad(message));
        }
    }
    write_terms(change, &mut subscription, params)?;
    let now = change.now().as_second();
    if let Some(cancel) = params.flag("cancel_at_period_end")? {
        cancel_at_period_end(&mut subscription, cancel, now);
    }
    if params.has("items") {
        change_price(change, &mut subscription, params)?;
    }
    change.put(Kind::Subscriptions, id, subscription.clone());
    Ok(view(&subscription))
}

/// Cancels now.
pub(crate) fn cancel(change: &mut Change<'_>, id: &str, params: &Params) -> Outcome {
    params.allow(&["invoice_now", "prorate", "cancellation_details"])?;
    billing::settle(change, id);
    if is_over(find(change, id)?) {
        return Err(Refusal::no_such("subscription", id));
    }
    billing::cancel_now(change, id, "cancellation_requested");
    find(change, id).map(view)
}

/// Notes (or takes back) that the subscription ends with its period.
pub(crate) fn cancel_at_period_end(subscription: &mut Value, cancel: bool, now: i64) {
    subscription["cancel_at_period_end"] = json!(cancel);
    if cancel {
        subscription["cancel_at"] = subscription["items"]["data"][0]["current_period_end"].clone();
        subscription["canceled_at"] = json!(now);
        subscription["cancellation_details"]["reason"] = json!("cancellation_requested");
    } else {
        subscription["cancel_at"] = Value::Null;
        subscription["canceled_at"] = Value::Null;
        subscription["cancellation_details"]["reason"] = Value::Null;
    }
}

/// The stored subscription.
///
/// # Errors
///
/// 404 `resource_missing`.
pub(crate) fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Subscriptions, id).ok_or_else(|| Refusal::no_such("subscription", id))
}

fn is_over(subscription: &Value) -> bool {
    matches!(subscription["status"].as_str(), Some("canceled" | "incomplete_expired"))
}

/// Whether a subscription in a currency can change to a price.
pub(crate) fn can_be_taken(price: &Value, currency: &Value) -> Result<(), Refusal> {
    let message = if price["active"] != json!(true) {
        "The price specified is inactive. This field only accepts active prices.".to_owned()
    } else if price["type"] != json!("recurring") {
        "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
            .to_owned()
    } else if price["currency"] != *currency {
        let (theirs, ours) = (price["currency"].as_str().unwrap_or(""), currency.as_str().unwrap_or(""));
        format!(
            "The price specified supports currencies of `{theirs}`. This doesn't match the expected currency: `{ours}`."
        )
    } else {
        return Ok(());
    };
    Err(Refusal::bad(message).param("items[0][price]"))
}

/// Puts another price on the one item; the difference is not prorated.
fn change_price(change: &Change<'_>, subscription: &mut Value, params: &Params) -> Result<(), Refusal> {
    let items = params.get("items").as_object().ok_or_else(|| Refusal::missing("items"))?;
    for item in items.values() {
        let own = &subscription["items"]["data"][0]["id"];
        if item["id"] != *own {
            let message = "The sandbox knows subscriptions with exactly one item: name its id.";
            return Err(Refusal::bad(message).param("items[0][id]"));
        }
        if let Some(id) = item["price"].as_str() {
            let price = change.get(Kind::Prices, id);
            let price = price.ok_or_else(|| Refusal::no_such_param("price", id, "items[0][price]"))?;
            can_be_taken(price, &subscription["currency"])?;
            subscription["items"]["data"][0]["price"] = view(price);
        }
        if let Some(quantity) = item["quantity"].as_str() {
            let quantity = super::form::integer(quantity, "items[0][quantity]")?;
            subscription["items"]["data"][0]["quantity"] = json!(quantity);
        }
    }
    Ok(())
}
