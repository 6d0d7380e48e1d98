//! The keys of a box, and ours.
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::SigningKey;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, Serializable as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

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
    /// Keys from 64 bytes of the operating system's randomness.
    pub fn generate(entropy: &[u8; 64]) -> BoxKeys {
        let (exchange, seed) = entropy.split_at(32);
        let (encryption, _) = X25519HkdfSha256::derive_keypair(exchange);
        let mut seed: [u8; 32] = seed.try_into().expect("the other half of 64 bytes");
        let signing = SigningKey::from_bytes(&seed);
        seed.zeroize();
        BoxKeys { encryption, signing }
    }

    /// The keys that [`BoxKeys::to_bytes`] gave.
    ///
    /// # Errors
    /// [`Rejected::Malformed`] when it is not 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<BoxKeys, Rejected> {
        let (exchange, seed) = bytes.split_at_checked(32).ok_or(Rejected::Malformed)?;
        let encryption = EncryptionKey::from_bytes(exchange).map_err(|_| Rejected::Malformed)?;
        let signing = SigningKey::try_from(seed).map_err(|_| Rejected::Malformed)?;
        Ok(BoxKeys { encryption, signing })
    }

    /// Both secret halves, for the box's own disk.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 64]> {
        let mut bytes = Zeroizing::new([0; 64]);
        let mut encryption = self.encryption.to_bytes();
        bytes[..32].copy_from_slice(&encryption);
        encryption.as_mut_slice().zeroize();
        bytes[32..].copy_from_slice(self.signing.as_bytes());
        bytes
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

/// Our signing half: who has it may send bundles to every box that was given its public half.
pub struct Issuer {
    pub(crate) signing: SigningKey,
}

impl Issuer {
    /// The issuer of this seed, which is the secret (RFC 8032, 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Issuer {
        Issuer { signing: SigningKey::from_bytes(seed) }
    }

    /// The public half, that boxes are given at birth.
    pub fn verifying_key(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// The public half as text (base64url), as it stands in the box's settings.
    pub fn verifying_key_text(&self) -> String {
        BASE64.encode(self.verifying_key())
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
