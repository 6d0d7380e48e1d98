//! Secrets at rest: AES-256-GCM under a hierarchy of keys (S1).
//!
//! | key | where it is | what it does |
//! |---|---|---|
//! | [`RootKey`] | a file of mode 0600, the environment, a KMS: the caller's matter | derives the five below (HKDF) |
//! | epochs key, marker key, fingerprint key, plan key, signing key | memory only | one purpose each |
//! | epoch key | beside the root key, wrapped by the epochs key; never in the state (`rotation::EpochStore`) | wraps account keys for at most [`EPOCH_LENGTH`]; destroying it ends every older copy of their rows |
//! | account key | a row of the state, wrapped by an epoch key | destroying the row destroys what was sealed under it |
//! | data key | nowhere | derived for one message, used once |
//!
//! A vault that is opened without epochs ([`Vault::open`]) wraps account keys by a key of the root: then a copy of the state
//! opens with the root key for ever. `rotation::open` and `rotation::Rotation` take such a state up.
pub(crate) mod codec;
mod derive;
mod envelope;
mod epoch;
mod keyring;
mod padding;
mod root;
pub mod rows;
mod sealed;

pub use codec::CodecError;
pub use epoch::{EPOCH_LENGTH, MAX_WRAPS};
pub use keyring::MAX_USES;
pub use root::{RootKey, RootKeyError};
pub use sealed::{SealContext, SealError, Sealed, Sealer};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::clock::Random;
use crate::identity::{AddressHash, Marker, StackId};
use crate::kind::Fingerprint;
use crate::secret::Secret;
use crate::snapshot::StoredKey;
use derive::{Key, derive, keyed_hash};
use epoch::Epochs;
use keyring::{Keyring, ROOT, wrapped_by};

/// The account of what belongs to no customer.
pub const STACK: &str = "stack";

/// Seals, opens, marks and fingerprints for one stack. Keys are made when they are first needed; the rows to write for them
/// are in [`Vault::keys_to_commit`].
pub struct Vault {
    stack: StackId,
    marker: Key,
    fingerprint: Key,
    plan: Key,
    signing: Key,
    /// Seals the text of the epochs.
    epochs: Key,
    keyring: Mutex<Keyring>,
    random: Arc<dyn Random>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("stack", &self.stack).finish_non_exhaustive()
    }
}

/// Why a vault could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keys of the state were wrapped by another root key, or for a stack of another name.
    #[error("the root key is not the one this state was made with, or the state belongs to a stack of another name")]
    WrongKey,
    /// The random source failed.
    #[error("no random bytes could be had")]
    NoRandomness,
    /// The keys of the state are wrapped by an epoch, and there are no epochs.
    #[error("the keys of the state are wrapped by epoch {state}, and no epoch key is there")]
    EpochsMissing {
        /// The epoch that the state names.
        state: u64,
    },
    /// The epochs were sealed for another stack or under another root key, or their text is damaged.
    #[error("the epoch keys do not open with the root key: they are another stack's, or damaged")]
    EpochsUnreadable,
    /// The state is of a later epoch: keys were rotated where these epochs were not.
    #[error("the keys of the state are wrapped by epoch {state}, and the epoch keys at hand end with {newest}")]
    EpochsBehind {
        /// The epoch that the state names.
        state: u64,
        /// The newest that is there.
        newest: u64,
    },
    /// The state is of an epoch that was destroyed: it is an old copy.
    #[error("the keys of the state are wrapped by epoch {state}, which was destroyed; the oldest alive is {oldest}")]
    EpochGone {
        /// The epoch that the state names.
        state: u64,
        /// The oldest that is there.
        oldest: u64,
    },
    /// The numbers fit and the keys do not: keys were rotated in two places at once.
    #[error("epoch {state} at hand is another one than the epoch {state} that wrapped the keys of the state")]
    EpochsForked {
        /// The epoch that both name.
        state: u64,
    },
}

/// Epochs that are to be alive from now on: saved first, then entered.
pub struct NextEpochs {
    text: String,
    epochs: Epochs,
}

