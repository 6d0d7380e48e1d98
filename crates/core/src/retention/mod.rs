//! When data must go, and what is remembered of those who went (promises R1, R2, R3).
//!
//! Everything that belongs to one account is its *household*. A household departs when every one of its subscriptions has
//! ended, or when its owner asks. From that moment, t₀, there are 24 hours until nothing of it may be left. A [`Tombstone`] is
//! written before the first deletion: it keeps the clock running whatever fails, and keeps the household from being made again.
mod alarm;
mod tombstone;

pub use alarm::Alarm;
pub use tombstone::{Cause, Departure, Owner, Tombstone};

use jiff::{SignedDuration, Timestamp};

/// How long after t₀ everything must be gone (promise R2).
pub const GONE_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// When everything must be gone.
///
/// ```
/// let since = "2026-11-22T12:00:00Z".parse().unwrap();
/// assert_eq!(ampere_core::retention::deadline(since).to_string(), "2026-11-23T12:00:00Z");
/// ```
pub fn deadline(since: Timestamp) -> Timestamp {
    since.checked_add(GONE_WITHIN).unwrap_or(Timestamp::MAX)
}
