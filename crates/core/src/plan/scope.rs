//! What a limited plan is about, as far as it can be told before any cloud is asked.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::{Module, parse_resource_address};
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::eval::Host;
use ampere_lang::value::Value;

use super::Options;
use super::moved::Moves;
use super::target::Limits;
use crate::address::Address;
use crate::evaluate::World;
use crate::identity::ExternalId;
use crate::kind::Kinds;
use crate::snapshot::Snapshot;

/// What a plan with `-target` must see of the clouds; what else there is does not change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The objects of the state that it is about, by kind; a kind of which it is about none yet has an empty set.
    pub objects: BTreeMap<Arc<str>, BTreeSet<ExternalId>>,
    /// Whether an earlier step on one of its addresses has no end: then there may be an object that the state does not know.
    pub unsettled: bool,
}

/// The scope of a plan: none if it is about everything.
pub fn scope(
    module: &Module,
    variables: &BTreeMap<Arc<str>, Value>,
    kinds: &Kinds,
    snapshot: &Snapshot,
    options: &Options,
    host: &dyn Host,
) -> Option<Scope> {
    if options.targets.is_empty() {
        return None;
    }
    // What is wrong with moves, the plan itself says.
    let mut told = Diagnostics::new();
    let moves = Moves::new(module, &mut told);
    let current = snapshot.objects.keys().filter(|key| key.deposed.is_none()).map(|key| &key.address);
    let destinations = moves.all(module, current, &mut told);
    let at = |address| destinations.get(address).unwrap_or(address);
    let objects = || snapshot.objects.iter().map(|(key, object)| (at(&key.address), object));
    let world = World::new(module, variables, kinds, host);
    let limits = Limits::new(options, &world, objects().map(|(at, object)| (at, &object.dependencies[..])))?;
    let mut scope = Scope::default();
    for name in &limits.touched {
        scope.objects.entry(name.resource_type.clone()).or_default();
    }
    for (address, object) in objects().filter(|(address, _)| limits.includes(address)) {
        scope.objects.entry(address.resource.resource_type.clone()).or_default().insert(object.id.clone());
    }
    scope.unsettled = snapshot.pending.iter().any(|step| match parse_resource_address(&step.address) {
        Ok((resource, key)) => {
            let address = Address { resource, key };
            limits.includes(&moves.destination(&address)) || limits.includes(&address)
        }
        // What cannot be told apart may be in.
        Err(_) => true,
    });
    Some(scope)
}
