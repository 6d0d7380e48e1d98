//! The keys of a box, and ours.
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::SigningKey;
use hpke::kem::X25519HkdfSha256;
use hpke::{Kem, Serializable as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::Rejected;

pub(crate) type EncryptionKey = <X25519HkdfSha256 as Kem>::PrivateKey;

/// The secret halves of a box's keys: X25519 for what is sealed to it, Ed25519 for what it signs.
///
/// Made on the box, never leave it, and are wiped from memory when dropped.
pub struct BoxKeys {
    pub(crate) encryption: EncryptionKey,
    pub(crate) signing: SigningKey,
}

impl BoxKeys {
    /// The keys of 64 bytes of the operating system's randomness: always the same ones, so that these bytes are what is kept.
    pub fn generate(entropy: &[u8; 64]) -> BoxKeys {
        let (exchange, seed) = entropy.split_at(32);
        let (encryption, _) = X25519HkdfSha256::derive_keypair(exchange);
        BoxKeys { encryption, signing: SigningKey::try_from(seed).expect("the other half of 64 bytes") }
    }

    /// The public halves.
    pub fn public(&self) -> BoxPublic {
        let encryption = X25519HkdfSha256::sk_to_pk(&self.encryption).to_bytes();
        BoxPublic { encryption: encryption.into(), signing: self.signing.verifying_key().to_bytes() }
    }
}

/// The public halves of a box's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxPublic {
    /// X25519: what is sealed to it opens on the box alone.
    #[serde(serialize_with = "write_key", deserialize_with = "read_key")]
    pub encryption: [u8; 32],
    /// Ed25519: what it verifies was signed on the box.
    #[serde(serialize_with = "write_key", deserialize_with = "read_key")]
    pub signing: [u8; 32],
}

impl BoxPublic {
    /// A short name of both keys, `SHA256:…`, to compare and to show.
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::new()
            .chain_update(b"ampere box keys v1\0")
            .chain_update(self.encryption)
            .chain_update(self.signing)
            .finalize();
        format!("SHA256:{}", STANDARD_NO_PAD.encode(hash))
    }
}

/// The key that a text in base64url stands for.
///
/// # Errors
/// [`Rejected::Malformed`] when it is not 32 bytes in base64url.
pub fn parse_key(text: &str) -> Result<[u8; 32], Rejected> {
    let mut key = [0; 32];
    match BASE64.decode_slice(text, &mut key) {
        Ok(32) => Ok(key),
        _ => Err(Rejected::Malformed),
    }
}

fn write_key<S: Serializer>(key: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64.encode(key))
}

fn read_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_key(&text).map_err(serde::de::Error::custom)
}
