//! Rows and epochs, read so that they fit.
use std::sync::Arc;

use super::{EpochStore, EpochStoreError};
use crate::clock::Random;
use crate::snapshot::StoredSnapshot;
use crate::store::{Store, StoreError};
use crate::vault::{RootKey, Vault, VaultError};

/// Times that both are read again: between two readings another process can have ended an epoch.
const ATTEMPTS: usize = 3;

/// Why a vault could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place of the epochs.
    #[error(transparent)]
    Epochs(#[from] EpochStoreError),
    /// State, epochs and root key do not belong together.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Opens the vault of a stack, and returns the rows that it was opened with. Under the lock, [`super::Rotation::keep`] comes
/// next.
///
/// # Errors
/// [`OpenError`]
pub async fn open(
    root: &RootKey,
    stack: &str,
    store: &dyn Store,
    epochs: &dyn EpochStore,
    random: Arc<dyn Random>,
) -> Result<(Vault, StoredSnapshot), OpenError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        // In this order: an epoch is saved before a row is wrapped by it.
        let rows = store.load().await?;
        let text = epochs.load().await?;
        match Vault::open_with(root, stack, text.as_deref(), &rows.keys, random.clone()) {
            Ok(vault) if attempts >= ATTEMPTS || !vault.misses_epochs_of(&rows.keys) => return Ok((vault, rows)),
            Ok(_) => {}
            Err(VaultError::EpochGone { .. }) if attempts < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
}