impl NextEpochs {
    /// What to save. It is worth nothing without the root key.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Vault {
    /// Opens the vault of a stack with the rows of its state (none for a new state), without epochs.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`] at once if the rows were not made with this root key for this stack;
    /// [`VaultError::EpochsMissing`] if they were wrapped by an epoch.
    pub fn open(root: &RootKey, stack: &str, keys: &[StoredKey], random: Arc<dyn Random>) -> Result<Vault, VaultError> {
        Vault::open_with(root, stack, None, keys, random)
    }

    /// Opens the vault of a stack with its epochs, as they were saved, and the rows of its state. `rotation::open` reads both
    /// and calls this.
    ///
    /// # Errors
    /// [`VaultError`]: the parts do not belong together.
    pub fn open_with(
        root: &RootKey,
        stack: &str,
        epochs: Option<&str>,
        keys: &[StoredKey],
        random: Arc<dyn Random>,
    ) -> Result<Vault, VaultError> {
        let marker = root.subkey("marker");
        let stack = StackId(keyed_hash(&marker, &[b"stack", stack.as_bytes()], 16).into());
        // The ids of the rows tell a wrong root key before anything else is taken to be wrong.
        let id = own_key_id(&marker, &stack, STACK);
        let own = keys.iter().find(|row| row.id == id);
        if own.is_none() && !keys.is_empty() {
            return Err(VaultError::WrongKey);
        }
        let sealing = root.subkey("epochs");
        let epochs = match epochs {
            Some(text) => Epochs::parse(text, &sealing, &stack.0).map_err(|_| VaultError::EpochsUnreadable)?,
            None => Epochs::default(),
        };
        let vault = Vault {
            fingerprint: root.subkey("fingerprint"),
            plan: root.subkey("plan file"),
            signing: root.subkey("signing"),
            epochs: sealing,
            keyring: Mutex::new(Keyring::new(root.subkey("wrap"), epochs, keys)),
            marker,
            stack,
            random,
        };
        let Some(row) = own else {
            // Made at once: it stands in the state from the first transaction on, and tells a wrong root key.
            vault.keyring().reserve(&id, &*vault.random).map_err(|_| VaultError::NoRandomness)?;
            return Ok(vault);
        };
        let (state, _) = wrapped_by(&row.wrapped).ok_or(VaultError::WrongKey)?;
        let refused = vault.keyring().get(&id).err();
        match (refused, state) {
            (None, _) => Ok(vault),
            (Some(_), ROOT) => Err(VaultError::WrongKey),
            (Some(SealError::EpochGone), _) => Err(vault.misfit(state)),
            (Some(_), _) => Err(VaultError::EpochsForked { state }),
        }
    }

    /// How the epochs do not fit a state of an epoch that is not among them.
    fn misfit(&self, state: u64) -> VaultError {
        let ring = self.keyring();
        match (ring.epochs.oldest(), ring.epochs.newest()) {
            (_, Some(newest)) if newest.number < state => VaultError::EpochsBehind { state, newest: newest.number },
            (Some(oldest), _) => VaultError::EpochGone { state, oldest: oldest.number },
            (None, _) => VaultError::EpochsMissing { state },
        }
    }

    /// The stack's id, as its objects bear it.
    pub fn stack_id(&self) -> &StackId {
        &self.stack
    }

    /// A keyed hash of an address, as its object bears it.
    pub fn address_hash(&self, address: &Address) -> AddressHash {
        let address = address.to_string();
        AddressHash(keyed_hash(&self.marker, &[b"address", self.stack.0.as_bytes(), address.as_bytes()], 32).into())
    }

    /// The marker of an address's object.
    pub fn marker(&self, address: &Address) -> Marker {
        Marker { stack: self.stack.clone(), address: self.address_hash(address) }
    }

    /// The id of an account's key: it says nothing of the account to who has not the root key.
    pub fn key_id(&self, account: &str) -> String {
        own_key_id(&self.marker, &self.stack, account)
    }

