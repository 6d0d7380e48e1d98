//! One epoch's end and the next one's beginning.
use std::collections::BTreeMap;

use super::{EpochStore, EpochStoreError};
use crate::audit::{Event, Outcome};
use crate::clock::Clock;
use crate::store::{Lease, Mutation, Store, StoreChange, StoreError};
use crate::vault::{NextEpochs, STACK, SealError, Vault};

/// Rows in one transaction. Few in tests of this module, so that they stop between two of them.
const BATCH: usize = if cfg!(test) { 2 } else { 5000 };

/// Begins and ends epochs under the lock. The vault was opened under that same lock ([`super::open`]).
pub struct Rotation<'a> {
    /// The keys.
    pub vault: &'a Vault,
    /// Where their rows are.
    pub store: &'a dyn Store,
    /// The lock.
    pub lease: &'a Lease,
    /// Where the epochs are.
    pub epochs: &'a dyn EpochStore,
    /// For the age of an epoch and for the log.
    pub clock: &'a dyn Clock,
    /// How the log names who works.
    pub actor: &'a str,
    /// Told how many keys are done, of how many.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The epoch that wraps now.
    pub epoch: u64,
    /// Keys that were wrapped anew.
    pub keys: usize,
    /// Epochs that were destroyed.
    pub destroyed: usize,
    /// Keys that open under no epoch: their rows were put there from elsewhere, and were left as they are.
    pub unopened: usize,
}

