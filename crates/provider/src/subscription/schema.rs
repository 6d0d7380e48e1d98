//! The table of `ampere_subscription`.
use ampere_core::schema::{Attribute, Classification, OnChange, Presence, Schema};
use ampere_lang::value::Type;

use crate::privacy;

/// The resource type.
pub(crate) const KIND: &str = "ampere_subscription";

/// The attributes.
pub(crate) fn schema() -> Schema {
    Schema {
        kind: KIND,
        summary: "A paid subscription: a Stripe customer and a Stripe subscription.",
        version: 1,
        attributes: vec![
            computed("id", "Stripe's id of the subscription, `sub_…`.", privacy::PAYMENT_ID),
            Attribute {
                on_change: OnChange::Replace,
                ..given("account", Presence::Required, "The id of the account that pays.", privacy::UID)
            },
            given(
                "price",
                Presence::Required,
                "Stripe's id of the price. A change is made in place, prorated.",
                privacy::PAYMENT,
            ),
            Attribute {
                ty: Type::Number,
                ..given(
                    "trial_days",
                    Presence::Optional,
                    "Days before the first payment. It counts when the subscription is made; a later change has no effect, \
                     since replacing a paying customer's subscription would be wrong.",
                    privacy::PAYMENT,
                )
            },
            given(
                "payment",
                Presence::OptionalComputed,
                "`charge_automatically` (the default) or `send_invoice`.",
                privacy::PAYMENT,
            ),
            given(
                "erase_on",
                Presence::OptionalComputed,
                "From when on the 24 hours count after which an instance is gone: `period_end` (the default), or already the \
                 `cancel_request`.",
                privacy::PAYMENT,
            ),
            given(
                "erase_on_refund",
                Presence::Optional,
                "Which refund ends it, as a cancellation does: `full` (the default), of all that was paid for the current \
                 period, or `any`, also of a part.",
                privacy::PAYMENT,
            ),
            computed("customer_id", "Stripe's id of the customer, `cus_…`.", privacy::PAYMENT_ID),
            computed("status", "Stripe's status: `incomplete`, `trialing`, `active`, `past_due`, …", privacy::PAYMENT),
            computed("current_period_end", "Until when is paid, RFC 3339.", privacy::PAYMENT),
            computed("payment_url", "Where an open invoice can be paid; null if none is open.", privacy::INVOICE),
            computed("canceled_at", "When the cancellation was asked for, RFC 3339.", privacy::PAYMENT),
            computed("ended_at", "When the subscription ended, RFC 3339.", privacy::PAYMENT),
            computed(
                "refunded_at",
                "When what was paid for the current period was paid back, as far as erase_on_refund asks for, RFC 3339.",
                privacy::PAYMENT,
            ),
        ],
    }
}

fn given(name: &'static str, presence: Presence, description: &'static str, privacy: Classification) -> Attribute {
    Attribute {
        name,
        ty: Type::String,
        presence,
        on_change: OnChange::Update,
        write_only: false,
        sensitive: false,
        description,
        privacy,
    }
}

fn computed(name: &'static str, description: &'static str, privacy: Classification) -> Attribute {
    given(name, Presence::Computed, description, privacy)
}
