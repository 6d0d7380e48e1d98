//! The key that signs id tokens: made at the first sign-in, gone with the process.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Where Google shows the public keys, below `https://www.googleapis.com`.
pub(crate) const KEYS: &str = "service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// Signs id tokens with RS256, as Firebase does.
#[derive(Default)]
pub(crate) struct Signer {
    key: OnceLock<(String, KeyPair)>,
}

impl Signer {
    /// The key and its id; none if the machine cannot make one.
    fn key(&self) -> Option<&(String, KeyPair)> {
        if let Some(key) = self.key.get() {
            return Some(key);
        }
        let made = KeyPair::generate(KeySize::Rsa2048).ok()?;
        Some(self.key.get_or_init(|| (uuid::Uuid::new_v4().simple().to_string(), made)))
    }

    /// The key set (RFC 7517).
    pub(crate) fn public(&self) -> Option<Value> {
        let (id, key) = self.key()?;
        let public = key.public_key();
        let text = |number: aws_lc_rs::io::Positive<'_>| encoded(number.big_endian_without_leading_zero());
        let (n, e) = (text(public.modulus()), text(public.exponent()));
        Some(json!({"keys": [{"kid": id, "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}]}))
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Option<String> {
        let (id, key) = self.key()?;
        let header = json!({"alg": "RS256", "kid": id, "typ": "JWT"});
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).ok()?;
        Some(format!("{message}.{}", encoded(signature)))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
