//! What customers and the operator are told of a pass. Nothing here holds up a deletion.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::Value;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{PassReport, Reconciler};
use crate::engine::{Engine, EngineError};
use crate::inventory::Inventory;
use crate::notice::{
    self, Counts, Delivered, Delivery, Desk, Messenger, NoticeError, Occasion, alarm, departing, foreign, guard,
    occasions,
};
use crate::plan::Plan;
use crate::retention::{Cause, Owner, Tombstone};
use crate::snapshot::Snapshot;
use crate::store::Lease;

/// Who brings notices, and in which time.
pub struct Post {
    /// The messenger.
    pub messenger: Arc<dyn Messenger>,
    /// The operator's address.
    pub operator: Option<String>,
    /// After this time no further message of a pass is begun.
    pub patience: Duration,
}

/// What became of the notices in a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Occasions that were found.
    pub queued: usize,
    /// What became of those that were due.
    pub delivered: Delivered,
    /// All there are, by how far they have come.
    pub counts: Counts,
}

/// Writes down whom to tell of the departures that a plan begins, and of those under way. It must be done before the plan is
/// applied: after the deletion nobody knows the addresses. Returns how many notices were taken in.
///
/// # Errors
/// The state cannot be used, or a notice cannot be sealed.
pub async fn announce(engine: &Engine, lease: &Lease, snapshot: &Snapshot, plan: &Plan) -> Result<usize, NoticeError> {
    let open = snapshot.tombstones.values().filter(|t| t.is_begun() && t.confirmed_at.is_none());
    let mut begun: BTreeMap<Owner, (Cause, Timestamp)> =
        open.map(|tombstone| (tombstone.owner.clone(), (tombstone.cause, tombstone.since))).collect();
    begun.extend(plan.departures.iter().map(|d| (d.owner.clone(), (d.cause, d.since))));
    if begun.is_empty() {
        return Ok(0);
    }
    let kinds = engine.providers.kinds();
    let planned = plan.changes.iter().filter_map(|change| Some((change.address.kind(), change.before.as_ref()?)));
    // An account that only the state knows still has an owner to be told.
    let remembered = snapshot.objects.iter().map(|(key, object)| (key.address.kind(), &object.attributes));
    let contacts = remembered.filter(|(kind, object)| kinds.get(kind).is_some_and(|k| k.contact(object).is_some()));
    let owner = |uid: &str| engine.owner(uid);
    let found = departing(kinds, planned.chain(contacts), &begun, &owner, engine.clock.now());
    let desk = desk(engine, lease);
    let mut outbox = desk.outbox().await?;
    desk.queue(&mut outbox, &found).await
}

fn desk<'a>(engine: &'a Engine, lease: &'a Lease) -> Desk<'a> {
    Desk { store: &*engine.store, lease, vault: &engine.vault, clock: &*engine.clock, actor: &engine.actor }
}

impl Reconciler {
    /// Announces what a plan begins, if there is anyone to bring the news.
    pub(super) async fn announce(
        &self,
        lease: &Lease,
        snapshot: &Snapshot,
        plan: &Plan,
        findings: &mut Diagnostics,
    ) -> Result<(), EngineError> {
        if self.post.is_some() {
            survived(announce(&self.engine, lease, snapshot, plan).await, findings)?;
        }
        Ok(())
    }

    /// Takes in what there is to tell, lets go what was confirmed, forgets what is over, and sends what is due.
    pub(super) async fn tell(
        &self,
        lease: &Lease,
        inventory: &Inventory,
        report: &mut PassReport,
        cancel: CancellationToken,
    ) -> Result<(), EngineError> {
        let tombstones = self.engine.tombstones().await?;
        let found = match self.post {
            Some(_) => self.found(&tombstones, inventory, report),
            None => Vec::new(),
        };
        let desk = desk(&self.engine, lease);
        let told = async {
            let mut outbox = desk.outbox().await?;
            let queued = desk.queue(&mut outbox, &found).await?;
            let settled = desk.settle(&mut outbox, &tombstones).await?;
            let mut delivered = match &self.post {
                None => Delivered::default(),
                Some(post) => {
                    let delivery = Delivery {
                        desk,
                        messenger: &*post.messenger,
                        operator: post.operator.as_deref(),
                        patience: post.patience,
                        cancel,
                    };
                    notice::deliver(&mut outbox, &delivery).await?
                }
            };
            delivered.dropped += settled.dropped;
            Ok(Posted { queued, delivered, counts: outbox.counts() })
        };
        let told = told.await;
        report.posted = survived(told, &mut report.findings)?.unwrap_or_default();
        for (why, count) in &report.posted.delivered.reasons {
            let detail = format!("{count} of them: {why}.");
            report.findings.push(Diagnostic::warning("Notices were not delivered", detail));
        }
        Ok(())
    }

    fn found(
        &self,
        tombstones: &BTreeMap<Owner, Tombstone>,
        inventory: &Inventory,
        report: &PassReport,
    ) -> Vec<Occasion> {
        let now = self.engine.clock.now();
        let listed = listed(inventory);
        let objects = listed.iter().map(|(kind, object)| (*kind, object));
        let owner = |uid: &str| self.engine.owner(uid);
        let mut found = occasions(self.engine.providers.kinds(), objects, tombstones, &owner, now);
        if !report.held.is_empty() {
            found.push(guard(report.held.len(), now));
        }
        found.extend(report.foreign.iter().map(|action| foreign(action, now)));
        for (owner, level) in &report.alarms {
            if let Some(tombstone) = tombstones.get(owner) {
                found.push(alarm(owner, *level, tombstone.deadline(), now));
            }
        }
        found
    }
}

/// Kind and attributes of everything that was listed.
fn listed(inventory: &Inventory) -> Vec<(&str, Value)> {
    let listings = inventory.listings.iter();
    listings
        .flat_map(|(kind, listing)| listing.objects.iter().map(move |observed| (&**kind, observed.object())))
        .collect()
}

/// A notice that cannot be read or sealed stops no pass; a state that cannot be used does.
fn survived<T>(result: Result<T, NoticeError>, findings: &mut Diagnostics) -> Result<Option<T>, EngineError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(NoticeError::Store(error)) => Err(error.into()),
        Err(error) => {
            findings.push(Diagnostic::error("Notices cannot be handled", format!("{error}.")));
            Ok(None)
        }
    }
}
