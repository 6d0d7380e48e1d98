//! Households that must go (promises R1, R2, R3).
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::ResourceName;
use ampere_lang::eval::evaluate;
use jiff::Timestamp;

use super::delete::with_part_id;
use super::draft::Draft;
use super::planner::Planner;
use super::prior::{Existing, Origin, Prior, adopted};
use super::{Mode, PlanInput, Reason};
use crate::address::Address;
use crate::identity::AddressHash;
use crate::kind::{Fingerprint, Gate};
use crate::retention::{Cause, Departure, Owner, Tombstone, deadline};

/// By what a household is known: the keyed fingerprint of its account's uid.
pub fn owner(fingerprint: &dyn Fingerprint, uid: &str) -> Owner {
    Owner(fingerprint.fingerprint("ampere.owner", uid).into())
}

/// The households that a plan deletes, and those it leaves alone until a person has agreed.
#[derive(Debug, Default)]
pub(super) struct Departing {
    households: BTreeMap<Owner, Household>,
    /// Accounts of these households that are known by their uid.
    by_uid: BTreeMap<Arc<str>, Owner>,
    /// Their addresses.
    by_hash: BTreeMap<AddressHash, Owner>,
    /// Configured instances that belong to one, as far as the plan has come.
    addresses: BTreeMap<Address, Owner>,
}

/// Why and until when.
#[derive(Clone, Debug)]
struct Household {
    why: String,
    since: Timestamp,
    /// Whether the deletion guard holds it back.
    held: bool,
    /// What begins with this plan.
    new: Option<Departure>,
}

/// What becomes of an instance whose household must go.
pub(super) enum Fate {
    /// It is deleted, or not made.
    Departs {
        /// Why, as a sentence.
        why: String,
        /// When it must be gone.
        deadline: Timestamp,
    },
    /// It stays as it is until a person has agreed.
    Held {
        /// Why, as a sentence.
        why: String,
    },
}

impl Departing {
    /// Finds them: by what is remembered, and by what their contracts really say.
    pub(super) fn new(input: &PlanInput<'_>, prior: &Prior) -> Departing {
        let mut departing = Departing::default();
        if matches!(input.options.mode, Mode::Destroy | Mode::RefreshOnly | Mode::Recover) {
            return departing;
        }
        for tombstone in input.snapshot.tombstones.values().filter(|tombstone| tombstone.is_begun()) {
            departing.remember(tombstone);
        }
        // What is half made may say of nobody that it is theirs: the journal told it when the create began.
        let made_for = input.snapshot.made_for().filter(|(_, owner)| departing.households.contains_key(owner));
        let made_for: Vec<_> = made_for.collect();
        departing.by_hash.extend(made_for);
        departing.find_owners(input, prior);
        // A limited plan begins nothing that reaches beyond its limits.
        if input.options.refreshed && input.options.targets.is_empty() {
            departing.find_ended(input, prior);
        }
        departing
    }

    fn remember(&mut self, tombstone: &Tombstone) {
        let since = tombstone.since;
        let why = match tombstone.cause {
            Cause::ErasureRequested => "its owner asked for erasure".to_owned(),
            cause => format!("its account has left ({})", cause.as_str().replace('_', " ")),
        };
        let why = format!("{why} on {}", since.strftime("%Y-%m-%d at %H:%M UTC"));
        self.households.insert(tombstone.owner.clone(), Household { why, since, held: false, new: None });
        let hashes = tombstone.members.iter().map(|hash| (hash.clone(), tombstone.owner.clone()));
        self.by_hash.extend(hashes);
    }

