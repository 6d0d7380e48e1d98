//! The order of deletions: what depended on an object goes before it.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::Value;

use super::lower::{Deletion, Lowering};
use super::prior::Origin;
use super::sequence::Strength;
use crate::address::Address;

/// Adds the edges between deletions, and between deletions and the changes that let go of what is deleted.
pub(super) fn order_deletions(lowering: &mut Lowering<'_>) {
    let deletions = std::mem::take(&mut lowering.deletions);
    let updates = std::mem::take(&mut lowering.updates);
    let makers = std::mem::take(&mut lowering.makers);
    let dependents = by_need(deletions.iter().map(|d| (d.step, &d.existing.dependencies[..])));
    let users = by_need(updates.into_iter());
    let orphans = references(&deletions);
    let creates = match deletions.iter().any(|d| d.existing.origin == Origin::Adopted) {
        true => lowering.creates(),
        false => BTreeMap::new(),
    };
    let mut first = Gathered { lists: dependents, strength: Strength::Remembered };
    let mut released = Gathered { lists: users, strength: Strength::Soft };
    let makers = makers.into_iter().map(|(name, steps)| (Arc::from(name), steps)).collect();
    let mut renewed = Gathered { lists: makers, strength: Strength::Hard };
    for deletion in &deletions {
        for name in names(deletion) {
            first.before(lowering, deletion, &name);
            if deletion.pure {
                released.before(lowering, deletion, &name);
            }
            if deletion.replaced {
                renewed.before(lowering, deletion, &name);
            }
        }
        // A create takes over what bears its marker: an orphan that does so must be gone by then.
        if deletion.existing.origin == Origin::Adopted {
            let marked = (Arc::from(deletion.address.kind()), deletion.existing.marker.address.clone());
            if let Some(create) = creates.get(&marked) {
                lowering.wait_for(*create, &[deletion.step], Strength::Remembered);
            }
        }
        let referring = orphans.get(&deletion.step).map_or(&[][..], |steps| steps);
        lowering.wait_for(deletion.step, referring, Strength::Remembered);
    }
}

/// The names under which others may have depended on an object.
fn names(deletion: &Deletion<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut add = |address: &Address| {
        names.push(address.to_string());
        if address.key.is_some() {
            names.push(address.resource.to_string());
        }
    };
    add(deletion.address);
    deletion.existing.moved_from.iter().for_each(&mut add);
    names
}

/// Steps by the names of what they need.
fn by_need<'a>(steps: impl Iterator<Item = (u32, &'a [Arc<str>])>) -> BTreeMap<Arc<str>, Vec<u32>> {
    let mut lists: BTreeMap<Arc<str>, Vec<u32>> = BTreeMap::new();
    for (step, needs) in steps {
        for name in needs {
            lists.entry(name.clone()).or_default().push(step);
        }
    }
    lists
}

/// Lists of steps to come before a deletion, each gathered at most once.
struct Gathered {
    lists: BTreeMap<Arc<str>, Vec<u32>>,
    strength: Strength,
}

impl Gathered {
    fn before(&mut self, lowering: &mut Lowering<'_>, deletion: &Deletion<'_>, name: &str) {
        let Some(list) = self.lists.get_mut(name) else { return };
        let steps = std::mem::take(list);
        let gathered = lowering.gather(steps, &deletion.address.resource);
        lowering.wait_for(deletion.step, &gathered, self.strength);
        *list = gathered;
    }
}

/// Objects that nobody remembers say by their attributes what they belong to: an attribute that holds another object's id.
/// For each deletion the deletions that must come first.
fn references(deletions: &[Deletion<'_>]) -> BTreeMap<u32, Vec<u32>> {
    let mut by_id: BTreeMap<&str, Vec<&Deletion<'_>>> = BTreeMap::new();
    if deletions.iter().all(|d| d.existing.origin == Origin::State) {
        return BTreeMap::new();
    }
    for deletion in deletions {
        by_id.entry(&deletion.existing.id.0).or_default().push(deletion);
    }
    let mut found: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for deletion in deletions {
        let attributes = deletion.existing.attributes.entries().into_iter().flatten();
        for text in attributes.filter_map(|(_, value)| Value::as_str(value)) {
            for target in by_id.get(text).into_iter().flatten() {
                let stranger = [deletion, *target].iter().any(|d| d.existing.origin != Origin::State);
                if target.step != deletion.step && stranger && target.address.kind() != deletion.address.kind() {
                    found.entry(target.step).or_default().push(deletion.step);
                }
            }
        }
    }
    found
}
