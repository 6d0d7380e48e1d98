//! The engine as a library: list, plan, apply.
//!
//! [`Engine`] joins the parts for callers that do not want to join them themselves: the command line and a backend that
//! embeds Ampere. It holds no state of its own.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ampere_lang::config::Module;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::Host;
use ampere_lang::value::Value;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::apply::{self, ApplyInput, Event, Outcome};
use crate::clock::{Clock, Random};
use crate::identity::ExternalId;
use crate::inventory::{Depth, Inventory, ListProblem, Listing, Observed};
use crate::plan::{self, Options, Plan, PlanInput};
use crate::provider::{Inquiry, ProviderError, Providers};
use crate::snapshot::Snapshot;
use crate::store::{Lease, LockHolder, Store, StoreError};
use crate::vault::{Vault, rows};

/// What the engine works with. Everything that touches the world is given.
pub struct Engine {
    /// The clouds.
    pub providers: Providers,
    /// The state.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// What functions of the language need.
    pub host: Arc<dyn Host + Send + Sync>,
    /// Who works, for lock and log.
    pub actor: String,
}

/// Why the engine could not do it at all. Findings about a configuration are not here: they are in the plan.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows of the state cannot be read (another key, a damaged row).
    #[error(transparent)]
    Rows(#[from] rows::RowError),
    /// The random source failed.
    #[error(transparent)]
    Random(#[from] crate::clock::NoRandomness),
    /// A plan with errors is never applied.
    #[error("the plan has errors")]
    PlanHasErrors,
}

/// How to apply.
pub struct ApplyOptions<'a> {
    /// Steps that run at the same time.
    pub parallelism: usize,
    /// Stops the work cleanly.
    pub cancel: CancellationToken,
    /// Told about everything that happens.
    pub events: &'a (dyn Fn(Event) + Sync),
}

impl Engine {
    /// Takes the lock on the state, waiting at most so long.
    ///
    /// # Errors
    /// [`StoreError::Locked`] names the holder.
    pub async fn lock(&self, operation: &str, wait: Duration) -> Result<Lease, EngineError> {
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let id = id.iter().map(|b| format!("{b:02x}")).collect();
        let holder =
            LockHolder { id, who: self.actor.clone(), operation: operation.to_owned(), since: self.clock.now() };
        Ok(self.store.lock(holder, wait).await?)
    }

    /// What the state remembers.
    ///
    /// # Errors
    /// [`EngineError::Rows`] if the rows were sealed with another key.
    pub async fn snapshot(&self) -> Result<Snapshot, EngineError> {
        let stored = self.store.load().await?;
        Ok(rows::snapshot(&stored, &self.vault)?)
    }

    /// Lists what is really there of these kinds, all at the same time. A kind that could not be listed at all is in the
    /// inventory as one with a problem, and as an error among the findings.
    pub async fn refresh(
        &self,
        kinds: &BTreeSet<Arc<str>>,
        snapshot: &Snapshot,
        depth: Depth,
    ) -> (Inventory, Diagnostics) {
        self.list_by(&self.providers, kinds, &known(snapshot), depth).await
    }

    /// Has these providers list the stack's objects of these kinds.
    pub(crate) async fn list_by(
        &self,
        providers: &Providers,
        kinds: &BTreeSet<Arc<str>>,
        known: &BTreeMap<Arc<str>, Vec<ExternalId>>,
        depth: Depth,
    ) -> (Inventory, Diagnostics) {
        let listable = |kind: &&str| providers.kind(kind).is_some_and(|kind| kind.listed());
        let shares = providers.serving(kinds.iter().map(|kind| &**kind).filter(listable));
        let lists = shares.iter().map(|(provider, share)| async {
            let inquiry = Inquiry { stack: self.vault.stack_id(), kinds: share, depth, known };
            provider.list(&inquiry).await
        });
        let mut inventory = Inventory::default();
        let mut findings = Diagnostics::new();
        for (kind, listed) in join_all(lists).await.into_iter().flatten() {
            let listing = listed.unwrap_or_else(|error| {
                findings.push(unlisted(&kind, &error));
                let problem = ListProblem { place: error.cloud.to_owned(), message: error.message };
                Listing { objects: Vec::new(), problems: vec![problem] }
            });
            inventory.listings.insert(kind, listing);
        }
        (inventory, findings)
    }

