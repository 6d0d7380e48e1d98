//! What we remember: bindings of addresses to objects, last known attributes, outputs, unfinished steps.
mod record;
mod stored;

pub use record::{RecordKind, StoredRecord};
pub use stored::{StoredKey, StoredObject, StoredOutput, StoredSnapshot};

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::Value;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::identity::{AddressHash, ExternalId};
use crate::retention::{Owner, Tombstone};
use crate::vault::Sealed;

/// The state of a stack at one serial.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Rises with every transaction.
    pub serial: u64,
    /// Objects by address; a deposed one (left over from a create-before-destroy) stands beside the current one.
    pub objects: BTreeMap<ObjectKey, Object>,
    /// Root outputs that are neither null nor ephemeral.
    pub outputs: BTreeMap<Arc<str>, OutputValue>,
    /// Journal entries without an end: their calls may or may not have had an effect.
    pub pending: Vec<PendingStep>,
    /// Households that depart or have departed.
    pub tombstones: BTreeMap<Owner, Tombstone>,
    /// Texts by name, such as when parts were last listed.
    pub marks: BTreeMap<Arc<str>, Arc<str>>,
}

/// The mark that says when everything was last listed with all its parts.
pub const PARTS_LISTED_AT: &str = "parts_listed_at";

/// How the marks begin that say for whom a create was begun, by the hash of its address. They stand until the object is in
/// the state and says it itself: what a create leaves half made may say nothing.
const MADE_FOR: &str = "made_for.";

/// The record that says for whom an object is being made. It holds hashes only.
pub(crate) fn made_for(address: &AddressHash, owner: &Owner) -> StoredRecord {
    StoredRecord { kind: RecordKind::Mark, id: format!("{MADE_FOR}{address}"), body: owner.to_string() }
}

impl Snapshot {
    /// For whom creates were begun that have left no object in the state, by the hash of their addresses.
    pub fn made_for(&self) -> impl Iterator<Item = (AddressHash, Owner)> {
        let marks = self.marks.iter().filter_map(|(name, owner)| Some((name.strip_prefix(MADE_FOR)?, owner)));
        marks.map(|(hash, owner)| (AddressHash(hash.into()), Owner(owner.clone())))
    }

    /// When everything was last listed with all its parts; none if it never was, as far as is known.
    pub fn parts_listed_at(&self) -> Option<jiff::Timestamp> {
        self.marks.get(PARTS_LISTED_AT)?.parse().ok()
    }
}

/// The key of an object in the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The address.
    pub address: Address,
    /// 8 hex digits for a deposed object.
    pub deposed: Option<Arc<str>>,
}

impl ObjectKey {
    /// The key of the current object of an address.
    pub fn current(address: Address) -> ObjectKey {
        ObjectKey { address, deposed: None }
    }
}

/// An object as we last knew it.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its id at the cloud.
    pub id: ExternalId,
    /// All attributes, an object of the schema's type; sensitive ones marked.
    pub attributes: Value,
    /// Addresses it depended on when it was made, for the order of destruction: of an instance where it needed that one
    /// alone (`x.y[each.key]`), of a whole resource block else. See `World::config`.
    pub dependencies: Vec<Arc<str>>,
    /// Whether its replacement is made first.
    pub create_before_destroy: bool,
    /// Whether it must be replaced.
    pub tainted: bool,
    /// The schema's version at the time.
    pub schema_version: u32,
    /// A secret of this object as it was sealed (see [`crate::provider::Applied`]).
    pub sealed: Option<Sealed>,
}

/// A root output's value.
#[derive(Clone, Debug)]
pub struct OutputValue {
    /// The value (marked sensitive if the output is).
    pub value: Value,
    /// Whether the output is declared sensitive.
    pub sensitive: bool,
}

/// A step that was begun and of which no end is written: its outcome is unknown until the clouds are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingStep {
    /// The idempotency key of the step: stable for the same plan and step.
    pub key: String,
    /// The address, as text.
    pub address: String,
    /// `create`, `update`, `delete`.
    pub operation: String,
    /// When it was begun.
    pub started_at: jiff::Timestamp,
}
