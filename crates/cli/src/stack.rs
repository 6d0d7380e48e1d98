//! A stack's state, its keys and its lock, opened for a command.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ampere_core::audit::{Event, Outcome};
use ampere_core::clock::{Clock, Random};
use ampere_core::lang::config::Module;
use ampere_core::rotation::{self, Rotated, Rotation};
use ampere_core::snapshot::{Snapshot, StoredSnapshot};
use ampere_core::store::{Lease, LockHolder, Mutation, Store, StoreChange, StoreError};
use ampere_core::vault::rows::{self, RowError};
use ampere_core::vault::{RootKey, Vault};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::keys::{open_failure, rotation_failure};
use crate::operation::recorded;
use crate::place::Place;
use crate::project::{DataDirectory, FileEpochs, Settings};
use crate::world::{SystemClock, SystemRandom};

/// The state of a stack, opened but not yet read: a lock may have to come first.
pub struct Stack {
    /// Name and actor.
    pub settings: Settings,
    /// Where its files are.
    pub data: DataDirectory,
    /// Its rows.
    pub store: Arc<dyn Store>,
    /// Whether the root key was made just now.
    pub key_made: bool,
    key: RootKey,
    epochs: FileEpochs,
}

/// The rows of a stack, read with its keys.
pub struct Loaded {
    /// Seals and opens.
    pub vault: Arc<Vault>,
    /// What is remembered.
    pub snapshot: Snapshot,
}

impl Stack {
    /// Opens the state that a configuration names; key and state are made when they are not there.
    ///
    /// # Errors
    /// The data directory, the key or the state cannot be used.
    pub async fn open(module: &Module) -> Result<Stack, Failure> {
        let settings = Settings::read(Path::new("."))?;
        let data = DataDirectory::of_environment();
        let place = Place::of(module, &data)?;
        Stack::at(&place, settings, data).await
    }

    /// Opens the state where `init` has seen it: for work that goes on when the configuration has faults.
    ///
    /// # Errors
    /// As [`Stack::open`].
    pub async fn recorded() -> Result<Stack, Failure> {
        let settings = Settings::read(Path::new("."))?;
        let data = DataDirectory::of_environment();
        let place = Place::recorded(&recorded(&data), &data)?;
        Stack::at(&place, settings, data).await
    }

    /// Opens the state at a place.
    ///
    /// # Errors
    /// As [`Stack::open`].
    pub async fn at(place: &Place, settings: Settings, data: DataDirectory) -> Result<Stack, Failure> {
        // The key first: a state that was made without one would be of no use.
        let (key, key_made) = data.root_key(&settings.root_key)?;
        let (store, epochs) = (place.open().await?, data.epochs(&settings.root_key));
        Ok(Stack { settings, data, store, key_made, key, epochs })
    }

    /// A state that was opened already.
    ///
    /// # Errors
    /// The key cannot be used.
    pub fn of(store: Arc<dyn Store>, settings: Settings, data: DataDirectory) -> Result<Stack, Failure> {
        let (key, key_made) = data.root_key(&settings.root_key)?;
        let epochs = data.epochs(&settings.root_key);
        Ok(Stack { settings, data, store, key_made, key, epochs })
    }

    /// Opens the state, if there is one already.
    ///
    /// # Errors
    /// As [`Stack::open`].
    pub async fn existing(module: &Module) -> Result<Option<Stack>, Failure> {
        let data = DataDirectory::of_environment();
        let Some(store) = Place::of(module, &data)?.existing().await? else { return Ok(None) };
        Stack::of(store, Settings::read(Path::new("."))?, data).map(Some)
    }

