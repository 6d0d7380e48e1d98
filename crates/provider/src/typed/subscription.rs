//! `ampere_subscription`.
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::Value;

use super::input::{Input, Typed, string};

/// A paid subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    account: Input,
    price: Input,
    trial_days: Option<u16>,
    payment: Option<Payment>,
    erase_on: Option<EraseOn>,
    erase_on_refund: Option<EraseOnRefund>,
}

/// How the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// From the means of payment that the customer left with Stripe.
    ChargeAutomatically,
    /// By invoice.
    SendInvoice,
}

/// From when on the 24 hours count, after which an instance is gone (promise R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseOn {
    /// From the end of the period that is paid.
    PeriodEnd,
    /// From the request to cancel.
    CancelRequest,
}

/// Which refund ends a subscription, as a cancellation does (promise R2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseOnRefund {
    /// One of all that was paid for the current period.
    Full,
    /// Also one of a part.
    Any,
}

impl Subscription {
    /// A subscription of an account to one of Stripe's prices.
    pub fn new(account: impl Into<Input>, price: impl Into<Input>) -> Subscription {
        Subscription {
            account: account.into(),
            price: price.into(),
            trial_days: None,
            payment: None,
            erase_on: None,
            erase_on_refund: None,
        }
    }

    /// With a trial before the first payment.
    pub fn trial_days(mut self, days: u16) -> Subscription {
        self.trial_days = Some(days);
        self
    }

    /// Paid in another way than automatically.
    pub fn payment(mut self, payment: Payment) -> Subscription {
        self.payment = Some(payment);
        self
    }

    /// Erased from another time on than the end of the period.
    pub fn erase_on(mut self, erase_on: EraseOn) -> Subscription {
        self.erase_on = Some(erase_on);
        self
    }

    /// Ended by other refunds than full ones.
    pub fn erase_on_refund(mut self, which: EraseOnRefund) -> Subscription {
        self.erase_on_refund = Some(which);
        self
    }
}

impl Typed for Subscription {
    const RESOURCE_TYPE: &'static str = crate::subscription::KIND;

    fn arguments(self) -> Vec<(&'static str, Expr)> {
        let payment = |payment| match payment {
            Payment::ChargeAutomatically => "charge_automatically",
            Payment::SendInvoice => "send_invoice",
        };
        let erase_on = |erase_on| match erase_on {
            EraseOn::PeriodEnd => "period_end",
            EraseOn::CancelRequest => "cancel_request",
        };
        let mut arguments = vec![("account", self.account.expression()), ("price", self.price.expression())];
        let days = self.trial_days.map(|days| Expr::literal(Value::number(i64::from(days))));
        arguments.extend(days.map(|days| ("trial_days", days)));
        arguments.extend(self.payment.map(|given| ("payment", string(payment(given)))));
        arguments.extend(self.erase_on.map(|given| ("erase_on", string(erase_on(given)))));
        let which = |which| match which {
            EraseOnRefund::Full => "full",
            EraseOnRefund::Any => "any",
        };
        arguments.extend(self.erase_on_refund.map(|given| ("erase_on_refund", string(which(given)))));
        arguments
    }
}
