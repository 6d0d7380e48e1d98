//! The shape of a subscription, whose period lies on its item since API version "basil".

use serde_json::{Value, json};

use super::{new_id, period, prices};
use crate::world::{Change, Kind};

/// What a new subscription is.
pub(crate) struct Terms<'a> {
    pub(crate) customer: &'a str,
    pub(crate) price: &'a Value,
    pub(crate) quantity: i64,
    pub(crate) now: i64,
    pub(crate) trial_end: Option<i64>,
}

/// A subscription on these terms, not billed yet.
pub(crate) fn new(terms: &Terms<'_>) -> Value {
    let Terms { customer, price, quantity, now, trial_end } = terms;
    let id = new_id("sub_1", 23);
    let anchor = trial_end.unwrap_or(*now);
    let end = trial_end.unwrap_or_else(|| period::end_after(*now, *now, &price["recurring"]));
    json!({
        "id": id, "object": "subscription", "application": null,
        "application_fee_percent": null,
        "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
        "billing_cycle_anchor": anchor, "billing_cycle_anchor_config": null,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [], "billing_thresholds": null, "cancel_at": null,
        "cancel_at_period_end": false, "canceled_at": null,
        "cancellation_details": {"comment": null, "feedback": null, "reason": null},
        "collection_method": "charge_automatically", "created": now,
        "currency": price["currency"], "customer": customer, "customer_account": null,
        "days_until_due": null, "default_payment_method": null, "default_source": null,
        "default_tax_rates": [], "description": null, "discounts": [], "ended_at": null,
        "invoice_settings": {"account_tax_ids": null, "issuer": {"type": "self"}},
        "items": {
            "object": "list",
            "data": [{
                "id": new_id("si_", 14), "object": "subscription_item",
                "billing_thresholds": null, "created": now, "current_period_end": end,
                "current_period_start": now, "discounts": [], "metadata": {}, "price": price,
                "quantity": quantity, "subscription": id, "tax_rates": [],
            }],
            "has_more": false,
            "url": format!("/v1/subscription_items?subscription={id}"),
        },
        "latest_invoice": null, "livemode": false, "metadata": {},
        "next_pending_invoice_item_invoice": null, "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null, "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null, "pending_setup_intent": null,
        "pending_update": null, "schedule": null, "start_date": now,
        "status": if trial_end.is_some() { "trialing" } else { "active" },
        "test_clock": null, "transfer_data": null, "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": trial_end.map(|_| *now),
    })
}

/// A subscription that is put in by hand, before its own fields are laid over it.
pub(crate) fn by_hand(change: &Change<'_>, object: &Value) -> Value {
    let now = change.now().as_second();
    let seeded = change.get(Kind::Prices, "price_hosting_monthly").cloned();
    let price = seeded.unwrap_or_else(|| prices::price_shape(now));
    let customer = object["customer"].as_str().unwrap_or("");
    let mut subscription = new(&Terms { customer, price: &price, quantity: 1, now, trial_end: None });
    // The id is laid over it as well: the item must name the same one.
    if let Some(id) = object["id"].as_str() {
        subscription["items"]["data"][0]["subscription"] = json!(id);
    }
    subscription
}
