//! A state that counts what is written to it.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ampere_core::audit::Entry;
use ampere_core::store::{Lease, LockHolder, SqliteStore, Store, StoreChange, StoreError, StoredSnapshot};
use async_trait::async_trait;

/// SQLite with a counter.
pub struct Ledger {
    store: SqliteStore,
    rows: AtomicUsize,
}

impl Ledger {
    pub fn new(store: SqliteStore) -> Arc<Ledger> {
        Arc::new(Ledger { store, rows: AtomicUsize::new(0) })
    }

    /// Rows written since this was last asked.
    pub fn rows(&self) -> usize {
        self.rows.swap(0, Ordering::Relaxed)
    }
}

#[async_trait]
impl Store for Ledger {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        self.store.load().await
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        self.rows.fetch_add(change.mutations.len() + usize::from(change.event.is_some()), Ordering::Relaxed);
        self.store.commit(lease, change).await
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        self.store.lock(holder, wait).await
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        self.store.unlock(lease).await
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.store.audit_entries(from, limit).await
    }
}