    /// Sees to it that an account's key is there. Called before the journal's `StepStarted` is committed, so that nothing
    /// is ever sealed under a key that a crash could lose.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`], [`SealError::Exhausted`], or [`SealError::DoesNotOpen`] for a damaged row.
    pub fn prepare(&self, account: &str) -> Result<(), SealError> {
        self.keyring().reserve(&self.key_id(account), &*self.random)
    }

    /// Rows of keys that the next transaction must write (`Mutation::PutKey`); then tell [`Vault::keys_committed`].
    pub fn keys_to_commit(&self) -> Vec<StoredKey> {
        self.keyring().pending()
    }

    /// Takes note of rows that a transaction has written.
    pub fn keys_committed(&self, rows: &[StoredKey]) {
        self.keyring().committed(rows);
    }

    /// Whether there is a key for an account.
    pub fn holds(&self, account: &str) -> bool {
        self.keyring().holds(&self.key_id(account))
    }

    /// Forgets an account's key and returns the id of the row to destroy (`Mutation::DeleteKey`): then nothing that was
    /// sealed for the account opens any more, wherever a copy of it may be.
    pub fn destroy(&self, account: &str) -> String {
        let id = self.key_id(account);
        self.keyring().remove(&id);
        id
    }

    /// The epoch that wraps account keys; none: a key of the root does.
    pub fn epoch(&self) -> Option<u64> {
        self.keyring().epochs.newest().map(|epoch| epoch.number)
    }

    /// Whether the epoch has to end: it is [`EPOCH_LENGTH`] old, has wrapped half of [`MAX_WRAPS`], or there is none.
    pub fn is_epoch_due(&self, now: Timestamp) -> bool {
        let ring = self.keyring();
        ring.epochs.is_due(now, ring.wraps())
    }

    /// Epochs that are alive beside the newest: a rotation was begun and did not come to its end.
    pub fn old_epochs(&self) -> usize {
        self.keyring().epochs.len().saturating_sub(1)
    }

    /// How many epochs were destroyed of which the log does not say so yet; none: it says all.
    pub fn untold_epochs(&self) -> Option<usize> {
        self.keyring().epochs.untold.map(usize::from)
    }

    /// Rows that are wrapped by a later epoch than this vault knows: another process has rotated keys since it was opened.
    pub fn is_outdated_by(&self, rows: &[StoredKey]) -> bool {
        let newest = self.epoch().unwrap_or(ROOT);
        rows.iter().any(|row| wrapped_by(&row.wrapped).is_some_and(|(epoch, _)| epoch > newest))
    }

    /// Whether a row is wrapped by an epoch that is not alive: it was read before a rotation ended, or put back from an old copy.
    pub fn misses_epochs_of(&self, rows: &[StoredKey]) -> bool {
        let ring = self.keyring();
        let mut by = rows.iter().filter_map(|row| wrapped_by(&row.wrapped)).map(|(epoch, _)| epoch);
        by.any(|epoch| epoch != ROOT && ring.epochs.key(epoch).is_none())
    }

