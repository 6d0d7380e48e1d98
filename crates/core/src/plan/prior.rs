//! What is there before the plan: the state's objects as the listings found them.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::Value;
use jiff::SignedDuration;

use super::moved::Moves;
use super::refresh::refreshed;
use super::{Drift, PlanInput};
use crate::address::Address;
use crate::identity::{AddressHash, ExternalId, Marker};
use crate::inventory::{Listing, Observed};
use crate::kind::Gate;
use crate::snapshot::{Object, ObjectKey, PendingStep};

/// By how much the clocks of a cloud and of this machine may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// An object that is there.
#[derive(Clone, Debug)]
pub(super) struct Existing {
    /// Its id.
    pub(super) id: ExternalId,
    /// Its attributes as they are now.
    pub(super) attributes: Value,
    /// Whether the state remembers other attributes.
    pub(super) drifted: bool,
    /// Addresses it depended on when it was made.
    pub(super) dependencies: Vec<Arc<str>>,
    /// Whether it must be replaced.
    pub(super) tainted: bool,
    /// Whether an earlier run has begun to delete it and ended its contract: that is no end of the customer's doing.
    pub(super) half_deleted: bool,
    /// Parts of it that should be there and are not.
    pub(super) missing: Vec<&'static str>,
    /// The marker it bears.
    pub(super) marker: Marker,
    /// Whether the state remembers what was sealed for it.
    pub(super) sealed: bool,
    /// Where the state has it, when that is another address.
    pub(super) moved_from: Option<Address>,
    /// How we know of it.
    pub(super) origin: Origin,
}

/// How an object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The state has it.
    State,
    /// It bears our marker and the hash of the address, and the state does not know it.
    Adopted,
    /// An `import` block names it.
    Imported,
}

/// An object that the state has and that is not there any more.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    /// Where the state has it.
    pub(super) remembered_at: Address,
}

/// Everything that is there before the plan.
#[derive(Debug, Default)]
pub(super) struct Prior {
    /// Objects by the address they belong to now (moves applied).
    pub(super) current: BTreeMap<Address, Existing>,
    /// Left-over halves of replacements.
    pub(super) deposed: BTreeMap<ObjectKey, Existing>,
    /// Objects that have vanished, by the address they belonged to (moves applied).
    pub(super) gone: BTreeMap<Address, Gone>,
    /// Left-over halves that have vanished.
    pub(super) gone_deposed: BTreeSet<ObjectKey>,
    /// Objects with our marker that the state does not know, by kind and address hash.
    pub(super) unclaimed: BTreeMap<(Arc<str>, AddressHash), Vec<Observed>>,
    /// Kinds whose listing cannot be relied on, and its problems.
    pub(super) incomplete: BTreeMap<Arc<str>, Vec<String>>,
    /// Differences between memory and reality.
    pub(super) drift: Vec<Drift>,
}

impl Prior {
    /// Lays the inventory over the snapshot.
    pub(super) fn new(input: &PlanInput<'_>, moves: &Moves, diagnostics: &mut Diagnostics) -> Prior {
        let mut prior = Prior::default();
        let mut seen = Sightings::new(input, &mut prior);
        let current = input.snapshot.objects.keys().filter(|key| key.deposed.is_none()).map(|key| &key.address);
        let destinations = moves.all(input.module, current, diagnostics);
        for (key, object) in &input.snapshot.objects {
            let address = destinations.get(&key.address).unwrap_or(&key.address).clone();
            match seen.of(key, object) {
                Sighting::Gone => prior.lose(key, object, address),
                Sighting::NotLooked => prior.keep(key, address, believed(input, key, object)),
                Sighting::Found(observed) => {
                    let existing = found(input, &key.address, object, observed);
                    if existing.drifted {
                        let after = Some(existing.attributes.clone());
                        let before = object.attributes.clone();
                        prior.drift.push(Drift { address: address.clone(), before, after });
                    }
                    prior.keep(key, address, existing);
                }
            }
        }
        prior.unclaimed = seen.unclaimed();
        prior.drift.sort_by(|a, b| a.address.cmp(&b.address));
        prior
    }

    fn keep(&mut self, key: &ObjectKey, address: Address, mut existing: Existing) {
        if key.deposed.is_some() {
            self.deposed.insert(key.clone(), existing);
            return;
        }
        existing.moved_from = (key.address != address).then(|| key.address.clone());
        self.current.insert(address, existing);
    }

