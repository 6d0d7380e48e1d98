//! Bundles as a box sees them: whether one may be opened, and what it says.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::signed::{Parts, What};
use crate::{BoxKeys, Contents, Rejected, mailbox};

/// The one cipher suite (RFC 9180, 7: KEM 0x0020, KDF 0x0001, AEAD 0x0002), in base mode.
pub const SUITE: &str = "HPKE-0020-0001-0002";

/// What a bundle says openly: for whom it is, its place in the order, and until when it may be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The instance that it is for.
    pub instance: String,
    /// Greater than that of every bundle before it; from 1.
    pub sequence: u64,
    /// When it expires, in seconds since 1970. A box that has applied it keeps it beyond.
    pub expires: i64,
}

/// A bundle as it is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payload {
    pub suite: String,
    pub instance: String,
    pub sequence: u64,
    pub expires: i64,
    pub encapsulated: String,
    pub sealed: String,
}

/// Whether the box `instance` may open the bundle `text`: it is signed by `verifying_key`, for this box, newer than the `last`
/// one (sequence number and digest), and not expired at `now` (seconds since 1970).
///
/// The very text that was applied last passes again, also when it has expired since: that is how it is read back from disk.
///
/// # Errors
/// [`Rejected`]. What is unsigned is not looked at any further.
pub fn check(
    text: &str,
    instance: &str,
    verifying_key: &[u8; 32],
    now: i64,
    last: Option<(u64, &str)>,
) -> Result<Checked, Rejected> {
    let parts = Parts::split(text, mailbox::LONGEST_BUNDLE)?;
    parts.verify(What::Bundle, verifying_key)?;
    let payload: Payload = parts.parse()?;
    if payload.suite != SUITE {
        return Err(Rejected::Suite);
    }
    if payload.instance != instance {
        return Err(Rejected::Instance);
    }
    let digest = digest(text);
    let (sequence, known) = last.unwrap_or((0, ""));
    if payload.sequence < sequence || payload.sequence == 0 {
        return Err(Rejected::Rollback);
    }
    if payload.sequence == sequence && digest != known {
        return Err(Rejected::Conflict);
    }
    if payload.sequence > sequence && payload.expires <= now {
        return Err(Rejected::Expired);
    }
    let header = Header { instance: payload.instance, sequence: payload.sequence, expires: payload.expires };
    let encapsulated = BASE64.decode(payload.encapsulated).map_err(|_| Rejected::Malformed)?;
    let sealed = BASE64.decode(payload.sealed).map_err(|_| Rejected::Malformed)?;
    Ok(Checked { header, digest, issuer: *verifying_key, encapsulated, sealed })
}

/// A bundle that may be opened.
pub struct Checked {
    header: Header,
    digest: String,
    issuer: [u8; 32],
    encapsulated: Vec<u8>,
    sealed: Vec<u8>,
}

impl Checked {
    /// What it says openly.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The [`digest`] of its text.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says to the box with these keys.
    ///
    /// # Errors
    /// [`Rejected::Key`] when it is sealed to another, [`Rejected::Contents`] when it says what a bundle may not say.
    pub fn open(&self, keys: &BoxKeys) -> Result<Contents, Rejected> {
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&self.encapsulated);
        let plain = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &keys.encryption,
            &encapsulated.map_err(|_| Rejected::Key)?,
            &info(&self.header, &self.issuer),
            &self.sealed,
            &[],
        )
        .map_err(|_| Rejected::Key)?;
        let plain = Zeroizing::new(plain);
        let (length, rest) = plain.split_first_chunk::<4>().ok_or(Rejected::Contents)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Rejected::Contents)?;
        let json = rest.get(..length).ok_or(Rejected::Contents)?;
        // The parser's own error quotes the text.
        let contents: Contents = serde_json::from_slice(json).map_err(|_| Rejected::Contents)?;
        // The gateway's own token is the box's.
        match contents.secrets.keys().any(|id| id.starts_with("gateway/")) {
            true => Err(Rejected::Contents),
            false => Ok(contents),
        }
    }
}

/// The name of a text: SHA-256, in hex.
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the encryption is bound to (RFC 9180, 5.1: `info`): everything around it, each part behind its length.
pub(crate) fn info(header: &Header, issuer: &[u8; 32]) -> Vec<u8> {
    let (sequence, expires) = (header.sequence.to_be_bytes(), header.expires.to_be_bytes());
    let parts: [&[u8]; 6] =
        [b"ampere bundle v1", SUITE.as_bytes(), header.instance.as_bytes(), &sequence, &expires, issuer];
    let mut info = Vec::new();
    for part in parts {
        info.extend_from_slice(&(part.len() as u64).to_be_bytes());
        info.extend_from_slice(part);
    }
    info
}
