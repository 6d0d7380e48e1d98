//! Regular expressions: `regex`, `regexall`, and `replace` with a pattern between slashes.
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use super::call::Arguments;
use super::re2::to_rust_syntax;
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::{MAX_PATTERN_BYTES, MAX_VALUE_BYTES, NODE_BYTES};
use crate::value::{Type, Value};

const PATTERN: Parameter = Parameter::string("pattern");
const STRING: Parameter = Parameter::string("string");

/// `regex regexall replace`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("regex", &[PATTERN, STRING], |a| match_type(&a[0]), regex),
    Function::typed("regexall", &[PATTERN, STRING], |a| Ok(Type::list(match_type(&a[0])?)), regexall),
    Function::new(
        "replace",
        &[Parameter::string("str"), Parameter::string("substr"), Parameter::string("replace")],
        || Type::String,
        replace,
    ),
];

/// Compiles a pattern of RE2 syntax. The error says what is wrong and does not repeat the pattern.
fn compile(pattern: &str) -> Result<Regex, String> {
    let compiled = RegexBuilder::new(&to_rust_syntax(pattern)?).size_limit(MAX_PATTERN_BYTES).build();
    compiled.map_err(|e| match e {
        // The last line of the report names the kind of the error; the lines before quote the pattern.
        regex::Error::Syntax(report) => {
            report.rsplit("error: ").next().unwrap_or("it cannot be parsed").trim().to_string()
        }
        _ => "it is too large".to_string(),
    })
}

fn invalid(message: String) -> FunctionError {
    FunctionError::argument(0, format!("invalid regexp pattern: {message}"))
}

/// A string for a pattern without groups, a tuple for unnamed groups, an object for named ones.
fn match_type(pattern: &Value) -> Result<Type, FunctionError> {
    let Some(pattern) = pattern.as_str() else { return Ok(Type::Dynamic) };
    let regex = compile(pattern).map_err(invalid)?;
    let groups: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    if groups.is_empty() {
        return Ok(Type::String);
    }
    let names: Vec<&str> = groups.iter().copied().flatten().collect();
    if names.is_empty() {
        return Ok(Type::tuple(groups.iter().map(|_| Type::String)));
    }
    if names.len() < groups.len() {
        return Err(invalid("cannot mix both named and unnamed capture groups".into()));
    }
    Ok(Type::object(names.into_iter().map(|name| (name, Type::String))))
}

fn match_value(regex: &Regex, captures: &Captures<'_>, ty: &Type) -> Value {
    let group = |m: Option<regex::Match<'_>>| m.map_or(Value::null(Type::String), |m| Value::string(m.as_str()));
    match ty {
        Type::Tuple(_) => Value::tuple(captures.iter().skip(1).map(group)),
        Type::Object(_) => {
            let names = regex.capture_names().zip(captures.iter());
            Value::object(names.filter_map(|(name, m)| Some((Arc::<str>::from(name?), group(m)))))
        }
        _ => group(captures.get(0)),
    }
}

fn regex(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let regex = compile(a.string(0)).map_err(invalid)?;
    let captures = regex.captures(a.string(1));
    let captures = captures.ok_or_else(|| FunctionError::new("pattern did not match any part of the given string"))?;
    Ok(match_value(&regex, &captures, &a.ty))
}

fn regexall(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let regex = compile(a.string(0)).map_err(invalid)?;
    let element = a.ty.element().cloned().unwrap_or(Type::String);
    let most = (MAX_VALUE_BYTES / NODE_BYTES) as usize / regex.captures_len();
    if regex.find_iter(a.string(1)).nth(most).is_some() {
        return Err(FunctionError::new(format!("more than {most} matches")));
    }
    let matches = regex.captures_iter(a.string(1)).map(|captures| match_value(&regex, &captures, &element));
    Ok(Value::list(element.clone(), matches))
}

/// As `Regex::replace_all`, as long as the result is not too long.
fn replace_all(a: &Arguments<'_>, regex: &Regex, s: &str, with: &str) -> Result<String, FunctionError> {
    let (mut out, mut end) = (String::new(), 0);
    for captures in regex.captures_iter(s) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&s[end..whole.start()]);
        captures.expand(with, &mut out);
        end = whole.end();
        a.check_text(out.len())?;
    }
    out.push_str(&s[end..]);
    Ok(out)
}

fn replace(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (s, wanted, with) = (a.string(0), a.string(1), a.string(2));
    let pattern = wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    Ok(Value::string(match pattern {
        Some(pattern) => {
            let regex =
                compile(pattern).map_err(|e| FunctionError::argument(1, format!("invalid regexp pattern: {e}")))?;
            replace_all(a, &regex, s, with)?
        }
        None => {
            let found = s.matches(wanted).count();
            a.check_text(s.len().saturating_add(found.saturating_mul(with.len())))?;
            s.replace(wanted, with)
        }
    }))
}
