//! What is at the clouds: ours and others', what is on its way, and what was done that must never be done.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::Observed;
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use ampere_core::vault::Sealed;
use ampere_lang::value::Value;

use super::kinds;

/// An object.
#[derive(Clone, Debug)]
pub struct Thing {
    pub kind: &'static str,
    pub marker: Marker,
    pub attributes: BTreeMap<Arc<str>, Value>,
    pub sealed: Option<Sealed>,
    /// Rises with every change: documents are written only in the version that was read.
    revision: u64,
}

/// What a call does.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Makes an object, or takes over what bears the marker (but not what it is to replace).
    Make { key: String, thing: Box<Thing>, not: Option<ExternalId> },
    /// Changes one.
    Set { id: ExternalId, thing: Box<Thing> },
    /// Deletes one.
    Remove { id: ExternalId },
}

/// All there is.
#[derive(Default)]
pub struct World {
    pub things: BTreeMap<ExternalId, Thing>,
    /// As things were before the act before this one, and before this one.
    earlier: [BTreeMap<ExternalId, Thing>; 2],
    /// Whose we are.
    pub ours: Option<StackId>,
    /// What must never happen, and did.
    pub wrong: Vec<String>,
    late: Vec<(u64, Effect)>,
    keys: BTreeMap<String, ExternalId>,
    made: u64,
    calls: u64,
}

impl Thing {
    /// An object as it is wanted.
    pub fn new(
        kind: &'static str,
        marker: Marker,
        attributes: BTreeMap<Arc<str>, Value>,
        sealed: Option<Sealed>,
    ) -> Thing {
        Thing { kind, marker, attributes, sealed, revision: 0 }
    }

    /// As a listing shows it.
    pub fn observed(&self, id: &ExternalId) -> Observed {
        Observed {
            id: Some(id.clone()),
            marker: self.marker.clone(),
            attributes: self.attributes.clone(),
            parts: Vec::new(),
            missing: Vec::new(),
        }
    }
}

impl World {
    /// Another act begins.
    pub fn turn(&mut self) {
        self.earlier.swap(0, 1);
        self.earlier[1] = self.things.clone();
    }

    /// What a listing that lags shows.
    pub fn lagging(&self) -> &BTreeMap<ExternalId, Thing> {
        &self.earlier[0]
    }