    /// The uids behind the tombstones, of accounts of which something is still there.
    fn find_owners(&mut self, input: &PlanInput<'_>, prior: &Prior) {
        if self.households.is_empty() {
            return;
        }
        let halves = prior.deposed.iter().filter_map(|(key, half)| uid(input, key.address.kind(), half));
        let vanished = prior.gone.keys().filter_map(|address| vanished_uid(input, prior, address));
        let uids = everything(input, prior).filter_map(|object| object.uid).chain(halves).chain(vanished);
        let uids: BTreeSet<Arc<str>> = uids.collect();
        for uid in uids {
            let owner = owner(input.fingerprint, &uid);
            if self.households.contains_key(&owner) {
                self.by_uid.insert(uid, owner);
            }
        }
    }

    fn find_ended(&mut self, input: &PlanInput<'_>, prior: &Prior) {
        let mut contracts: BTreeMap<Arc<str>, Option<Vec<End>>> = BTreeMap::new();
        for object in everything(input, prior) {
            let Some(uid) = object.uid.filter(|uid| !self.by_uid.contains_key(uid)) else { continue };
            let kind = input.kinds.get(object.kind);
            let Some(gate) = kind.and_then(|kind| kind.standing(&object.existing.attributes, input.now)) else {
                continue;
            };
            if object.existing.half_deleted {
                continue;
            }
            // One that is in force, or of which nobody can be sure, lets the whole household stay.
            let sure = !prior.incomplete.contains_key(object.kind) && object.existing.origin != Origin::Imported;
            match (gate, contracts.entry(uid).or_insert_with(|| Some(Vec::new()))) {
                (Gate::Ended { reason, cause, since }, Some(ends)) if sure => {
                    ends.push(End { why: reason, cause, since: since.unwrap_or(input.now) });
                }
                (_, ends) => *ends = None,
            }
        }
        // The data is kept for as long as one contract lasts (R1): the last end counts.
        let last = |ends: Vec<End>| ends.into_iter().max_by_key(|end| end.since);
        let ended: BTreeMap<Arc<str>, End> =
            contracts.into_iter().filter_map(|(uid, ends)| Some((uid, last(ends?)?))).collect();
        self.begin(input, prior, ended);
    }

    fn begin(&mut self, input: &PlanInput<'_>, prior: &Prior, ended: BTreeMap<Arc<str>, End>) {
        if ended.is_empty() {
            return;
        }
        let mut members: BTreeMap<Arc<str>, BTreeSet<AddressHash>> = BTreeMap::new();
        for object in everything(input, prior) {
            if let Some(uid) = object.uid.filter(|uid| ended.contains_key(uid)) {
                members.entry(uid).or_default().insert(object.existing.marker.address.clone());
            }
        }
        for (uid, end) in ended {
            let owner = owner(input.fingerprint, &uid);
            let mut members = members.remove(&uid).unwrap_or_default();
            for (hash, _) in input.snapshot.made_for().filter(|(_, made_for)| *made_for == owner) {
                self.by_hash.insert(hash.clone(), owner.clone());
                members.insert(hash);
            }
            let members = members.into_iter().collect();
            // One that was held back keeps the time of which it was first seen.
            let held = input.snapshot.tombstones.get(&owner).map(|tombstone| tombstone.since);
            let since = held.map_or(end.since, |held| held.min(end.since));
            let departure = Departure { owner: owner.clone(), members, cause: end.cause, since };
            let held = input.options.hold_departures;
            self.by_uid.insert(uid, owner.clone());
            self.households.insert(owner, Household { why: end.why, since, held, new: Some(departure) });
        }
    }

    /// The departures that begin with this plan. What is configured and only half there, or not yet, belongs to them too.
    pub(super) fn begun(&self, hash: impl Fn(&Address) -> AddressHash) -> Vec<Departure> {
        let new = self.households.values().filter(|household| !household.held);
        let mut begun: BTreeMap<&Owner, Departure> =
            new.filter_map(|household| household.new.as_ref()).map(|new| (&new.owner, new.clone())).collect();
        for (address, owner) in &self.addresses {
            if let Some(departure) = begun.get_mut(owner) {
                departure.members.push(hash(address));
            }
        }
        for departure in begun.values_mut() {
            departure.members.sort();
            departure.members.dedup();
        }
        begun.into_values().collect()
    }

