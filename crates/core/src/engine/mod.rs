//! The engine as a library: list, plan, apply.
//!
//! [`Engine`] joins the parts for callers that do not want to join them themselves: the command line and a backend that
//! embeds Ampere. It holds no state of its own.
mod depth;
mod look;
pub(crate) mod refresh;

pub use depth::{PARTS_WITHIN, depth};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_lang::config::Module;
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::eval::Host;
use ampere_lang::value::Value;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::apply::{self, ApplyInput, Event, Outcome};
use crate::clock::{Clock, Random};
use crate::identity::ExternalId;
use crate::inventory::{Inventory, Observed};
use crate::plan::{self, Options, Plan, PlanInput};
use crate::provider::Providers;
use crate::retention::{Owner, Tombstone};
use crate::snapshot::Snapshot;
use crate::store::{Lease, LockHolder, Store, StoreError};
use crate::vault::{Vault, rows};

/// What the engine works with. Everything that touches the world is given.
#[derive(Clone)]
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

    /// What the state remembers of departures: the whole state need not be read for it.
    ///
    /// # Errors
    /// As [`Engine::snapshot`].
    pub(crate) async fn tombstones(&self) -> Result<BTreeMap<Owner, Tombstone>, EngineError> {
        Ok(rows::tombstones(&self.store.load().await?)?)
    }

    /// Plans: looks at the clouds (unless `options.refreshed` is false) and compares.
    ///
    /// Lists look as deep as [`depth`] says. A plan with targets does without the lists of kinds that it is not about, and
    /// reads a few objects by their ids where that takes fewer calls than their list.
    pub async fn plan(
        &self,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Plan {
        let (inventory, mut findings) = match options.refreshed {
            true => self.look_at(&self.look(module, variables, snapshot, options), snapshot).await,
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
                Err(error) => findings.push(refresh::unlisted(request.address.kind(), &error).at(request.span)),
            }
        }
        (found, findings)
    }

    /// Applies a plan under a lock that the caller holds, and remembers how the clouds were looked at for it.
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
        self.apply_on(plan, module, variables, &snapshot, lease, options).await
    }

    /// Applies a plan on the state it was made on, which nobody has changed since: the lock was held all the time.
    pub(crate) async fn apply_on(
        &self,
        plan: &Plan,
        module: &Module,
        variables: &BTreeMap<Arc<str>, Value>,
        snapshot: &Snapshot,
        lease: &Lease,
        options: ApplyOptions<'_>,
    ) -> Result<Outcome, EngineError> {
        if plan.diagnostics.has_errors() {
            return Err(EngineError::PlanHasErrors);
        }
        let input = ApplyInput {
            plan,
            module,
            variables,
            snapshot,
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
