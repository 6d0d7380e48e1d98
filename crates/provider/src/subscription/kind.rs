//! The rules of `ampere_subscription`.
use ampere_core::kind::{Contract, Effort, Gate, Kind, PlanRequest, Planned};
use ampere_core::schema::Schema;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Type, Value};
use jiff::Timestamp;

use super::{contract, gate, schema};
use crate::attributes::{set, text};

/// How the customer pays, the default first.
const PAYMENT: &[&str] = &["charge_automatically", "send_invoice"];
/// From when on the 24 hours count, the default first.
const ERASE_ON: &[&str] = &["period_end", "cancel_request"];
/// Which refunds end it; without one `full`.
const ERASE_ON_REFUND: &[&str] = &["full", "any"];
/// The longest trial Stripe takes.
const LONGEST_TRIAL: i64 = 730;

/// `ampere_subscription`.
#[derive(Debug)]
pub(crate) struct SubscriptionKind {
    schema: Schema,
}

impl SubscriptionKind {
    /// The kind.
    pub fn new() -> SubscriptionKind {
        SubscriptionKind { schema: schema::schema() }
    }
}

impl Kind for SubscriptionKind {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A subscription, its customer, its refunds; pages of 100.
    fn effort(&self) -> Effort {
        Effort { read: 3, page: 100 }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut findings = Diagnostics::new();
        for (name, choices) in [("payment", PAYMENT), ("erase_on", ERASE_ON), ("erase_on_refund", ERASE_ON_REFUND)] {
            if text(config, name).is_some_and(|given| !choices.contains(&given)) {
                let detail = format!("{name} is one of: {}.", choices.join(", "));
                findings.push(invalid(name, detail));
            }
        }
        if text(config, "price").is_some_and(|price| price.is_empty() || price.contains(char::is_whitespace)) {
            findings.push(invalid("price", "price is the id of a Stripe price, such as price_1ABC….".into()));
        }
        let days = config.entries().and_then(|config| config.get("trial_days")).and_then(Value::as_number);
        if days.is_some_and(|days| !days.to_i64().is_some_and(|days| (1..=LONGEST_TRIAL).contains(&days))) {
            let detail = format!("trial_days is a whole number from 1 to {LONGEST_TRIAL}; leave it out for no trial.");
            findings.push(invalid("trial_days", detail));
        }
        findings
    }

    fn standing(&self, object: &Value, now: Timestamp) -> Option<Gate> {
        Some(gate::judge(object, now))
    }

    fn contract(&self, object: &Value, now: Timestamp) -> Option<Contract> {
        Some(contract::of(object, now))
    }

    fn plan(&self, request: PlanRequest<'_>) -> Planned {
        let mut after = request.proposed;
        for (name, choices) in [("payment", PAYMENT), ("erase_on", ERASE_ON)] {
            if request.config.get(name).is_none_or(|given| given.is_null()) {
                after = set(&after, name, Value::string(choices[0]));
            }
        }
        // Another price or way of paying makes Stripe write another invoice, or begin another period.
        let changes = |name| request.prior.is_some_and(|prior| text(prior, name) != text(&after, name));
        if changes("price") || changes("payment") {
            for name in ["status", "current_period_end", "payment_url"] {
                after = set(&after, name, Value::unknown(Type::String));
            }
        }
        Planned::new(after)
    }

    fn loss(&self, _before: &Value) -> Option<String> {
        Some("the subscription is cancelled at once, without a refund, and its customer is deleted at Stripe".into())
    }
}

fn invalid(name: &'static str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("Invalid {name}"), detail).of_attribute(Path::attribute(name))
}
