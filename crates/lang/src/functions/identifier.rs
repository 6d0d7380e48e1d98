//! Identifiers and password hashes.
use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::MAX_BCRYPT_COST;
use crate::value::{Type, Value};

/// `bcrypt uuid uuidv5`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("bcrypt", &[Parameter::string("str")], || Type::String, bcrypt).variadic(&Parameter::number("cost")),
    Function::new("uuid", &[], || Type::String, uuid),
    Function::new("uuidv5", &[Parameter::string("namespace"), Parameter::string("name")], || Type::String, uuid_v5),
];

/// A new random identifier at every call; unknown while planning.
fn uuid(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let Some(random) = a.host.random() else { return Ok(a.unknown()) };
    Ok(Value::string(Builder::from_random_bytes(random).into_uuid().to_string()))
}

/// The identifier of a name in a namespace (RFC 9562, section 5.5).
fn uuid_v5(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let namespace = match a.string(0) {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        text => Uuid::parse_str(text).map_err(|_| {
            let shown = a.shown(0, text);
            FunctionError::argument(0, format!("uuidv5() doesn't support namespace {shown}"))
        })?,
    };
    let hash: [u8; 20] = Sha1::new().chain_update(namespace).chain_update(a.string(1)).finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Ok(Value::string(Builder::from_sha1_bytes(bytes).into_uuid().to_string()))
}

/// A salted hash, another one at every call; unknown while planning.
fn bcrypt(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    /// Rounds, as a power of two, when none are asked for.
    const DEFAULT_COST: u32 = 10;
    const LEAST_COST: i64 = 4;
    /// The hash takes no more of a password into account.
    const MAX_PASSWORD_BYTES: usize = 72;
    if a.len() > 2 {
        return Err(FunctionError::new("bcrypt() takes no more than two arguments"));
    }
    let cost = match if a.len() > 1 { a.integer(1)? } else { i64::from(DEFAULT_COST) } {
        cost if cost < LEAST_COST => DEFAULT_COST,
        cost if cost > MAX_BCRYPT_COST => {
            return Err(FunctionError::argument(
                1,
                format!("cost {cost} is outside allowed range (4,{MAX_BCRYPT_COST})"),
            ));
        }
        cost => cost as u32,
    };
    if a.string(0).len() > MAX_PASSWORD_BYTES {
        return Err(FunctionError::argument(0, "password length exceeds 72 bytes"));
    }
    let Some(salt) = a.host.random() else { return Ok(a.unknown()) };
    let hash = ::bcrypt::hash_with_salt(a.string(0), cost, salt);
    let hash = hash.map_err(|_| FunctionError::new("the password cannot be hashed"))?;
    Ok(Value::string(hash.format_for_version(::bcrypt::Version::TwoA)))
}
