//! A store in memory: for tests, and for embedding without a file.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::adopt::Whole;
use super::lease::Waiting;
use super::{
    Adopt, Lease, LockHolder, Mutation, RecordKind, Store, StoreChange, StoreError, StoredKey, StoredObject,
    StoredOutput, StoredRecord, StoredSnapshot,
};
use crate::audit::{Entry, Head};
use crate::snapshot::PendingStep;

/// A state that ends with the process. Clones are handles on the same state.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), ampere_core::store::StoreError> {
/// use ampere_core::store::{MemoryStore, Store};
/// let store = MemoryStore::new();
/// assert_eq!(store.load().await?.serial, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Default)]
struct State {
    serial: u64,
    objects: BTreeMap<(String, String), StoredObject>,
    outputs: BTreeMap<String, StoredOutput>,
    journal: BTreeMap<String, PendingStep>,
    keys: BTreeMap<String, StoredKey>,
    records: BTreeMap<(RecordKind, String), StoredRecord>,
    log: Vec<Entry>,
    lock: Option<LockHolder>,
}

impl MemoryStore {
    /// An empty state.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Takes the lock, or returns who holds it.
    fn take(&self, holder: &LockHolder) -> Option<LockHolder> {
        let mut state = self.state();
        if state.lock.is_some() {
            return state.lock.clone();
        }
        state.lock = Some(holder.clone());
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn apply(&mut self, mutation: Mutation) {
        match mutation {
            Mutation::PutObject(row) => {
                self.objects.insert((row.address.clone(), row.deposed.clone()), row);
            }
            Mutation::DeleteObject { address, deposed } => {
                self.objects.remove(&(address, deposed));
            }
            Mutation::PutOutput(row) => {
                self.outputs.insert(row.name.clone(), row);
            }
            Mutation::DeleteOutput(name) => {
                self.outputs.remove(&name);
            }
            Mutation::StepStarted(step) => {
                self.journal.insert(step.key.clone(), step);
            }
            Mutation::StepEnded { key } => {
                self.journal.remove(&key);
            }
            Mutation::PutKey(row) => {
                self.keys.insert(row.id.clone(), row);
            }
            Mutation::DeleteKey { id } => {
                self.keys.remove(&id);
            }
            Mutation::PutRecord(row) => {
                self.records.insert((row.kind, row.id.clone()), row);
            }
            Mutation::DeleteRecord { kind, id } => {
                self.records.remove(&(kind, id));
            }
        }
    }

    fn release(&mut self, lease: &str) -> bool {
        let held = self.lock.as_ref().is_some_and(|holder| holder.id == lease);
        if held {
            self.lock = None;
        }
        held
    }
}

/// Frees the lock when its lease is dropped: in one process a lost lease is seen at once.
struct Guard {
    store: MemoryStore,
    lease: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.store.state().release(&self.lease);
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        let state = self.state();
        Ok(StoredSnapshot {
            serial: state.serial,
            objects: state.objects.values().cloned().collect(),
            outputs: state.outputs.values().cloned().collect(),
            pending: state.journal.values().cloned().collect(),
            keys: state.keys.values().cloned().collect(),
            records: state.records.values().cloned().collect(),
        })
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        let mut state = self.state();
        if state.lock.as_ref().is_none_or(|holder| holder.id != lease.id) {
            return Err(StoreError::LeaseLost);
        }
        if let Some(expected) = change.base.filter(|base| *base != state.serial) {
            return Err(StoreError::Stale { expected, found: state.serial });
        }
        if change.moves_the_serial() {
            state.serial += 1;
        }
        for mutation in change.mutations {
            state.apply(mutation);
        }
        if let Some(event) = change.event {
            let head = state.log.last().map_or_else(Head::default, Entry::head);
            state.log.push(head.append(event));
        }
        Ok(state.serial)
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        let waiting = Waiting::start(wait);
        while let Some(other) = self.take(&holder) {
            waiting.pause(other).await?;
        }
        let guard = Guard { store: self.clone(), lease: holder.id.clone() };
        Ok(Lease::with_guard(holder.id, guard))
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        if self.state().release(&lease.id) { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let state = self.state();
        let entries = state.log.iter().filter(|e| e.sequence >= from).take(limit as usize);
        Ok(entries.cloned().collect())
    }
}

#[async_trait]
impl Adopt for MemoryStore {
    async fn adopt(&self, lease: &Lease, other: StoredSnapshot, log: Vec<Entry>) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.lock.as_ref().is_none_or(|holder| holder.id != lease.id) {
            return Err(StoreError::LeaseLost);
        }
        if state.serial > 0 || !state.log.is_empty() {
            return Err(StoreError::NotEmpty { place: "memory".into() });
        }
        let (whole, change) = Whole::new(other, log);
        change.mutations.into_iter().for_each(|mutation| state.apply(mutation));
        state.serial = whole.serial;
        state.log = whole.log;
        Ok(())
    }
}
