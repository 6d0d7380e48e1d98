//! `Stripe-Signature: t=…,v1=…`: HMAC-SHA256 over time and body.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// More signatures than Stripe sends while a secret is rolled; those after them are not looked at.
const MOST_SIGNATURES: usize = 16;

/// What the header says.
pub(super) struct Signed {
    /// Seconds since 1970, as they were signed.
    pub at: i64,
    time: String,
    signatures: Vec<[u8; 32]>,
}

/// Reads the header; none if it has no time or no signature of the scheme `v1`. Other schemes are passed over: `v0` is for
/// tests and proves nothing.
pub(super) fn read(header: &str) -> Option<Signed> {
    let mut time = None;
    let mut signatures = Vec::new();
    for (name, value) in header.split(',').filter_map(|pair| pair.trim().split_once('=')) {
        match name {
            "t" => time = Some(value),
            "v1" if signatures.len() < MOST_SIGNATURES => signatures.extend(digest(value)),
            _ => {}
        }
    }
    let time = time.filter(|time| time.bytes().all(|b| b.is_ascii_digit()))?;
    (!signatures.is_empty()).then_some(Signed { at: time.parse().ok()?, time: time.to_owned(), signatures })
}

/// Whether one of the signatures was made with one of the secrets. Compared in constant time.
pub(super) fn fits<'a>(signed: &Signed, body: &[u8], secrets: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut fits = false;
    for secret in secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(signed.time.as_bytes());
        mac.update(b".");
        mac.update(body);
        for signature in &signed.signatures {
            fits |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    fits
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (n, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_header_is_refused() {
        let zeros = "0".repeat(64);
        for bad in
            ["", "t=1", "v1=00", "t=,v1=00", &format!("t=-1,v1={zeros}"), &format!("t=1e3,v1={zeros}"), "t=1,v1=xyz"]
        {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(read(&format!("t=1,v0={zeros}")).is_none(), "v0 proves nothing");
        assert!(read(&format!("t={},v1={zeros}", "9".repeat(30))).is_none(), "no time at all");
        assert_eq!(read(&format!("v1={zeros} , t=7")).map(|signed| signed.at), Some(7));
        assert!(digest(&"é".repeat(32)).is_none());
    }
}