    /// Takes the lock, waiting at most so long.
    ///
    /// # Errors
    /// Another run holds it: the failure names the holder (exit code 4).
    pub async fn lock(&self, operation: &str, wait: Duration) -> Result<Lease, Failure> {
        let mut id = [0; 16];
        SystemRandom.fill(&mut id).map_err(|error| Failure::error("No lock could be taken", format!("{error}.")))?;
        let holder = LockHolder {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            who: self.settings.actor(),
            operation: operation.to_owned(),
            since: SystemClock.now(),
        };
        self.store.lock(holder, wait).await.map_err(store_failure)
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn unlock(&self, lease: Lease) -> Result<(), Failure> {
        self.store.unlock(lease).await.map_err(store_failure)
    }

    /// Reads the rows, to look at them. What is to be changed is read by [`Stack::load_locked`].
    ///
    /// # Errors
    /// They cannot be read, or another key made them.
    pub async fn load(&self) -> Result<Loaded, Failure> {
        let (vault, stored) = self.opened().await?;
        read(vault, &stored)
    }

    /// Reads the rows under the lock. An epoch of keys whose time is over ends here.
    ///
    /// # Errors
    /// As [`Stack::load`], or the keys cannot be rotated.
    pub async fn load_locked(&self, lease: &Lease) -> Result<Loaded, Failure> {
        let (vault, stored) = self.opened().await?;
        let rotated = self.rotation(&vault, lease, &self.settings.actor(), &|_, _| {}).keep().await;
        if let Some(rotated) = rotated.map_err(rotation_failure)? {
            tracing::info!(epoch = rotated.epoch, keys = rotated.keys, "an epoch of keys has begun");
        }
        read(vault, &stored)
    }

    /// Rotates keys now.
    ///
    /// # Errors
    /// As [`Stack::load_locked`].
    pub async fn rotate(&self, lease: &Lease, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Rotated, Failure> {
        let (vault, _) = self.opened().await?;
        self.rotation(&vault, lease, &self.settings.actor(), progress).run().await.map_err(rotation_failure)
    }

    async fn opened(&self) -> Result<(Vault, StoredSnapshot), Failure> {
        let (stack, random) = (&self.settings.stack, Arc::new(SystemRandom));
        let opened = rotation::open(&self.key, stack, &*self.store, &self.epochs, random).await;
        let (vault, stored) =
            opened.map_err(|error| open_failure(error, &self.data.key_place(&self.settings.root_key), &self.epochs))?;
        if stored.is_unfinished() {
            let detail = "A migration into this state has begun and has not ended: it is not whole. The state it comes from is. \
                          Run \"ampere state migrate\" again.";
            return Err(Failure::error("Unfinished migration", detail));
        }
        Ok((vault, stored))
    }

    fn rotation<'a>(
        &'a self,
        vault: &'a Vault,
        lease: &'a Lease,
        actor: &'a str,
        progress: &'a (dyn Fn(usize, usize) + Sync),
    ) -> Rotation<'a> {
        let (store, epochs) = (&*self.store, &self.epochs);
        Rotation { vault, store, lease, epochs, clock: &SystemClock, actor, progress }
    }
}

fn read(vault: Vault, stored: &StoredSnapshot) -> Result<Loaded, Failure> {
    let snapshot = rows::snapshot(stored, &vault).map_err(|error| rows_failure(&error))?;
    Ok(Loaded { vault: Arc::new(vault), snapshot })
}

impl Stack {
    /// Writes keys that are not in the state yet, so that what they seal (a saved plan) can be opened by the next run.
    /// Returns the new serial, if something was written.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn settle(&self, vault: &Vault, lease: &Lease) -> Result<Option<u64>, Failure> {
        let keys = vault.keys_to_commit();
        if keys.is_empty() {
            return Ok(None);
        }
        let mutations = keys.iter().cloned().map(Mutation::PutKey).collect();
        let change = StoreChange { base: None, mutations, event: None };
        let serial = self.store.commit(lease, change).await.map_err(store_failure)?;
        vault.keys_committed(&keys);
        Ok(Some(serial))
    }
}

impl Stack {
    /// Writes rows and an entry of the log, in one transaction.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn record(&self, lease: &Lease, mutations: Vec<Mutation>, action: &str) -> Result<(), Failure> {
        let event = Event {
            at: SystemClock.now(),
            actor: self.settings.actor(),
            action: action.to_owned(),
            address: None,
            outcome: Outcome::Succeeded,
            details: BTreeMap::new(),
        };
        let change = StoreChange { base: None, mutations, event: Some(event) };
        self.store.commit(lease, change).await.map_err(store_failure)?;
        Ok(())
    }
}

/// What the state remembers; nothing if there is no state.
///
/// # Errors
/// There is one, and it cannot be read.
pub async fn remembered(module: &Module) -> Result<Snapshot, Failure> {
    match Stack::existing(module).await? {
        Some(stack) => Ok(stack.load().await?.snapshot),
        None => Ok(Snapshot::default()),
    }
}

/// A failure of the state, with what a person can do.
pub fn store_failure(error: StoreError) -> Failure {
    let text = sentence(&error.to_string());
    match error {
        StoreError::Locked(holder) => {
            let detail = format!(
                "Another run holds the lock on the state: {} ({}), since {}, id {}. Wait for it with -lock-timeout=60s. A \
                 lock whose holder is dead frees itself after a short while.",
                holder.who, holder.operation, holder.since, holder.id
            );
            Failure::new(Exit::Stale, "Error acquiring the state lock", detail)
        }
        StoreError::Stale { .. } => Failure::new(
            Exit::Stale,
            "Saved plan is stale",
            format!("Meanwhile the state was changed. {text} Plan again."),
        ),
        StoreError::LeaseLost => {
            let detail = "This run was held up so long that another one took the lock. What was begun is written down; plan again.";
            Failure::new(Exit::Stale, "Lock lost", detail)
        }
        StoreError::NotEmpty { .. } => {
            Failure::error("The target holds a state", format!("{text} It was left as it is; name another place."))
        }
        StoreError::Newer { .. } => {
            Failure::error("State of a newer version", format!("{text} Use that version of Ampere."))
        }
        StoreError::Corrupt { .. } => Failure::error("Damaged state", format!("{text} Nothing was changed.")),
        StoreError::Io { .. } => Failure::error("State unusable", text),
    }
}

/// The text as a sentence: a capital in front, a period behind.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

/// A failure to read the rows of the state.
pub fn rows_failure(error: &RowError) -> Failure {
    Failure::error("The state cannot be read", format!("{} Nothing was changed.", sentence(&error.to_string())))
}
