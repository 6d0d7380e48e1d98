//! Where notices are written down: the outbox's rows, with the keys they need and a word in the log.
use std::collections::BTreeMap;

use super::{Delivered, NoticeError, Occasion, Outbox};
use crate::audit::{Event, Outcome};
use crate::clock::Clock;
use crate::retention::{Owner, Tombstone};
use crate::store::{Lease, Mutation, Store, StoreChange};
use crate::vault::Vault;

/// The state, its keys and its log, for notices.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The state.
    pub store: &'a dyn Store,
    /// The lock on it.
    pub lease: &'a Lease,
    /// The keys.
    pub vault: &'a Vault,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Who works, for the log.
    pub actor: &'a str,
}

impl Desk<'_> {
    /// The outbox as it is stored.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn outbox(&self) -> Result<Outbox, NoticeError> {
        Ok(Outbox::read(&self.store.load().await?.records)?)
    }

    /// Takes in the occasions that are new; returns how many.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn queue(&self, outbox: &mut Outbox, occasions: &[Occasion]) -> Result<usize, NoticeError> {
        let rows = outbox.queue(occasions, self.vault, self.clock.now())?;
        let count = rows.len();
        if count > 0 {
            let details = BTreeMap::from([("count".to_owned(), count.to_string())]);
            self.commit(rows, Some(self.event("notices.queued", Outcome::Succeeded, details))).await?;
        }
        Ok(count)
    }

    /// Lets go what has been confirmed, and gives up what is of no use any more (see [`Outbox::settle`]).
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn settle(
        &self,
        outbox: &mut Outbox,
        tombstones: &BTreeMap<Owner, Tombstone>,
    ) -> Result<Delivered, NoticeError> {
        let before = outbox.counts().dropped;
        let rows = outbox.settle(tombstones, self.vault, self.clock.now())?;
        let dropped = outbox.counts().dropped - before;
        if !rows.is_empty() {
            let details = BTreeMap::from([("dropped".to_owned(), dropped.to_string())]);
            self.commit(rows, Some(self.event("notices.settled", Outcome::Succeeded, details))).await?;
        }
        Ok(Delivered { dropped, ..Delivered::default() })
    }

    /// An entry of the log.
    pub(super) fn event(&self, action: &str, outcome: Outcome, details: BTreeMap<String, String>) -> Event {
        let (at, actor) = (self.clock.now(), self.actor.to_owned());
        Event { at, actor, action: action.to_owned(), address: None, outcome, details }
    }

    /// One transaction; keys that were made along the way are written in it too.
    pub(super) async fn commit(&self, mut rows: Vec<Mutation>, event: Option<Event>) -> Result<(), NoticeError> {
        let keys = self.vault.keys_to_commit();
        rows.extend(keys.iter().cloned().map(Mutation::PutKey));
        self.store.commit(self.lease, StoreChange { base: None, mutations: rows, event }).await?;
        self.vault.keys_committed(&keys);
        Ok(())
    }
}
