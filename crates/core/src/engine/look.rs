//! What is looked at for a plan, and how: all of a kind by its list, or some objects by their ids.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::Module;
use ampere_lang::value::Value;

use super::Engine;
use super::depth::{depth, is_small};
use super::refresh::known;
use crate::identity::ExternalId;
use crate::inventory::Depth;
use crate::kind::Effort;
use crate::plan::{self, Options};
use crate::snapshot::Snapshot;

/// What is asked of the clouds.
pub(super) struct Look {
    /// How deep lists look.
    pub(super) depth: Depth,
    /// Kinds to list.
    pub(super) list: BTreeSet<Arc<str>>,
    /// Objects to read one by one, by kind.
    pub(super) read: BTreeMap<Arc<str>, BTreeSet<ExternalId>>,
}

impl Engine {
    /// The cheapest look that shows all that a plan depends on.
    pub(super) fn look(
        &self,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Look {
        let depth = depth(snapshot, options, self.clock.now());
        let all = || Look { depth, list: self.listed_kinds(), read: BTreeMap::new() };
        if options.thorough || is_small(snapshot) {
            return all();
        }
        let kinds = self.providers.kinds();
        let Some(scope) = plan::scope(module, variables, kinds, snapshot, options, &*self.host) else { return all() };
        let mut look = Look { depth, list: BTreeSet::new(), read: BTreeMap::new() };
        let known = known(snapshot);
        for (name, ids) in scope.objects {
            let Some(kind) = kinds.get(&*name).filter(|kind| kind.listed()) else { continue };
            let there = known.get(&name).map_or(0, Vec::len);
            match !scope.unsettled && is_cheaper_read(ids.len(), there, kind.effort()) {
                true => drop(look.read.insert(name, ids)),
                false => drop(look.list.insert(name)),
            }
        }
        if look.list.is_empty() {
            look.depth = Depth::Parts;
        }
        look
    }
}

/// Whether so many reads take fewer calls than the list of so many objects.
fn is_cheaper_read(reads: usize, there: usize, effort: Effort) -> bool {
    let pages = there.div_ceil(effort.page.max(1)).max(1);
    reads.saturating_mul(effort.read) < pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_read_and_many_are_listed() {
        let effort = Effort { read: 3, page: 50 };
        assert!(is_cheaper_read(1, 10_000, effort));
        assert!(is_cheaper_read(66, 10_000, effort));
        assert!(!is_cheaper_read(67, 10_000, effort));
        assert!(!is_cheaper_read(1, 150, effort));
        assert!(is_cheaper_read(0, 0, effort), "nothing to read is cheaper than an empty page");
    }
}
