//! What a customer does in a life, and what a contract goes through.
use ampere_lang::value::{Type, Value};
use ampere_provider::refunded_at;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::chance::Chance;

/// How a life goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The first payment never comes.
    NeverPays,
    /// Cancelled, at once.
    CancelsNow,
    /// Cancelled, at the end of the period.
    CancelsLater,
    /// All money back; half of them cancel with it.
    Refunded,
    /// Some money back: nothing happens.
    RefundedInPart,
    /// Asks for erasure.
    Erased,
    /// A person deletes the customer in Stripe's dashboard.
    DeletedAtStripe,
    /// Payments fail until Stripe gives up.
    StopsPaying,
    /// Stays.
    Stays,
}

/// A customer.
#[derive(Debug)]
pub struct Life {
    /// The key in the configuration.
    pub key: String,
    /// The address.
    pub email: String,
    /// Days of trial.
    pub trial: Option<i64>,
    /// Whether `erase_on` is `cancel_request`.
    pub strict: bool,
    /// Whether there is a second contract, without a server.
    pub second: bool,
    /// How it goes.
    pub fate: Fate,
    /// Whether the configuration names it.
    pub configured: bool,
    /// Whether its contract has begun to run.
    pub begun: bool,
}

impl Life {
    /// A life by chance.
    pub fn new(key: String, email: String, chance: &mut Chance) -> Life {
        let fate = chance.pick(&[
            (10, Fate::NeverPays),
            (16, Fate::CancelsNow),
            (18, Fate::CancelsLater),
            (12, Fate::Refunded),
            (6, Fate::RefundedInPart),
            (12, Fate::Erased),
            (6, Fate::DeletedAtStripe),
            (8, Fate::StopsPaying),
            (12, Fate::Stays),
        ]);
        let trial = chance.percent(40.0).then(|| i64::from(chance.pick(&[(1, 3_u8), (3, 7), (2, 14)])));
        let (strict, second) = (chance.percent(25.0), chance.percent(12.0));
        Life { key, email, trial, strict, second, fate, configured: false, begun: false }
    }

    /// As the configuration has it.
    pub fn value(&self) -> Value {
        let erase_on = if self.strict { "cancel_request" } else { "period_end" };
        Value::object([
            ("email", Value::string(&self.email)),
            ("trial_days", self.trial.map_or_else(|| Value::null(Type::Number), Value::number)),
            ("erase_on", Value::string(erase_on)),
            ("second", Value::bool(self.second)),
        ])
    }
}

/// A month, as prices have it here.
pub const PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Money that came in, and when it was paid back.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    at: Timestamp,
    refunded: Option<Timestamp>,
}

/// A contract as Stripe has it.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Stripe's status.
    pub status: &'static str,
    /// `erase_on` is `cancel_request`
    pub strict: bool,
    /// When it was signed.
    pub created: Timestamp,
    /// The current period.
    pub period_start: Timestamp,
    /// Its end.
    pub period_end: Timestamp,
    /// Whether it ends then.
    pub at_period_end: bool,
    /// When the cancellation was asked for.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What was paid for it.
    pub payments: Vec<Payment>,
    /// When all that was paid for a period was paid back for the first time: no later period makes it undone.
    pub refunded_at: Option<Timestamp>,
    /// Where an open invoice can be paid.
    pub payment_url: bool,
}

impl Contract {
    /// A new one.
    pub fn new(trial: Option<i64>, strict: bool, at: Timestamp) -> Contract {
        let length = trial.map_or(PERIOD, |days| SignedDuration::from_hours(24 * days));
        Contract {
            status: if trial.is_some() { "trialing" } else { "incomplete" },
            strict,
            created: at,
            period_start: at,
            period_end: at + length,
            at_period_end: false,
            canceled_at: None,
            ended_at: None,
            payments: Vec::new(),
            refunded_at: None,
            payment_url: trial.is_none(),
        }
    }

    /// A new period begins.
    pub fn begin_period(&mut self, at: Timestamp) {
        (self.period_start, self.period_end) = (at, at + PERIOD);
    }

    /// Money comes in: of the card, or by the customer's hand.
    pub fn pay(&mut self, at: Timestamp) {
        self.status = "active";
        self.payment_url = false;
        self.payments.push(Payment { at, refunded: None });
    }

    /// All that was paid for the current period is paid back; whether there was anything.
    pub fn refund(&mut self, at: Timestamp) -> bool {
        let begin = self.period_start;
        let mut paid = self.payments.iter_mut().filter(|payment| payment.at >= begin).peekable();
        if paid.peek().is_none() {
            return false;
        }
        paid.for_each(|payment| payment.refunded = Some(at));
        self.refunded_at.get_or_insert(at);
        true
    }

    /// What our provider makes of it: it sees charges and refunds, and the current period alone.
    fn seen_refunded_at(&self) -> Option<Timestamp> {
        self.refunded_at?;
        let recurring = json!({"interval": "day", "interval_count": PERIOD.as_hours() / 24});
        let item = json!({"current_period_start": self.period_start.as_second(), "price": {"recurring": recurring}});
        let created = self.created.as_second();
        let subscription = json!({"id": "sub_1", "customer": "cus_1", "created": created, "items": {"data": [item]}});
        let charge = |payment: &Payment| {
            let (at, whole) = (payment.at.as_second(), payment.refunded.is_some());
            let back = if whole { 1900 } else { 0 };
            json!({"customer": "cus_1", "created": at, "status": "succeeded", "refunded": whole, "amount_refunded": back})
        };
        let refund = |payment: &Payment| {
            Some(json!({"status": "succeeded", "created": payment.refunded?.as_second(), "charge": charge(payment)}))
        };
        let charges: Vec<_> = self.payments.iter().map(charge).collect();
        let refunds: Vec<_> = self.payments.iter().filter_map(refund).collect();
        Timestamp::from_second(refunded_at(&subscription, &charges, &refunds)?).ok()
    }

    /// Whether it can never be in force again.
    pub fn is_over(&self) -> bool {
        matches!(self.status, "canceled" | "incomplete_expired")
    }

    /// Stripe ends it.
    pub fn end(&mut self, status: &'static str, at: Timestamp) {
        self.status = status;
        self.ended_at = Some(at);
        self.payment_url = false;
        if status == "canceled" {
            self.canceled_at.get_or_insert(at);
        }
    }

    /// Since when the household has no right to stay because of it (promise R2).
    pub fn no_right_since(&self) -> Option<Timestamp> {
        let cancelled = self.canceled_at.filter(|_| self.strict);
        [self.ended_at, self.refunded_at, cancelled].into_iter().flatten().min()
    }

    /// What Stripe says of it.
    pub fn attributes(&self) -> Vec<(&'static str, Value)> {
        let time = |time: Option<Timestamp>| {
            time.map_or_else(|| Value::null(Type::String), |time| Value::string(time.to_string()))
        };
        let url = if self.payment_url { Value::string("https://pay.example/1") } else { Value::null(Type::String) };
        vec![
            ("status", Value::string(self.status)),
            ("current_period_end", time(Some(self.period_end))),
            ("payment_url", url),
            ("canceled_at", time(self.canceled_at)),
            ("ended_at", time(self.ended_at)),
            ("refunded_at", time(self.seen_refunded_at())),
        ]
    }
}