    /// Plans: lists the clouds (unless `options.refreshed` is false) and compares.
    pub async fn plan(
        &self,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Plan {
        let (inventory, mut findings) = match options.refreshed {
            true => self.refresh(&self.listed_kinds(), snapshot, Depth::Parts).await,
            false => Default::default(),
        };
        let mut plan = self.plan_on(module, variables, snapshot, options, &inventory).await;
        findings.extend(std::mem::take(&mut plan.diagnostics));
        plan.diagnostics = findings;
        plan
    }

    /// Plans on listings that were made already; reads no more than the objects that `import` blocks name.
    pub async fn plan_on(
        &self,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
        options: &Options,
        inventory: &Inventory,
    ) -> Plan {
        let (imported, findings) = self.imports(module, variables, snapshot).await;
        let mut plan = plan::plan(&PlanInput {
            module,
            variables,
            kinds: self.providers.kinds(),
            snapshot,
            inventory,
            imported: &imported,
            options,
            host: &*self.host,
            fingerprint: &*self.vault,
            marker: &|address| self.vault.marker(address),
            now: self.clock.now(),
        });
        plan.diagnostics.extend(findings);
        plan
    }

    /// Reads the objects that `import` blocks name.
    async fn imports(
        &self,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
    ) -> (BTreeMap<(Arc<str>, ExternalId), Observed>, Diagnostics) {
        let kinds = self.providers.kinds();
        let (requests, mut findings) = plan::import_requests(module, variables, kinds, snapshot, &*self.host);
        let reads = requests.iter().map(|request| self.read(request.address.kind(), &request.id));
        let mut found = BTreeMap::new();
        for (request, read) in requests.iter().zip(join_all(reads).await) {
            match read {
                Ok(Some(observed)) => {
                    found.insert((request.address.resource.resource_type.clone(), request.id.clone()), observed);
                }
                Ok(None) => {}
                Err(error) => findings.push(unlisted(request.address.kind(), &error).at(request.span)),
            }
        }
        (found, findings)
    }

    async fn read(&self, kind: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
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

    /// Applies a plan under a lock that the caller holds.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the state has moved on; [`EngineError::PlanHasErrors`]. In both cases nothing was done.
    pub async fn apply(
        &self,
        plan: &Plan,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        lease: &Lease,
        options: ApplyOptions<'_>,
    ) -> Result<Outcome, EngineError> {
        if plan.diagnostics.has_errors() {
            return Err(EngineError::PlanHasErrors);
        }
        let snapshot = self.snapshot().await?;
        let input = ApplyInput {
            plan,
            module,
            variables,
            snapshot: &snapshot,
            providers: &self.providers,
            store: &*self.store,
            lease,
            vault: &self.vault,
            clock: &*self.clock,
            random: &*self.random,
            host: &*self.host,
            actor: &self.actor,
            parallelism: options.parallelism,
            cancel: options.cancel,
            events: options.events,
        };
        Ok(apply::apply(input).await?)
    }
}

/// The ids of the objects that the state knows, by kind.
fn known(snapshot: &Snapshot) -> BTreeMap<Arc<str>, Vec<ExternalId>> {
    let mut known: BTreeMap<Arc<str>, Vec<ExternalId>> = BTreeMap::new();
    for (key, object) in &snapshot.objects {
        known.entry(key.address.resource.resource_type.clone()).or_default().push(object.id.clone());
    }
    known
}

fn unlisted(kind: &str, error: &ProviderError) -> Diagnostic {
    let mut detail = format!("{}.", error.message.trim_end_matches('.'));
    if let Some(hint) = &error.hint {
        detail.push(' ');
        detail.push_str(hint);
    }
    Diagnostic::error(format!("{kind} could not be read from {}", error.cloud), detail)
}
