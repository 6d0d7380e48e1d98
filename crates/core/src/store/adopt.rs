//! A whole state in an empty one's place.
use async_trait::async_trait;

use super::{Lease, Mutation, RecordKind, Store, StoreChange, StoreError, StoredRecord, StoredSnapshot};
use crate::audit::{Entry, Head};

/// The mark of a state that is being filled: until it is gone the state is not whole, and must not be planned from.
pub const UNFINISHED: &str = "unfinished_migration";

/// A store that can take the place of another one.
#[async_trait]
pub trait Adopt: Store {
    /// Takes over rows, serial and log of another state in one transaction: after a kill there is all of it or nothing. The
    /// mark [`UNFINISHED`] goes with it.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] if the serial has moved, or the log has an entry: something is kept there already.
    async fn adopt(&self, lease: &Lease, state: StoredSnapshot, log: Vec<Entry>) -> Result<(), StoreError>;
}

/// What is written beside the rows when a state is taken over.
#[derive(Debug)]
pub(super) struct Whole {
    /// At least 1: a state at 0 is an empty one.
    pub(super) serial: u64,
    pub(super) log: Vec<Entry>,
}

impl Whole {
    /// A state in its parts: what is written beside the rows, and the change that writes the rows.
    pub(super) fn new(state: StoredSnapshot, log: Vec<Entry>) -> (Whole, StoreChange) {
        let whole = Whole { serial: state.serial.max(1), log };
        (whole, StoreChange { mutations: state.into_mutations(), ..StoreChange::default() })
    }

    /// The log's last entry.
    pub(super) fn head(&self) -> Head {
        self.log.last().map_or_else(Head::default, Entry::head)
    }
}

/// The record that says that a state is being filled.
pub fn unfinished() -> StoredRecord {
    StoredRecord { kind: RecordKind::Mark, id: UNFINISHED.into(), body: "ampere state migrate".into() }
}

impl StoredSnapshot {
    /// Whether the state is being filled by a migration that has not ended.
    pub fn is_unfinished(&self) -> bool {
        self.records.iter().any(|record| record.kind == RecordKind::Mark && record.id == UNFINISHED)
    }

    /// The rows as what writes them.
    fn into_mutations(self) -> Vec<Mutation> {
        let StoredSnapshot { serial: _, objects, outputs, pending, keys, records } = self;
        let gone = Mutation::DeleteRecord { kind: RecordKind::Mark, id: UNFINISHED.into() };
        let records = records.into_iter().filter(|record| record.id != UNFINISHED);
        std::iter::once(gone)
            .chain(objects.into_iter().map(Mutation::PutObject))
            .chain(outputs.into_iter().map(Mutation::PutOutput))
            .chain(pending.into_iter().map(Mutation::StepStarted))
            .chain(keys.into_iter().map(Mutation::PutKey))
            .chain(records.map(Mutation::PutRecord))
            .collect()
    }
}
