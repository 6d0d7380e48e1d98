//! `POST /v1/subscriptions`: <https://docs.stripe.com/api/subscriptions/create>.

use serde_json::{Value, json};

use super::error::Refusal;
use super::form::{Params, integer};
use super::intents::{self, Attempt};
use super::subscription_shape::{Terms, new};
use super::{Outcome, billing, customers, invoices, payment_methods, subscriptions, view};
use crate::world::{Change, Kind};

const KNOWN: &[&str] = &[
    "customer",
    "items",
    "metadata",
    "description",
    "payment_behavior",
    "payment_settings",
    "collection_method",
    "days_until_due",
    "trial_period_days",
    "trial_end",
    "trial_settings",
    "cancel_at_period_end",
    "default_payment_method",
    "off_session",
    "currency",
    "proration_behavior",
    "billing_mode",
];

/// The longest trial, in days.
const LONGEST_TRIAL: i64 = 730;

pub(crate) fn create(change: &mut Change<'_>, params: &Params) -> Outcome {
    params.allow(KNOWN)?;
    let customer = params.required("customer")?;
    let currency = customers::living(change, customer, "customer")?["currency"].as_str().map(str::to_owned);
    let (price, quantity) = item(change, params)?;
    if currency.as_deref().is_some_and(|currency| price["currency"] != currency) {
        let message = format!(
            "You cannot combine currencies on a single customer. This customer has an active subscription, \
             subscription schedule, discount, quote, or invoice item with currency {}.",
            currency.unwrap_or_default()
        );
        return Err(Refusal::bad(message));
    }
    let now = change.now().as_second();
    let trial_end = trial_end(params, now)?;
    let mut subscription = new(&Terms { customer, price: &price, quantity, now, trial_end });
    let id = subscription["id"].as_str().unwrap_or("").to_owned();
    write_terms(change, &mut subscription, params)?;
    if params.flag("cancel_at_period_end")? == Some(true) {
        subscriptions::cancel_at_period_end(&mut subscription, true, now);
    }
    let behavior = params.choice(
        "payment_behavior",
        &["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"],
    )?;
    change.put(Kind::Subscriptions, &id, subscription.clone());
    let amount = if trial_end.is_some() { 0 } else { billing::amount(&subscription) };
    let invoice = billing::bill(change, &id, amount, now, "subscription_create");
    if amount == 0 {
        invoices::charge(change, &invoice, None, now);
    } else if subscription["collection_method"] == json!("charge_automatically") {
        first_payment(change, &id, &invoice, behavior.unwrap_or("allow_incomplete"))?;
    }
    subscriptions::find(change, &id).map(view)
}

/// Tries the first payment, or leaves it to the customer.
fn first_payment(change: &mut Change<'_>, id: &str, invoice: &str, behavior: &str) -> Result<(), Refusal> {
    let now = change.now().as_second();
    if behavior == "default_incomplete" {
        billing::set_status(change, id, "incomplete");
        return Ok(());
    }
    let method = billing::payment_method(change, invoices::find(change, invoice)?);
    let Some(method) = method else {
        return Err(invoices::no_payment_method());
    };
    match intents::attempt(change, invoice, &method, false, now) {
        Attempt::Paid => {}
        Attempt::Declined if behavior == "error_if_incomplete" => return Err(Refusal::declined()),
        Attempt::Challenged if behavior == "error_if_incomplete" => {
            return Err(Refusal::needs_action("subscription_payment_intent_requires_action"));
        }
        Attempt::Declined | Attempt::Challenged => {
            invoices::record_failure(change, invoice, now);
            billing::set_status(change, id, "incomplete");
        }
    }
    Ok(())
}

/// The one item: its price, checked, and its quantity.
fn item(change: &Change<'_>, params: &Params) -> Result<(Value, i64), Refusal> {
    let items = params.get("items").as_object().ok_or_else(|| Refusal::missing("items"))?;
    let mut values = items.values();
    let (Some(item), None) = (values.next(), values.next()) else {
        let message = "The sandbox knows subscriptions with exactly one item.";
        return Err(Refusal::bad(message).param("items"));
    };
    let id = item["price"].as_str().ok_or_else(|| Refusal::missing("items[0][price]"))?;
    let param = "items[0][price]";
    let price = change.get(Kind::Prices, id).ok_or_else(|| Refusal::no_such_param("price", id, param))?;
    subscriptions::can_be_taken(price, &price["currency"])?;
    let quantity = item["quantity"].as_str().map(|text| integer(text, "items[0][quantity]"));
    Ok((view(price), quantity.transpose()?.unwrap_or(1)))
}

fn trial_end(params: &Params, now: i64) -> Result<Option<i64>, Refusal> {
    if let Some(days) = params.integer("trial_period_days")? {
        if !(0..=LONGEST_TRIAL).contains(&days) {
            let message = "The trial period must have between 0 and 730 days.";
            return Err(Refusal::bad(message).param("trial_period_days"));
        }
        return Ok((days > 0).then_some(now + days * 86_400));
    }
    match params.text("trial_end") {
        None | Some("now") => Ok(None),
        Some(text) => {
            let end = integer(text, "trial_end")?;
            if end <= now {
                let message = "The trial end must be in the future.";
                return Err(Refusal::bad(message).param("trial_end"));
            }
            Ok(Some(end))
        }
    }
}

/// Writes how the subscription is paid, and what create and update share.
pub(crate) fn write_terms(change: &mut Change<'_>, subscription: &mut Value, params: &Params) -> Result<(), Refusal> {
    let methods = ["charge_automatically", "send_invoice"];
    if let Some(method) = params.choice("collection_method", &methods)? {
        subscription["collection_method"] = json!(method);
    }
    if let Some(days) = params.integer("days_until_due")? {
        subscription["days_until_due"] = json!(days);
    }
    let sends = subscription["collection_method"] == json!("send_invoice");
    if sends && subscription["days_until_due"].is_null() {
        let message = "You must pass `days_until_due` when `collection_method` is `send_invoice`.";
        return Err(Refusal::bad(message).code("parameter_missing").param("days_until_due"));
    }
    if !sends && params.has("days_until_due") {
        let message = "`days_until_due` can only be set when `collection_method` is `send_invoice`.";
        return Err(Refusal::bad(message).param("days_until_due"));
    }
    if let Some(method) = params.text("default_payment_method") {
        let customer = subscription["customer"].as_str().unwrap_or("").to_owned();
        let attached = payment_methods::attach(change, method, &customer, "default_payment_method")?;
        subscription["default_payment_method"] = json!(attached);
    }
    if params.has("description") {
        subscription["description"] = json!(params.text("description"));
    }
    let missing = params.get("trial_settings")["end_behavior"]["missing_payment_method"].as_str();
    if let Some(missing) = missing {
        if !["cancel", "create_invoice", "pause"].contains(&missing) {
            let param = "trial_settings[end_behavior][missing_payment_method]";
            return Err(Refusal::bad("Invalid end behavior.").param(param));
        }
        subscription["trial_settings"]["end_behavior"]["missing_payment_method"] = json!(missing);
    }
    if let Some(save) = params.get("payment_settings")["save_default_payment_method"].as_str() {
        subscription["payment_settings"]["save_default_payment_method"] = json!(save);
    }
    subscription["metadata"] = params.metadata(&subscription["metadata"])?;
    Ok(())
}