/// Why a rotation stopped. It can be gone on with; nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place of the epochs.
    #[error(transparent)]
    Epochs(#[from] EpochStoreError),
    /// A key could not be wrapped.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Rotation<'_> {
    /// What every run does once it has the lock: begins the first epoch of a stack, goes on with a rotation that was stopped,
    /// rotates when the epoch's time is over. None: there was nothing to do.
    ///
    /// # Errors
    /// [`RotationError`]: the next run goes on.
    pub async fn keep(&self) -> Result<Option<Rotated>, RotationError> {
        if self.vault.is_epoch_due(self.clock.now()) {
            return self.run().await.map(Some);
        }
        if self.vault.old_epochs() > 0 || self.vault.untold_epochs().is_some() {
            return self.end().await.map(Some);
        }
        Ok(None)
    }

    /// Rotates now: after it no key is wrapped by an epoch that was there before it.
    ///
    /// # Errors
    /// As [`Rotation::keep`].
    pub async fn run(&self) -> Result<Rotated, RotationError> {
        let next = self.vault.next_epoch(self.clock.now())?;
        self.enter(next).await?;
        self.end().await
    }

    /// Wraps what the newest epoch does not wrap yet, then destroys the others and tells the log.
    async fn end(&self) -> Result<Rotated, RotationError> {
        let ids = self.vault.outdated_keys();
        let mut done = Rotated { epoch: self.vault.epoch().unwrap_or_default(), ..Rotated::default() };
        let mut event = (!ids.is_empty()).then(|| self.event(Outcome::Started, &done));
        for batch in ids.chunks(BATCH) {
            let rows = self.vault.rewrap(batch)?;
            done.keys += rows.len();
            done.unopened += batch.len() - rows.len();
            if !rows.is_empty() {
                let mutations = rows.into_iter().map(Mutation::PutKey).collect();
                let change = StoreChange { base: None, mutations, event: event.take() };
                self.store.commit(self.lease, change).await?;
            }
            (self.progress)(done.keys + done.unopened, ids.len());
        }
        if self.vault.old_epochs() > 0 || done.keys > 0 {
            let next = self.vault.end_old_epochs()?;
            self.enter(next).await?;
        }
        if let Some(destroyed) = self.vault.untold_epochs() {
            done.destroyed = destroyed;
            self.tell(&done).await?;
        }
        Ok(done)
    }

    /// An epoch is saved before it is used, and one is forgotten here when it is gone there.
    async fn enter(&self, next: NextEpochs) -> Result<(), RotationError> {
        self.epochs.save(next.text()).await?;
        Ok(self.vault.enter(next)?)
    }

    /// Writes the end into the log. The stack's own key goes along as it is: an entry alone would make plans stale.
    async fn tell(&self, done: &Rotated) -> Result<(), RotationError> {
        let own = self.vault.rewrap(&[self.vault.key_id(STACK)])?;
        let mutations = own.into_iter().map(Mutation::PutKey).collect();
        let event = Some(self.event(Outcome::Succeeded, done));
        self.store.commit(self.lease, StoreChange { base: None, mutations, event }).await?;
        let told = self.vault.told_epochs()?;
        self.enter(told).await
    }

    fn event(&self, outcome: Outcome, done: &Rotated) -> Event {
        let mut details = BTreeMap::from([("epoch".to_owned(), done.epoch.to_string())]);
        if outcome == Outcome::Succeeded {
            details.insert("keys".to_owned(), done.keys.to_string());
            details.insert("destroyed".to_owned(), done.destroyed.to_string());
            details.insert("unopened".to_owned(), done.unopened.to_string());
            details.insert("promise".to_owned(), "S1".to_owned());
        }
        Event {
            at: self.clock.now(),
            actor: self.actor.to_owned(),
            action: "keys.rotate".to_owned(),
            address: None,
            outcome,
            details,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::audit::Entry;
    use crate::clock::{NoRandomness, Random};
    use crate::rotation::{MemoryEpochs, OpenError, open};
    use crate::secret::Secret;
    use crate::snapshot::{StoredKey, StoredSnapshot};
    use crate::store::{LockHolder, MemoryStore};
    use crate::vault::{EPOCH_LENGTH, RootKey, SealContext, Sealed, Sealer, VaultError};

    struct Dice(AtomicU64);
    impl Random for Dice {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
            Ok(())
        }
    }

    struct At(Timestamp);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    /// Lets so many writes through, to the state and to the epochs; then nothing any more. The last one may have its effect
    /// without an answer.
    struct Fuse {
        left: AtomicUsize,
        last_has_effect: bool,
    }

    impl Fuse {
        fn new(writes: usize, last_has_effect: bool) -> Fuse {
            Fuse { left: AtomicUsize::new(writes), last_has_effect }
        }

        /// Whether a write has its effect, and whether the answer comes.
        fn write(&self) -> (bool, bool) {
            match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
                Err(_) => (false, false),
                Ok(1) => (self.last_has_effect, false),
                Ok(_) => (true, true),
            }
        }
    }

    struct Faulty<'a, T>(&'a T, &'a Fuse);

    #[async_trait]
    impl EpochStore for Faulty<'_, MemoryEpochs> {
        async fn load(&self) -> Result<Option<String>, EpochStoreError> {
            self.0.load().await
        }

        async fn save(&self, text: &str) -> Result<(), EpochStoreError> {
            let (effect, answer) = self.1.write();
            if effect {
                self.0.save(text).await?;
            }
            let killed = EpochStoreError { place: "memory".into(), what: "killed".into() };
            if answer { Ok(()) } else { Err(killed) }
        }
    }

    #[async_trait]
    impl Store for Faulty<'_, MemoryStore> {
        async fn load(&self) -> Result<StoredSnapshot, StoreError> {
            self.0.load().await
        }

        async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
            let (effect, answer) = self.1.write();
            let serial = if effect { self.0.commit(lease, change).await? } else { 0 };
            let killed = StoreError::Io { place: "memory".into(), what: "killed".into() };
            if answer { Ok(serial) } else { Err(killed) }
        }

        async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
            self.0.lock(holder, wait).await
        }

        async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
            self.0.unlock(lease).await
        }

        async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
            self.0.audit_entries(from, limit).await
        }
    }

    const ACCOUNTS: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];

    fn place(account: &str) -> SealContext<'_> {
        SealContext { account, address: "ampere_secret.x", attribute: "value_wo", version: 1 }
    }

    struct World {
        store: MemoryStore,
        epochs: MemoryEpochs,
        dice: Arc<Dice>,
        now: Timestamp,
        sealed: Vec<Sealed>,
    }

    impl World {
        fn new() -> World {
            World {
                store: MemoryStore::new(),
                epochs: MemoryEpochs::new(),
                dice: Arc::new(Dice(AtomicU64::new(0))),
                now: "2026-11-22T12:00:00Z".parse().unwrap(),
                sealed: Vec::new(),
            }
        }

        async fn open(&self) -> Result<Vault, OpenError> {
            let root = RootKey::from_bytes([7; 32]);
            Ok(open(&root, "prod", &self.store, &self.epochs, self.dice.clone()).await?.0)
        }

        async fn lease(&self) -> Lease {
            let (id, who, operation) = ("1".into(), "ada@laptop".into(), "test".into());
            let holder = LockHolder { id, who, operation, since: self.now };
            self.store.lock(holder, Duration::ZERO).await.unwrap()
        }

        /// One run under the lock that rotates, perhaps until it is killed.
        async fn rotates(&self, fuse: &Fuse, always: bool) -> Result<Option<Rotated>, RotationError> {
            let lease = self.lease().await;
            let vault = self.open().await.unwrap();
            let (store, epochs) = (Faulty(&self.store, fuse), Faulty(&self.epochs, fuse));
            let rotation = Rotation {
                vault: &vault,
                store: &store,
                lease: &lease,
                epochs: &epochs,
                clock: &At(self.now),
                actor: "ada@laptop",
                progress: &|_, _| {},
            };
            let done = if always { rotation.run().await.map(Some) } else { rotation.keep().await };
            // As the process ends, so does its lock.
            drop(lease);
            done
        }

        async fn keeps(&self) -> Option<Rotated> {
            self.rotates(&Fuse::new(usize::MAX, true), false).await.unwrap()
        }

        /// Seals for every account, and writes the keys.
        async fn seals(&mut self) {
            let lease = self.lease().await;
            let vault = self.open().await.unwrap();
            for account in ACCOUNTS {
                let text = Secret::new(format!("EXAMPLE-{account}"));
                self.sealed.push(vault.seal(&place(account), &text).unwrap());
            }
            let mutations = vault.keys_to_commit().into_iter().map(Mutation::PutKey).collect();
            self.store.commit(&lease, StoreChange { mutations, ..StoreChange::default() }).await.unwrap();
        }

        async fn rows(&self) -> Vec<StoredKey> {
            self.store.load().await.unwrap().keys
        }

        /// Which accounts' texts open with these rows and all keys that are alive.
        async fn opens_with(&self, rows: &[StoredKey]) -> Vec<bool> {
            let (root, epochs) = (RootKey::from_bytes([7; 32]), self.epochs.load().await.unwrap());
            let opened = Vault::open_with(&root, "prod", epochs.as_deref(), rows, self.dice.clone());
            let Ok(vault) = opened else { return vec![false; ACCOUNTS.len()] };
            let texts = ACCOUNTS.iter().zip(&self.sealed);
            texts.map(|(account, sealed)| vault.open_sealed(&place(account), sealed).is_ok()).collect()
        }

        async fn told(&self) -> Vec<(Outcome, String)> {
            let entries = self.store.audit_entries(1, u32::MAX).await.unwrap();
            entries.into_iter().map(|entry| (entry.event.outcome, entry.event.details["epoch"].clone())).collect()
        }
    }

    #[tokio::test]
    async fn a_rotation_that_is_stopped_after_any_write_is_gone_on_with() {
        let mut points = 0;
        for last_has_effect in [false, true] {
            for writes in 1.. {
                let mut world = World::new();
                world.keeps().await;
                world.seals().await;
                let before = world.rows().await;
                let killed = world.rotates(&Fuse::new(writes, last_has_effect), true).await;
                assert!(world.opens_with(&world.rows().await).await.iter().all(|opens| *opens), "after {writes}");
                world.keeps().await;
                assert_eq!(world.keeps().await, None, "nothing is left to do after {writes}");
                let rows = world.rows().await;
                assert_eq!(world.opens_with(&rows).await, [true; 5]);
                assert_eq!(world.open().await.unwrap().old_epochs(), 0);
                if world.open().await.unwrap().epoch() == Some(2) {
                    assert_eq!(world.opens_with(&before).await, [false; 5], "old rows after {writes}");
                    let told = world.told().await;
                    assert!(told.contains(&(Outcome::Succeeded, "2".into())), "{told:?}");
                } else {
                    assert!(writes == 1 && !last_has_effect, "only a new epoch that was not saved is not there");
                }
                if killed.is_ok() {
                    break;
                }
                points += 1;
            }
        }
        // Three saves, three batches of rows, one entry; each with and without effect.
        assert_eq!(points, 14);
    }

    #[tokio::test]
    async fn an_epoch_ends_after_twelve_hours_and_what_was_erased_before_is_gone_with_it() {
        let mut world = World::new();
        assert_eq!(world.keeps().await.unwrap().epoch, 1);
        assert!(world.told().await.is_empty(), "a new stack has rotated nothing");
        world.seals().await;
        let copy = world.rows().await;
        let ada = world.open().await.unwrap().key_id("ada");
        let lease = world.lease().await;
        let gone = StoreChange { mutations: vec![Mutation::DeleteKey { id: ada }], ..StoreChange::default() };
        world.store.commit(&lease, gone).await.unwrap();
        drop(lease);
        world.now = world.now.checked_add(EPOCH_LENGTH - SignedDuration::from_secs(1)).unwrap();
        assert_eq!(world.keeps().await, None);
        assert!(world.opens_with(&copy).await[0], "the old copy opens as long as the epoch lives");
        world.now = world.now.checked_add(SignedDuration::from_secs(1)).unwrap();
        let done = world.keeps().await.unwrap();
        assert_eq!(done, Rotated { epoch: 2, keys: 5, destroyed: 1, unopened: 0 });
        assert_eq!(world.opens_with(&copy).await, [false; 5]);
        assert_eq!(world.opens_with(&world.rows().await).await, [false, true, true, true, true]);
        assert_eq!(world.told().await, [(Outcome::Started, "2".into()), (Outcome::Succeeded, "2".into())]);
        let state = world.store.load().await.unwrap();
        assert_eq!(state.serial, 0, "no plan becomes stale by it");
    }

    #[tokio::test]
    async fn a_state_without_epochs_is_taken_up() {
        let mut world = World::new();
        world.seals().await;
        let done = world.keeps().await.unwrap();
        assert_eq!(done, Rotated { epoch: 1, keys: 6, destroyed: 0, unopened: 0 });
        assert_eq!(world.opens_with(&world.rows().await).await, [true; 5]);
        assert_eq!(world.told().await.len(), 2);
    }

    #[tokio::test]
    async fn a_row_put_back_from_an_ended_epoch_is_refused_and_harms_nobody_else() {
        let mut world = World::new();
        world.keeps().await;
        world.seals().await;
        let old = world.rows().await;
        world.rotates(&Fuse::new(usize::MAX, true), true).await.unwrap();
        let ada = world.open().await.unwrap().key_id("ada");
        let row = old.iter().find(|row| row.id == ada).unwrap().clone();
        let lease = world.lease().await;
        let put_back = StoreChange { mutations: vec![Mutation::PutKey(row)], ..StoreChange::default() };
        world.store.commit(&lease, put_back).await.unwrap();
        drop(lease);
        let vault = world.open().await.unwrap();
        assert_eq!(vault.open_sealed(&place("ada"), &world.sealed[0]).err(), Some(SealError::EpochGone));
        assert!(vault.prepare("ada").is_err(), "and nothing more is sealed under it");
        assert_eq!(world.opens_with(&world.rows().await).await, [false, true, true, true, true]);
        let done = world.rotates(&Fuse::new(usize::MAX, true), true).await.unwrap().unwrap();
        assert_eq!((done.keys, done.unopened), (5, 1), "the rotation goes on without it");
    }

    #[tokio::test]
    async fn parts_that_do_not_belong_together_are_told_apart() {
        let mut world = World::new();
        world.keeps().await;
        world.seals().await;
        let first = world.epochs.load().await.unwrap();
        let old_rows = world.rows().await;
        world.rotates(&Fuse::new(usize::MAX, true), true).await.unwrap();
        let (second, rows) = (world.epochs.load().await.unwrap(), world.rows().await);
        let refused = |root: u8, stack: &str, epochs: &Option<String>, rows: &[StoredKey]| {
            let root = RootKey::from_bytes([root; 32]);
            Vault::open_with(&root, stack, epochs.as_deref(), rows, world.dice.clone()).err()
        };
        assert_eq!(refused(7, "prod", &second, &rows), None);
        assert_eq!(refused(7, "prod", &None, &rows), Some(VaultError::EpochsMissing { state: 2 }));
        assert_eq!(refused(7, "prod", &first, &rows), Some(VaultError::EpochsBehind { state: 2, newest: 1 }));
        assert_eq!(refused(7, "prod", &second, &old_rows), Some(VaultError::EpochGone { state: 1, oldest: 2 }));
        assert_eq!(refused(8, "prod", &second, &rows), Some(VaultError::WrongKey));
        assert_eq!(refused(7, "test", &second, &rows), Some(VaultError::WrongKey));
        assert_eq!(refused(8, "prod", &second, &[]), Some(VaultError::EpochsUnreadable));
        assert_eq!(refused(7, "prod", &Some("EXAMPLE".into()), &rows), Some(VaultError::EpochsUnreadable));
        assert_eq!(refused(8, "prod", &None, &rows), Some(VaultError::WrongKey));
        world.epochs.save(first.as_deref().unwrap()).await.unwrap();
        let vault = Vault::open_with(&RootKey::from_bytes([7; 32]), "prod", first.as_deref(), &[], world.dice.clone());
        let other = vault.unwrap().next_epoch(world.now).unwrap().text().to_owned();
        assert_eq!(refused(7, "prod", &Some(other), &rows), Some(VaultError::EpochsForked { state: 2 }));
    }

    #[tokio::test]
    async fn a_vault_from_before_a_rotation_by_another_process_is_refused_the_rows() {
        let mut world = World::new();
        world.keeps().await;
        world.seals().await;
        let long_lived = world.open().await.unwrap();
        assert!(crate::vault::rows::snapshot(&world.store.load().await.unwrap(), &long_lived).is_ok());
        world.rotates(&Fuse::new(usize::MAX, true), true).await.unwrap();
        let refused = crate::vault::rows::snapshot(&world.store.load().await.unwrap(), &long_lived);
        assert_eq!(refused.err(), Some(crate::vault::rows::RowError::KeysRotated));
    }
}
