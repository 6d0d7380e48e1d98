//! Our side: who may send bundles, and how one is made. Not built into the agent, which has no use for it.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::SigningKey;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng, utils::next_word_via_fill};
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::sealed::{Payload, info};
use crate::signed::{self, What};
use crate::{BoxPublic, Contents, Header, SUITE};

/// Contents are padded to a multiple of this many bytes, so that a bundle's size tells little.
const BUCKET: usize = 4096;
/// The longest contents with their padding, in bytes.
const LONGEST_CONTENTS: usize = 128 * 1024;

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

/// Why contents could not be sealed.
#[derive(Debug, Error)]
pub enum SealError {
    /// More than fits into a mailbox.
    #[error("secrets and settings together are longer than {LONGEST_CONTENTS} bytes")]
    TooLong,
    /// The box's key is no point that anything can be sealed to.
    #[error("nothing can be sealed to this box's key")]
    Key,
}

/// The text of a bundle: `contents` sealed to the keys `to`, signed by `issuer`.
///
/// `entropy` is 32 bytes of the operating system's randomness, used for this call and no other.
///
/// # Errors
/// [`SealError`] when the contents are too long or the key is no key.
pub fn seal(
    contents: &Contents,
    header: &Header,
    to: &BoxPublic,
    issuer: &Issuer,
    entropy: &[u8; 32],
) -> Result<String, SealError> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&to.encryption).map_err(|_| SealError::Key)?;
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        &info(header, &issuer.verifying_key()),
        &pad(contents)?,
        &[],
        &mut Stream { seed: Zeroizing::new(*entropy), block: 0 },
    )
    .map_err(|_| SealError::Key)?;
    let (encapsulated, sealed) = (BASE64.encode(encapsulated.to_bytes()), BASE64.encode(sealed));
    let Header { instance, sequence, expires } = header.clone();
    let payload = Payload { suite: SUITE.into(), instance, sequence, expires, encapsulated, sealed };
    Ok(signed::sign(What::Bundle, &payload, &issuer.signing))
}

/// The contents as JSON, behind their length, with zeros after them to the next bucket.
fn pad(contents: &Contents) -> Result<Zeroizing<Vec<u8>>, SealError> {
    // Room for all at once: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(LONGEST_CONTENTS));
    plain.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *plain, contents).map_err(|_| SealError::TooLong)?;
    let length = u32::try_from(plain.len() - 4).map_err(|_| SealError::TooLong)?;
    plain[..4].copy_from_slice(&length.to_be_bytes());
    let padded = plain.len().next_multiple_of(BUCKET);
    plain.resize(padded, 0);
    if padded > LONGEST_CONTENTS { Err(SealError::TooLong) } else { Ok(plain) }
}

/// The caller's entropy as the generator that HPKE asks for: it draws the ephemeral key's 32 bytes from it.
struct Stream {
    seed: Zeroizing<[u8; 32]>,
    block: u64,
}

impl TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in buffer.chunks_mut(32) {
            let hash = Sha256::new().chain_update(*self.seed).chain_update(self.block.to_be_bytes());
            let mut bytes: [u8; 32] = hash.finalize().into();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
            bytes.zeroize();
            self.block += 1;
        }
        Ok(())
    }
}

impl TryCryptoRng for Stream {}

#[cfg(test)]
mod tests;
