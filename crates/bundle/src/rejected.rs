//! Why a text was not taken.
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text was not taken. It repeats nothing of the text, so it may be shown and sent.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// Longer than anything of its kind.
    #[error("it is too long")]
    TooLong,
    /// Not in the form of a signed text, or not the JSON of its kind.
    #[error("it is malformed")]
    Malformed,
    /// Not signed by whom it should be.
    #[error("its signature is missing or not the expected signer's")]
    Signature,
    /// Sealed in another way than the one we use.
    #[error("it names another cipher suite")]
    Suite,
    /// Meant for another box.
    #[error("it is another instance's")]
    Instance,
    /// Older than what was applied.
    #[error("it is older than the one that was applied")]
    Rollback,
    /// As new as what was applied, with other contents.
    #[error("it has the sequence number of another one that was applied")]
    Conflict,
    /// Its time has passed.
    #[error("it has expired")]
    Expired,
    /// It does not open with this box's key.
    #[error("it is not sealed to this key")]
    Key,
    /// It opened, and says something that a bundle may not say.
    #[error("its contents are malformed or set what a bundle may not set")]
    Contents,
}
