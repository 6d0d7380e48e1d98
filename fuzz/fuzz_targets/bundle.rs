//! What travels between us and a box: bundles, enrolments, receipts, reports; as they come, and signed so that they are read.
#![no_main]
use std::sync::LazyLock;

use ampere_bundle::{BoxKeys, Contents, Enrolment, Header, Issuer, Receipt, Report, check, openclaw, parse_key, seal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_900_000_000;
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| Issuer::from_seed(&[1; 32]));
static KEYS: LazyLock<BoxKeys> = LazyLock::new(|| BoxKeys::generate(&[2; 64]));

fn signed(what: &str, payload: &[u8], seed: u8) -> String {
    let message = [format!("ampere {what} v1\0").as_bytes(), payload].concat();
    let signature = SigningKey::from_bytes(&[seed; 32]).sign(&message);
    format!("{}.{}", BASE64.encode(payload), BASE64.encode(signature.to_bytes()))
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = parse_key(text);
        let _ = check(text, "a", &ISSUER.verifying_key(), NOW, None).map(|checked| checked.open(&KEYS));
        let _ = (Enrolment::open(text, "a"), Receipt::open(text, &KEYS.public()), Report::open(text, &KEYS.public()));
    }
    let _ = check(&signed("bundle", bytes, 1), "a", &ISSUER.verifying_key(), NOW, None).map(|checked| checked.open(&KEYS));
    let _ = Enrolment::open(&signed("enrolment", bytes, 2), "a");
    let _ = Receipt::open(&signed("receipt", bytes, 2), &KEYS.public());
    let _ = Report::open(&signed("report", bytes, 2), &KEYS.public());
    if let Ok(contents) = serde_json::from_slice::<Contents>(bytes) {
        let header = Header { instance: "a".into(), sequence: 1, expires: NOW + 1 };
        let _ = openclaw::configuration(&contents.settings, "/usr/bin/r".as_ref(), contents.secrets.keys().map(String::as_str));
        if let Ok(text) = seal(&contents, &header, &KEYS.public(), &ISSUER, &[3; 32]) {
            let checked = check(&text, "a", &ISSUER.verifying_key(), NOW, None).expect("what we make is taken");
            let opened = checked.open(&KEYS).expect("and opens");
            assert!(opened.secrets == contents.secrets, "with the values that were put in");
        }
    }
});
