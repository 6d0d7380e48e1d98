//! Full refunds: as much an end of the contract as a cancellation (promise R2).
//!
//! Stripe keeps no such status on a subscription. It counts as refunded when everything that was paid for its current period
//! was paid back in full; a part of it, or an older period's money, changes nothing.
use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::model::Subscription;
use super::request;
use crate::stripe::Stripe;
use ampere_core::provider::ProviderError;

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

/// Notes on a subscription that its current period was refunded in full. The customer's charges are asked for only if a
/// full refund since the period's begin makes it possible.
pub(super) async fn note(
    stripe: &Stripe,
    subscription: &mut Subscription,
    refunds: &Refunds,
) -> Result<(), ProviderError> {
    let Some(begin) = subscription.period_start.filter(|_| !subscription.is_over()) else { return Ok(()) };
    let Some(customer) = &subscription.customer else { return Ok(()) };
    let Some(at) = refunds.get(customer).copied().filter(|at| *at >= begin) else { return Ok(()) };
    let (charges, _) = stripe.list(&request::charges_since(customer, begin)).await?;
    if is_all_refunded(&charges) {
        subscription.refunded_at = Some(at);
    }
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
