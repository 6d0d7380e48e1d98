//! Values and types in JSON.
use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Data, Number, Type, Value};
use crate::limits::{MAX_TEXT_BYTES, MAX_VALUE_BYTES, NODE_BYTES};

/// Why a value has no JSON form, or a JSON text no value. The message never contains content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Something in it is known only after apply.
    #[error("the value is not yet known")]
    Unknown,
    /// JSON has no infinity.
    #[error("infinity has no JSON form")]
    Infinity,
    /// The text is not JSON.
    #[error("invalid JSON at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// What would be made is larger than can be handled.
    #[error("the result is too large")]
    TooLarge,
    /// The JSON value does not have the wanted type.
    #[error("{0} required")]
    Type(String),
    /// The JSON value is no type in cty's form.
    #[error("invalid type description")]
    TypeDescription,
}

/// The text that `jsonencode` gives: compact, keys sorted, `<`, `>` and `&` escaped.
///
/// ```
/// # use ampere_lang::value::{json, Value};
/// let v = Value::object([("a", Value::tuple([Value::number(1), Value::string("<b>")]))]);
/// assert_eq!(json::encode(&v).unwrap(), r#"{"a":[1,"\u003cb\u003e"]}"#);
/// ```
pub fn encode(v: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    write(v, &mut out)?;
    Ok(out)
}

impl Value {
    /// The same value, unless it is too large.
    fn bounded(self) -> Result<Value, JsonError> {
        if self.weight() > MAX_VALUE_BYTES { Err(JsonError::TooLarge) } else { Ok(self) }
    }
}

