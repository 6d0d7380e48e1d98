//! Warnings on the way to a deadline.
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A departure that is not over after some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// After 2 hours: something takes longer than it should.
    Late,
    /// After 12 hours: half of the time is over.
    Half,
    /// After 20 hours: a person must act now.
    Urgent,
}

impl Alarm {
    /// All, in order.
    pub const ALL: [Alarm; 3] = [Alarm::Late, Alarm::Half, Alarm::Urgent];

    /// How long after t₀ it is raised.
    pub fn after(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Alarm::Late => 2,
            Alarm::Half => 12,
            Alarm::Urgent => 20,
        })
    }

    /// The highest that is due at a time.
    ///
    /// ```
    /// use ampere_core::retention::Alarm;
    /// let since = "2026-11-22T00:00:00Z".parse().unwrap();
    /// assert_eq!(Alarm::due(since, "2026-11-22T01:59:59Z".parse().unwrap()), None);
    /// assert_eq!(Alarm::due(since, "2026-11-22T13:00:00Z".parse().unwrap()), Some(Alarm::Half));
    /// ```
    pub fn due(since: Timestamp, now: Timestamp) -> Option<Alarm> {
        Alarm::ALL.into_iter().rev().find(|alarm| since.checked_add(alarm.after()).is_ok_and(|at| at <= now))
    }
}
