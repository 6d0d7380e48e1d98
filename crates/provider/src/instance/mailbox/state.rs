//! What a mailbox says of an instance's attributes.
use std::time::Duration;

use ampere_lang::value::{Type, Value};
use jiff::Timestamp;

use super::document::{Mailbox, Offer};
use crate::attributes::Attributes;
use crate::http::after;

/// Whether nobody can get in any more, and the box has shown it.
pub(crate) const SEALED: &str = "sealed";
/// How far the box has come, as [`Stage`].
pub(crate) const ENROLMENT: &str = "enrolment";
/// The fingerprint of the box's keys.
pub(crate) const KEY: &str = "key";
/// Versions of the secrets that the box has confirmed, by their ids.
pub(crate) const DELIVERED: &str = "delivered";

/// How long after its last moment to enrol a box must be sealed.
const SEAL_WITHIN: Duration = Duration::from_secs(15 * 60);

/// How far a box has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It has not said a word.
    Waiting,
    /// Its keys are known.
    Enrolled,
    /// It has shown that nobody can get in.
    Sealed,
    /// It was not sealed in time: it is replaced.
    Expired,
    /// It is not the box that it should be, or there is a way in: it is replaced.
    Refused,
}

impl Stage {
    /// As the attribute says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Waiting => "waiting",
            Stage::Enrolled => "enrolled",
            Stage::Sealed => "sealed",
            Stage::Expired => "expired",
            Stage::Refused => "refused",
        }
    }

    /// What a mailbox tells at a time.
    pub fn of(mailbox: &Mailbox, now: Timestamp) -> Stage {
        match () {
            () if mailbox.refusal().is_some() => Stage::Refused,
            () if mailbox.sealed_at().is_some() => Stage::Sealed,
            () if deadline(mailbox).is_some_and(|deadline| deadline < now) => Stage::Expired,
            () if mailbox.box_key().is_some() => Stage::Enrolled,
            () => Stage::Waiting,
        }
    }
}

/// Until when a box must be sealed.
pub(super) fn deadline(mailbox: &Mailbox) -> Option<Timestamp> {
    mailbox.enrol_until().map(|until| after(until, SEAL_WITHIN))
}

/// The attributes that a mailbox knows.
pub(crate) fn attributes(mailbox: &Mailbox, now: Timestamp) -> Attributes {
    let enrolled = Stage::of(mailbox, now);
    let mut attributes = Attributes::from([
        (SEALED.into(), Value::bool(enrolled == Stage::Sealed)),
        (ENROLMENT.into(), Value::string(enrolled.as_str())),
    ]);
    attributes.extend(mailbox.box_key().map(|key| (KEY.into(), Value::string(key))));
    attributes.extend(mailbox.confirmed().map(|offer| (DELIVERED.into(), delivered(&offer))));
    attributes
}

/// The versions of an offer as an attribute.
pub(super) fn delivered(offer: &Offer) -> Value {
    let versions = offer.delivered.iter();
    Value::map(Type::Number, versions.map(|(id, version)| (id.as_str(), Value::number(*version))))
}
