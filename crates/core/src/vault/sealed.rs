//! What a sealed secret is.
use crate::secret::Secret;

/// A sealed secret as text: `amp1.` and URL-safe base64 of version, key id, wrapped data key, nonce, commitment and ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sealed(pub String);

/// What a secret belongs to. It is bound to the ciphertext (length-prefixed associated data): a sealed text that was moved
/// elsewhere does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The account under whose key it is sealed (the account's address or uid; `stack` for what belongs to none).
    pub account: &'a str,
    /// The address of the object.
    pub address: &'a str,
    /// The attribute or path.
    pub attribute: &'a str,
    /// The version of the secret.
    pub version: u64,
}

/// Seals secrets.
pub trait Sealer: Sync {
    /// Seals a text for its context.
    fn seal(&self, context: &SealContext<'_>, secret: &Secret) -> Result<Sealed, SealError>;
}

/// Why a secret could not be sealed or opened. No variant holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Another key sealed it, or it was changed, or it stands where it does not belong.
    #[error("the sealed value does not open with this key at this place")]
    DoesNotOpen,
    /// It is not a sealed text.
    #[error("this is not a sealed value")]
    NotSealed,
    /// The key has been used as often as is safe.
    #[error("the key has reached its limit of {0} uses")]
    Exhausted(u64),
    /// The random source failed.
    #[error("no random bytes could be had")]
    NoRandomness,
}
