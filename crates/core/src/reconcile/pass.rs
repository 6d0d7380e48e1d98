//! The pass itself.
use std::collections::{BTreeMap, BTreeSet};

use ampere_lang::config::Module;
use ampere_lang::diagnostic::Diagnostics;
use jiff::Timestamp;

use super::{Desired, PassOptions, PassReport, Posted, Reconciler};
use crate::apply::Outcome;
use crate::audit::{self, Event};
use crate::engine::{ApplyOptions, EngineError, depth};
use crate::inventory::Inventory;
use crate::plan::{Mode, Options, Plan};
use crate::retention::{Alarm, Departure, Owner, Tombstone};
use crate::snapshot::{RecordKind, Snapshot};
use crate::store::{Lease, Mutation, StoreChange};
use crate::vault::rows;

impl Reconciler {
    /// Makes one pass.
    ///
    /// # Errors
    /// The state cannot be used, or another run holds its lock. What goes wrong at a cloud or in the configuration is in the
    /// report: the rest of the pass is done all the same.
    pub async fn pass(&self, options: PassOptions<'_>) -> Result<PassReport, EngineError> {
        let lease = self.engine.lock("reconcile", options.lock_wait).await?;
        let report = self.pass_under(&lease, &options).await;
        let unlocked = self.engine.store.unlock(lease).await;
        let report = report?;
        unlocked?;
        Ok(report)
    }

    /// Makes one pass under a lock that the caller holds. Whoever opens the vault for it must have held the lock by then: a
    /// key that another run made meanwhile would be made a second time.
    ///
    /// # Errors
    /// As [`Reconciler::pass`].
    pub async fn pass_under(&self, lease: &Lease, options: &PassOptions<'_>) -> Result<PassReport, EngineError> {
        let at = self.engine.clock.now();
        let snapshot = self.engine.snapshot().await?;
        // Refunds and leftovers are looked for once an hour, and in every pass while somebody departs.
        let depth = depth(&snapshot, &Options::default(), at);
        let (inventory, mut findings) = self.engine.refresh(&self.engine.listed_kinds(), &snapshot, depth).await;
        let accounts = self.accounts(&inventory);
        let Chosen { plan, desired, held } =
            self.choose(options, &snapshot, &inventory, accounts, at, &mut findings).await;
        let empty = (Module::default(), BTreeMap::new());
        let Desired { module, variables } = desired.unwrap_or(Desired { module: &empty.0, variables: &empty.1 });
        let work =
            ApplyOptions { parallelism: options.parallelism, cancel: options.cancel.clone(), events: options.events };
        self.announce(lease, &snapshot, &plan, &mut findings).await?;
        (options.before_apply)(&plan);
        let outcome = self.engine.apply_on(&plan, module, variables, &snapshot, lease, work).await?;
        findings.extend(outcome.diagnostics.clone());
        let mut report = PassReport {
            at,
            accounts,
            retention_only: desired.is_none(),
            plan,
            outcome: Outcome { diagnostics: Diagnostics::new(), ..outcome },
            held,
            open: Vec::new(),
            confirmed: Vec::new(),
            alarms: Vec::new(),
            foreign: Vec::new(),
            posted: Posted::default(),
            findings,
        };
        self.remember_held(lease, &snapshot, &report.held, &inventory, &report.plan).await?;
        self.confirm(lease, &snapshot, &inventory, &mut report).await?;
        self.warn(lease, &mut report).await?;
        self.look_for_strangers(lease, &snapshot, &mut report).await?;
        self.tell(lease, &inventory, &mut report, options.cancel.clone()).await?;
        Ok(report)
    }

