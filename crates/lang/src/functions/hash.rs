//! Hashes of strings and files, as hexadecimal digits or base64.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::file::read;
use super::signature::{Body, Function, FunctionError, Parameter};
use crate::value::{Type, Value};

const fn of_text(name: &'static str, body: Body) -> Function {
    const STR: &[Parameter] = &[Parameter::string("str")];
    Function::new(name, STR, || Type::String, body)
}

const fn of_file(name: &'static str, body: Body) -> Function {
    const PATH: &[Parameter] = &[Parameter::string("path")];
    Function::new(name, PATH, || Type::String, body)
}

/// `base64sha256 base64sha512 md5 sha1 sha256 sha512` and the same of files
pub(super) static FUNCTIONS: &[Function] = &[
    of_text("base64sha256", |a| base64::<Sha256>(a.string(0).as_bytes())),
    of_text("base64sha512", |a| base64::<Sha512>(a.string(0).as_bytes())),
    of_text("md5", |a| hex::<Md5>(a.string(0).as_bytes())),
    of_text("sha1", |a| hex::<Sha1>(a.string(0).as_bytes())),
    of_text("sha256", |a| hex::<Sha256>(a.string(0).as_bytes())),
    of_text("sha512", |a| hex::<Sha512>(a.string(0).as_bytes())),
    of_file("filebase64sha256", |a| base64::<Sha256>(&read(a)?)),
    of_file("filebase64sha512", |a| base64::<Sha512>(&read(a)?)),
    of_file("filemd5", |a| hex::<Md5>(&read(a)?)),
    of_file("filesha1", |a| hex::<Sha1>(&read(a)?)),
    of_file("filesha256", |a| hex::<Sha256>(&read(a)?)),
    of_file("filesha512", |a| hex::<Sha512>(&read(a)?)),
];

fn hex<D: Digest>(bytes: &[u8]) -> Result<Value, FunctionError> {
    Ok(Value::string(D::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>()))
}

fn base64<D: Digest>(bytes: &[u8]) -> Result<Value, FunctionError> {
    Ok(Value::string(STANDARD.encode(D::digest(bytes))))
}
