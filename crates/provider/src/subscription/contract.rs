//! What a subscription gives cause to tell its owner (promise U4).
use ampere_core::kind::{Contract, Due, Gate};
use ampere_lang::value::Value;
use jiff::Timestamp;

use super::gate;
use crate::attributes::text;

/// Reads it off a subscription as it really is.
pub(crate) fn of(subscription: &Value, now: Timestamp) -> Contract {
    let time = |name| text(subscription, name).and_then(|time| time.parse::<Timestamp>().ok());
    let due = match gate::judge(subscription, now) {
        Gate::Waiting { url: Some(url), .. } => text(subscription, "id").map(|id| Due {
            url,
            // Stripe begins the next period before it is paid: the same payment, the same period.
            about: format!("{id} {}", text(subscription, "current_period_end").unwrap_or_default()),
        }),
        _ => None,
    };
    let cancelled_at = time("canceled_at");
    let ends_at = match cancelled_at.or(time("ended_at")) {
        Some(_) => time("ended_at").or(time("current_period_end")).filter(|end| *end > now),
        None => None,
    };
    Contract { due, cancelled_at: cancelled_at.or(time("ended_at")), ends_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";
    const LATER: &str = "2026-12-01T00:00:00Z";

    fn contract(pairs: &[(&'static str, &str)]) -> Contract {
        let all = [("id", "sub_1")].iter().chain(pairs);
        of(&Value::object(all.map(|(name, text)| (*name, Value::string(text)))), NOW.parse().unwrap())
    }

    #[test]
    fn an_open_payment_is_told_where_it_can_be_paid() {
        let open = |url| contract(&[("status", "past_due"), ("current_period_end", LATER), ("payment_url", url)]).due;
        let (one, other) = (open("https://pay.example/1").unwrap(), open("https://pay.example/2").unwrap());
        assert_eq!(one.url, "https://pay.example/1");
        assert_eq!(one.about, other.about, "the same payment");
        assert_eq!(contract(&[("status", "past_due")]).due, None, "nowhere to pay");
        assert_eq!(contract(&[("status", "active"), ("payment_url", "https://pay.example/1")]).due, None);
    }

    #[test]
    fn a_cancellation_has_an_end_while_it_is_ahead() {
        let ahead = contract(&[("status", "active"), ("canceled_at", NOW), ("current_period_end", LATER)]);
        assert_eq!((ahead.cancelled_at, ahead.ends_at), (NOW.parse().ok(), LATER.parse().ok()));
        let over = contract(&[("status", "canceled"), ("canceled_at", NOW), ("ended_at", NOW)]);
        assert_eq!((over.cancelled_at, over.ends_at), (NOW.parse().ok(), None));
        assert_eq!(contract(&[("status", "active"), ("current_period_end", LATER)]), Contract::default());
    }
}
