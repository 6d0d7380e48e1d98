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
    let waiting = |reason: &str| Gate::Waiting {
        reason: reason.to_owned(),
        url: text(subscription, "payment_url").map(str::to_owned),
    };
    match (end(subscription), text(subscription, "status")) {
        (_, None) => Gate::Unknown,
        (Some(ended), _) => ended,
        (None, Some("trialing" | "active")) => Gate::Open,
        (None, Some("incomplete")) => waiting(AWAITED),
        (None, Some("past_due" | "unpaid")) => waiting("a payment of the subscription is overdue"),
        (None, Some("paused")) => waiting("the subscription is paused: its trial ended without a means of payment"),
        (None, Some(_)) => waiting("the subscription has a status that this version does not know"),
    }
}

/// What ended it: of several the earliest, since the 24 hours count from there.
fn end(subscription: &Value) -> Option<Gate> {
    let status = text(subscription, "status");
    let canceled_at = time(subscription, "canceled_at");
    let ended_at = time(subscription, "ended_at");
    let refunded_at = time(subscription, "refunded_at");
    let strict = text(subscription, "erase_on") == Some("cancel_request");
    let ends = [
        match status {
            Some("canceled") => Some((Cause::SubscriptionEnded, "the subscription ended", ended_at.or(canceled_at))),
            Some("incomplete_expired") => {
                Some((Cause::NeverPaid, "the first payment of the subscription was never made", ended_at))
            }
            _ => None,
        },
        refunded_at.map(|at| (Cause::Refunded, "the subscription was refunded", Some(at))),
        canceled_at
            .filter(|_| strict)
            .map(|at| (Cause::CancelRequested, "the cancellation of the subscription was asked for", Some(at))),
    ];
    let earliest = ends.into_iter().flatten().min_by_key(|(_, _, since)| since.unwrap_or(Timestamp::MAX));
    earliest.map(|(cause, what, since)| Gate::Ended {
        reason: match since {
            Some(since) => format!("{what} on {}", since.strftime("%Y-%m-%d at %H:%M UTC")),
            None => what.to_owned(),
        },
        cause,
        since,
    })
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
        let later = "2026-11-22T18:00:00Z";
        assert_eq!(since(judged(&[("status", "canceled"), ("ended_at", later), ("refunded_at", NOON)])), noon);
        let strict =
            [("status", "canceled"), ("ended_at", later), ("canceled_at", NOON), ("erase_on", "cancel_request")];
        assert_eq!(since(judged(&strict)), noon, "the earliest counts");
    }
}
