//! The key that signs id tokens: made at the first sign-in, gone with the process.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
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

/// Nothing of the key.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
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

    /// The claims of a token that this key has signed; none for any other. Its times are the caller's to check.
    pub(crate) fn claims(&self, token: &str) -> Option<Value> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = decoded(token)?;
        let (_, key) = self.key.get()?;
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
        public.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        (header["alg"] == "RS256").then_some(claims)
    }
}

/// The header and the claims of a token (RFC 7519), whoever signed it; none if it is no token.
pub(crate) fn decoded(token: &str) -> Option<(Value, Value)> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some((read(header)?, read(claims)?)).filter(|(header, claims)| header.is_object() && claims.is_object())
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
