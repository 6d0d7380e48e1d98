//! What is written into the state, and when: each function is one transaction.
use std::collections::BTreeMap;

use super::ApplyInput;
use crate::address::Address;
use crate::audit::{Event, Outcome};
use crate::identity::AddressHash;
use crate::plan::{Operation, Step};
use crate::retention::{Owner, Tombstone};
use crate::snapshot::{Object, ObjectKey, PendingStep, StoredRecord, made_for};
use crate::store::{Mutation, StoreChange, StoreError};
use crate::vault::rows::{self, RowError};

impl ApplyInput<'_> {
    /// Writes the tombstones of the households whose departure begins, before any of their objects is deleted: a subscription
    /// that is gone could not say any more when it ended.
    pub(super) async fn begin_departures(&self) -> Result<(), StoreError> {
        for departure in &self.plan.departures {
            let now = self.clock.now();
            // One that was held back keeps its clock and its alarms.
            let held = self.snapshot.tombstones.get(&departure.owner).cloned();
            let held = held.unwrap_or_else(|| Tombstone::new(departure, None));
            let members = departure.members.clone();
            let tombstone = Tombstone { begun_at: Some(now), members, ..held };
            let details = BTreeMap::from([
                ("plan".to_owned(), self.plan.id.clone()),
                ("owner".to_owned(), tombstone.owner.to_string()),
                ("cause".to_owned(), tombstone.cause.as_str().to_owned()),
                ("since".to_owned(), tombstone.since.to_string()),
                ("deadline".to_owned(), tombstone.deadline().to_string()),
                ("promise".to_owned(), "R2".to_owned()),
            ]);
            let event = Event {
                at: now,
                actor: self.actor.to_owned(),
                action: "erasure.begin".to_owned(),
                address: None,
                outcome: Outcome::Started,
                details,
            };
            self.commit(vec![Mutation::PutRecord(rows::tombstone_row(&tombstone))], event).await?;
        }
        Ok(())
    }

    /// Writes that a step begins. No call may be made before this has returned.
    pub(super) async fn journal_started(&self, step: &Step, owner: Option<&Owner>) -> Result<(), StoreError> {
        let started = PendingStep {
            key: step.key.clone(),
            address: step.address.to_string(),
            operation: operation_name(&step.operation).to_owned(),
            started_at: self.clock.now(),
        };
        let mut rows = vec![Mutation::StepStarted(started)];
        rows.extend(owner.map(|owner| Mutation::PutRecord(made_for(&self.vault.address_hash(&step.address), owner))));
        self.commit(rows, self.event(step, Outcome::Started, None)).await
    }

    /// Writes that a step failed, and that its call is known to have ended.
    pub(super) async fn journal_failed(&self, step: &Step, why: &str) -> Result<(), StoreError> {
        let end = Mutation::StepEnded { key: step.key.clone() };
        self.commit(vec![end], self.event(step, Outcome::Failed, Some(why))).await
    }

    /// Writes that no answer came: the journal entry stays open.
    pub(super) async fn journal_unknown(&self, step: &Step, why: &str) -> Result<(), StoreError> {
        self.commit(Vec::new(), self.event(step, Outcome::Unknown, Some(why))).await
    }

    /// Writes a step's success: the rows it changes and, if it made a call, the end of its journal entry. Entries that an
    /// earlier run left open for this address end too: what became of them this plan has seen.
    pub(super) async fn journal_succeeded(&self, step: &Step, mut rows: Vec<Mutation>) -> Result<(), StoreError> {
        if makes_a_call(&step.operation) {
            rows.push(Mutation::StepEnded { key: step.key.clone() });
        }
        rows.extend(self.left_open(&step.address).map(ended));
        self.commit(rows, self.event(step, Outcome::Succeeded, None)).await
    }

    /// Entries of earlier runs about an address that have no end.
    pub(super) fn left_open(&self, address: &Address) -> impl Iterator<Item = &PendingStep> {
        let pending = &self.snapshot.pending;
        let address = if pending.is_empty() { String::new() } else { address.to_string() };
        pending.iter().filter(move |entry| entry.address == address)
    }

    /// The row of an object, sealed under the key of its owner.
    pub(super) fn object_row(&self, key: &ObjectKey, object: &Object) -> Result<Mutation, RowError> {
        let kind = self.providers.kind(key.address.kind());
        if let Some(owner) = kind.and_then(|kind| kind.owner(&object.attributes)) {
            let address = || key.address.to_string();
            self.vault.prepare(owner).map_err(|source| RowError::Key { address: address(), source })?;
        }
        Ok(Mutation::PutObject(rows::encode_object(key, object, self.vault)?))
    }

    /// One transaction; keys that sealing has made along the way are written in it too.
    pub(super) async fn commit(&self, mut mutations: Vec<Mutation>, event: Event) -> Result<(), StoreError> {
        let keys = self.vault.keys_to_commit();
        mutations.extend(keys.iter().cloned().map(Mutation::PutKey));
        self.store.commit(self.lease, StoreChange { base: None, mutations, event: Some(event) }).await?;
        self.vault.keys_committed(&keys);
        Ok(())
    }

    /// Writes a record on which no plan depends, and which is no news to the log.
    pub(super) async fn note(&self, record: Option<Mutation>) -> Result<(), StoreError> {
        let Some(record) = record else { return Ok(()) };
        let change = StoreChange { base: None, mutations: vec![record], event: None };
        self.store.commit(self.lease, change).await.map(drop)
    }

    fn event(&self, step: &Step, outcome: Outcome, why: Option<&str>) -> Event {
        let mut details =
            BTreeMap::from([("plan".to_owned(), self.plan.id.clone()), ("step".to_owned(), step.key.clone())]);
        details.extend(why.map(|why| ("why".to_owned(), why.to_owned())));
        Event {
            at: self.clock.now(),
            actor: self.actor.to_owned(),
            action: operation_name(&step.operation).to_owned(),
            address: Some(display(&step.address, step.deposed.as_deref())),
            outcome,
            details,
        }
    }
}

/// The row that ends a journal entry.
pub(super) fn ended(entry: &PendingStep) -> Mutation {
    Mutation::StepEnded { key: entry.key.clone() }
}

/// Whether a step may have spoken to a cloud, and so may have an open journal entry.
fn makes_a_call(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Create | Operation::Update { .. } | Operation::Delete { .. } | Operation::Depose { .. }
    )
}

/// Forgets for whom an object was being made.
pub(super) fn no_more_made_for(address: &AddressHash, owner: &Owner) -> Mutation {
    let StoredRecord { kind, id, .. } = made_for(address, owner);
    Mutation::DeleteRecord { kind, id }
}

/// The row that takes an object out of the state.
pub(super) fn delete_row(address: &Address, deposed: Option<&str>) -> Mutation {
    Mutation::DeleteObject { address: address.to_string(), deposed: deposed.unwrap_or_default().to_owned() }
}

/// The word for an operation in journal and log.
fn operation_name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Update { .. } => "update",
        Operation::Delete { .. } => "delete",
        Operation::Depose { .. } => "depose",
        Operation::Record { .. } => "record",
        Operation::Forget => "forget",
        Operation::Join => "join",
    }
}

fn display(address: &Address, deposed: Option<&str>) -> String {
    match deposed {
        None => address.to_string(),
        Some(key) => format!("{address} (deposed {key})"),
    }
}
