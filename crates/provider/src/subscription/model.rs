//! What Stripe answers, read leniently: the id first, everything else if it is as expected.
use std::collections::BTreeMap;

use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Observed, Part};
use ampere_core::provider::ProviderError;
use ampere_lang::value::{Type, Value};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value as Json;

use crate::attributes::{Attributes, integer, optional, required, text};
use crate::marker;
use crate::stripe::CLOUD;

/// Where Stripe keeps the attribute for us.
pub(crate) const ERASE_ON_REFUND: &str = "ampere_erase_on_refund";
/// The part that makes the subscription.
pub(crate) const SUBSCRIPTION: &str = "subscription";
/// The part that pays.
pub(crate) const CUSTOMER: &str = "customer";
/// Reported as missing while the customer lacks our marker.
pub(crate) const MARKER: &str = "marker";

/// What the configuration wants of Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The account's uid.
    pub account: String,
    /// The price's id.
    pub price: String,
    /// `collection_method`
    pub payment: String,
    /// `period_end` or `cancel_request`
    pub erase_on: String,
    /// `full` or `any`
    pub erase_on_refund: Option<String>,
    /// `trial_period_days`
    pub trial_days: Option<i64>,
}

impl Wanted {
    /// Reads it from an object of the schema.
    ///
    /// # Errors
    ///
    /// `Invalid` if a needed attribute has no value.
    pub fn read(object: &Value) -> Result<Wanted, ProviderError> {
        Ok(Wanted {
            account: required(CLOUD, object, "account")?,
            price: required(CLOUD, object, "price")?,
            payment: required(CLOUD, object, "payment")?,
            erase_on: required(CLOUD, object, "erase_on")?,
            erase_on_refund: text(object, "erase_on_refund").map(str::to_owned),
            trial_days: integer(object, "trial_days"),
        })
    }
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Customer {
    /// `cus_…`
    pub id: String,
    /// `email`
    pub email: Option<String>,
    /// The currency of all its subscriptions; none before the first.
    pub currency: Option<String>,
    /// Our marker.
    pub marker: Option<Marker>,
    /// A deleted customer stays readable.
    pub deleted: bool,
}

impl Customer {
    /// Reads one.
    pub fn read(customer: &Json) -> Option<Customer> {
        Some(Customer {
            id: customer["id"].as_str()?.to_owned(),
            email: customer["email"].as_str().map(str::to_owned),
            currency: customer["currency"].as_str().map(str::to_owned),
            marker: marked(customer),
            deleted: customer["deleted"].as_bool().unwrap_or(false),
        })
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// `sub_…`
    pub id: String,
    /// `cus_…`
    pub customer: Option<String>,
    /// The customer, where it was asked for with the subscription.
    pub payer: Option<Customer>,
    /// Our marker.
    pub marker: Option<Marker>,
    /// `status`
    pub status: Option<String>,
    /// The price of its first item.
    pub price: Option<String>,
    /// The id of its first item.
    pub item: Option<String>,
    /// `collection_method`
    pub payment: Option<String>,
    /// When it was made.
    pub created: i64,
    /// When the current period began.
    pub period_start: Option<i64>,
    /// When the one before began; none in the first.
    previous_start: Option<i64>,
    /// When everything paid for a period was paid back (see [`super::refund`]); none while nobody has asked.
    pub refunded_at: Option<Option<i64>>,
    current_period_end: Option<i64>,
    canceled_at: Option<i64>,
    ended_at: Option<i64>,
    payment_url: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl Subscription {
    /// Reads one.
    pub fn read(subscription: &Json) -> Option<Subscription> {
        let text = |value: &Json| value.as_str().map(str::to_owned);
        let item = &subscription["items"]["data"][0];
        let invoice = &subscription["latest_invoice"];
        let metadata = subscription["metadata"].as_object();
        let created = subscription["created"].as_i64().unwrap_or(0);
        // On the item since version "basil", on the subscription before.
        let period = |name: &str| item[name].as_i64().or_else(|| subscription[name].as_i64());
        let period_start = period("current_period_start");
        let begun_before = period_start.filter(|begin| *begin > created);
        Some(Subscription {
            id: subscription["id"].as_str()?.to_owned(),
            customer: text(&subscription["customer"]).or_else(|| text(&subscription["customer"]["id"])),
            payer: Customer::read(&subscription["customer"]),
            marker: marked(subscription),
            status: text(&subscription["status"]),
            price: text(&item["price"]["id"]),
            item: text(&item["id"]),
            payment: text(&subscription["collection_method"]),
            created,
            period_start,
            previous_start: begun_before
                .and_then(|begin| before(begin, &item["price"]["recurring"]))
                .map(|begin| begin.max(created)),
            refunded_at: None,
            current_period_end: period("current_period_end"),
            canceled_at: subscription["canceled_at"].as_i64(),
            ended_at: subscription["ended_at"].as_i64(),
            payment_url: text(&invoice["hosted_invoice_url"]).filter(|_| invoice["status"] == "open"),
            metadata: metadata
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        })
    }

    /// Whether it can never be active again.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_deref(), Some("canceled" | "incomplete_expired"))
    }

    /// Since when payments matter: since the period before began, in the first period since that one did.
    pub fn paid_since(&self) -> Option<i64> {
        self.previous_start.or(self.period_start)
    }

    /// Whether a refund of a part ends it, too.
    pub fn ends_on_any_refund(&self) -> bool {
        self.metadata.get(ERASE_ON_REFUND).is_some_and(|which| which == "any")
    }

    /// The value of a `metadata[…]` parameter; what is not there is empty, as Stripe takes it.
    pub fn metadata_of(&self, parameter: &str) -> &str {
        let name = parameter.trim_start_matches("metadata[").trim_end_matches(']');
        self.metadata.get(name).map_or("", String::as_str)
    }

    /// What it says of the attributes.
    pub fn attributes(&self) -> Attributes {
        let kept = |name: &str| optional(self.metadata.get(name).filter(|text| !text.is_empty()));
        let time = |seconds: Option<i64>| {
            optional(seconds.and_then(|s| Timestamp::from_second(s).ok()).map(|time| time.to_string()))
        };
        let trial = self.metadata.get("ampere_trial_days").and_then(|days| days.parse::<i64>().ok());
        let mut attributes = Attributes::from([
            ("id".into(), Value::string(&self.id)),
            ("account".into(), kept("ampere_account")),
            ("price".into(), optional(self.price.as_deref())),
            ("trial_days".into(), trial.map_or_else(|| Value::null(Type::Number), Value::number)),
            ("payment".into(), optional(self.payment.as_deref())),
            ("erase_on".into(), kept("ampere_erase_on")),
            ("erase_on_refund".into(), kept(ERASE_ON_REFUND)),
            ("customer_id".into(), optional(self.customer.as_deref())),
            ("status".into(), optional(self.status.as_deref())),
            ("current_period_end".into(), time(self.current_period_end)),
            ("payment_url".into(), optional(self.payment_url.as_deref())),
            ("canceled_at".into(), time(self.canceled_at)),
            ("ended_at".into(), time(self.ended_at)),
        ]);
        // What was not asked for is not null: what the state remembers of it stays.
        attributes.extend(self.refunded_at.map(|at| ("refunded_at".into(), time(at))));
        attributes
    }

    /// The subscription and its customer as one object.
    pub fn observed(&self, customer: Option<&Customer>) -> Observed {
        let marker = self.marker.clone().unwrap_or_else(marker::none);
        let mut missing = Vec::new();
        match customer {
            None => missing.push(CUSTOMER),
            Some(customer) if customer.marker.as_ref() != Some(&marker) && self.marker.is_some() => {
                missing.push(MARKER)
            }
            Some(_) => {}
        }
        let mut attributes = self.attributes();
        // What we never wrote (an imported subscription) is not known, rather than null.
        attributes.retain(|name, value| {
            !(value.is_null() && matches!(&**name, "account" | "erase_on" | "erase_on_refund" | "trial_days"))
        });
        let mut parts = vec![Part { what: SUBSCRIPTION, id: self.id.as_str().into() }];
        parts.extend(customer.map(|customer| Part { what: CUSTOMER, id: customer.id.as_str().into() }));
        Observed { id: Some(ExternalId::from(self.id.as_str())), marker, attributes, parts, missing }
    }
}

/// When the period before the one that begins at a time began, by `price.recurring`. After a short month that can be up to
/// three days earlier than it was, never later: nothing that was paid for it is overlooked.
fn before(begin: i64, recurring: &Json) -> Option<i64> {
    let count = recurring["interval_count"].as_i64().unwrap_or(1);
    let span = match recurring["interval"].as_str()? {
        "day" => Span::new().try_days(count),
        "week" => Span::new().try_weeks(count),
        "month" => Span::new().try_months(count),
        "year" => Span::new().try_years(count),
        _ => return None,
    };
    let begin = Timestamp::from_second(begin).ok()?.to_zoned(TimeZone::UTC);
    Some(begin.checked_sub(span.ok()?).ok()?.timestamp().as_second())
}

/// A customer of ours that has no subscription.
pub(crate) fn leftover(customer: &Customer, marker: Marker) -> Observed {
    Observed {
        id: None,
        marker,
        attributes: BTreeMap::new(),
        parts: vec![Part { what: CUSTOMER, id: customer.id.as_str().into() }],
        missing: vec![SUBSCRIPTION],
    }
}

/// Whether an object names a stack and no address.
pub(crate) fn is_half_marked(object: &Json, stack: &StackId) -> bool {
    object["metadata"]["ampere_stack"] == *stack.0 && !object["metadata"]["ampere_address"].is_string()
}

fn marked(object: &Json) -> Option<Marker> {
    let metadata = &object["metadata"];
    Some(marker::marker(metadata["ampere_stack"].as_str()?, metadata["ampere_address"].as_str()?))
}
