//! What a sealed secret is.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::derive::prefixed;
use super::envelope;
use crate::secret::Secret;

/// What a sealed text begins with: the version of its form.
const PREFIX: &str = "amp1.";

/// A sealed secret as text: `amp1.` and URL-safe base64 of key id, salt of the data key, nonce, commitment, ciphertext and tag.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sealed(pub String);

impl Sealed {
    /// The text of a body sealed under the key of that id (hex).
    pub(super) fn from_parts(key_id: &str, body: &[u8]) -> Sealed {
        let mut bytes: Vec<u8> = Vec::with_capacity(key_id.len() + 1 + body.len());
        bytes.extend_from_slice(key_id.as_bytes());
        bytes.push(b'.');
        bytes.extend_from_slice(body);
        let mut text = String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
        Sealed(text)
    }

    /// Key id and body.
    pub(super) fn parts(&self) -> Result<(String, Vec<u8>), SealError> {
        let encoded = self.0.strip_prefix(PREFIX).ok_or(SealError::NotSealed)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SealError::NotSealed)?;
        let end = bytes.iter().position(|b| *b == b'.').ok_or(SealError::NotSealed)?;
        let id = std::str::from_utf8(&bytes[..end]).map_err(|_| SealError::NotSealed)?;
        Ok((id.into(), bytes[end + 1..].to_vec()))
    }
}

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

impl SealContext<'_> {
    /// Everything the ciphertext is bound to.
    pub(super) fn associated_data(&self, key_id: &str) -> Zeroizing<Vec<u8>> {
        prefixed(&[
            b"ampere sealed v1",
            self.account.as_bytes(),
            self.address.as_bytes(),
            self.attribute.as_bytes(),
            &self.version.to_be_bytes(),
            key_id.as_bytes(),
            envelope::ALGORITHM,
        ])
    }
}

/// Seals secrets, opens them for one call, and signs for one stack.
pub trait Sealer: Sync {
    /// Seals a text for its context.
    ///
    /// # Errors
    /// [`SealError`]: the key is used up, or no random bytes could be had.
    fn seal(&self, context: &SealContext<'_>, secret: &Secret) -> Result<Sealed, SealError>;

    /// Opens a sealed text at the place it was sealed for, to hand it on at once (to the box it is for).
    ///
    /// # Errors
    /// [`SealError`]: its key is gone, it was changed, or it stands where it does not belong.
    fn open_sealed(&self, context: &SealContext<'_>, sealed: &Sealed) -> Result<Secret, SealError>;

    /// The seed of the key that signs what this stack sends to its boxes: the same at every call, and of no other stack.
    fn signing_seed(&self) -> Zeroizing<[u8; 32]>;
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
    /// Its key is not among the keys of the state.
    #[error(
        "the key of this sealed value is not there: it was destroyed with its account, or the state is another one"
    )]
    NoKey,
    /// Its key is wrapped by an epoch that is not alive: an old row was put back.
    #[error(
        "the key of this sealed value is wrapped by an epoch that was destroyed: an old row was put back into the state"
    )]
    EpochGone,
    /// It is longer than can be sealed.
    #[error("the text is too long to be sealed")]
    TooLong,
    /// The key has been used as often as is safe.
    #[error("the key has reached its limit of {0} uses")]
    Exhausted(u64),
    /// The random source failed.
    #[error("no random bytes could be had")]
    NoRandomness,
}
