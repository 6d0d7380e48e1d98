//! The root key: what everything of a stack is sealed, marked and fingerprinted with.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::derive::{KEY_LENGTH, Key, derive};
use crate::clock::{NoRandomness, Random};
use crate::secret::Secret;

/// What the text form begins with, so that people and scanners know what they look at.
const PREFIX: &str = "ampere_root1_";
/// Enough to catch a mistyped or cut key; it protects nothing.
const CHECKSUM_LENGTH: usize = 4;

/// A root key of 32 random bytes. It has no `Debug`, `Display`, `Serialize` or `Clone`, and is wiped when dropped.
///
/// ```
/// use ampere_core::vault::RootKey;
/// let key = RootKey::from_bytes([7; 32]);
/// let text = key.to_text();
/// assert!(text.expose().starts_with("ampere_root1_"));
/// assert!(RootKey::parse(text.expose()).is_ok());
/// ```
pub struct RootKey(Key);

impl RootKey {
    /// A new key.
    pub fn generate(random: &dyn Random) -> Result<RootKey, NoRandomness> {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        random.fill(bytes.as_mut())?;
        Ok(RootKey(bytes))
    }

    /// The key of these bytes, as a KMS or a keyring gives them.
    pub fn from_bytes(bytes: [u8; KEY_LENGTH]) -> RootKey {
        RootKey(Zeroizing::new(bytes))
    }

    /// Reads the text form (see [`RootKey::to_text`]); white space around it does not matter.
    ///
    /// # Errors
    /// Says what is wrong with the text, never what stands in it.
    pub fn parse(text: &str) -> Result<RootKey, RootKeyError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(RootKeyError::NotAKey)?;
        if !encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(RootKeyError::Encoding);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(encoded.len()));
        URL_SAFE_NO_PAD.decode_vec(encoded, &mut bytes).map_err(|_| RootKeyError::Length)?;
        let (key, sum) = bytes.split_at_checked(KEY_LENGTH).ok_or(RootKeyError::Length)?;
        let key: Key = Zeroizing::new(key.try_into().map_err(|_| RootKeyError::Length)?);
        match sum.len() {
            CHECKSUM_LENGTH if sum == checksum(&key) => Ok(RootKey(key)),
            CHECKSUM_LENGTH => Err(RootKeyError::Checksum),
            _ => Err(RootKeyError::Length),
        }
    }

    /// The text form for a key file: `ampere_root1_` and URL-safe base64 of the key and a checksum of four bytes.
    pub fn to_text(&self) -> Secret {
        let mut bytes = Zeroizing::new([0; KEY_LENGTH + CHECKSUM_LENGTH]);
        bytes[..KEY_LENGTH].copy_from_slice(self.0.as_ref());
        bytes[KEY_LENGTH..].copy_from_slice(&checksum(&self.0));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + bytes.len().div_ceil(3) * 4));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes.as_ref(), &mut text);
        Secret::new(text.as_str())
    }

    /// A key for one purpose alone; knowing it tells nothing of the root key or of another purpose's key.
    pub(super) fn subkey(&self, purpose: &str) -> Key {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        derive(b"ampere root v1", self.0.as_ref(), purpose.as_bytes(), key.as_mut());
        key
    }
}

fn checksum(key: &Key) -> [u8; CHECKSUM_LENGTH] {
    let digest = Sha256::new().chain_update(PREFIX).chain_update(key.as_ref()).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Why a text is not a root key. No variant holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// It does not begin as a root key does.
    #[error("this is not a root key: it does not begin with `ampere_root1_`")]
    NotAKey,
    /// Characters that do not belong.
    #[error("the root key holds a character that does not belong there")]
    Encoding,
    /// Too short or too long.
    #[error("the root key is too short or too long: it may have been cut")]
    Length,
    /// The checksum differs.
    #[error("the root key's checksum is wrong: a character may have been changed")]
    Checksum,
}
