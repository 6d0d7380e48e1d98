//! Refunds: as much an end of the contract as a cancellation (promise R2).
//!
//! Stripe keeps no such status on a subscription. It counts as refunded when everything that was paid for its current period
//! was paid back in full, or, with `erase_on_refund = "any"`, a part of it. An older period's money changes nothing, with one
//! exception: what was paid back in the last 24 hours of the period before still counts as it did then. Its deadline had not
//! passed when the new period began, and nobody may have been able to look in between.
//!
//! What Stripe collects for the new period by itself is no return of the customer: it would have been collected whether or
//! not anybody looked in time. An invoice that the customer paid by own hand (`payment = "send_invoice"`) is one.
use std::collections::BTreeMap;

use ampere_core::provider::ProviderError;
use ampere_core::retention::GONE_WITHIN;
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

/// Notes on subscriptions whether they were refunded. Refunds are listed since the oldest of their periods began, and a day
/// more; a customer's charges are asked for only if a refund makes it possible.
pub(super) async fn note_all(stripe: &Stripe, subscriptions: &mut [Subscription]) -> Result<(), ProviderError> {
    let since = subscriptions.iter().filter_map(|subscription| subscription.period_start).min();
    let refunds = match since {
        Some(since) => by_customer(&stripe.list(&request::refunds_since(looked_back(since))).await?.objects),
        None => Refunds::new(),
    };
    for subscription in subscriptions {
        subscription.refunded_at = Some(None);
        let (Some(since), Some(customer)) = (subscription.paid_since(), &subscription.customer) else { continue };
        let made = counted(subscription, refunds.get(customer).into_iter().flatten());
        if made.is_empty() {
            continue;
        }
        let charges = stripe.list(&request::charges_since(customer, since)).await?.objects;
        subscription.refunded_at = Some(judge(subscription, &charges, &made));
    }
    Ok(())
}

/// Notes on one subscription whether it was refunded.
pub(super) async fn note_one(stripe: &Stripe, subscription: &mut Subscription) -> Result<(), ProviderError> {
    subscription.refunded_at = Some(None);
    let (Some(since), Some(customer)) = (subscription.paid_since(), &subscription.customer) else { return Ok(()) };
    let charges = stripe.list(&request::charges_since(customer, since)).await?.objects;
    let mut made = Vec::new();
    for charge in charges.iter().filter(|charge| charge["amount_refunded"].as_i64().is_some_and(|sum| sum > 0)) {
        let Some(id) = charge["id"].as_str() else { continue };
        let refunds = stripe.list(&request::refunds_of(id)).await?.objects;
        made.extend(refunds.iter().filter(|refund| is_made(refund)).filter_map(|refund| refund["created"].as_i64()));
    }
    subscription.refunded_at = Some(judge(subscription, &charges, &made));
    Ok(())
}

/// When a subscription ended by refund (seconds since 1970), if it did, by what Stripe answers: the subscription, its
/// customer's charges, and refunds with their charges. The rule of promise R2 without a network.
///
/// ```
/// # use serde_json::json;
/// let subscription = json!({"id": "sub_1", "created": 0, "customer": "cus_1", "items": {"data": [{"current_period_start": 0}]}});
/// let charge = json!({"customer": "cus_1", "created": 0, "status": "succeeded", "amount_refunded": 900, "refunded": true});
/// let refund = json!({"created": 60, "status": "succeeded", "charge": charge});
/// assert_eq!(ampere_provider::refunded_at(&subscription, &[charge], &[refund]), Some(60));
/// ```
pub fn refunded_at(subscription: &Json, charges: &[Json], refunds: &[Json]) -> Option<i64> {
    let subscription = Subscription::read(subscription)?;
    let refunds = by_customer(refunds);
    let made = counted(&subscription, refunds.get(subscription.customer.as_ref()?)?);
    judge(&subscription, charges, &made)
}

/// The times of refunds that may have ended a subscription.
fn counted<'a>(subscription: &Subscription, made: impl IntoIterator<Item = &'a Refund>) -> Vec<i64> {
    let any = subscription.ends_on_any_refund();
    let since = subscription.period_start.map(looked_back);
    let counts = |refund: &&Refund| since.is_some_and(|since| refund.at >= since) && (any || refund.whole);
    made.into_iter().filter(counts).map(|refund| refund.at).collect()
}

/// Until when refunds of the period before still count.
fn looked_back(begin: i64) -> i64 {
    begin.saturating_sub(GONE_WITHIN.as_secs())
}

/// When a subscription ended by refund: late in the period before, or in the current one.
fn judge(subscription: &Subscription, charges: &[Json], made: &[i64]) -> Option<i64> {
    let begin = subscription.period_start?;
    let any = subscription.ends_on_any_refund();
    let charged = |charge: &&Json| charge["created"].as_i64();
    let is_before = |charge: &&Json| {
        charged(charge).is_some_and(|at| at < begin && subscription.paid_since().is_some_and(|since| at >= since))
    };
    let (current, before): (Vec<&Json>, Vec<&Json>) = (
        charges.iter().filter(|charge| charged(charge).is_some_and(|at| at >= begin)).collect(),
        charges.iter().filter(is_before).collect(),
    );
    let paid_again =
        subscription.payment.as_deref() == Some("send_invoice") && current.iter().any(|charge| is_kept(charge));
    let late = made.iter().copied().filter(|at| (looked_back(begin)..begin).contains(at));
    let swallowed = if paid_again { None } else { when(any, &before, late) };
    swallowed.or_else(|| when(any, &current, made.iter().copied().filter(|at| *at >= begin)))
}

fn is_kept(charge: &Json) -> bool {
    charge["status"] == "succeeded" && charge["refunded"] != true
}

/// When a period ended by refund: by its first one if any counts, else by the last, when that left nothing of what was paid.
fn when(any: bool, charges: &[&Json], made: impl Iterator<Item = i64>) -> Option<i64> {
    let mut paid = charges.iter().filter(|charge| charge["status"] == "succeeded").peekable();
    let ended = match any {
        true => paid.any(|charge| charge["amount_refunded"].as_i64().is_some_and(|sum| sum > 0)),
        false => paid.peek().is_some() && paid.all(|charge| charge["refunded"] == true),
    };
    let at = if any { made.min() } else { made.max() };
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
            let paid: Vec<&Json> = charges.iter().collect();
            let made = || [10, 30].into_iter();
            assert_eq!((when(false, &paid, made()), when(true, &paid, made())), (full, any), "{charges:?}");
        }
    }
}
