//! Bundles: sealed to a box, signed by us, each newer than the last.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use crate::signed::{self, Parts, What};
use crate::{BoxKeys, BoxPublic, Contents, Issuer, Rejected, mailbox};

/// The one cipher suite (RFC 9180, 7: KEM 0x0020, KDF 0x0001, AEAD 0x0002), in base mode.
pub const SUITE: &str = "HPKE-0020-0001-0002";

/// Contents are padded to a multiple of this many bytes, so that a bundle's size tells little.
const BUCKET: usize = 4096;
/// The longest contents with their padding, in bytes.
const LONGEST_CONTENTS: usize = 128 * 1024;

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
struct Payload {
    suite: String,
    instance: String,
    sequence: u64,
    expires: i64,
    encapsulated: String,
    sealed: String,
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
    seal_plain(&pad(contents)?, header, to, issuer, entropy)
}

fn seal_plain(
    plain: &[u8],
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
        plain,
        &[],
        &mut Stream { seed: Zeroizing::new(*entropy), block: 0 },
    )
    .map_err(|_| SealError::Key)?;
    let payload = Payload {
        suite: SUITE.to_owned(),
        instance: header.instance.clone(),
        sequence: header.sequence,
        expires: header.expires,
        encapsulated: BASE64.encode(encapsulated.to_bytes()),
        sealed: BASE64.encode(sealed),
    };
    Ok(signed::sign(What::Bundle, &payload, &issuer.signing))
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
        serde_json::from_slice(json).map_err(|_| Rejected::Contents)
    }
}

/// The name of a text: SHA-256, in hex.
pub fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The contents as JSON, behind their length, with zeros after them to the next bucket.
fn pad(contents: &Contents) -> Result<Zeroizing<Vec<u8>>, SealError> {
    // Room for all at once: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(LONGEST_CONTENTS));
    plain.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut Bounded(&mut plain), contents).map_err(|_| SealError::TooLong)?;
    let length = u32::try_from(plain.len() - 4).map_err(|_| SealError::TooLong)?;
    plain[..4].copy_from_slice(&length.to_be_bytes());
    let padded = plain.len().next_multiple_of(BUCKET);
    plain.resize(padded, 0);
    Ok(plain)
}

/// A buffer that refuses to grow.
struct Bounded<'a>(&'a mut Vec<u8>);

