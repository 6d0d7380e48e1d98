//! What gives cause to a notice: pure functions over what is there.
use std::collections::BTreeMap;

use ampere_lang::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::Content;
use crate::kind::{Contract, Kinds};
use crate::provider::ForeignAction;
use crate::retention::{Alarm, Cause, Owner, Tombstone, deadline};

/// How long a reminder of a payment, or news, is of use.
const OF_USE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Whom a notice is for.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// The owner of an account.
    Owner {
        /// Whose account.
        owner: Owner,
        /// The email address.
        address: String,
    },
    /// Who runs the service.
    Operator,
}

/// Something that someone is to be told, once.
#[derive(Clone, PartialEq, Eq)]
pub struct Occasion {
    /// Whom.
    pub to: Recipient,
    /// What it is about: the same text means the same occasion.
    pub about: String,
    /// What is said.
    pub content: Content,
    /// When it is of no use any more, or the recipient must be forgotten.
    pub expires_at: Timestamp,
    /// Whether it waits for the confirmation of a deletion.
    pub held: bool,
}

/// An account with its contracts.
#[derive(Default)]
struct Household<'a> {
    contact: Option<&'a str>,
    contracts: Vec<Contract>,
}

impl Household<'_> {
    /// When the last cancellation was asked for; none unless every contract is cancelled.
    fn cancelled_at(&self) -> Option<Timestamp> {
        let asked: Option<Vec<Timestamp>> = self.contracts.iter().map(|contract| contract.cancelled_at).collect();
        asked?.into_iter().max()
    }

    /// When the last contract ends, if that is known and ahead.
    fn ends_at(&self) -> Option<Timestamp> {
        self.contracts.iter().map(|contract| contract.ends_at).max().flatten()
    }
}

/// The households of some objects, given as kind and attributes.
fn households<'a>(
    kinds: &Kinds,
    objects: impl IntoIterator<Item = (&'a str, &'a Value)>,
    now: Timestamp,
) -> BTreeMap<&'a str, Household<'a>> {
    let mut households: BTreeMap<&str, Household<'_>> = BTreeMap::new();
    for (name, object) in objects {
        let Some(kind) = kinds.get(name) else { continue };
        let Some(uid) = kind.owner(object) else { continue };
        let household = households.entry(uid).or_default();
        household.contact = household.contact.or_else(|| kind.contact(object));
        household.contracts.extend(kind.contract(object, now));
    }
    households
}

/// What the objects of accounts that stay give cause to say: payments that are open, cancellations whose end is ahead. Objects
/// are given as kind and attributes; `owner` makes an owner of a uid.
pub fn occasions<'a>(
    kinds: &Kinds,
    objects: impl IntoIterator<Item = (&'a str, &'a Value)>,
    tombstones: &BTreeMap<Owner, Tombstone>,
    owner: &dyn Fn(&str) -> Owner,
    now: Timestamp,
) -> Vec<Occasion> {
    let mut found = Vec::new();
    for (uid, household) in households(kinds, objects, now) {
        let Some(address) = household.contact else { continue };
        let gives_cause = |c: &Contract| c.due.is_some() || c.cancelled_at.is_some();
        if !household.contracts.iter().any(gives_cause) {
            continue;
        }
        let owner = owner(uid);
        if tombstones.contains_key(&owner) {
            continue;
        }
        let to = Recipient::Owner { owner, address: address.to_owned() };
        for due in household.contracts.iter().filter_map(|contract| contract.due.as_ref()) {
            found.push(Occasion {
                to: to.clone(),
                about: due.about.clone(),
                content: Content::PaymentDue { url: due.url.clone() },
                expires_at: later(now, OF_USE),
                held: false,
            });
        }
        if let (Some(asked), Some(ends_at)) = (household.cancelled_at(), household.ends_at())
            && ends_at > now
        {
            let gone_by = deadline(ends_at);
            found.push(cancelled(to, asked, Content::Cancelled { ends_at: Some(ends_at), gone_by }, gone_by));
        }
    }
    found
}

