//! The state as a store keeps it: rows of text.
use serde::{Deserialize, Serialize};

use super::{PendingStep, StoredRecord};

/// The rows of a stack.
#[derive(Clone, Debug, Default)]
pub struct StoredSnapshot {
    /// Rises with every transaction.
    pub serial: u64,
    /// Objects, by address and deposed key.
    pub objects: Vec<StoredObject>,
    /// Outputs.
    pub outputs: Vec<StoredOutput>,
    /// Journal entries without an end.
    pub pending: Vec<PendingStep>,
    /// Wrapped keys of accounts, for [`crate::vault::Vault::open_with`].
    pub keys: Vec<StoredKey>,
    /// Tombstones, notices, marks.
    pub records: Vec<StoredRecord>,
}

/// A wrapped key's row. It is worth nothing without the epoch's key.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id: says nothing of the account.
    pub id: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// An object's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// The address, as text.
    pub address: String,
    /// The deposed key, or the empty text.
    pub deposed: String,
    /// The id at the cloud.
    pub external_id: String,
    /// The object as JSON, sensitive leaves sealed (see `crate::vault::rows`).
    pub body: String,
}

/// An output's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOutput {
    /// The name.
    pub name: String,
    /// The value as JSON, sealed if sensitive.
    pub body: String,
}
