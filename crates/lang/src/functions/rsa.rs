//! `rsadecrypt`: RSA with PKCS #1 v1.5 padding (RFC 8017, section 7.2).
//!
//! It takes a time that depends on the key. Nobody can ask it to decrypt texts of their choosing and measure: it runs once
//! for each call in the configuration, by the owner of the key.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::{Type, Value};

/// `rsadecrypt`
pub(super) static FUNCTIONS: &[Function] = &[Function::new(
    "rsadecrypt",
    &[Parameter::string("ciphertext"), Parameter::string("privatekey")],
    || Type::String,
    rsa_decrypt,
)];

fn rsa_decrypt(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let ciphertext = STANDARD
        .decode(a.string(0).replace(['\r', '\n'], ""))
        .map_err(|_| FunctionError::argument(0, "failed to decode input: cipher text must be base64-encoded"))?;
    let key = PrivateKey::from_pem(a.string(1)).map_err(|e| FunctionError::argument(1, e))?;
    let text = key.decrypt(&ciphertext).ok_or_else(|| FunctionError::new("failed to decrypt: decryption error"))?;
    let text = String::from_utf8(text)
        .map_err(|_| FunctionError::new("failed to decrypt: the decrypted text is not valid UTF-8"))?;
    Ok(Value::string(text))
}

/// The two numbers of a private key that decryption needs.
struct PrivateKey {
    modulus: UBig,
    exponent: UBig,
}

impl PrivateKey {
    /// Reads a key that is not encrypted: `RSA PRIVATE KEY` (PKCS #1) or `PRIVATE KEY` (PKCS #8).
    fn from_pem(text: &str) -> Result<PrivateKey, &'static str> {
        const INVALID: &str = "invalid ASN1 data in the given private key";
        let (label, rest) = text
            .split_once("-----BEGIN ")
            .and_then(|(_, rest)| rest.split_once("-----"))
            .ok_or("invalid private key: no key found")?;
        let body = rest.split_once("-----END ").map(|(body, _)| body).ok_or("invalid private key: no key found")?;
        if body.contains(':') {
            return Err("invalid private key: this private key is passphrase protected");
        }
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| INVALID)?;
        match label {
            "RSA PRIVATE KEY" => PrivateKey::from_pkcs1(&der).ok_or(INVALID),
            "PRIVATE KEY" => pkcs8_key(&der).and_then(PrivateKey::from_pkcs1).ok_or(INVALID),
            _ => Err("invalid private key: only RSA keys in PKCS #1 or PKCS #8 form can decrypt"),
        }
    }

    /// `RSAPrivateKey`: version, modulus, public exponent, private exponent, …
    fn from_pkcs1(der: &[u8]) -> Option<PrivateKey> {
        let (mut fields, _) = element(der, SEQUENCE)?;
        let mut numbers = Vec::with_capacity(4);
        for _ in 0..4 {
            let (number, rest) = element(fields, INTEGER)?;
            numbers.push(UBig::from_be_bytes(number));
            fields = rest;
        }
        let (exponent, modulus) = (numbers.pop()?, numbers.swap_remove(1));
        (modulus > UBig::ONE).then_some(PrivateKey { modulus, exponent })
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let size = self.modulus.to_be_bytes().len();
        let ciphertext = UBig::from_be_bytes(ciphertext);
        if ciphertext >= self.modulus {
            return None;
        }
        let ring = ConstDivisor::new(self.modulus.clone());
        let message = ring.reduce(ciphertext).pow(&self.exponent).residue().to_be_bytes();
        // 00 02, at least eight bytes that are not zero, 00, the text; the leading zero is not in the number.
        const LEAST_PADDING: usize = 8;
        let padded = message.strip_prefix(&[2]).filter(|_| message.len() + 1 == size)?;
        let end = padded.iter().position(|b| *b == 0).filter(|end| *end >= LEAST_PADDING)?;
        Some(padded[end + 1..].to_vec())
    }
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The content of a DER element of a kind, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0usize, |n, b| n << 8 | usize::from(*b)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The PKCS #1 key inside `PrivateKeyInfo`, if it is one of the RSA algorithm (1.2.840.113549.1.1.1).
fn pkcs8_key(der: &[u8]) -> Option<&[u8]> {
    const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let (info, _) = element(der, SEQUENCE)?;
    let (_version, rest) = element(info, INTEGER)?;
    let (algorithm, rest) = element(rest, SEQUENCE)?;
    let (identifier, _) = element(algorithm, OBJECT_IDENTIFIER)?;
    let (key, _) = element(rest, OCTET_STRING)?;
    (identifier == RSA_ENCRYPTION).then_some(key)
}