/// What is said to the owners of households whose deletion begins: that it does, unless the cancellation was announced
/// before, and, once it is confirmed, that it is over. It must be asked before anything is deleted: after that nobody knows
/// the addresses. `begun` gives cause and t₀ by owner.
pub fn departing<'a>(
    kinds: &Kinds,
    objects: impl IntoIterator<Item = (&'a str, &'a Value)>,
    begun: &BTreeMap<Owner, (Cause, Timestamp)>,
    owner: &dyn Fn(&str) -> Owner,
    now: Timestamp,
) -> Vec<Occasion> {
    if begun.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (uid, household) in households(kinds, objects, now) {
        let Some(address) = household.contact else { continue };
        let owner = owner(uid);
        let Some((cause, since)) = begun.get(&owner).copied() else { continue };
        let gone_by = deadline(since);
        let to = Recipient::Owner { owner, address: address.to_owned() };
        let asked = match cause {
            Cause::ErasureRequested | Cause::Refunded => None,
            _ => household.cancelled_at(),
        };
        let content = Content::Cancelled { ends_at: None, gone_by };
        found.push(cancelled(to.clone(), asked.unwrap_or(since), content, gone_by));
        found.push(deleted(to, since));
    }
    found
}

fn cancelled(to: Recipient, asked: Timestamp, content: Content, gone_by: Timestamp) -> Occasion {
    Occasion { to, about: asked.to_string(), content, expires_at: gone_by, held: false }
}

/// The word that everything is gone: held until it is.
pub fn deleted(to: Recipient, since: Timestamp) -> Occasion {
    Occasion { to, about: since.to_string(), content: Content::Deleted, expires_at: deadline(since), held: true }
}

/// News of the service, to every account of these objects that is not about to go.
pub fn service_update<'a>(
    kinds: &Kinds,
    objects: impl IntoIterator<Item = (&'a str, &'a Value)>,
    tombstones: &BTreeMap<Owner, Tombstone>,
    owner: &dyn Fn(&str) -> Owner,
    (subject, text): (&str, &str),
    now: Timestamp,
) -> Vec<Occasion> {
    let content = Content::ServiceUpdate { subject: subject.to_owned(), text: text.to_owned() };
    let households = households(kinds, objects, now).into_iter();
    let known = households.filter_map(|(uid, household)| Some((owner(uid), household.contact?)));
    known
        .filter(|(owner, _)| !tombstones.contains_key(owner))
        .map(|(owner, address)| Occasion {
            to: Recipient::Owner { owner, address: address.to_owned() },
            about: format!("{subject}\n{text}"),
            content: content.clone(),
            expires_at: later(now, OF_USE),
            held: false,
        })
        .collect()
}

/// A departure that is not over in time, for the operator.
pub fn alarm(owner: &Owner, alarm: Alarm, deadline: Timestamp, now: Timestamp) -> Occasion {
    Occasion {
        to: Recipient::Operator,
        about: format!("{owner} {deadline} {}", alarm.after().as_hours()),
        content: Content::Alarm { owner: owner.clone(), alarm, deadline },
        expires_at: later(now, OF_USE),
        held: false,
    }
}

/// Departures that the deletion guard holds back, for the operator: once a day.
pub fn guard(held: usize, now: Timestamp) -> Occasion {
    Occasion {
        to: Recipient::Operator,
        about: now.strftime("%Y-%m-%d").to_string(),
        content: Content::Guard { held },
        expires_at: later(now, OF_USE),
        held: false,
    }
}

/// Something that somebody else did to an object of the stack, for the operator.
pub fn foreign(action: &ForeignAction, now: Timestamp) -> Occasion {
    Occasion {
        to: Recipient::Operator,
        about: action.id.to_string(),
        content: Content::Foreign {
            command: action.command.clone(),
            object: format!("{} {}", action.kind, action.object),
            at: action.at,
        },
        expires_at: later(now, OF_USE),
        held: false,
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
