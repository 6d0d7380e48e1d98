//! A store that remembers what it was told and fails when it is told to.
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ampere_core::audit::Entry;
use ampere_core::store::{Lease, LockHolder, MemoryStore, Store, StoreChange, StoreError, StoredSnapshot};
use async_trait::async_trait;

/// Which commits fail, counted from 0 over the store's life.
#[derive(Clone, Copy, Default)]
pub enum Failure {
    #[default]
    Never,
    /// This one alone: a disk that was full for a moment.
    At(usize),
    /// This one and all after it: the process cannot write any more.
    From(usize),
}

#[derive(Default)]
pub struct Notebook {
    inner: MemoryStore,
    failure: Mutex<Failure>,
    commits: Mutex<Vec<StoreChange>>,
    asked: Mutex<usize>,
}

impl Notebook {
    pub fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap() = failure;
    }

    /// All changes that were committed, oldest first.
    pub fn commits(&self) -> Vec<StoreChange> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often a commit was asked for.
    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// The rows, at once.
    pub fn rows(&self) -> StoredSnapshot {
        use futures_util::FutureExt;
        self.inner.load().now_or_never().expect("memory does not wait").unwrap()
    }
}

#[async_trait]
impl Store for Notebook {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        self.inner.load().await
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked - 1
        };
        let fails = match *self.failure.lock().unwrap() {
            Failure::Never => false,
            Failure::At(n) => number == n,
            Failure::From(n) => number >= n,
        };
        if fails {
            return Err(StoreError::Io { place: "memory".into(), what: "no space left".into() });
        }
        let serial = self.inner.commit(lease, change.clone()).await?;
        self.commits.lock().unwrap().push(change);
        Ok(serial)
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        self.inner.lock(holder, wait).await
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        self.inner.unlock(lease).await
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.inner.audit_entries(from, limit).await
    }
}
