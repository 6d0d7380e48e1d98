//! Keys from keys: HKDF and HMAC with SHA-256 (RFC 5869, RFC 2104).
use std::fmt::Write;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of every key.
pub(super) const KEY_LENGTH: usize = 32;

/// A key, wiped when dropped.
pub(super) type Key = Zeroizing<[u8; KEY_LENGTH]>;

/// Fills `out` with key material for one purpose.
pub(super) fn derive(salt: &[u8], key: &[u8], purpose: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(salt), key).expand(purpose, out).expect("no output here is longer than 255 hashes");
}

/// A keyed hash of some fields, as `length` hex digits (at most 64).
pub(super) fn keyed_hash(key: &Key, fields: &[&[u8]], length: usize) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).expect("HMAC takes a key of any length");
    mac.update(&prefixed(fields));
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
    }
    hex.truncate(length);
    hex
}

/// Fields one after the other, each behind its length: two different lists never give the same bytes, as
/// `["a:b"]` and `["a", "b"]` would with a separator.
pub(super) fn prefixed(fields: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(fields.iter().map(|f| f.len() + 8).sum()));
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_as_rfc_5869_says() {
        // Appendix A.1, test case 1.
        let salt: Vec<u8> = (0..=0x0c).collect();
        let purpose: Vec<u8> = (0xf0..=0xf9).collect();
        let mut out = [0; 42];
        derive(&salt, &[0x0b; 22], &purpose, &mut out);
        let hex: String = out.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(prefixed(&[b"ab", b"c"]), prefixed(&[b"a", b"bc"]));
        assert_ne!(prefixed(&[b"a", b""]), prefixed(&[b"a"]));
    }
}
