//! How two programs that stand for Stripe differ from it: what we send is put into their words, what they answer into Stripe's.
//!
//! What a dialect cannot say is not tried on that program: see the list in `conformance/subscription.rs`.
use serde_json::{Value as Json, json};

/// The pairs of a form or a query, decoded.
pub type Pairs = Vec<(String, String)>;

/// Puts what is sent to Stripe, and what it answers, into other words.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Rewrites the pairs of a form sent to a path.
    pub form: fn(path: &str, Pairs) -> Pairs,
    /// Rewrites the pairs of a query.
    pub query: fn(path: &str, Pairs) -> Pairs,
    /// Rewrites a successful answer to a query.
    pub answer: fn(query: &Pairs, &mut Json),
}

/// localstripe speaks an API of 2019: plans instead of prices; a subscription's period at its top; no first payment that is awaited,
/// no settings of trials, no invoices by mail, no lists by time of creation; what is deleted cannot be expanded.
pub const LOCALSTRIPE: Dialect = Dialect { form: older_form, query: older_query, answer: newer_answer };

/// stripe-stateful-mock wants a plan beside each price.
pub const STATEFUL_MOCK: Dialect = Dialect { form: with_plans, query: |_, pairs| pairs, answer: |_, _| {} };

fn older_form(path: &str, pairs: Pairs) -> Pairs {
    const UNKNOWN: [&str; 4] = ["payment_behavior", "trial_settings", "collection_method", "days_until_due"];
    let unknown = |name: &str| path.contains("/subscriptions") && UNKNOWN.iter().any(|known| name.starts_with(known));
    let pairs = pairs.into_iter().filter(|(name, value)| !unknown(name) && !expands_customer(name, value));
    pairs.map(|(name, value)| (name.replace("[price]", "[plan]"), value)).collect()
}

fn older_query(_: &str, pairs: Pairs) -> Pairs {
    let pairs =
        pairs.into_iter().filter(|(name, value)| !name.starts_with("created") && !expands_customer(name, value));
    pairs.collect()
}

fn expands_customer(name: &str, value: &str) -> bool {
    name.starts_with("expand") && value.ends_with("customer")
}

fn newer_answer(query: &Pairs, answer: &mut Json) {
    match answer["object"].as_str() {
        Some("list") => {
            let fits = |object: &Json| query.iter().all(|(name, value)| is_of_time(name, value, object));
            let Some(objects) = answer["data"].as_array_mut() else { return };
            objects.retain(fits);
            objects.iter_mut().for_each(|object| newer_answer(query, object));
        }
        Some("subscription") => {
            answer["collection_method"] = json!("charge_automatically");
            let period = ["current_period_start", "current_period_end"].map(|name| (name, answer[name].clone()));
            for item in answer["items"]["data"].as_array_mut().into_iter().flatten() {
                item["price"] = item["plan"].clone();
                for (name, value) in &period {
                    item[*name] = value.clone();
                }
            }
        }
        _ => {}
    }
}

/// Whether an object was made when a pair such as `created[gte]=1700000000` says.
fn is_of_time(name: &str, value: &str, object: &Json) -> bool {
    let (Some(created), Ok(bound)) = (object["created"].as_i64(), value.parse::<i64>()) else { return true };
    match name {
        "created[gte]" => created >= bound,
        "created[gt]" => created > bound,
        "created[lte]" => created <= bound,
        "created[lt]" => created < bound,
        _ => true,
    }
}

fn with_plans(_: &str, mut pairs: Pairs) -> Pairs {
    let plans: Vec<_> = pairs.iter().filter(|(name, _)| name.ends_with("[price]")).cloned().collect();
    pairs.extend(plans.into_iter().map(|(name, value)| (name.replace("[price]", "[plan]"), value)));
    pairs
}