    fn lose(&mut self, key: &ObjectKey, object: &Object, address: Address) {
        if key.deposed.is_some() {
            self.gone_deposed.insert(key.clone());
            return;
        }
        self.drift.push(Drift { address: address.clone(), before: object.attributes.clone(), after: None });
        self.gone.insert(address, Gone { remembered_at: key.address.clone() });
    }

    /// What the state remembers of an object that has vanished and can be made again under its id.
    pub(super) fn vanished<'a>(&self, input: &'a PlanInput<'_>, address: &Address) -> Option<&'a Object> {
        let gone = self.gone.get(address)?;
        let kind = input.kinds.get(address.kind()).filter(|kind| kind.keeps_id());
        kind.and_then(|_| input.snapshot.objects.get(&ObjectKey::current(gone.remembered_at.clone())))
    }

    /// All objects of the state that are there, by kind and id.
    pub(super) fn by_id(&self) -> BTreeMap<(Arc<str>, ExternalId), (Address, Value)> {
        let known = self.current.iter();
        known
            .map(|(a, e)| ((a.resource.resource_type.clone(), e.id.clone()), (a.clone(), e.attributes.clone())))
            .collect()
    }

    /// Takes an object out that bears the hash of an address and that nobody has claimed.
    pub(super) fn claim(&mut self, kind: &str, hash: &AddressHash) -> Option<Observed> {
        let key = (Arc::from(kind), hash.clone());
        let waiting = self.unclaimed.get_mut(&key)?;
        let position = waiting.iter().position(|o| o.id.is_some())?;
        let observed = waiting.remove(position);
        if waiting.is_empty() {
            self.unclaimed.remove(&key);
        }
        Some(observed)
    }

    /// Leaves parts without a main object, which bear the hash of an address, to the create that will take them over.
    pub(super) fn claim_parts(&mut self, kind: &str, hash: &AddressHash) {
        let key = (Arc::from(kind), hash.clone());
        if let Some(waiting) = self.unclaimed.get_mut(&key) {
            waiting.retain(|o| o.id.is_some());
            if waiting.is_empty() {
                self.unclaimed.remove(&key);
            }
        }
    }
}

/// What a listing says of one object of the state.
enum Sighting<'a> {
    Found(&'a Observed),
    /// Nobody looked, or nobody can be sure.
    NotLooked,
    Gone,
}

/// The inventory by kind and id.
struct Sightings<'a> {
    input: &'a PlanInput<'a>,
    by_id: BTreeMap<(&'a str, &'a ExternalId), &'a Observed>,
    known: BTreeSet<(&'a str, &'a ExternalId)>,
}

impl<'a> Sightings<'a> {
    fn new(input: &'a PlanInput<'a>, prior: &mut Prior) -> Sightings<'a> {
        let mut by_id = BTreeMap::new();
        for (kind, listing) in listings(input) {
            for observed in &listing.objects {
                if let Some(id) = &observed.id {
                    by_id.entry((&**kind, id)).or_insert(observed);
                }
            }
            if !listing.is_complete() {
                let problems = listing.problems.iter().map(|p| format!("{}: {}", p.place, p.message));
                prior.incomplete.insert(kind.clone(), problems.collect());
            }
        }
        Sightings { input, by_id, known: BTreeSet::new() }
    }

    fn of(&mut self, key: &'a ObjectKey, object: &'a Object) -> Sighting<'a> {
        let kind = key.address.kind();
        if let Some(observed) = self.by_id.get(&(kind, &object.id)) {
            self.known.insert((kind, &object.id));
            return Sighting::Found(observed);
        }
        match is_listed(self.input, kind) && self.input.inventory.would_hold(kind, &object.id) {
            true => Sighting::Gone,
            false => Sighting::NotLooked,
        }
    }

    /// Objects that no row of the state names, in an order that does not depend on the listing's.
    fn unclaimed(self) -> BTreeMap<(Arc<str>, AddressHash), Vec<Observed>> {
        let mut found: BTreeMap<(Arc<str>, AddressHash), Vec<Observed>> = BTreeMap::new();
        for (kind, listing) in listings(self.input) {
            let strangers = listing.objects.iter().filter(|o| match &o.id {
                Some(id) => !self.known.contains(&(&**kind, id)),
                None => true,
            });
            for observed in strangers.filter(|o| !o.marker.is_released()) {
                found.entry((kind.clone(), observed.marker.address.clone())).or_default().push(observed.clone());
            }
        }
        for group in found.values_mut() {
            group.sort_by(|a, b| (&a.id, part_ids(a)).cmp(&(&b.id, part_ids(b))));
        }
        found
    }
}

