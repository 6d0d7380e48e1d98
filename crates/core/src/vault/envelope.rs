//! One message under one key: a data key used once, AES-256-GCM, and a commitment to the key.
//!
//! `salt ‖ nonce ‖ commitment ‖ ciphertext ‖ tag`. Data key and commitment are derived from the key and a random salt
//! (HKDF), so that no data key is used twice and the number of messages a key may seal is not bounded by the nonce's 96
//! bits. AES-GCM does not commit to its key: one ciphertext can be made that opens under two keys. The commitment, checked
//! first and in constant time, rules that out.
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::SealError;
use super::derive::{KEY_LENGTH, Key, derive};
use crate::clock::Random;

/// What the associated data must name as the algorithm.
pub(super) const ALGORITHM: &[u8] = b"HKDF-SHA256+AES-256-GCM";

const SALT: usize = 32;
const NONCE: usize = 12;
const COMMITMENT: usize = 32;
const TAG: usize = 16;

/// Seals a text; `context` is bound to it and not contained in it.
pub(super) fn seal(key: &Key, context: &[u8], plaintext: &[u8], random: &dyn Random) -> Result<Vec<u8>, SealError> {
    let mut salt = [0; SALT];
    let mut nonce = [0; NONCE];
    random.fill(&mut salt).map_err(|_| SealError::NoRandomness)?;
    random.fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
    let (data_key, commitment) = data_key(key, &salt);

    let mut sealed = Vec::with_capacity(SALT + NONCE + COMMITMENT + plaintext.len() + TAG);
    sealed.extend_from_slice(&salt);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&commitment);
    let start = sealed.len();
    // The room was reserved: the plaintext is encrypted where it lies, and no copy of it stays behind.
    sealed.extend_from_slice(plaintext);
    let tag = encrypt(&data_key, &nonce, context, &mut sealed[start..])?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] made with the same key and context.
pub(super) fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (salt, rest) = sealed.split_first_chunk::<SALT>().ok_or(SealError::NotSealed)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(SealError::NotSealed)?;
    let (commitment, rest) = rest.split_first_chunk::<COMMITMENT>().ok_or(SealError::NotSealed)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(SealError::NotSealed)?;

    let (data_key, expected) = data_key(key, salt);
    if !bool::from(commitment.ct_eq(&expected)) {
        return Err(SealError::DoesNotOpen);
    }
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    decrypt(&data_key, nonce, context, &mut plaintext, tag)?;
    Ok(plaintext)
}

fn data_key(key: &Key, salt: &[u8; SALT]) -> (Key, [u8; COMMITMENT]) {
    let mut data_key = Zeroizing::new([0; KEY_LENGTH]);
    let mut commitment = [0; COMMITMENT];
    derive(salt, key.as_ref(), b"ampere data key v1", data_key.as_mut());
    derive(salt, key.as_ref(), b"ampere commitment v1", &mut commitment);
    (data_key, commitment)
}

fn encrypt(key: &Key, nonce: &[u8; NONCE], context: &[u8], buffer: &mut [u8]) -> Result<[u8; TAG], SealError> {
    let cipher = Aes256Gcm::new((&**key).into());
    let tag = cipher.encrypt_inout_detached(&Nonce::from(*nonce), context, buffer.into());
    // The only error of the cipher here is a text of 64 GiB.
    tag.map(Into::into).map_err(|_| SealError::TooLong)
}

fn decrypt(
    key: &Key,
    nonce: &[u8; NONCE],
    context: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG],
) -> Result<(), SealError> {
    let cipher = Aes256Gcm::new((&**key).into());
    cipher
        .decrypt_inout_detached(&Nonce::from(*nonce), context, buffer.into(), &Tag::from(*tag))
        .map_err(|_| SealError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    }

    #[test]
    fn encrypts_as_the_gcm_specification_says() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16 (AES-256 with associated data).
        let key = Zeroizing::new(bytes(&"feffe9928665731c6d6a8f9467308308".repeat(2)).try_into().unwrap());
        let nonce = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plaintext = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let mut buffer = plaintext.clone();
        let tag = encrypt(&key, &nonce, &context, &mut buffer).unwrap();
        let expected = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
        assert_eq!(buffer, bytes(expected));
        assert_eq!(tag.to_vec(), bytes("76fc6ece0f4e1768cddf8853bb2d551b"));
        decrypt(&key, &nonce, &context, &mut buffer, &tag).unwrap();
        assert_eq!(buffer, plaintext);
    }

    /// A random source whose next bytes are known.
    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::clock::NoRandomness> {
            buffer.fill(0);
            Ok(())
        }
    }

    #[test]
    fn the_commitment_alone_refuses_another_key() {
        let (a, b) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        let mut sealed = seal(&a, b"", b"text", &Zeros).unwrap();
        // Ciphertext and tag made for key b behind a's commitment: AES-GCM alone would open it under b.
        let for_b = seal(&b, b"", b"text", &Zeros).unwrap();
        let body = SALT + NONCE + COMMITMENT;
        sealed.splice(body.., for_b[body..].iter().copied());
        assert_eq!(open(&b, b"", &sealed).unwrap_err(), SealError::DoesNotOpen);
        assert_eq!(open(&a, b"", &sealed).unwrap_err(), SealError::DoesNotOpen);
        assert!(open(&b, b"", &for_b).is_ok());
    }
}
