//! The text form of everything that is signed.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rejected;

/// What a signature is for. Part of what is signed, so that one text never passes for another kind's.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Bundle,
    Enrolment,
    Receipt,
    Report,
}

impl What {
    fn message(self, payload: &[u8]) -> Vec<u8> {
        let context: &[u8] = match self {
            What::Bundle => b"ampere bundle v1\0",
            What::Enrolment => b"ampere enrolment v1\0",
            What::Receipt => b"ampere receipt v1\0",
            What::Report => b"ampere report v1\0",
        };
        [context, payload].concat()
    }
}

/// The signed text of a payload.
pub(crate) fn sign(what: What, payload: &impl Serialize, key: &SigningKey) -> String {
    let payload = serde_json::to_vec(payload).expect("no map here has keys other than strings");
    let signature = key.sign(&what.message(&payload));
    format!("{}.{}", BASE64.encode(&payload), BASE64.encode(signature.to_bytes()))
}

/// A text taken apart; nothing in it is to be believed before [`Parts::verify`].
pub(crate) struct Parts {
    pub payload: Vec<u8>,
    signature: Signature,
}

impl Parts {
    /// Takes `text` apart.
    pub fn split(text: &str, longest: usize) -> Result<Parts, Rejected> {
        if text.len() > longest {
            return Err(Rejected::TooLong);
        }
        let (payload, signature) = text.split_once('.').ok_or(Rejected::Malformed)?;
        let payload = BASE64.decode(payload).map_err(|_| Rejected::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| Rejected::Malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| Rejected::Malformed)?;
        Ok(Parts { payload, signature })
    }

    /// Whether `key` signed it. Strict (RFC 8032, 5.1.7, with small-order keys refused): one payload has one signature.
    pub fn verify(&self, what: What, key: &[u8; 32]) -> Result<(), Rejected> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| Rejected::Signature)?;
        key.verify_strict(&what.message(&self.payload), &self.signature).map_err(|_| Rejected::Signature)
    }

    /// The payload as JSON. (The parser's own error quotes the text.)
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Rejected> {
        serde_json::from_slice(&self.payload).map_err(|_| Rejected::Malformed)
    }
}

/// The payload of a `text` that `key` signed.
pub(crate) fn open<T: DeserializeOwned>(what: What, text: &str, longest: usize, key: &[u8; 32]) -> Result<T, Rejected> {
    let parts = Parts::split(text, longest)?;
    parts.verify(what, key)?;
    parts.parse()
}
