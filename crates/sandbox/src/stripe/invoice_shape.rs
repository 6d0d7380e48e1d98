//! The shape of an invoice.

use serde_json::{Value, json};

use super::new_id;
use crate::world::{Change, Kind};

/// An invoice of nothing for nobody.
pub(crate) fn empty(now: i64) -> Value {
    let id = new_id("in_1", 23);
    json!({
        "id": id, "object": "invoice", "account_country": "DE", "account_name": "Sandbox",
        "account_tax_ids": null, "amount_due": 0, "amount_overpaid": 0, "amount_paid": 0,
        "amount_paid_off_stripe": 0, "amount_remaining": 0, "amount_shipping": 0,
        "application": null, "attempt_count": 0, "attempted": false, "auto_advance": false,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null,
            "status": null,
        },
        "automatically_finalizes_at": null, "billing_reason": "manual",
        "collection_method": "charge_automatically", "created": now, "currency": "eur",
        "custom_fields": null, "customer": "", "customer_account": null,
        "customer_address": null, "customer_email": null, "customer_name": null,
        "customer_phone": null, "customer_shipping": null, "customer_tax_exempt": "none",
        "customer_tax_ids": [], "default_payment_method": null, "default_source": null,
        "default_tax_rates": [], "description": null, "discounts": [], "due_date": null,
        "effective_at": now, "ending_balance": 0, "footer": null, "from_invoice": null,
        // Stripe's own address, for its look; nobody answers there. See the control API to pay.
        "hosted_invoice_url": format!("https://invoice.stripe.com/i/acct_1Sandbox/test_{id}?s=ap"),
        "invoice_pdf": format!("https://pay.stripe.com/invoice/acct_1Sandbox/test_{id}/pdf?s=ap"),
        "issuer": {"type": "self"}, "last_finalization_error": null, "latest_revision": null,
        "lines": {
            "object": "list", "data": [], "has_more": false,
            "url": format!("/v1/invoices/{id}/lines"),
        },
        "livemode": false, "metadata": {}, "next_payment_attempt": null, "number": null,
        "on_behalf_of": null, "parent": null,
        "payment_settings": {
            "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
        },
        "period_end": now, "period_start": now, "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0, "receipt_number": null, "rendering": null,
        "shipping_cost": null, "shipping_details": null, "starting_balance": 0,
        "statement_descriptor": null, "status": "open",
        "status_transitions": {
            "finalized_at": now, "marked_uncollectible_at": null, "paid_at": null,
            "voided_at": null,
        },
        "subtotal": 0, "subtotal_excluding_tax": 0, "test_clock": null, "total": 0,
        "total_discount_amounts": [], "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [], "total_taxes": [], "webhooks_delivered_at": now,
    })
}

/// What an invoice of a subscription is about.
pub(crate) struct Bill<'a> {
    pub(crate) subscription: &'a Value,
    pub(crate) customer: &'a Value,
    pub(crate) amount: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) at: i64,
    pub(crate) reason: &'static str,
}

/// An open invoice of a subscription.
pub(crate) fn of_subscription(bill: &Bill<'_>) -> Value {
    let Bill { subscription, customer, amount, start, end, at, reason } = bill;
    let mut invoice = empty(*at);
    for field in
        ["amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"]
    {
        invoice[field] = json!(amount);
    }
    invoice["billing_reason"] = json!(reason);
    invoice["collection_method"] = subscription["collection_method"].clone();
    invoice["currency"] = subscription["currency"].clone();
    invoice["customer"] = subscription["customer"].clone();
    for (field, source) in [
        ("customer_address", "address"),
        ("customer_email", "email"),
        ("customer_name", "name"),
        ("customer_phone", "phone"),
    ] {
        invoice[field] = customer[source].clone();
    }
    let sequence = customer["next_invoice_sequence"].as_i64().unwrap_or(1);
    let prefix = customer["invoice_prefix"].as_str().unwrap_or("SANDBOX");
    invoice["number"] = json!(format!("{prefix}-{sequence:04}"));
    if subscription["collection_method"] == json!("send_invoice") {
        let days = subscription["days_until_due"].as_i64().unwrap_or(30);
        invoice["due_date"] = json!(at + days * 86_400);
    } else {
        invoice["auto_advance"] = json!(true);
    }
    invoice["parent"] = json!({
        "quote_details": null,
        "subscription_details": {
            "metadata": subscription["metadata"], "subscription": subscription["id"],
        },
        "type": "subscription_details",
    });
    invoice["period_start"] = json!(at);
    invoice["period_end"] = json!(at);
    let line = line(bill, &invoice["id"], *start, *end);
    invoice["lines"]["data"] = json!([line]);
    invoice
}

fn line(bill: &Bill<'_>, invoice: &Value, start: i64, end: i64) -> Value {
    let item = &bill.subscription["items"]["data"][0];
    let price = &item["price"];
    let trial = bill.amount == 0;
    let description = if trial { "Trial period for hosting" } else { "Private OpenClaw hosting" };
    json!({
        "id": new_id("il_1", 23), "object": "line_item", "amount": bill.amount,
        "currency": bill.subscription["currency"], "description": description,
        "discount_amounts": [], "discountable": true, "discounts": [], "invoice": invoice,
        "livemode": false, "metadata": bill.subscription["metadata"],
        "parent": {
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null, "proration": false,
                "proration_details": {"credited_items": null},
                "subscription": bill.subscription["id"], "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"end": end, "start": start}, "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": if trial { json!("0") } else { price["unit_amount_decimal"].clone() },
        },
        "quantity": item["quantity"], "subscription": bill.subscription["id"],
        "subtotal": bill.amount, "taxes": [],
    })
}

/// The payments of an invoice, which are shown only when they are expanded.
pub(crate) fn payments(change: &Change<'_>, id: &str) -> Value {
    let url = format!("/v1/invoices/{id}/payments");
    let mut data = Vec::new();
    if let Some(invoice) = change.get(Kind::Invoices, id)
        && let Some(intent) = super::intents::of_invoice(invoice)
    {
        let status = match invoice["status"].as_str() {
            Some("paid") => "paid",
            Some("void") => "canceled",
            _ => "open",
        };
        let times = &invoice["status_transitions"];
        let paid = if status == "paid" { &invoice["amount_paid"] } else { &Value::Null };
        data.push(json!({
            "id": intent.replace("pi_", "inpay_"), "object": "invoice_payment",
            "amount_paid": paid, "amount_requested": invoice["amount_due"],
            "created": invoice["created"], "currency": invoice["currency"], "invoice": id,
            "is_default": true, "livemode": false,
            "payment": {"payment_intent": intent, "type": "payment_intent"},
            "status": status,
            "status_transitions": {"canceled_at": times["voided_at"], "paid_at": times["paid_at"]},
        }));
    }
    json!({"object": "list", "data": data, "has_more": false, "url": url})
}
