//! What the clouds do when the engine asks: make, change, delete; each is told to the judge.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::identity::{ExternalId, Marker};
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use ampere_lang::value::{Type, Value};

use crate::life::Contract;
use crate::thing::{Thing, kind_named, prefixes};
use crate::world::World;

impl World {
    /// Whether it is an ended contract of which nothing is left to delete.
    pub fn is_history(&self, thing: &Thing) -> bool {
        thing.is_over() && !self.halves.contains_key(&thing.marker)
    }

    /// Makes the half of an object, unless it is there; whether it was made.
    pub fn make_half(&mut self, kind: &str, key: &str, marker: &Marker) -> bool {
        let Some(prefix) = prefixes(kind).1.filter(|_| !self.halves.contains_key(marker)) else { return false };
        let (id, thing) = self.thing(prefix, kind, key, marker, true);
        self.halves.insert(marker.clone(), id.clone());
        self.put(id, thing);
        true
    }

    /// Makes an object, or takes over the one that bears its marker.
    pub fn make(
        &mut self,
        kind: &str,
        key: &str,
        marker: &Marker,
        given: BTreeMap<Arc<str>, Value>,
    ) -> Result<ExternalId, ProviderError> {
        let there = self.mains.get(marker).filter(|id| self.things.get(id).is_some_and(|thing| !thing.is_over()));
        if let Some(id) = there.cloned() {
            self.things.entry(id.clone()).and_modify(|thing| thing.given.extend(given));
            return Ok(id);
        }
        if let Some(email) = given.get("email").and_then(Value::as_str) {
            let users = self.things.values().filter(|thing| !thing.userless);
            if users.filter_map(|user| user.given.get("email")).any(|taken| taken.as_str() == Some(email)) {
                return Err(ProviderError::new("Test Cloud", ProviderErrorKind::Conflict, "the address is taken"));
            }
        }
        let (id, mut thing) = self.thing(prefixes(kind).0, kind, key, marker, false);
        thing.given.extend(given);
        self.complete(&id, &mut thing);
        self.mains.insert(marker.clone(), id.clone());
        // What pays for a server pays for its firewall.
        if let (Some(half), Some(pays)) = (self.halves.get(marker), thing.given.get("subscription")) {
            self.things.entry(half.clone()).and_modify(|half| {
                half.given.insert("subscription".into(), pays.clone());
            });
        }
        let (life, signs) = (thing.life, thing.contract.is_some());
        self.put(id.clone(), thing);
        if let Some(life) = life.filter(|_| signs) {
            self.judge.signed(life, &id.0);
            self.signed(life);
        }
        Ok(id)
    }

    fn thing(&mut self, prefix: &str, kind: &str, key: &str, marker: &Marker, half: bool) -> (ExternalId, Thing) {
        self.made += 1;
        // A uid is made from the marker, so that it is the same for the same address.
        let name = if kind == "ampere_account" { marker.address.to_string() } else { self.made.to_string() };
        let life = self.lives.iter().position(|life| life.key == key);
        let kind = kind_named(kind);
        let thing =
            Thing { kind, marker: marker.clone(), life, half, contract: None, given: BTreeMap::new(), userless: false };
        (ExternalId(format!("{prefix}{name}").into()), thing)
    }

    /// Adds what the cloud alone knows of a new object.
    fn complete(&self, id: &ExternalId, thing: &mut Thing) {
        let mut tell = |name: &str, value: Value| thing.given.insert(name.into(), value);
        tell("id", Value::string(&id.0));
        match thing.kind {
            "ampere_instance" => {
                tell("status", Value::string("running"));
                tell("ipv4", Value::string("192.0.2.7"));
            }
            "ampere_account" => {
                tell("disabled", Value::bool(false));
                tell("sign_in_providers", Value::list(Type::String, []));
            }
            "ampere_subscription" => {
                if let Some(customer) = self.halves.get(&thing.marker) {
                    tell("customer_id", Value::string(&customer.0));
                }
                let life = thing.life.map(|life| &self.lives[life]);
                thing.contract = life.map(|life| Contract::new(life.trial, life.strict, self.now));
            }
            _ => {}
        }
    }

    fn put(&mut self, id: ExternalId, thing: Thing) {
        match thing.life {
            Some(life) => self.judge.made(life, &id.0, self.now),
            None => self.judge.trespass(&id.0, self.now),
        }
        self.things.insert(id, thing);
    }

    /// Changes an object, and makes its half if that is missing.
    pub fn update(
        &mut self,
        id: &ExternalId,
        kind: &str,
        marker: &Marker,
        given: BTreeMap<Arc<str>, Value>,
    ) -> Result<(), ProviderError> {
        let Some(thing) = self.things.get_mut(id) else {
            return Err(ProviderError::new("Test Cloud", ProviderErrorKind::NotFound, "it is gone"));
        };
        let Some(life) = thing.life else {
            self.judge.trespass(&id.0, self.now);
            return Ok(());
        };
        thing.given.extend(given);
        thing.userless = false;
        let key = self.lives[life].key.clone();
        if !self.things[id].is_over() {
            self.make_half(kind, &key, marker);
        }
        Ok(())
    }

    /// Deletes an object for the engine; returns its other half, which goes next.
    pub fn delete(&mut self, id: &ExternalId, marker: &Marker) -> Option<ExternalId> {
        let Some(thing) = self.things.get_mut(id) else { return self.halves.get(marker).cloned() };
        let Some(life) = thing.life.filter(|_| thing.marker == *marker) else {
            self.judge.trespass(&id.0, self.now);
            return None;
        };
        let half = if thing.half { None } else { self.halves.get(marker).cloned() };
        let now = self.now;
        if let Some(contract) = &mut thing.contract {
            // Stripe keeps an ended contract to be read; what can be deleted is its customer.
            if !contract.is_over() {
                contract.end("canceled", now);
                self.judge.deleted(life, &id.0, Some(&id.0), now);
                self.judge.ended(life, &id.0, now);
            }
            return half;
        }
        let pays = thing.given.get("subscription").and_then(Value::as_str).map(str::to_owned);
        let pays = pays.or_else(|| self.mains.get(marker).map(ToString::to_string));
        self.judge.deleted(life, &id.0, pays.as_deref(), now);
        if let Some(thing) = self.things.remove(id) {
            self.forget(&thing);
        }
        half
    }

    /// Forgets where an object is that was taken away.
    pub fn forget(&mut self, thing: &Thing) {
        let index = if thing.half { &mut self.halves } else { &mut self.mains };
        index.remove(&thing.marker);
    }

    /// Puts something there that belongs to another stack and looks much like ours.
    pub fn plant(&mut self, id: &str, kind: &str, marker: Marker, given: BTreeMap<Arc<str>, Value>) {
        let thing =
            Thing { kind: kind_named(kind), marker, life: None, half: false, contract: None, given, userless: false };
        self.things.insert(id.into(), thing);
    }
}