fn part_ids(observed: &Observed) -> Vec<&ExternalId> {
    observed.parts.iter().map(|p| &p.id).collect()
}

/// The listings to go by: none when the state is to be believed, and none of kinds that no cloud lists.
fn listings<'a>(input: &'a PlanInput<'a>) -> impl Iterator<Item = (&'a Arc<str>, &'a Listing)> {
    input.inventory.listings.iter().filter(|(kind, _)| is_listed(input, kind))
}

/// Whether objects of a kind are looked up in the inventory.
pub(super) fn is_listed(input: &PlanInput<'_>, kind: &str) -> bool {
    input.options.refreshed && input.kinds.get(kind).is_none_or(|kind| kind.listed())
}

fn believed(input: &PlanInput<'_>, key: &ObjectKey, object: &Object) -> Existing {
    Existing {
        id: object.id.clone(),
        attributes: object.attributes.clone(),
        drifted: false,
        dependencies: object.dependencies.clone(),
        tainted: object.tainted,
        half_deleted: false,
        missing: Vec::new(),
        sealed: object.sealed.is_some(),
        marker: match &key.deposed {
            Some(deposed) => deposed_marker(input, &key.address, deposed),
            None => (input.marker)(&key.address),
        },
        moved_from: None,
        origin: Origin::State,
    }
}

fn found(input: &PlanInput<'_>, address: &Address, object: &Object, observed: &Observed) -> Existing {
    let attributes = match input.kinds.get(address.kind()) {
        Some(kind) => refreshed(kind.schema(), Some(&object.attributes), observed),
        None => object.attributes.clone(),
    };
    let half_deleted = is_half_deleted(input, address, &attributes);
    Existing {
        id: object.id.clone(),
        drifted: !attributes.same(&object.attributes),
        attributes,
        dependencies: object.dependencies.clone(),
        tainted: object.tainted || half_deleted,
        half_deleted,
        missing: observed.missing.clone(),
        sealed: object.sealed.is_some(),
        marker: observed.marker.clone(),
        moved_from: None,
        origin: Origin::State,
    }
}

/// Whether a contract has ended since a run of ours began to delete it, of which no end is written.
fn is_half_deleted(input: &PlanInput<'_>, address: &Address, attributes: &Value) -> bool {
    let pending = &input.snapshot.pending;
    if pending.is_empty() {
        return false;
    }
    let address_text = address.to_string();
    let begun = |step: &&PendingStep| step.operation == "delete" && step.address == address_text;
    let Some(begun) = pending.iter().filter(begun).map(|step| step.started_at).min() else { return false };
    let standing = input.kinds.get(address.kind()).and_then(|kind| kind.standing(attributes, input.now));
    // The cloud's clock and ours may differ, and the cloud tells whole seconds.
    let begun = begun.saturating_sub(SKEW).unwrap_or(begun);
    matches!(standing, Some(Gate::Ended { since, .. }) if since.is_none_or(|since| since >= begun))
}

/// An object that only the cloud knows, as one of ours.
pub(super) fn adopted(input: &PlanInput<'_>, kind: &str, observed: &Observed, origin: Origin) -> Option<Existing> {
    let schema = input.kinds.get(kind)?.schema();
    Some(Existing {
        id: observed.id.clone()?,
        attributes: refreshed(schema, None, observed),
        drifted: false,
        dependencies: Vec::new(),
        tainted: false,
        half_deleted: false,
        missing: observed.missing.clone(),
        sealed: false,
        marker: observed.marker.clone(),
        moved_from: None,
        origin,
    })
}

/// The finding that a listing with problems stands in the way of something.
pub(super) fn incomplete_listing(kind: &str, problems: &[String], consequence: &str) -> Diagnostic {
    let detail = format!("Not all {kind} objects could be read: {}. {consequence}", problems.join("; "));
    Diagnostic::error("Incomplete listing", detail)
}

/// The marker of an object that was put aside for its replacement.
pub(super) fn deposed_marker(input: &PlanInput<'_>, address: &Address, deposed: &str) -> Marker {
    let mut address = address.clone();
    address.resource.name = format!("{} (deposed {deposed})", address.resource.name).into();
    (input.marker)(&address)
}
