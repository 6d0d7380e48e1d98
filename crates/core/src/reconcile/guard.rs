//! The guard against a runaway: a fault that makes many contracts look ended must not delete many customers.
use jiff::{SignedDuration, Timestamp};

use crate::plan::Plan;
use crate::retention::{Cause, Tombstone};

/// How many departures may begin within an hour without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// At least so many.
    pub least: usize,
    /// And so many of a hundred accounts.
    pub percent: usize,
}

impl Default for Guard {
    /// 5, or 2 % of the accounts.
    fn default() -> Guard {
        Guard { least: 5, percent: 2 }
    }
}

/// The time that counts.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

impl Guard {
    /// How many may begin within an hour, of so many accounts.
    ///
    /// ```
    /// use ampere_core::reconcile::Guard;
    /// assert_eq!((Guard::default().limit(40), Guard::default().limit(10_000)), (5, 200));
    /// ```
    pub fn limit(&self, accounts: usize) -> usize {
        self.least.max(accounts.saturating_mul(self.percent) / 100)
    }

    /// Whether a plan begins more than may begin now. What owners ask for themselves is no runaway and does not count.
    pub(super) fn holds<'t>(
        &self,
        plan: &Plan,
        remembered: impl Iterator<Item = &'t Tombstone>,
        accounts: usize,
        approved: usize,
        now: Timestamp,
    ) -> bool {
        let wanted = plan.departures.iter().filter(|departure| departure.cause != Cause::ErasureRequested).count();
        let recent = remembered
            .filter(|tombstone| tombstone.cause != Cause::ErasureRequested)
            .filter(|tombstone| tombstone.begun_at.is_some_and(|at| now.duration_since(at) < WINDOW))
            .count();
        wanted > 0 && wanted + recent > self.limit(accounts).max(recent) + approved
    }
}
