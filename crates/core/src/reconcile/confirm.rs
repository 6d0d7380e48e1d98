//! "Deleted" is what two readers do not find any more (design invariant 9).
use std::collections::{BTreeMap, BTreeSet};

use super::pass::is_complete;
use super::{PassReport, Reconciler};
use ampere_lang::config::parse_resource_address;
use ampere_lang::value::Value;

use crate::address::Address;
use crate::audit;
use crate::engine::{Engine, EngineError};
use crate::identity::AddressHash;
use crate::inventory::{Depth, Inventory};
use crate::plan;
use crate::retention::{Owner, Tombstone};
use crate::snapshot::{ObjectKey, Snapshot};
use crate::store::Lease;

impl Reconciler {
    /// Looks again for those who should be gone: a complete listing made after their deletion finds nothing of them, and then
    /// the witness finds nothing either.
    pub(super) async fn confirm(
        &self,
        lease: &Lease,
        snapshot: &Snapshot,
        inventory: &Inventory,
        report: &mut PassReport,
    ) -> Result<(), EngineError> {
        let gone = self.gone(lease, snapshot, inventory, report).await?;
        if gone.is_empty() {
            return Ok(());
        }
        let kinds = self.engine.listed_kinds();
        let (seen, findings) = self.engine.list_by(&self.witness, &kinds, &BTreeMap::new(), Depth::Parts).await;
        if findings.has_errors() || !is_complete(&seen) {
            report.findings.extend(findings);
            return Ok(());
        }
        let found = Presence::of(&self.engine, &seen, None).with(snapshot.made_for());
        for mut tombstone in gone.into_iter().filter(|tombstone| !found.has(tombstone)) {
            tombstone.confirmed_at = Some(self.engine.clock.now());
            self.write(lease, &tombstone, "erasure.confirm", audit::Outcome::Succeeded).await?;
            report.confirmed.push(tombstone);
        }
        Ok(())
    }

    /// Those of whom this pass's own listing, made before it deleted anything, has nothing any more.
    async fn gone(
        &self,
        lease: &Lease,
        snapshot: &Snapshot,
        inventory: &Inventory,
        report: &PassReport,
    ) -> Result<Vec<Tombstone>, EngineError> {
        let waits = |tombstone: &&Tombstone| tombstone.is_begun() && tombstone.confirmed_at.is_none();
        let waiting: Vec<&Tombstone> = snapshot.tombstones.values().filter(waits).collect();
        if waiting.is_empty() || !is_complete(inventory) || is_unsettled(&self.engine, snapshot) {
            return Ok(Vec::new());
        }
        let found = Presence::of(&self.engine, inventory, Some(snapshot)).with(snapshot.made_for());
        let mut gone = Vec::new();
        for tombstone in waiting.into_iter().filter(|tombstone| !found.has(tombstone)) {
            let mut tombstone = tombstone.clone();
            if tombstone.gone_at.is_none() {
                tombstone.gone_at = Some(report.at);
                self.write(lease, &tombstone, "erasure.gone", audit::Outcome::Succeeded).await?;
            }
            gone.push(tombstone);
        }
        Ok(gone)
    }
}

/// Whether a create has no end and no object, and neither the journal nor what it made can tell for whom it was.
fn is_unsettled(engine: &Engine, snapshot: &Snapshot) -> bool {
    let told: BTreeSet<AddressHash> = snapshot.made_for().map(|(address, _)| address).collect();
    snapshot.pending.iter().filter(|step| step.operation == "create").any(|step| {
        let Ok((resource, key)) = parse_resource_address(&step.address) else { return true };
        let address = Address { resource, key };
        let keeps_id = engine.providers.kind(address.kind()).is_some_and(|kind| kind.keeps_id());
        let is_known = snapshot.objects.contains_key(&ObjectKey::current(address.clone()));
        !keeps_id && !is_known && !told.contains(&engine.vault.address_hash(&address))
    })
}

/// Households and addresses of which something is there.
pub(super) struct Presence {
    owners: BTreeSet<Owner>,
    addresses: BTreeSet<AddressHash>,
    /// For whom something may be half made at an address.
    made_for: Vec<(AddressHash, Owner)>,
}

impl Presence {
    /// What listings, and the state if it is asked too, know of.
    pub(super) fn of(engine: &Engine, inventory: &Inventory, snapshot: Option<&Snapshot>) -> Presence {
        let mut uids: BTreeSet<String> = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        // An address tells whose an object is only if the object does not say it itself.
        let mut note = |kind: &str, object: &Value, address: AddressHash| {
            let uid = engine.providers.kind(kind).and_then(|kind| kind.owner(object));
            match uid {
                Some(uid) => uids.insert(uid.to_owned()),
                None => addresses.insert(address),
            };
        };
        for (kind, listing) in &inventory.listings {
            listing.objects.iter().for_each(|o| note(kind, &o.object(), o.marker.address.clone()));
        }
        for (key, object) in snapshot.into_iter().flat_map(|snapshot| &snapshot.objects) {
            note(key.address.kind(), &object.attributes, engine.vault.marker(&key.address).address);
        }
        let owners = uids.iter().map(|uid| engine.owner(uid)).collect();
        Presence { owners, addresses, made_for: Vec::new() }
    }

    /// Knowing for whom creates were begun.
    pub(super) fn with(mut self, made_for: impl Iterator<Item = (AddressHash, Owner)>) -> Presence {
        self.made_for.extend(made_for);
        self
    }

    /// Whether anything of a household is there.
    pub(super) fn has(&self, tombstone: &Tombstone) -> bool {
        let begun = self.made_for.iter().filter(|(_, owner)| *owner == tombstone.owner).map(|(hash, _)| hash);
        let mut own = tombstone.members.iter().chain(begun);
        self.owners.contains(&tombstone.owner) || own.any(|hash| self.addresses.contains(hash))
    }
}

impl Engine {
    /// By what a household is known: the keyed fingerprint of its account's uid.
    pub fn owner(&self, uid: &str) -> Owner {
        plan::owner(&*self.vault, uid)
    }
}
