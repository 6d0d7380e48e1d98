//! What a subscription's real status means for an instance (promises R1, R2).
use ampere_core::kind::{Gate, Gated};
use ampere_core::retention::Cause;
use ampere_lang::value::Value;
use jiff::Timestamp;

use super::schema::KIND;
use crate::attributes::text;

/// What is said while a first payment is awaited.
const AWAITED: &str = "the subscription awaits its payment";

/// The gate on an instance: `attribute` holds the subscription's id.
pub(crate) fn on(attribute: &'static str) -> Gated {
    Gated {
        attribute,
        kind: KIND,
        judge,
        condition: ("status", &["trialing", "active"]),
        waiting: (AWAITED, "payment_url"),
    }
}

/// Judges by Stripe's status: <https://docs.stripe.com/api/subscriptions/object#subscription_object-status>.
pub(crate) fn judge(subscription: &Value, _now: Timestamp) -> Gate {
    let canceled_at = time(subscription, "canceled_at");
    let refunded_at = time(subscription, "refunded_at");
    let waiting = |reason: &str| Gate::Waiting {
        reason: reason.to_owned(),
        url: text(subscription, "payment_url").map(str::to_owned),
    };
    let ended = |cause: Cause, what: &str, since: Option<Timestamp>| Gate::Ended {
        reason: match since {
            Some(since) => format!("{what} on {}", since.strftime("%Y-%m-%d at %H:%M UTC")),
            None => what.to_owned(),
        },
        cause,
        since,
    };
    match text(subscription, "status") {
        None => Gate::Unknown,
        Some("trialing" | "active" | "past_due" | "unpaid" | "paused")
            if canceled_at.is_some() && text(subscription, "erase_on") == Some("cancel_request") =>
        {
            ended(Cause::CancelRequested, "the cancellation of the subscription was asked for", canceled_at)
        }
        Some("trialing" | "active" | "past_due" | "unpaid" | "paused") if refunded_at.is_some() => {
            ended(Cause::Refunded, "the subscription was refunded in full", refunded_at)
        }
        Some("trialing" | "active") => Gate::Open,
        Some("incomplete") => waiting(AWAITED),
        Some("past_due" | "unpaid") => waiting("a payment of the subscription is overdue"),
        Some("paused") => waiting("the subscription is paused: its trial ended without a means of payment"),
        Some("canceled") => {
            ended(Cause::SubscriptionEnded, "the subscription ended", time(subscription, "ended_at").or(canceled_at))
        }
        Some("incomplete_expired") => ended(
            Cause::NeverPaid,
            "the first payment of the subscription was never made",
            time(subscription, "ended_at"),
        ),
        Some(_) => waiting("the subscription has a status that this version does not know"),
    }
}

fn time(subscription: &Value, name: &str) -> Option<Timestamp> {
    text(subscription, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_lang::value::Type;

    const NOON: &str = "2026-11-22T12:00:00Z";

    fn judged(pairs: &[(&'static str, &str)]) -> Gate {
        let object = Value::object(pairs.iter().map(|(name, text)| (*name, Value::string(text))));
        judge(&object, NOON.parse().unwrap())
    }

    #[test]
    fn only_a_subscription_in_force_opens_the_gate() {
        assert_eq!(judged(&[("status", "active")]), Gate::Open);
        assert_eq!(judged(&[("status", "trialing")]), Gate::Open);
        assert_eq!(
            judge(&Value::object([("status", Value::unknown(Type::String))]), NOON.parse().unwrap()),
            Gate::Unknown
        );
        for status in ["incomplete", "past_due", "unpaid", "paused", "novel"] {
            let url = Some("https://invoice.example/1".to_owned());
            match judged(&[("status", status), ("payment_url", "https://invoice.example/1")]) {
                Gate::Waiting { url: found, .. } => assert_eq!(found, url, "{status}"),
                other => panic!("{status}: {other:?}"),
            }
        }
    }

    #[test]
    fn r2_the_24_hours_count_from_the_end() {
        let noon = Some(NOON.parse().unwrap());
        let since = |gate: Gate| match gate {
            Gate::Ended { since, .. } => since,
            other => panic!("{other:?}"),
        };
        assert_eq!(since(judged(&[("status", "canceled"), ("ended_at", NOON)])), noon);
        assert_eq!(since(judged(&[("status", "incomplete_expired")])), None);
        assert_eq!(since(judged(&[("status", "active"), ("refunded_at", NOON)])), noon);
        let cancelled = [("status", "active"), ("canceled_at", NOON), ("erase_on", "cancel_request")];
        assert_eq!(since(judged(&cancelled)), noon);
        assert_eq!(judged(&[("status", "active"), ("canceled_at", NOON), ("erase_on", "period_end")]), Gate::Open);
    }
}
