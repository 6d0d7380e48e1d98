//! Asking the clouds what is there.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use futures_util::future::join_all;

use super::Engine;
use super::look::Look;
use crate::identity::ExternalId;
use crate::inventory::{Depth, Inventory, ListProblem, Listing, Observed};
use crate::provider::{Inquiry, ProviderError, Providers};
use crate::snapshot::Snapshot;

impl Engine {
    /// Lists what is really there of these kinds, all at the same time. A kind that could not be listed at all is in the
    /// inventory as one with a problem, and as an error among the findings.
    ///
    /// [`Depth::Objects`] is given up for kinds of which an object has vanished: what it has left behind is of interest then.
    pub async fn refresh(
        &self,
        kinds: &BTreeSet<Arc<str>>,
        snapshot: &Snapshot,
        depth: Depth,
    ) -> (Inventory, Diagnostics) {
        let known = known(snapshot);
        let (mut inventory, mut findings) = self.list_by(&self.providers, kinds, &known, depth).await;
        let vanished = if depth == Depth::Objects { with_losses(&known, &inventory) } else { BTreeSet::new() };
        if !vanished.is_empty() {
            let (again, found) = self.list_by(&self.providers, &vanished, &known, Depth::Parts).await;
            inventory.listings.extend(again.listings);
            findings.extend(found);
        }
        (inventory, findings)
    }

    /// Has these providers list the stack's objects of these kinds.
    pub(crate) async fn list_by(
        &self,
        providers: &Providers,
        kinds: &BTreeSet<Arc<str>>,
        known: &Known,
        depth: Depth,
    ) -> (Inventory, Diagnostics) {
        let listable = |kind: &&str| providers.kind(kind).is_some_and(|kind| kind.listed());
        let shares = providers.serving(kinds.iter().map(|kind| &**kind).filter(listable));
        let lists = shares.iter().map(|(provider, share)| async {
            let inquiry = Inquiry { stack: self.vault.stack_id(), kinds: share, depth, known };
            provider.list(&inquiry).await
        });
        let mut inventory = Inventory { depth, ..Inventory::default() };
        let mut findings = Diagnostics::new();
        for (kind, listed) in join_all(lists).await.into_iter().flatten() {
            let listing = listed.unwrap_or_else(|error| failed(&kind, error, &mut findings));
            inventory.listings.insert(kind, listing);
        }
        (inventory, findings)
    }

    /// Looks at what a plan needs to see.
    pub(super) async fn look_at(&self, look: &Look, snapshot: &Snapshot) -> (Inventory, Diagnostics) {
        let reads = join_all(look.read.iter().map(|(kind, ids)| self.read_all(kind, ids)));
        let ((mut inventory, mut findings), read) =
            futures_util::future::join(self.refresh(&look.list, snapshot, look.depth), reads).await;
        for ((kind, ids), (listing, found)) in look.read.iter().zip(read) {
            inventory.listings.insert(kind.clone(), listing);
            inventory.only.insert(kind.clone(), ids.clone());
            findings.extend(found);
        }
        (inventory, findings)
    }

    /// Reads objects by their ids. As in a list, one that does not bear our marker is not there.
    async fn read_all(&self, kind: &str, ids: &BTreeSet<ExternalId>) -> (Listing, Diagnostics) {
        let (mut listing, mut findings) = (Listing::default(), Diagnostics::new());
        for read in join_all(ids.iter().map(|id| self.read(kind, id))).await {
            match read {
                Ok(observed) => {
                    let ours = observed.filter(|o| o.marker.stack == *self.vault.stack_id());
                    listing.objects.extend(ours);
                }
                Err(error) => listing.problems.extend(failed(kind, error, &mut findings).problems),
            }
        }
        (listing, findings)
    }

    pub(super) async fn read(&self, kind: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        match self.providers.provider(kind) {
            Some(provider) => provider.read(kind, id).await,
            None => Ok(None),
        }
    }

    /// All kinds that a cloud can list, whether configuration and state name them or not: an orphan may be of any.
    pub(crate) fn listed_kinds(&self) -> BTreeSet<Arc<str>> {
        let kinds = self.providers.kinds().iter();
        kinds.filter(|(_, kind)| kind.listed()).map(|(name, _)| Arc::from(*name)).collect()
    }
}

/// Ids of objects, by kind.
pub(crate) type Known = BTreeMap<Arc<str>, Vec<ExternalId>>;

/// The ids of the objects that the state knows, by kind.
pub(crate) fn known(snapshot: &Snapshot) -> Known {
    let mut known = Known::new();
    for (key, object) in &snapshot.objects {
        known.entry(key.address.resource.resource_type.clone()).or_default().push(object.id.clone());
    }
    known
}

/// Kinds of which the state knows an object that is not there.
fn with_losses(known: &Known, inventory: &Inventory) -> BTreeSet<Arc<str>> {
    let lost = |(kind, listing): &(&Arc<str>, &Listing)| {
        let there: BTreeSet<&ExternalId> = listing.objects.iter().filter_map(|o| o.id.as_ref()).collect();
        let ids = known.get(*kind).map_or(&[][..], |ids| ids);
        listing.is_complete() && ids.iter().any(|id| !there.contains(id))
    };
    inventory.listings.iter().filter(lost).map(|(kind, _)| kind.clone()).collect()
}

/// What stands for a listing that failed, with the finding that says so.
fn failed(kind: &str, error: ProviderError, findings: &mut Diagnostics) -> Listing {
    findings.push(unlisted(kind, &error));
    let problem = ListProblem { place: error.cloud.to_owned(), message: error.message };
    Listing { objects: Vec::new(), problems: vec![problem] }
}

/// The finding that something could not be read.
pub(super) fn unlisted(kind: &str, error: &ProviderError) -> Diagnostic {
    let mut detail = format!("{}.", error.message.trim_end_matches('.'));
    if let Some(hint) = &error.hint {
        detail.push(' ');
        detail.push_str(hint);
    }
    Diagnostic::error(format!("{kind} could not be read from {}", error.cloud), detail)
}
