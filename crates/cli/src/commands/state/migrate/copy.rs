//! Rows and log from one place to another, compared afterwards.
use std::time::Duration;

use ampere_core::audit::{self, Entry};
use ampere_core::snapshot::StoredSnapshot;
use ampere_core::store::{Lease, Mutation, StoreChange, StoreError, unfinished};
use ampere_core::vault::rows;

use super::terraform::Taken;
use super::{Moved, Store};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::place::Place;
use crate::project::{DataDirectory, Settings};
use crate::stack::{Stack, rows_failure, store_failure};

/// Entries of the log read at a time.
const PAGE: u32 = 10_000;

/// A place that is being filled, under its lock.
pub struct Target {
    place: String,
    store: Store,
    stack: Stack,
    lease: Lease,
}

/// Fills a place with the state of a stack that the caller has locked.
pub async fn copy(
    source: &Stack,
    target: &Place,
    settings: Settings,
    data: DataDirectory,
    wait: Duration,
) -> Result<Moved, Failure> {
    // What cannot be read here could not be read there.
    source.load().await?;
    let state = source.store.load().await.map_err(store_failure)?;
    let log = entries(source).await?;
    let target = Target::open(target, settings, data, wait).await?;
    let filled = target.fill(state, log).await;
    target.close(filled).await
}

/// The whole log of a stack, verified.
async fn entries(stack: &Stack) -> Result<Vec<Entry>, Failure> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let from = all.last().map_or(1, |entry| entry.sequence + 1);
        let page = stack.store.audit_entries(from, PAGE).await.map_err(store_failure)?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    match audit::verify(&all) {
        Ok(_) => Ok(all),
        Err(broken) => {
            let detail = format!("{broken}. A log that does not verify is not taken anywhere.");
            Err(Failure::new(Exit::Unverified, "The audit log does not verify", detail))
        }
    }
}

impl Target {
    /// Opens a place, which must be empty.
    pub async fn open(
        place: &Place,
        settings: Settings,
        data: DataDirectory,
        wait: Duration,
    ) -> Result<Target, Failure> {
        let store = place.open().await?;
        let stack = Stack::of(store.clone(), settings, data)?;
        let lease = stack.lock("state migrate", wait).await?;
        match Target::check(place, &store).await {
            Ok(()) => Ok(Target { place: place.describe(), store, stack, lease }),
            Err(failure) => {
                stack.unlock(lease).await?;
                Err(failure)
            }
        }
    }

    async fn check(place: &Place, store: &Store) -> Result<(), Failure> {
        let found = store.load().await.map_err(store_failure)?;
        if found.serial > 0 || !store.audit_entries(1, 1).await.map_err(store_failure)?.is_empty() {
            return Err(store_failure(StoreError::NotEmpty { place: place.describe() }));
        }
        Ok(())
    }

    /// Writes what Terraform knew, sealed with the keys of this stack, in one transaction.
    pub async fn write(&self, state: &Taken) -> Result<Moved, Failure> {
        let vault = self.stack.load_locked(&self.lease).await?.vault;
        let mut mutations = Vec::new();
        for (key, object) in &state.objects {
            let row = rows::encode_object(key, object, &vault).map_err(|error| rows_failure(&error))?;
            mutations.push(Mutation::PutObject(row));
        }
        for (name, output) in &state.outputs {
            let row = rows::encode_output(name, output, &vault).map_err(|error| rows_failure(&error))?;
            mutations.push(Mutation::PutOutput(row));
        }
        mutations.extend(vault.keys_to_commit().into_iter().map(Mutation::PutKey));
        self.stack.record(&self.lease, mutations, "state.migrate").await?;
        self.stack.load().await?;
        Ok(Moved { objects: state.objects.len(), outputs: state.outputs.len(), entries: 0 })
    }

    /// Writes the state, reads it again, and says so in the log.
    pub async fn fill(&self, state: StoredSnapshot, log: Vec<Entry>) -> Result<Moved, Failure> {
        let moved = Moved { objects: state.objects.len(), outputs: state.outputs.len(), entries: log.len() };
        let head = audit::Head::default().follow(&log);
        let mark = StoreChange { mutations: vec![Mutation::PutRecord(unfinished())], ..StoreChange::default() };
        self.store.commit(&self.lease, mark).await.map_err(store_failure)?;
        self.store.adopt(&self.lease, state.clone(), log).await.map_err(store_failure)?;
        let written = self.store.load().await.map_err(store_failure)?;
        let same = written.objects == state.objects
            && written.outputs == state.outputs
            && written.pending == state.pending
            && written.records == state.records
            && state.keys.iter().all(|key| written.keys.contains(key));
        if !same || audit::Head::default().follow(&entries(&self.stack).await?) != head {
            let detail = format!("What {} holds is not what was written there. The source is as it was.", self.place);
            return Err(Failure::error("The state did not arrive whole", detail));
        }
        self.stack.load().await?;
        self.stack.record(&self.lease, Vec::new(), "state.migrate").await?;
        Ok(moved)
    }

    /// Gives the lock back, then hands on how the work ended.
    pub async fn close(self, filled: Result<Moved, Failure>) -> Result<Moved, Failure> {
        let unlocked = self.stack.unlock(self.lease).await;
        filled.and_then(|moved| unlocked.map(|()| moved))
    }
}