fn write(v: &Value, out: &mut String) -> Result<(), JsonError> {
    if out.len() > MAX_TEXT_BYTES {
        return Err(JsonError::TooLarge);
    }
    match v.data() {
        Data::Null => out.push_str("null"),
        Data::Unknown(_) => return Err(JsonError::Unknown),
        Data::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Data::Number(n) if n.is_infinite() => return Err(JsonError::Infinity),
        Data::Number(n) => write!(out, "{n}").expect("writing to a string cannot fail"),
        Data::String(s) => write_string(s, out),
        Data::Sequence(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Data::Mapping(items) => {
            out.push('{');
            for (i, (k, item)) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(k, out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Writes a JSON string, with what HTML and JavaScript would trip over escaped, too.
fn write_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The value that `jsondecode` gives: objects and tuples; numbers exact.
///
/// # Errors
/// The text is not JSON; the error tells the place and nothing of the content.
pub fn decode(text: &str) -> Result<Value, JsonError> {
    let json: Json =
        serde_json::from_str(text).map_err(|e| JsonError::Syntax { line: e.line(), column: e.column() })?;
    implied(&json)
}

fn implied(json: &Json) -> Result<Value, JsonError> {
    Ok(match json {
        Json::Null => Value::null(Type::Dynamic),
        Json::Bool(b) => Value::bool(*b),
        Json::Number(n) => number(n)?,
        Json::String(s) => Value::string(s),
        Json::Array(items) if items.len() > (MAX_VALUE_BYTES / NODE_BYTES) as usize => return Err(JsonError::TooLarge),
        Json::Array(items) => Value::tuple(items.iter().map(implied).collect::<Result<Vec<_>, _>>()?).bounded()?,
        Json::Object(items) => {
            let attributes = items.iter().map(|(k, v)| Ok((key(k), implied(v)?)));
            Value::object(attributes.collect::<Result<Vec<_>, _>>()?).bounded()?
        }
    })
}

fn key(k: &str) -> Arc<str> {
    match Value::string(k).data {
        Data::String(s) => s,
        _ => k.into(),
    }
}

fn number(n: &serde_json::Number) -> Result<Value, JsonError> {
    Number::parse(&n.to_string()).map(Value::number).ok_or_else(|| JsonError::Type("number".into()))
}

/// The JSON form of a value, numbers exact, marks left aside (whoever writes it down must have looked at them).
///
/// # Errors
/// Unknown values and infinities have no JSON form.
pub fn to_json(v: &Value) -> Result<Json, JsonError> {
    Ok(match v.data() {
        Data::Null => Json::Null,
        Data::Unknown(_) => return Err(JsonError::Unknown),
        Data::Bool(b) => Json::Bool(*b),
        Data::Number(n) if n.is_infinite() => return Err(JsonError::Infinity),
        Data::Number(n) => Json::Number(serde_json::Number::from_string_unchecked(n.to_string())),
        Data::String(s) => Json::String(s.to_string()),
        Data::Sequence(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Data::Mapping(items) => {
            let items = items.iter().map(|(k, v)| Ok((k.to_string(), to_json(v)?)));
            Json::Object(items.collect::<Result<Map<_, _>, _>>()?)
        }
    })
}

/// The value of a type that a JSON value stands for; `any` takes the type that the JSON implies.
///
/// # Errors
/// The JSON does not have the type; the message names the wanted type and nothing of the content.
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, JsonError> {
    let wanted = || JsonError::Type(ty.friendly_name());
    Ok(match (ty, json) {
        (Type::Dynamic, json) => implied(json)?,
        (ty, Json::Null) => Value::null(ty.without_optional()),
        (Type::Bool, Json::Bool(b)) => Value::bool(*b),
        (Type::Bool, Json::String(s)) if s == "true" || s == "false" => Value::bool(s == "true"),
        (Type::Number, Json::Number(n)) => number(n)?,
        (Type::Number, Json::String(s)) => Value::number(Number::parse(s).ok_or_else(wanted)?),
        (Type::String, Json::String(s)) => Value::string(s),
        (Type::String, Json::Bool(b)) => Value::string(b.to_string()),
        (Type::String, Json::Number(n)) => Value::string(Number::parse(&n.to_string()).ok_or_else(wanted)?.to_string()),
        (Type::List(e), Json::Array(items)) => Value::list(e.without_optional(), elements(items, e)?),
        (Type::Set(e), Json::Array(items)) => Value::set(e.without_optional(), elements(items, e)?),
        (Type::Map(e), Json::Object(items)) => {
            let items = items.iter().map(|(k, v)| Ok((key(k), from_json(v, e)?)));
            Value::map(e.without_optional(), items.collect::<Result<Vec<_>, _>>()?)
        }
        (Type::Tuple(types), Json::Array(items)) if types.len() == items.len() => {
            let items = items.iter().zip(types.iter()).map(|(v, t)| from_json(v, t));
            Value::tuple(items.collect::<Result<Vec<_>, _>>()?)
        }
        (Type::Object(o), Json::Object(items)) => {
            if items.keys().any(|k| !o.attributes.contains_key(k.as_str())) {
                return Err(wanted());
            }
            let attributes = o
                .attributes
                .iter()
                .map(|(name, ty)| Ok((name.clone(), from_json(items.get(&**name).unwrap_or(&Json::Null), ty)?)));
            Value::object(attributes.collect::<Result<Vec<_>, JsonError>>()?)
        }
        _ => return Err(wanted()),
    })
}

fn elements(items: &[Json], ty: &Type) -> Result<Vec<Value>, JsonError> {
    items.iter().map(|v| from_json(v, ty)).collect()
}

/// A type in cty's JSON form: `"string"`, `["list","string"]`, `["object",{"a":"number"}]`, `"dynamic"`.
pub fn type_to_json(ty: &Type) -> Json {
    let collection = |kind: &str, t: &Type| Json::Array(vec![kind.into(), type_to_json(t)]);
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(t) => collection("list", t),
        Type::Set(t) => collection("set", t),
        Type::Map(t) => collection("map", t),
        Type::Tuple(items) => Json::Array(vec!["tuple".into(), items.iter().map(type_to_json).collect()]),
        Type::Object(o) => {
            let attributes = o.attributes.iter().map(|(k, t)| (k.to_string(), type_to_json(t))).collect();
            let mut parts = vec!["object".into(), Json::Object(attributes)];
            if !o.optional.is_empty() {
                parts.push(o.optional.iter().map(|k| Json::from(&**k)).collect());
            }
            Json::Array(parts)
        }
    }
}

/// Reads a type in cty's JSON form.
///
/// # Errors
/// It is not such a form.
pub fn type_from_json(json: &Json) -> Result<Type, JsonError> {
    let bad = JsonError::TypeDescription;
    if let Some(name) = json.as_str() {
        return match name {
            "dynamic" => Ok(Type::Dynamic),
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            _ => Err(bad),
        };
    }
    let parts = json.as_array().ok_or(JsonError::TypeDescription)?;
    match (parts.first().and_then(Json::as_str), parts.get(1..).unwrap_or_default()) {
        (Some("list"), [t]) => Ok(Type::list(type_from_json(t)?)),
        (Some("set"), [t]) => Ok(Type::set(type_from_json(t)?)),
        (Some("map"), [t]) => Ok(Type::map(type_from_json(t)?)),
        (Some("tuple"), [Json::Array(items)]) => {
            Ok(Type::tuple(items.iter().map(type_from_json).collect::<Result<Vec<_>, _>>()?))
        }
        (Some("object"), [Json::Object(attributes), rest @ ..]) => {
            let mut object = super::ObjectType::default();
            for (name, t) in attributes {
                object.attributes.insert(name.as_str().into(), type_from_json(t)?);
            }
            match rest {
                [] => {}
                [Json::Array(names)] => {
                    for name in names {
                        object.optional.insert(name.as_str().ok_or(JsonError::TypeDescription)?.into());
                    }
                }
                _ => return Err(bad),
            }
            Ok(Type::Object(Arc::new(object)))
        }
        _ => Err(bad),
    }
}