    /// Objects of another stack, and of nobody.
    pub fn plant(&mut self, marker: &dyn Fn(&'static str) -> Marker) {
        for kind in kinds::ALL {
            let marker = marker(kind);
            let attributes = BTreeMap::from([("email".into(), Value::string("grace@example.com"))]);
            self.things.insert(ExternalId(format!("theirs-{kind}").into()), Thing::new(kind, marker, attributes, None));
        }
    }

    /// The ids of what is ours.
    pub fn own(&self) -> Vec<ExternalId> {
        let own = self.things.iter().filter(|(_, thing)| Some(&thing.marker.stack) == self.ours.as_ref());
        own.map(|(id, _)| id.clone()).collect()
    }

    /// What is there besides what is ours.
    pub fn others(&self) -> Vec<String> {
        let others = self.things.iter().filter(|(_, thing)| Some(&thing.marker.stack) != self.ours.as_ref());
        others.map(|(id, thing)| format!("{id} {thing:?}")).collect()
    }

    /// A call reaches the cloud: what was to arrive before it does.
    pub fn call(&mut self) {
        self.calls += 1;
        let now = self.calls;
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = late;
        let due: Vec<(u64, Effect)> = due;
        due.into_iter().for_each(|(_, effect)| self.arrives(effect));
    }

    /// A call whose effect comes so many calls later.
    pub fn delay(&mut self, calls: u8, effect: Effect) {
        self.late.push((self.calls + u64::from(calls), effect));
    }

    /// Everything that is on its way arrives.
    pub fn arrive(&mut self) {
        std::mem::take(&mut self.late).into_iter().for_each(|(_, effect)| self.arrives(effect));
    }

    fn arrives(&mut self, effect: Effect) {
        if !self.refuses(&effect) {
            // Nobody hears how it ends.
            drop(self.perform(effect, false));
        }
    }

    /// Whether the cloud refuses what comes too late: a name is taken by then, a document is another version.
    fn refuses(&self, late: &Effect) -> bool {
        match late {
            Effect::Make { thing, .. } => kinds::is_unique(thing.kind) && self.bearing(thing).is_some(),
            Effect::Set { id, thing } => {
                let versioned = thing.kind == kinds::SECRET || thing.kind == kinds::ACCOUNT;
                versioned && self.things.get(id).is_some_and(|now| now.revision != thing.revision)
            }
            Effect::Remove { .. } => false,
        }
    }

    /// The wanted object, to be written over the version that is there now.
    pub fn over(&self, id: &ExternalId, mut thing: Box<Thing>) -> Box<Thing> {
        thing.revision = self.things.get(id).map_or(0, |now| now.revision);
        thing
    }

    /// The object of a kind that bears the same marker.
    fn bearing(&self, thing: &Thing) -> Option<ExternalId> {
        find(&self.things, thing)
    }

    /// Does it. `lags`: what the provider looks up for it is seen as it was earlier.
    ///
    /// # Errors
    /// There is no such object.
    pub fn perform(&mut self, effect: Effect, lags: bool) -> Result<ExternalId, ProviderError> {
        match effect {
            Effect::Make { key, thing, not } => {
                let replayed = self.keys.get(&key).filter(|_| !kinds::is_unique(thing.kind)).cloned();
                let seen = match lags && !kinds::is_unique(thing.kind) {
                    true => find(self.lagging(), &thing).filter(|id| self.things.contains_key(id)),
                    false => self.bearing(&thing),
                };
                let seen = seen.filter(|id| Some(id) != not.as_ref());
                let id = replayed.filter(|id| self.things.contains_key(id)).or(seen).unwrap_or_else(|| {
                    self.made += 1;
                    ExternalId(format!("{}-{}", thing.kind, self.made).into())
                });
                self.keys.insert(key, id.clone());
                self.put(&id, *thing);
                Ok(id)
            }
            Effect::Set { id, thing } => {
                self.guard(&id, "changed");
                if !self.things.contains_key(&id) {
                    return Err(ProviderError::new("Sim", ProviderErrorKind::NotFound, "there is no such object"));
                }
                self.put(&id, *thing);
                Ok(id)
            }
            Effect::Remove { id } => {
                self.guard(&id, "deleted");
                self.things.remove(&id);
                Ok(id)
            }
        }
    }

    fn put(&mut self, id: &ExternalId, mut thing: Thing) {
        let before = self.things.get(id);
        thing.revision = before.map_or(0, |before| before.revision + 1);
        thing.sealed = thing.sealed.or_else(|| before?.sealed.clone());
        thing.attributes.insert("id".into(), Value::string(&id.0));
        self.things.insert(id.clone(), thing);
    }

    /// Only what bears our marker is ever touched.
    fn guard(&mut self, id: &ExternalId, what: &str) {
        if self.things.get(id).is_some_and(|thing| Some(&thing.marker.stack) != self.ours.as_ref()) {
            self.wrong.push(format!("{id} is not ours, and was {what}"));
        }
    }

    /// Somebody changes an object of ours by hand.
    pub fn change(&mut self, object: u8) {
        let own = self.own();
        let Some(id) = own.get(usize::from(object) % own.len().max(1)) else { return };
        let thing = self.things.get_mut(id).expect("it is there");
        let attribute = match thing.kind {
            kinds::ACCOUNT => "email",
            kinds::CONTRACT => "price",
            // Sealed values are not edited by hand; the document's account is.
            kinds::SECRET => "account",
            _ => "size",
        };
        thing.attributes.insert(attribute.into(), Value::string("by hand"));
        thing.revision += 1;
    }

    /// Somebody deletes one.
    pub fn delete(&mut self, object: u8) {
        let own = self.own();
        if let Some(id) = own.get(usize::from(object) % own.len().max(1)) {
            self.things.remove(id);
        }
    }

    /// Markers that more than one object of a kind bears.
    pub fn doubles(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let own = self.things.values().filter(|thing| Some(&thing.marker.stack) == self.ours.as_ref());
        own.filter(|thing| !seen.insert((thing.kind, thing.marker.clone())))
            .map(|thing| thing.kind.to_owned())
            .collect()
    }
}

fn find(things: &BTreeMap<ExternalId, Thing>, wanted: &Thing) -> Option<ExternalId> {
    let same = things.iter().find(|(_, thing)| thing.kind == wanted.kind && thing.marker == wanted.marker);
    same.map(|(id, _)| id.clone())
}
