//! Refunds: as much an end of the contract as a cancellation (promise R2).
//!
//! Stripe keeps no such status on a subscription. It counts as refunded when everything that was paid for its current period
//! was paid back in full, or, with `erase_on_refund = "any"`, a part of it. An older period's money changes nothing.
use std::collections::BTreeMap;

use ampere_core::provider::ProviderError;
use serde_json::Value as Json;

use super::model::Subscription;
use super::request;
use crate::stripe::Stripe;

/// Refunds that were made or are on their way, by customer.
type Refunds = BTreeMap<String, Vec<Refund>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refund {
    at: i64,
    /// Whether nothing is left of its charge.
    whole: bool,
}

/// Reads `GET /v1/refunds` with `expand[]=data.charge`.
fn by_customer(refunds: &[Json]) -> Refunds {
    let mut found = Refunds::new();
    for refund in refunds.iter().filter(|refund| is_made(refund)) {
        let charge = &refund["charge"];
        if let (Some(customer), Some(at)) = (charge["customer"].as_str(), refund["created"].as_i64()) {
            let refund = Refund { at, whole: charge["refunded"] == true };
            found.entry(customer.to_owned()).or_default().push(refund);
        }
    }
    found
}

fn is_made(refund: &Json) -> bool {
    matches!(refund["status"].as_str(), Some("succeeded" | "pending"))
}

/// Notes on subscriptions whether their current period was refunded. Refunds are listed since the oldest of these periods
/// began; a customer's charges are asked for only if a refund makes it possible.
pub(super) async fn note_all(stripe: &Stripe, subscriptions: &mut [Subscription]) -> Result<(), ProviderError> {
    let since = subscriptions.iter().filter_map(|subscription| subscription.period_start).min();
    let refunds = match since {
        Some(since) => by_customer(&stripe.list(&request::refunds_since(since)).await?.objects),
        None => Refunds::new(),
    };
    for subscription in subscriptions {
        subscription.refunded_at = Some(None);
        let (Some(begin), Some(customer)) = (subscription.period_start, &subscription.customer) else { continue };
        let any = subscription.ends_on_any_refund();
        let made = refunds.get(customer).into_iter().flatten();
        let counted: Vec<i64> =
            made.filter(|refund| refund.at >= begin && (any || refund.whole)).map(|refund| refund.at).collect();
        if counted.is_empty() {
            continue;
        }
        let charges = stripe.list(&request::charges_since(customer, begin)).await?.objects;
        subscription.refunded_at = Some(when(any, &charges, counted));
    }
    Ok(())
}

/// Notes on one subscription whether its current period was refunded.
pub(super) async fn note_one(stripe: &Stripe, subscription: &mut Subscription) -> Result<(), ProviderError> {
    subscription.refunded_at = Some(None);
    let (Some(begin), Some(customer)) = (subscription.period_start, &subscription.customer) else { return Ok(()) };
    let charges = stripe.list(&request::charges_since(customer, begin)).await?.objects;
    let mut made = Vec::new();
    for charge in charges.iter().filter(|charge| charge["amount_refunded"].as_i64().is_some_and(|sum| sum > 0)) {
        let Some(id) = charge["id"].as_str() else { continue };
        let refunds = stripe.list(&request::refunds_of(id)).await?.objects;
        made.extend(refunds.iter().filter(|refund| is_made(refund)).filter_map(|refund| refund["created"].as_i64()));
    }
    subscription.refunded_at = Some(when(subscription.ends_on_any_refund(), &charges, made));
    Ok(())
}

/// When a period ended by refund: by its first one if any counts, else by the last, when that left nothing of what was paid.
fn when(any: bool, charges: &[Json], made: Vec<i64>) -> Option<i64> {
    let mut paid = charges.iter().filter(|charge| charge["status"] == "succeeded").peekable();
    let ended = match any {
        true => paid.any(|charge| charge["amount_refunded"].as_i64().is_some_and(|sum| sum > 0)),
        false => paid.peek().is_some() && paid.all(|charge| charge["refunded"] == true),
    };
    let at = if any { made.into_iter().min() } else { made.into_iter().max() };
    at.filter(|_| ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn r2_a_refund_that_failed_is_none() {
        let refund = |customer: &str, whole: bool, status: &str, at: i64| json!({"status": status, "created": at, "charge": {"customer": customer, "refunded": whole}});
        let refunds = [
            refund("cus_1", true, "succeeded", 10),
            refund("cus_1", false, "pending", 30),
            refund("cus_3", true, "failed", 20),
            refund("cus_3", true, "canceled", 20),
        ];
        let expected = vec![Refund { at: 10, whole: true }, Refund { at: 30, whole: false }];
        assert_eq!(by_customer(&refunds), Refunds::from([("cus_1".to_owned(), expected)]));
    }

    #[test]
    fn r2_one_charge_that_was_kept_is_enough_to_stay_unless_any_refund_counts() {
        let charge = |status: &str, sum: i64, refunded: bool| json!({"status": status, "amount_refunded": sum, "refunded": refunded});
        let [whole, part, kept, failed] = [
            charge("succeeded", 1900, true),
            charge("succeeded", 900, false),
            charge("succeeded", 0, false),
            charge("failed", 0, false),
        ];
        for (charges, full, any) in [
            (vec![whole.clone(), failed], Some(30), Some(10)),
            (vec![whole, kept.clone()], None, Some(10)),
            (vec![part], None, Some(10)),
            (vec![kept], None, None),
            (vec![], None, None),
        ] {
            assert_eq!(
                (when(false, &charges, vec![10, 30]), when(true, &charges, vec![10, 30])),
                (full, any),
                "{charges:?}"
            );
        }
    }
}
