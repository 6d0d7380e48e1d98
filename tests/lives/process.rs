//! The process that reconciles: its clock, its state, and how it is killed.
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ampere_core::audit::Entry;
use ampere_core::clock::Clock;
use ampere_core::store::{Lease, LockHolder, MemoryStore, Store, StoreChange, StoreError, StoredSnapshot};
use async_trait::async_trait;
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The simulated clock: tokio's paused one, from a day on. Waits of the engine move it.
pub struct Watch {
    epoch: Timestamp,
    begun: Instant,
}

impl Watch {
    /// A watch that shows this now.
    pub fn at(epoch: Timestamp) -> Watch {
        Watch { epoch, begun: Instant::now() }
    }

    /// When it will show that, for tokio.
    pub fn instant(&self, at: Timestamp) -> Instant {
        self.begun + Duration::try_from(at.duration_since(self.epoch)).unwrap_or_default()
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        let gone = SignedDuration::try_from(self.begun.elapsed()).expect("a few years");
        self.epoch.checked_add(gone).expect("before the year 9999")
    }
}

/// Kills the process at the n-th point from where it was lit: before a call reaches a cloud, in the middle of its effect,
/// before its answer is read, before a transaction is committed, before anybody learns that it was.
#[derive(Default)]
pub struct Fuse {
    /// Points left; below 0 it is out.
    left: AtomicI64,
    blown: Notify,
}

impl Fuse {
    /// Nobody is killed.
    pub fn put_out(&self) {
        self.left.store(i64::MIN, Ordering::Relaxed);
    }

    /// The process is killed after so many points.
    pub fn light(&self, points: u64) {
        self.left.store(points.cast_signed(), Ordering::Relaxed);
    }

    /// A point at which the process may die: then nothing happens any more.
    pub async fn point(&self) {
        let left = self.left.load(Ordering::Relaxed);
        if left == i64::MIN {
            return;
        }
        if left == 0 {
            self.blown.notify_one();
            std::future::pending::<()>().await;
        }
        self.left.store(left - 1, Ordering::Relaxed);
    }

    /// Ends when the process is dead.
    pub async fn blown(&self) {
        self.blown.notified().await;
    }
}

/// A state that outlives the process.
pub struct Disk {
    rows: MemoryStore,
    fuse: Arc<Fuse>,
}

impl Disk {
    /// An empty one.
    pub fn new(fuse: Arc<Fuse>) -> Disk {
        Disk::over(MemoryStore::new(), fuse)
    }

    /// One that others use too, with a fuse of its own.
    pub fn over(rows: MemoryStore, fuse: Arc<Fuse>) -> Disk {
        Disk { rows, fuse }
    }

    /// What a new process reads.
    pub fn rows(&self) -> StoredSnapshot {
        self.rows.load().now_or_never().expect("memory does not wait").expect("memory can be read")
    }
}

#[async_trait]
impl Store for Disk {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        self.rows.load().await
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        self.fuse.point().await;
        let serial = self.rows.commit(lease, change).await;
        self.fuse.point().await;
        serial
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        self.rows.lock(holder, wait).await
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        self.rows.unlock(lease).await
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.rows.audit_entries(from, limit).await
    }
}