    /// Whether what bears the hash of an address belongs to a household that goes now.
    pub(super) fn takes(&self, hash: &AddressHash) -> bool {
        self.household(None, hash).is_some_and(|household| !household.held)
    }

    /// The household that an object belongs to. An address tells it only of what says itself of no account: another
    /// customer's object may have come to an address of those who left (moved, imported).
    fn owner(&self, uid: Option<&str>, hash: &AddressHash) -> Option<&Owner> {
        match uid {
            Some(uid) => self.by_uid.get(uid),
            None => self.by_hash.get(hash),
        }
    }

    fn household(&self, uid: Option<&str>, hash: &AddressHash) -> Option<&Household> {
        self.households.get(self.owner(uid, hash)?)
    }
}

/// The end of a contract.
struct End {
    why: String,
    cause: Cause,
    since: Timestamp,
}

/// An object that is there, and the account it belongs to.
struct Belonging<'a> {
    kind: &'a str,
    existing: std::borrow::Cow<'a, Existing>,
    uid: Option<Arc<str>>,
}

/// Everything there is, left-over halves apart.
fn everything<'a>(input: &'a PlanInput<'_>, prior: &'a Prior) -> impl Iterator<Item = Belonging<'a>> {
    use std::borrow::Cow;
    let known = prior.current.iter().map(|(address, existing)| (address.kind(), Cow::Borrowed(existing)));
    let strangers = prior.unclaimed.iter().flat_map(move |((kind, _), group)| {
        let found = group.iter().filter_map(move |o| adopted(input, kind, o, Origin::Adopted));
        found.map(move |existing| (&**kind, Cow::Owned(existing)))
    });
    known.chain(strangers).map(|(kind, existing)| {
        let uid = uid(input, kind, &existing);
        Belonging { kind, existing, uid }
    })
}

fn uid(input: &PlanInput<'_>, kind: &str, existing: &Existing) -> Option<Arc<str>> {
    input.kinds.get(kind)?.owner(&existing.attributes).map(Arc::from)
}

/// The account that an object belonged to which vanished and would be made again as the same one.
fn vanished_uid(input: &PlanInput<'_>, prior: &Prior, address: &Address) -> Option<Arc<str>> {
    let object = prior.vanished(input, address)?;
    input.kinds.get(address.kind())?.owner(&object.attributes).map(Arc::from)
}

