//! Full refunds: as much an end of the contract as a cancellation (promise R2).
//!
//! Stripe keeps no such status on a subscription. It counts as refunded when everything that was paid for its current period
//! was paid back in full; a part of it, or an older period's money, changes nothing.
use std::collections::BTreeMap;

use ampere_core::provider::ProviderError;
use serde_json::Value as Json;

use super::model::Subscription;
use super::request;
use crate::stripe::Stripe;

/// When a customer's newest full refund of a charge was made, by customer.
pub(super) type Refunds = BTreeMap<String, i64>;

/// Full refunds among `GET /v1/refunds` with `expand[]=data.charge`.
pub(super) fn full(refunds: &[Json]) -> Refunds {
    let mut found = Refunds::new();
    for refund in refunds {
        let charge = &refund["charge"];
        let whole = charge["refunded"] == true && matches!(refund["status"].as_str(), Some("succeeded" | "pending"));
        let (Some(customer), Some(at), true) = (charge["customer"].as_str(), refund["created"].as_i64(), whole) else {
            continue;
        };
        let newest = found.entry(customer.to_owned()).or_insert(at);
        *newest = at.max(*newest);
    }
    found
}

/// Notes on subscriptions whether their current period was refunded in full. Refunds are listed since the oldest of these
/// periods began; a customer's charges are asked for only if a full refund makes it possible.
pub(super) async fn note_all(stripe: &Stripe, subscriptions: &mut [Subscription]) -> Result<(), ProviderError> {
    let since = subscriptions.iter().filter_map(|subscription| subscription.period_start).min();
    let refunds = match since {
        Some(since) => full(&stripe.list(&request::refunds_since(since)).await?.objects),
        None => Refunds::new(),
    };
    for subscription in subscriptions {
        subscription.refunded_at = Some(None);
        let (Some(begin), Some(customer)) = (subscription.period_start, &subscription.customer) else { continue };
        let Some(at) = refunds.get(customer).copied().filter(|at| *at >= begin) else { continue };
        let charges = stripe.list(&request::charges_since(customer, begin)).await?.objects;
        subscription.refunded_at = Some(is_all_refunded(&charges).then_some(at));
    }
    Ok(())
}

/// Notes on one subscription whether its current period was refunded in full.
pub(super) async fn note_one(stripe: &Stripe, subscription: &mut Subscription) -> Result<(), ProviderError> {
    subscription.refunded_at = Some(None);
    let (Some(begin), Some(customer)) = (subscription.period_start, &subscription.customer) else { return Ok(()) };
    let charges = stripe.list(&request::charges_since(customer, begin)).await?.objects;
    if !is_all_refunded(&charges) {
        return Ok(());
    }
    let mut newest = None;
    for charge in charges.iter().filter_map(|charge| charge["id"].as_str()) {
        let refunds = stripe.list(&request::refunds_of(charge)).await?.objects;
        newest = newest.max(refunds.iter().filter_map(|refund| refund["created"].as_i64()).max());
    }
    subscription.refunded_at = Some(newest);
    Ok(())
}

fn is_all_refunded(charges: &[Json]) -> bool {
    let mut paid = charges.iter().filter(|charge| charge["status"] == "succeeded").peekable();
    paid.peek().is_some() && paid.all(|charge| charge["refunded"] == true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn r2_only_whole_refunds_count() {
        let refund = |customer: &str, whole: bool, status: &str, at: i64| json!({"status": status, "created": at, "charge": {"customer": customer, "refunded": whole}});
        let refunds = [
            refund("cus_1", true, "succeeded", 10),
            refund("cus_1", true, "succeeded", 30),
            refund("cus_2", false, "succeeded", 20),
            refund("cus_3", true, "failed", 20),
        ];
        assert_eq!(full(&refunds), Refunds::from([("cus_1".to_owned(), 30)]));
    }

    #[test]
    fn r2_one_charge_that_was_kept_is_enough_to_stay() {
        let charge = |status: &str, refunded: bool| json!({"status": status, "refunded": refunded});
        assert!(is_all_refunded(&[charge("succeeded", true), charge("failed", false)]));
        assert!(!is_all_refunded(&[charge("succeeded", true), charge("succeeded", false)]));
        assert!(!is_all_refunded(&[]));
    }
}
