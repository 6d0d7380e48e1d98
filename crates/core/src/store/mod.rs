//! The port to the state: rows in, rows out, one transaction a change.
//!
//! A store keeps texts. What is sensitive in them has been sealed before it comes here (S1).
mod adopt;
mod batch;
#[cfg(feature = "conformance")]
pub mod conformance;
mod lease;
pub mod memory;
pub mod postgres;
pub mod sqlite;

pub use crate::snapshot::{RecordKind, StoredKey, StoredObject, StoredOutput, StoredRecord, StoredSnapshot};
pub use adopt::{Adopt, UNFINISHED, unfinished};
pub use lease::Lease;
pub use memory::MemoryStore;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::snapshot::PendingStep;

/// A place that keeps the state of one stack.
#[async_trait]
pub trait Store: Send + Sync {
    /// Everything, consistent at one serial.
    async fn load(&self) -> Result<StoredSnapshot, StoreError>;

    /// Writes one change in one transaction: a number of rows that does not depend on the size of the stack. The audit
    /// event is chained to the log inside the same transaction. Returns the serial, which has risen unless only records were
    /// written on which no plan depends (see [`Mutation::is_planned_from`]).
    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError>;

    /// Takes the stack's lock, waiting at most so long. A lock is a lease with a heartbeat: one whose holder is dead frees
    /// itself.
    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError>;

    /// Gives the lock back.
    async fn unlock(&self, lease: Lease) -> Result<(), StoreError>;

    /// The audit log from an entry on, oldest first.
    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<crate::audit::Entry>, StoreError>;
}

/// A change of the state.
#[derive(Clone, Debug, Default)]
pub struct StoreChange {
    /// The serial the change is based on; another one is a [`StoreError::Stale`]. None: whatever it is.
    pub base: Option<u64>,
    /// Rows to write.
    pub mutations: Vec<Mutation>,
    /// What the log says about it.
    pub event: Option<crate::audit::Event>,
}

impl StoreChange {
    /// Whether a plan that was made before it is stale after it. An event alone counts: it tells of something done.
    pub fn moves_the_serial(&self) -> bool {
        self.mutations.is_empty() || self.mutations.iter().any(Mutation::is_planned_from)
    }
}

/// A row to write.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// Insert or replace an object.
    PutObject(StoredObject),
    /// Remove an object.
    DeleteObject {
        /// The address, as text.
        address: String,
        /// The deposed key, or the empty text.
        deposed: String,
    },
    /// Insert or replace an output.
    PutOutput(StoredOutput),
    /// Remove an output.
    DeleteOutput(String),
    /// A step begins: committed before its call is made.
    StepStarted(PendingStep),
    /// A step has an end, of which the audit event tells.
    StepEnded {
        /// The key it was begun with.
        key: String,
    },
    /// Insert or replace a wrapped key (of an account): destroying it destroys all that was sealed under it.
    PutKey(StoredKey),
    /// Destroy a wrapped key.
    DeleteKey {
        /// Its id.
        id: String,
    },
    /// Insert or replace a record.
    PutRecord(StoredRecord),
    /// Remove a record.
    DeleteRecord {
        /// What it is about.
        kind: RecordKind,
        /// Its id.
        id: String,
    },
}

impl Mutation {
    /// Whether a plan can depend on it; a change that holds nothing else leaves the serial as it is. No plan depends on keys:
    /// what they seal is in other rows.
    pub fn is_planned_from(&self) -> bool {
        match self {
            Mutation::PutRecord(record) => record.kind.is_planned_from(),
            Mutation::DeleteRecord { kind, .. } => kind.is_planned_from(),
            Mutation::PutKey(_) | Mutation::DeleteKey { .. } => false,
            _ => true,
        }
    }
}

/// Who holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Random, so that two runs differ.
    pub id: String,
    /// `ada@laptop`, as the caller wants to be named.
    pub who: String,
    /// e.g. `apply`
    pub operation: String,
    /// When it was taken.
    pub since: jiff::Timestamp,
}

/// Why the store could not do it. No message holds a row's text.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another run holds the lock (exit code 4).
    #[error("the state is locked by {} ({}) since {}", .0.who, .0.operation, .0.since)]
    Locked(LockHolder),
    /// The state has moved on since the plan was made (exit code 4).
    #[error("the state is at serial {found}, and the plan was made at serial {expected}")]
    Stale {
        /// The serial of the plan.
        expected: u64,
        /// The serial of the state.
        found: u64,
    },
    /// The lease was lost (another run took it over after our heartbeat stopped).
    #[error("the lock was lost to another run")]
    LeaseLost,
    /// A state is to be taken over where there is one already.
    #[error("there is a state at {place} already")]
    NotEmpty {
        /// The file or the URL without credentials.
        place: String,
    },
    /// A newer version of Ampere wrote it.
    #[error("the state was written by a newer version (schema {found}, this version knows {known})")]
    Newer {
        /// The schema version found.
        found: i64,
        /// The newest this version knows.
        known: i64,
    },
    /// It is not a state, or it is damaged.
    #[error("the state at {place} is damaged: {what}")]
    Corrupt {
        /// The file or the URL without credentials.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// It cannot be read or written (read-only directory, full disk, no permission).
    #[error("the state at {place} cannot be used: {what}")]
    Io {
        /// The file or the URL without credentials.
        place: String,
        /// What is wrong.
        what: String,
    },
}
