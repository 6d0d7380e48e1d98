//! The port to the place of the epochs.
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

/// A place that keeps the epochs of one stack: one short text, replaced as a whole.
///
/// It must be another place than the state's, and no backup of it may outlive an epoch: who has a copy of the epochs, one of
/// the state and the root key opens what both held. What is saved is sealed under the root key already.
#[async_trait]
pub trait EpochStore: Send + Sync {
    /// The text; none if nothing was ever saved.
    ///
    /// # Errors
    /// The place cannot be read.
    async fn load(&self) -> Result<Option<String>, EpochStoreError>;

    /// Puts a text in the place of the one before. When it returns, the new one survives a loss of power and the old one is
    /// gone; when it fails, one of the two is there whole.
    ///
    /// # Errors
    /// The place cannot be written.
    async fn save(&self, text: &str) -> Result<(), EpochStoreError>;
}

/// Why the epochs could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the epoch keys at {place} cannot be used: {what}")]
pub struct EpochStoreError {
    /// The file, or whatever names the place.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// Epochs that end with the process: for states that do so too ([`crate::store::MemoryStore`]), and for tests. Clones are
/// handles on the same ones.
#[derive(Clone, Default)]
pub struct MemoryEpochs {
    text: Arc<Mutex<Option<String>>>,
}

impl MemoryEpochs {
    /// A place where nothing was saved.
    pub fn new() -> MemoryEpochs {
        MemoryEpochs::default()
    }
}

#[async_trait]
impl EpochStore for MemoryEpochs {
    async fn load(&self) -> Result<Option<String>, EpochStoreError> {
        Ok(self.text.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn save(&self, text: &str) -> Result<(), EpochStoreError> {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
        Ok(())
    }
}