impl std::io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_CONTENTS {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the encryption is bound to (RFC 9180, 5.1: `info`): everything around it, each part behind its length.
fn info(header: &Header, issuer: &[u8; 32]) -> Vec<u8> {
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

/// The caller's entropy as the generator that HPKE asks for: it draws the ephemeral key's 32 bytes from it.
struct Stream {
    seed: Zeroizing<[u8; 32]>,
    block: u64,
}

impl TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::openclaw::Settings;

    const NOW: i64 = 1_900_000_000;

    fn issuer() -> Issuer {
        Issuer::from_seed(&[1; 32])
    }

    fn keys() -> BoxKeys {
        BoxKeys::generate(&[2; 64])
    }

    fn header(sequence: u64) -> Header {
        Header { instance: "ampere-3f2a".into(), sequence, expires: NOW + 60 }
    }

    fn contents() -> Contents {
        Contents {
            secrets: [("anthropic".to_owned(), "sk-ant-\"EXAMPLE\"\n".to_owned().into())].into(),
            settings: Settings::example(),
        }
    }

    fn offered(sequence: u64) -> String {
        seal(&contents(), &header(sequence), &keys().public(), &issuer(), &[3; 32]).unwrap()
    }

    fn refusal(text: &str) -> Rejected {
        check(text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).err().expect("it is refused")
    }

    /// The bundle with this JSON as contents: what a stolen or careless issuer could send.
    fn with_contents(json: &Value) -> String {
        let json = json.to_string();
        let plain = [&u32::try_from(json.len()).unwrap().to_be_bytes(), json.as_bytes()].concat();
        seal_plain(&plain, &header(1), &keys().public(), &issuer(), &[3; 32]).unwrap()
    }

    /// The bundle with one field of its signed part changed, signed again by `by`.
    fn resigned(field: &str, value: Value, by: &Issuer) -> String {
        let mut payload: Value = Parts::split(&offered(1), mailbox::LONGEST_BUNDLE).unwrap().parse().unwrap();
        payload[field] = value;
        signed::sign(What::Bundle, &payload, &by.signing)
    }

    #[test]
    fn what_is_sealed_opens_on_the_box_and_tells_its_size_in_steps() {
        let text = offered(7);
        let checked = check(&text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
        assert_eq!((checked.header(), checked.digest()), (&header(7), digest(&text).as_str()));
        let opened = checked.open(&keys()).unwrap();
        assert_eq!(opened.secrets["anthropic"].as_str(), "sk-ant-\"EXAMPLE\"\n");
        assert_eq!(opened.settings, Settings::example());
        let mut more = contents();
        more.secrets.insert("telegram".into(), "x".repeat(1500).into());
        let longer = seal(&more, &header(7), &keys().public(), &issuer(), &[3; 32]).unwrap();
        assert_eq!(longer.len(), text.len());
        more.secrets.insert("generic/A".into(), "x".repeat(LONGEST_CONTENTS).into());
        assert!(matches!(seal(&more, &header(7), &keys().public(), &issuer(), &[3; 32]), Err(SealError::TooLong)));
        assert!(!text.contains("EXAMPLE") && !text.contains("anthropic"));
    }

    #[test]
    fn other_boxes_and_other_issuers_bundles_are_refused() {
        let mut elsewhere = header(1);
        elsewhere.instance = "ampere-9999".into();
        let text = seal(&contents(), &elsewhere, &keys().public(), &issuer(), &[3; 32]).unwrap();
        assert_eq!(refusal(&text), Rejected::Instance);
        // Named after this box by a mailbox's thief, who cannot sign.
        let thief = Issuer::from_seed(&[9; 32]);
        assert_eq!(refusal(&resigned("instance", json!("ampere-3f2a"), &thief)), Rejected::Signature);
        let theirs = BoxKeys::generate(&[8; 64]);
        let text = seal(&contents(), &header(1), &theirs.public(), &issuer(), &[3; 32]).unwrap();
        let checked = check(&text, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
        assert_eq!(checked.open(&keys()).err(), Some(Rejected::Key));
    }

    #[test]
    fn the_order_of_bundles_only_grows() {
        let (fifth, sixth) = (offered(5), offered(6));
        let judge = |text: &str, now, last| {
            check(text, "ampere-3f2a", &issuer().verifying_key(), now, last).map(|checked| checked.header().sequence)
        };
        let known = digest(&fifth);
        assert_eq!(judge(&sixth, NOW, Some((5, &known))), Ok(6));
        assert_eq!(judge(&offered(4), NOW, Some((5, &known))), Err(Rejected::Rollback));
        assert_eq!(judge(&offered(0), NOW, None), Err(Rejected::Rollback));
        let other = seal(&contents(), &header(5), &keys().public(), &issuer(), &[4; 32]).unwrap();
        assert_eq!(judge(&other, NOW, Some((5, &known))), Err(Rejected::Conflict));
        assert_eq!(judge(&sixth, NOW + 60, Some((5, &known))), Err(Rejected::Expired));
        assert_eq!(judge(&fifth, NOW + 60, Some((5, &known))), Ok(5), "what was applied is read back from disk");
    }

    #[test]
    fn unsigned_and_downgraded_bundles_are_refused() {
        let text = offered(1);
        let (payload, signature) = text.split_once('.').unwrap();
        for unsigned in [payload.to_owned(), format!("{payload}."), format!("{payload}.AAAA"), String::new()] {
            assert_eq!(refusal(&unsigned), Rejected::Malformed);
        }
        let zeros = BASE64.encode([0; 64]);
        assert_eq!(refusal(&format!("{payload}.{zeros}")), Rejected::Signature);
        let receipt = signed::sign(What::Receipt, &json!({}), &issuer().signing);
        assert_eq!(refusal(&receipt), Rejected::Signature, "signed for another purpose");
        assert_eq!(refusal(&format!("{}.{signature}", "A".repeat(mailbox::LONGEST_BUNDLE))), Rejected::TooLong);
        for suite in ["HPKE-0020-0001-0001", "none", ""] {
            assert_eq!(refusal(&resigned("suite", json!(suite), &issuer())), Rejected::Suite);
        }
        assert_eq!(refusal(&resigned("proxy", json!("http://evil.example"), &issuer())), Rejected::Malformed);
    }

    #[test]
    fn the_open_part_cannot_be_moved_to_another_bundle() {
        for (field, value) in [("sequence", json!(2)), ("expires", json!(NOW + 61))] {
            let moved = resigned(field, value, &issuer());
            let checked = check(&moved, "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap();
            assert_eq!(checked.open(&keys()).err(), Some(Rejected::Key), "{field}");
        }
    }

    #[test]
    fn contents_that_would_open_a_way_in_are_refused() {
        let open = |json: &Value| {
            check(&with_contents(json), "ampere-3f2a", &issuer().verifying_key(), NOW, None).unwrap().open(&keys())
        };
        let good = serde_json::to_value(contents()).unwrap();
        assert!(open(&good).is_ok());
        for (place, field, value) in [
            ("", "gateway", json!({"bind": "lan"})),
            ("/settings", "gateway", json!({"bind": "lan"})),
            ("/settings", "gateway.bind", json!("lan")),
            ("/settings", "base_url", json!("https://proxy.example")),
            ("/settings", "baseUrl", json!("https://proxy.example")),
            ("/settings", "models", json!({"providers": {"anthropic": {"baseUrl": "https://proxy.example"}}})),
            ("/settings", "proxy", json!("socks5://proxy.example")),
            ("/settings/openclaw", "registry", json!("https://npm.example")),
            ("/settings/channels/telegram", "proxy", json!("socks5://proxy.example")),
            ("/settings/channels/telegram", "apiRoot", json!("https://telegram.example")),
        ] {
            let mut bad = good.clone();
            bad.pointer_mut(place).unwrap()[field] = value;
            assert_eq!(open(&bad).err(), Some(Rejected::Contents), "{place} {field}");
        }
        for broken in [json!([]), json!("sk-ant-EXAMPLE"), json!({"secrets": {"a": "%"}, "settings": {}})] {
            assert_eq!(open(&broken).err(), Some(Rejected::Contents));
        }
    }

    #[test]
    fn refusals_repeat_nothing() {
        let text = format!("{}.x", BASE64.encode("sk-ant-EXAMPLE-secret"));
        assert!(!format!("{:?} {}", refusal(&text), refusal(&text)).contains("sk-ant"));
    }

    /// The format is a contract with boxes that nobody can enter: a change of these bytes needs a new version.
    #[test]
    fn the_format_stays() {
        let plain = [0, 0, 0, 2, b'{', b'}'];
        let text = seal_plain(&plain, &header(1), &keys().public(), &issuer(), &[3; 32]).unwrap();
        assert_eq!(digest(&text), "ea4e4096561fa0615d18eccea87206954e5f3d6e07400297a49bf086e7915c7b");
        assert_eq!(keys().public().fingerprint(), "SHA256:XiSeiNdOrAIEg2VR1ZtButlanRjB34TFhozDuDJA+yM");
    }
}