impl Planner<'_> {
    /// What becomes of a configured instance whose household must go; none if it may stay. One that says itself of no account
    /// (it is not there, or half made) belongs to the account that its configuration names.
    pub(super) fn fate(&mut self, address: &Address, existing: Option<&Existing>) -> Option<Fate> {
        let uid = match existing {
            Some(existing) => uid(self.input, address.kind(), existing),
            None => vanished_uid(self.input, &self.prior, address),
        };
        let hash = (self.input.marker)(address).address;
        // Where those who left had been, nobody is made again.
        let before = || existing.is_none().then(|| self.departing.by_hash.get(&hash)).flatten();
        let owner = match self.departing.owner(uid.as_deref(), &hash).or_else(before) {
            Some(owner) => owner.clone(),
            None if uid.is_none() => self.configured_owner(address)?,
            None => return None,
        };
        let Household { why, since, held, .. } = self.departing.households.get(&owner)?.clone();
        if held {
            return Some(Fate::Held { why });
        }
        self.departing.addresses.insert(address.clone(), owner);
        Some(Fate::Departs { why, deadline: deadline(since) })
    }

    /// The household of the account that an instance's configuration names, if that account is one that goes.
    fn configured_owner(&self, address: &Address) -> Option<Owner> {
        let arguments = &self.world.resource(&address.resource)?.config.attributes;
        let account = arguments.iter().find(|argument| &*argument.name == "account")?;
        let (account, findings) = evaluate(&account.value, &self.world.inside(address), self.input.host);
        if findings.has_errors() || !account.is_null() {
            return None;
        }
        self.needs(address).into_iter().find_map(|needed| self.departed(&needed).cloned())
    }

    /// The household of the departing instance that an address, perhaps of a whole resource, stands for.
    fn departed(&self, needed: &Address) -> Option<&Owner> {
        let departing = &self.departing.addresses;
        if needed.key.is_some() {
            return departing.get(needed);
        }
        let first = Address { resource: ResourceName::clone(&needed.resource), key: None };
        let found = departing.range(first..).next().filter(|(found, _)| found.resource == needed.resource);
        found.map(|(_, owner)| owner)
    }

    /// Deletes whatever belongs to households that must go and that the walk through the configuration has not met: what is
    /// not configured, and everything when the configuration is not looked at.
    pub(super) fn plan_departing(&mut self) {
        let addresses: Vec<Address> = self.prior.current.keys().cloned().collect();
        for address in addresses {
            let Some(existing) = self.prior.current.get(&address) else { continue };
            let uid = uid(self.input, address.kind(), existing);
            let hash = existing.marker.address.clone();
            let Some(household) = self.departing.household(uid.as_deref(), &hash).cloned() else { continue };
            let draft = match household.held {
                true if self.input.options.mode == Mode::Retention => continue,
                true => Draft::keep(address.clone(), existing.clone()),
                false => self.departure(address.clone(), existing.clone(), household.why, deadline(household.since)),
            };
            self.prior.current.remove(&address);
            self.drafts.insert(address, draft);
        }
        self.plan_departing_halves();
        self.plan_departing_strangers();
    }

    /// The same for left-over halves of replacements.
    fn plan_departing_halves(&mut self) {
        for (key, existing) in std::mem::take(&mut self.prior.deposed) {
            let uid = uid(self.input, key.address.kind(), &existing);
            let household = self.departing.household(uid.as_deref(), &existing.marker.address).cloned();
            match household.filter(|household| !household.held) {
                Some(Household { why, since, .. }) => {
                    let mut draft = self.departure(key.address, existing, why, deadline(since));
                    draft.change.deposed = key.deposed;
                    self.leftovers.push(draft);
                }
                None => {
                    self.prior.deposed.insert(key, existing);
                }
            }
        }
    }

    /// The same for objects that only the clouds know.
    fn plan_departing_strangers(&mut self) {
        let mut drafts = Vec::new();
        for ((kind, hash), group) in &mut self.prior.unclaimed {
            group.retain(|observed| {
                // Parts whose main object is gone already have no uid: their address tells whose they are.
                let observed = with_part_id(observed.clone());
                let Some(existing) = adopted(self.input, kind, &observed, Origin::Adopted) else { return true };
                let uid = uid(self.input, kind, &existing);
                let Some(household) = self.departing.household(uid.as_deref(), hash) else { return true };
                if !household.held {
                    let address = super::delete::orphan_address(kind, &existing);
                    drafts.push((address, existing, household.why.clone(), deadline(household.since)));
                }
                false
            });
        }
        self.prior.unclaimed.retain(|_, group| !group.is_empty());
        for (address, existing, why, deadline) in drafts {
            let draft = self.departure(address, existing, why, deadline);
            self.leftovers.push(draft);
        }
    }

    /// The deletion of an object whose household must go. `prevent_destroy` is no match for a promise.
    pub(super) fn departure(&self, address: Address, existing: Existing, why: String, deadline: Timestamp) -> Draft {
        let kind = self.world.kind(address.kind());
        let mut draft = Draft::delete(address, existing, Some(Reason::Ended { why }));
        draft.change.deadline = Some(deadline);
        draft.change.loss = kind.zip(draft.change.before.as_ref()).and_then(|(kind, before)| kind.loss(before));
        draft
    }
}
