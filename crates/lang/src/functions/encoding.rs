//! Encodings: base64, character sets, URLs, JSON.
use std::fmt::Write as _;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::{Compress, Compression, Crc, FlushCompress};

use super::call::Arguments;
use super::charset::Charset;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::{Refinement, Type, Value, json};

/// Standard base64: padding required, bits left over in the last character ignored (as in Terraform).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

const STR: Parameter = Parameter::string("str");

/// `base64decode base64encode base64gzip jsondecode jsonencode textdecodebase64 textencodebase64 urlencode`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("base64decode", &[STR], || Type::String, base64_decode),
    Function::new("base64encode", &[STR], || Type::String, |a| Ok(Value::string(BASE64.encode(a.string(0))))),
    Function::new(
        "base64gzip",
        &[STR],
        || Type::String,
        |a| {
            let compressed = gzip(a.string(0).as_bytes()).ok_or_else(|| FunctionError::new("failed to compress"))?;
            Ok(Value::string(BASE64.encode(compressed)))
        },
    ),
    Function::typed("jsondecode", &[STR], |_| Ok(Type::Dynamic), json_decode).nullable(),
    Function::new("jsonencode", &[Parameter::any("val").null().dynamic().unknown()], || Type::String, json_encode),
    Function::new(
        "textdecodebase64",
        &[Parameter::string("source"), Parameter::string("encoding")],
        || Type::String,
        text_decode,
    ),
    Function::new(
        "textencodebase64",
        &[Parameter::string("string"), Parameter::string("encoding")],
        || Type::String,
        text_encode,
    ),
    Function::new("urlencode", &[STR], || Type::String, |a| Ok(Value::string(url_encode(a.string(0))))),
];

/// The bytes that a base64 text says; line ends in it are skipped.
fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace(['\r', '\n'], "")).ok()
}

fn base64_decode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let text = a.encoded(0)?;
    let bytes = decode(text).ok_or_else(|| {
        let shown = a.shown(0, text);
        FunctionError::new(format!("failed to decode base64 data {shown}"))
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| FunctionError::new("the result of decoding the provided string is not valid UTF-8"))?;
    Ok(Value::string(text))
}

/// A gzip file without name and time, its data flushed and closed by an empty block, as Terraform writes it.
fn gzip(data: &[u8]) -> Option<Vec<u8>> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    const LAST_EMPTY_BLOCK: [u8; 5] = [1, 0, 0, 0xff, 0xff];
    let mut deflated = Vec::with_capacity(data.len() + 64);
    let mut compress = Compress::new(Compression::default(), false);
    loop {
        let consumed = usize::try_from(compress.total_in()).ok()?;
        deflated.reserve(data.len() / 2 + 64);
        compress.compress_vec(&data[consumed..], &mut deflated, FlushCompress::Sync).ok()?;
        if usize::try_from(compress.total_in()).ok()? == data.len() && deflated.len() < deflated.capacity() {
            break;
        }
    }
    let mut crc = Crc::new();
    crc.update(data);
    let mut out = HEADER.to_vec();
    out.extend(deflated);
    out.extend(LAST_EMPTY_BLOCK);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    Some(out)
}

fn json_decode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    json::decode(a.encoded(0)?).map_err(|e| FunctionError::argument(0, e.to_string()))
}

fn json_encode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if a[0].is_wholly_known() {
        return json::encode(&a[0]).map(Value::string).map_err(|e| FunctionError::argument(0, e.to_string()));
    }
    // Whatever the content, what kind of value it is tells how the text begins.
    let may_be_null = !a[0].is_definitely_not_null();
    let prefix = match a[0].ty() {
        _ if may_be_null => None,
        Type::String => Some("\""),
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => Some("["),
        Type::Map(_) | Type::Object(_) => Some("{"),
        _ => None,
    };
    Ok(Value::refined(
        Type::String,
        Refinement { not_null: true, prefix: prefix.map(Into::into), ..Refinement::default() },
    ))
}

fn charset(a: &Arguments<'_>) -> Result<Charset, FunctionError> {
    let name = a.string(1);
    Charset::by_name(name).ok_or_else(|| {
        let shown = a.shown(1, name);
        FunctionError::argument(1, format!("{shown} is not a supported IANA encoding name or alias"))
    })
}

fn text_encode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let charset = charset(a)?;
    let bytes = charset.encode(a.string(0)).ok_or_else(|| {
        let name = charset.name();
        FunctionError::argument(0, format!("the given string contains characters that cannot be represented in {name}"))
    })?;
    Ok(Value::string(BASE64.encode(bytes)))
}

fn text_decode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let charset = charset(a)?;
    let bytes =
        decode(a.encoded(0)?).ok_or_else(|| FunctionError::argument(0, "the given value is not valid base64"))?;
    let text = charset.decode(&bytes).filter(|text| !text.contains('\u{fffd}')).ok_or_else(|| {
        let name = charset.name();
        FunctionError::argument(0, format!("the given string contains symbols that are not defined for {name}"))
    })?;
    Ok(Value::string(text))
}

/// As in the query of a URL: a space becomes `+`.
fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b if b.is_ascii_alphanumeric() => out.push(char::from(b)),
            b => write!(out, "%{b:02X}").expect("writing to a string cannot fail"),
        }
    }
    out
}
