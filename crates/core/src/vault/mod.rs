//! Secrets at rest: AES-256-GCM under a hierarchy of keys (S1).
//!
//! | key | where it is | what it does |
//! |---|---|---|
//! | [`RootKey`] | a file of mode 0600, the environment, a KMS: the caller's matter | derives the five below (HKDF) |
//! | wrapping key, marker key, fingerprint key, plan key, signing key | memory only | one purpose each |
//! | account key | a row of the state, wrapped | destroying the row destroys what was sealed under it, backups included |
//! | data key | nowhere | derived for one message, used once |
//!
//! A later issue puts an epoch key of at most 12 hours between root and account keys; its place is the wrapping key.
pub(crate) mod codec;
mod derive;
mod envelope;
mod keyring;
mod padding;
mod root;
pub mod rows;
mod sealed;

pub use codec::CodecError;
pub use keyring::MAX_USES;
pub use root::{RootKey, RootKeyError};
pub use sealed::{SealContext, SealError, Sealed, Sealer};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::address::Address;
use crate::clock::Random;
use crate::identity::{AddressHash, Marker, StackId};
use crate::kind::Fingerprint;
use crate::secret::Secret;
use crate::snapshot::StoredKey;
use derive::{Key, derive, keyed_hash};
use keyring::Keyring;

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
}

impl Vault {
    /// Opens the vault of a stack with the rows of its state (none for a new state).
    ///
    /// # Errors
    /// [`VaultError::WrongKey`] at once if the rows were not made with this root key for this stack.
    pub fn open(root: &RootKey, stack: &str, keys: &[StoredKey], random: Arc<dyn Random>) -> Result<Vault, VaultError> {
        let marker = root.subkey("marker");
        let stack = StackId(keyed_hash(&marker, &[b"stack", stack.as_bytes()], 16).into());
        let vault = Vault {
            fingerprint: root.subkey("fingerprint"),
            plan: root.subkey("plan file"),
            signing: root.subkey("signing"),
            keyring: Mutex::new(Keyring::new(root.subkey("wrap"), keys)),
            marker,
            stack,
            random,
        };
        let id = vault.key_id(STACK);
        if keys.is_empty() {
            // Made at once: it stands in the state from the first transaction on, and tells a wrong root key.
            vault.keyring().reserve(&id, &*vault.random).map_err(|_| VaultError::NoRandomness)?;
        } else {
            vault.keyring().get(&id).map_err(|_| VaultError::WrongKey)?;
        }
        Ok(vault)
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
        keyed_hash(&self.marker, &[b"account key", self.stack.0.as_bytes(), account.as_bytes()], 2 * KEY_ID)
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