    /// The plan to apply: of the configuration if it is sound and everything could be listed, else of the promises alone.
    async fn choose<'o>(
        &self,
        options: &PassOptions<'o>,
        snapshot: &Snapshot,
        inventory: &Inventory,
        accounts: usize,
        now: Timestamp,
        findings: &mut Diagnostics,
    ) -> Chosen<'o> {
        let listed = !findings.has_errors();
        let mut desired = options.desired.filter(|_| listed);
        let mut plan = self.planned(desired, snapshot, inventory, false).await;
        if desired.is_some() && plan.diagnostics.has_errors() {
            findings.extend(std::mem::take(&mut plan.diagnostics));
            desired = None;
            plan = self.planned(None, snapshot, inventory, false).await;
        }
        let remembered = snapshot.tombstones.values();
        if !self.guard.holds(&plan, remembered, accounts, options.approved, now) {
            return Chosen { plan, desired, held: Vec::new() };
        }
        let mut held = std::mem::take(&mut plan.departures);
        held.sort_by_key(|departure| departure.since);
        let plan = self.planned(desired, snapshot, inventory, true).await;
        Chosen { plan, desired, held }
    }

    async fn planned(
        &self,
        desired: Option<Desired<'_>>,
        snapshot: &Snapshot,
        inventory: &Inventory,
        hold_departures: bool,
    ) -> Plan {
        let mode = if desired.is_some() { Mode::Normal } else { Mode::Retention };
        let options = Options { mode, refreshed: true, hold_departures, ..Options::default() };
        let empty = (Module::default(), BTreeMap::new());
        let Desired { module, variables } = desired.unwrap_or(Desired { module: &empty.0, variables: &empty.1 });
        self.engine.plan_on(module, variables, snapshot, &options, inventory).await
    }

    /// The accounts there are: objects that belong to themselves.
    fn accounts(&self, inventory: &Inventory) -> usize {
        let kinds = self.engine.providers.kinds();
        let listings = inventory.listings.iter().filter_map(|(name, listing)| Some((kinds.get(&**name)?, listing)));
        let accounts = listings.map(|(kind, listing)| {
            let own = listing.objects.iter().filter(|observed| {
                let object = observed.object();
                observed.id.as_ref().is_some_and(|id| kind.owner(&object) == Some(&id.0))
            });
            own.count()
        });
        accounts.sum()
    }

    /// Keeps the clock of held departures running, and forgets those whose contract turned out to last.
    async fn remember_held(
        &self,
        lease: &Lease,
        snapshot: &Snapshot,
        held: &[Departure],
        inventory: &Inventory,
        plan: &Plan,
    ) -> Result<(), EngineError> {
        let known: BTreeSet<&Owner> = held.iter().map(|departure| &departure.owner).collect();
        for departure in held.iter().filter(|departure| !snapshot.tombstones.contains_key(&departure.owner)) {
            let tombstone = Tombstone::new(departure, None);
            self.write(lease, &tombstone, "erasure.hold", audit::Outcome::Deferred).await?;
        }
        // Without a complete listing nobody can be said to stay.
        if !is_complete(inventory) {
            return Ok(());
        }
        let begun: BTreeSet<&Owner> = plan.departures.iter().map(|departure| &departure.owner).collect();
        let stale = snapshot.tombstones.values().filter(|tombstone| {
            !tombstone.is_begun() && !known.contains(&tombstone.owner) && !begun.contains(&tombstone.owner)
        });
        for tombstone in stale {
            let gone = Mutation::DeleteRecord { kind: RecordKind::Tombstone, id: tombstone.owner.to_string() };
            self.commit(lease, gone, self.event(tombstone, "erasure.release", audit::Outcome::Succeeded)).await?;
        }
        Ok(())
    }

    /// Raises the alarms that are due, each once.
    async fn warn(&self, lease: &Lease, report: &mut PassReport) -> Result<(), EngineError> {
        let now = self.engine.clock.now();
        let tombstones = self.engine.tombstones().await?;
        for mut tombstone in tombstones.into_values().filter(|tombstone| tombstone.confirmed_at.is_none()) {
            let due = Alarm::due(tombstone.since, now).filter(|due| tombstone.alarm.is_none_or(|raised| raised < *due));
            if let Some(due) = due {
                tombstone.alarm = Some(due);
                self.write(lease, &tombstone, "erasure.alarm", audit::Outcome::Failed).await?;
                report.alarms.push((tombstone.owner.clone(), due));
            }
            report.open.push(tombstone);
        }
        Ok(())
    }

    /// Writes a tombstone, and why, in one transaction.
    pub(super) async fn write(
        &self,
        lease: &Lease,
        tombstone: &Tombstone,
        action: &str,
        outcome: audit::Outcome,
    ) -> Result<(), EngineError> {
        let row = Mutation::PutRecord(rows::tombstone_row(tombstone));
        self.commit(lease, row, self.event(tombstone, action, outcome)).await
    }

    async fn commit(&self, lease: &Lease, mutation: Mutation, event: Event) -> Result<(), EngineError> {
        let change = StoreChange { base: None, mutations: vec![mutation], event: Some(event) };
        self.engine.store.commit(lease, change).await?;
        Ok(())
    }

    fn event(&self, tombstone: &Tombstone, action: &str, outcome: audit::Outcome) -> Event {
        let mut details = BTreeMap::from([
            ("owner".to_owned(), tombstone.owner.to_string()),
            ("cause".to_owned(), tombstone.cause.as_str().to_owned()),
            ("since".to_owned(), tombstone.since.to_string()),
            ("deadline".to_owned(), tombstone.deadline().to_string()),
            ("promise".to_owned(), "R2".to_owned()),
        ]);
        details.extend(tombstone.alarm.map(|alarm| ("alarm".to_owned(), format!("{alarm:?}").to_lowercase())));
        let at = self.engine.clock.now();
        let actor = self.engine.actor.clone();
        Event { at, actor, action: action.to_owned(), address: None, outcome, details }
    }
}

/// A plan and the configuration it was made of.
struct Chosen<'o> {
    plan: Plan,
    /// None: of no configuration.
    desired: Option<Desired<'o>>,
    /// What the guard holds back.
    held: Vec<Departure>,
}

/// Whether every kind was listed to the last object.
pub(super) fn is_complete(inventory: &Inventory) -> bool {
    inventory.listings.values().all(|listing| listing.is_complete())
}