    /// The epochs with a new one. Save them, then [`Vault::enter`]: nothing may be wrapped by a key that a crash could lose.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn next_epoch(&self, now: Timestamp) -> Result<NextEpochs, SealError> {
        let epochs = self.keyring().epochs.with_next(ROOT, now, &*self.random)?;
        self.written(epochs)
    }

    /// The newest epoch alone. Once these are saved the others are destroyed: no row may be wrapped by one of them any more.
    ///
    /// # Errors
    /// As [`Vault::next_epoch`].
    pub fn end_old_epochs(&self) -> Result<NextEpochs, SealError> {
        let epochs = self.keyring().epochs.without_old();
        self.written(epochs)
    }

    /// The epochs as they are, of which the log has now been told.
    ///
    /// # Errors
    /// As [`Vault::next_epoch`].
    pub fn told_epochs(&self) -> Result<NextEpochs, SealError> {
        let epochs = self.keyring().epochs.told();
        self.written(epochs)
    }

    fn written(&self, epochs: Epochs) -> Result<NextEpochs, SealError> {
        let text = epochs.to_text(&self.epochs, &self.stack.0, &*self.random)?;
        Ok(NextEpochs { text, epochs })
    }

    /// Epochs that were saved are alive from now on, and no others. Keys that no transaction has written yet are wrapped by
    /// the newest.
    ///
    /// # Errors
    /// As [`Vault::prepare`].
    pub fn enter(&self, next: NextEpochs) -> Result<(), SealError> {
        self.keyring().enter(next.epochs, &*self.random)
    }

    /// Ids of the keys that another epoch than the newest wraps (or the root key), the stack's own in front: by that one
    /// other processes tell that a rotation has begun.
    pub fn outdated_keys(&self) -> Vec<String> {
        self.keyring().outdated(&self.key_id(STACK))
    }

    /// Rows of these keys, wrapped by the newest epoch. Keys that do not open are left out: their rows were put there from
    /// elsewhere.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`], [`SealError::Exhausted`].
    pub fn rewrap(&self, ids: &[String]) -> Result<Vec<StoredKey>, SealError> {
        let mut ring = self.keyring();
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            match ring.rewrapped(id, &*self.random) {
                Ok(wrapped) => rows.push(StoredKey { id: id.clone(), wrapped }),
                Err(error @ (SealError::NoRandomness | SealError::Exhausted(_))) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(rows)
    }

    /// Seals anew for another place what was sealed for one (an object that moved to another address).
    ///
    /// # Errors
    /// As [`Sealer::open_sealed`] and [`Sealer::seal`].
    pub fn reseal(&self, from: &SealContext<'_>, to: &SealContext<'_>, sealed: &Sealed) -> Result<Sealed, SealError> {
        self.seal(to, &self.open_sealed(from, sealed)?)
    }

    /// Seals a plan file's body, bound to its header.
    pub(crate) fn seal_plan(&self, header: &[u8], body: &[u8]) -> Result<Vec<u8>, SealError> {
        envelope::seal(&self.plan, header, &padding::pad(body)?, &*self.random)
    }

    /// Opens a plan file's body.
    pub(crate) fn open_plan(&self, header: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let padded = envelope::open(&self.plan, header, sealed)?;
        Ok(Zeroizing::new(padding::unpad(&padded)?.to_vec()))
    }

    fn keyring(&self) -> MutexGuard<'_, Keyring> {
        self.keyring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of a key's id.
const KEY_ID: usize = 16;

fn own_key_id(marker: &Key, stack: &StackId, account: &str) -> String {
    keyed_hash(marker, &[b"account key", stack.0.as_bytes(), account.as_bytes()], 2 * KEY_ID)
}

impl Sealer for Vault {
    fn seal(&self, context: &SealContext<'_>, secret: &Secret) -> Result<Sealed, SealError> {
        let id = self.key_id(context.account);
        let key = self.keyring().take(&id, &*self.random)?;
        let padded = padding::pad(secret.expose().as_bytes())?;
        let body = envelope::seal(&key, &context.associated_data(&id), &padded, &*self.random)?;
        Ok(Sealed::from_parts(&id, &body))
    }

    fn open_sealed(&self, context: &SealContext<'_>, sealed: &Sealed) -> Result<Secret, SealError> {
        let (id, body) = sealed.parts()?;
        let key = self.keyring().get(&id)?;
        let padded = envelope::open(&key, &context.associated_data(&id), &body)?;
        let text = std::str::from_utf8(padding::unpad(&padded)?).map_err(|_| SealError::NotSealed)?;
        Ok(Secret::new(text))
    }

    fn signing_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut seed = Zeroizing::new([0; 32]);
        derive(b"ampere signing v1", self.signing.as_ref(), self.stack.0.as_bytes(), seed.as_mut());
        seed
    }
}

impl Fingerprint for Vault {
    fn fingerprint(&self, context: &str, secret: &str) -> String {
        keyed_hash(&self.fingerprint, &[self.stack.0.as_bytes(), context.as_bytes(), secret.as_bytes()], 16)
    }
}
