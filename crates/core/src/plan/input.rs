//! What a plan is made from.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::Module;
use ampere_lang::eval::Host;
use ampere_lang::value::Value;
use jiff::Timestamp;

use super::Options;
use crate::address::Address;
use crate::identity::{ExternalId, Marker};
use crate::inventory::{Inventory, Observed};
use crate::kind::{Fingerprint, Kinds};
use crate::snapshot::Snapshot;

/// Everything a plan depends on: the same input makes the same plan.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    /// The configuration.
    pub module: &'a Module,
    /// Final values of its variables.
    pub variables: &'a BTreeMap<Arc<str>, Value>,
    /// The kinds there are.
    pub kinds: &'a Kinds,
    /// What we remember.
    pub snapshot: &'a Snapshot,
    /// What is there.
    pub inventory: &'a Inventory,
    /// Objects of `import` blocks (see [`super::import_requests`]), by kind and id; one that is missing here does not exist.
    pub imported: &'a BTreeMap<(Arc<str>, ExternalId), Observed>,
    /// What the plan is asked for.
    pub options: &'a Options,
    /// What the language's functions may use.
    pub host: &'a dyn Host,
    /// Makes keyed fingerprints.
    pub fingerprint: &'a dyn Fingerprint,
    /// The marker that an address has.
    pub marker: &'a dyn Fn(&Address) -> Marker,
    /// The time of the plan.
    pub now: Timestamp,
}
