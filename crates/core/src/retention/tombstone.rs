//! What is remembered of a household that departs.
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Alarm;
use crate::identity::AddressHash;

/// Whose household: a keyed fingerprint of the account's uid. It tells nothing to who has not the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner(pub Arc<str>);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a household departs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The subscription ended.
    SubscriptionEnded,
    /// All that was paid for the current period was paid back.
    Refunded,
    /// The cancellation was asked for, and `erase_on` is `cancel_request`.
    CancelRequested,
    /// The first payment was never made.
    NeverPaid,
    /// The owner asked for it (promise R3).
    ErasureRequested,
}

impl Cause {
    /// The name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::SubscriptionEnded => "subscription_ended",
            Cause::Refunded => "refunded",
            Cause::CancelRequested => "cancel_requested",
            Cause::NeverPaid => "never_paid",
            Cause::ErasureRequested => "erasure_requested",
        }
    }
}

/// A household that must go, as a plan finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Whose household.
    pub owner: Owner,
    /// The addresses it has, as in the markers, sorted.
    pub members: Vec<AddressHash>,
    /// Why.
    pub cause: Cause,
    /// t₀: the 24 hours count from here.
    pub since: Timestamp,
}

/// What is remembered of a departure: held or begun, gone, confirmed. It holds no personal data, so that it may stay when everything else is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Whose household.
    pub owner: Owner,
    /// The addresses it had, as in the markers, sorted: none of them is made again.
    pub members: Vec<AddressHash>,
    /// Why.
    pub cause: Cause,
    /// t₀: the 24 hours count from here.
    pub since: Timestamp,
    /// When the first deletion was allowed to begin; none while the deletion guard holds it back. From then on there is no
    /// way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<Timestamp>,
    /// When a complete listing found nothing of it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<Timestamp>,
    /// When a second listing, by a reader that did not do the deleting, found nothing either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// The highest alarm that was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
}

impl Tombstone {
    /// Of a departure that is held back, or begins.
    pub fn new(departure: &Departure, begun_at: Option<Timestamp>) -> Tombstone {
        let Departure { owner, members, cause, since } = departure.clone();
        Tombstone { owner, members, cause, since, begun_at, gone_at: None, confirmed_at: None, alarm: None }
    }

    /// Whether deletions have begun: then the household is not made again, whatever its subscriptions say by now.
    pub fn is_begun(&self) -> bool {
        self.begun_at.is_some()
    }

    /// When nothing of it may be left.
    pub fn deadline(&self) -> Timestamp {
        super::deadline(self.since)
    }
}
