//! Strings.
use super::call::Arguments;
use super::grapheme::{clusters, count};
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::{MAX_INDENT, MAX_VALUE_BYTES, NODE_BYTES};
use crate::value::{Refinement, Type, Value};

const STR: Parameter = Parameter::string("str");

/// `chomp endswith indent join lower sort split startswith strcontains strrev substr title trim trimprefix trimspace
/// trimsuffix upper`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("chomp", &[STR], || Type::String, |a| text(a.string(0).trim_end_matches(['\r', '\n']))),
    Function::new(
        "endswith",
        &[STR, Parameter::string("suffix")],
        || Type::Bool,
        |a| Ok(Value::bool(a.string(0).ends_with(a.string(1)))),
    ),
    Function::new("indent", &[Parameter::number("spaces"), STR], || Type::String, indent),
    Function::new("join", &[Parameter::string("separator")], || Type::String, join)
        .variadic(&Parameter::strings("lists")),
    Function::new(
        "lower",
        &[STR.dynamic()],
        || Type::String,
        |a| text(a.string(0).chars().map(lower).collect::<String>()),
    ),
    Function::new("sort", &[Parameter::strings("list").unknown()], || Type::list(Type::String), sort),
    Function::new("split", &[Parameter::string("separator"), STR], || Type::list(Type::String), split),
    Function::new("startswith", &[STR.unknown(), Parameter::string("prefix")], || Type::Bool, startswith),
    Function::new(
        "strcontains",
        &[STR, Parameter::string("substr")],
        || Type::Bool,
        |a| Ok(Value::bool(a.string(0).contains(a.string(1)))),
    ),
    Function::new(
        "strrev",
        &[STR.dynamic()],
        || Type::String,
        |a| text(clusters(a.string(0)).rev().collect::<String>()),
    ),
    Function::new("substr", &[STR, Parameter::number("offset"), Parameter::number("length")], || Type::String, substr),
    Function::new("title", &[STR], || Type::String, title),
    Function::new(
        "trim",
        &[STR, Parameter::string("cutset")],
        || Type::String,
        |a| text(a.string(0).trim_matches(|c| a.string(1).contains(c))),
    ),
    Function::new(
        "trimprefix",
        &[STR, Parameter::string("prefix")],
        || Type::String,
        |a| text(a.string(0).strip_prefix(a.string(1)).unwrap_or(a.string(0))),
    ),
    Function::new("trimspace", &[STR], || Type::String, |a| text(a.string(0).trim())),
    Function::new(
        "trimsuffix",
        &[STR, Parameter::string("suffix")],
        || Type::String,
        |a| text(a.string(0).strip_suffix(a.string(1)).unwrap_or(a.string(0))),
    ),
    Function::new(
        "upper",
        &[STR.dynamic()],
        || Type::String,
        |a| text(a.string(0).chars().map(upper).collect::<String>()),
    ),
];

fn text(s: impl AsRef<str>) -> Result<Value, FunctionError> {
    Ok(Value::string(s))
}

/// The upper case of one character, where that is one character too (sharp s stays, as in Terraform).
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The lower case of one character, where that is one character too; capital dotted I becomes a plain `i`.
fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ if c == '\u{130}' => 'i',
        _ => c,
    }
}

fn indent(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let spaces = a.integer(0)?;
    if !(0..=MAX_INDENT).contains(&spaces) {
        return Err(FunctionError::argument(0, format!("must be a whole number between 0 and {MAX_INDENT}")));
    }
    let lines = a.string(1).bytes().filter(|b| *b == b'\n').count();
    a.check_text(lines.saturating_mul(spaces as usize).saturating_add(a.string(1).len()))?;
    text(a.string(1).replace('\n', &format!("\n{}", " ".repeat(spaces as usize))))
}

fn join(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if a.len() < 2 {
        return Err(FunctionError::new("at least one list is required"));
    }
    if a.all()[1..].iter().any(|list| !list.is_wholly_known()) {
        return Ok(a.unknown());
    }
    let mut items = Vec::new();
    for i in 1..a.len() {
        for (n, item) in a.elements(i).iter().enumerate() {
            items.push(item.as_str().ok_or_else(|| {
                let list = if a.len() > 2 { format!(" of list {i}") } else { String::new() };
                FunctionError::argument(i, format!("element {n}{list} is null; cannot concatenate null values"))
            })?);
        }
    }
    let separators = a.string(0).len().saturating_mul(items.len().saturating_sub(1));
    a.check_text(items.iter().fold(separators, |length, item| length.saturating_add(item.len())))?;
    text(items.join(a.string(0)))
}

fn sort(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !a[0].is_wholly_known() {
        let (minimum, maximum) = a[0].length_bounds();
        return Ok(Value::refined(a.ty.clone(), Refinement::length(minimum, maximum)));
    }
    let mut items = Vec::with_capacity(a.elements(0).len());
    for (n, item) in a.elements(0).iter().enumerate() {
        let text = item.as_str();
        items.push(text.ok_or_else(|| {
            FunctionError::new(format!("given list element {n} is null; a null string cannot be sorted"))
        })?);
    }
    items.sort_unstable();
    Ok(Value::list(Type::String, items.into_iter().map(Value::string)))
}

fn split(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (separator, s) = (a.string(0), a.string(1));
    let most = (MAX_VALUE_BYTES / NODE_BYTES) as usize;
    let pieces = if separator.is_empty() { s.chars().count() } else { s.matches(separator).count() + 1 };
    if pieces > most {
        return Err(FunctionError::new(format!("would make more than {most} pieces")));
    }
    let parts: Vec<Value> = if separator.is_empty() {
        s.chars().map(|c| Value::string(c.encode_utf8(&mut [0; 4]))).collect()
    } else {
        s.split(separator).map(Value::string).collect()
    };
    Ok(Value::list(Type::String, parts))
}

fn startswith(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let prefix = a.string(1);
    if a[0].is_known() {
        return Ok(Value::bool(a.string(0).starts_with(prefix)));
    }
    let known = a[0].refinement().and_then(|r| r.prefix.as_deref()).unwrap_or_default();
    Ok(if known.starts_with(prefix) {
        Value::bool(true)
    } else if !known.is_empty() && known.len() >= prefix.len() {
        Value::bool(false)
    } else {
        a.unknown()
    })
}

/// `length` characters from `offset`, which counts from the end if it is negative; a negative length is all the rest.
fn substr(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (offset, length) = (a.integer(1)?, a.integer(2)?);
    if offset >= 0 && length == 0 {
        return text("");
    }
    let s = a.string(0);
    let offset = if offset < 0 { (offset + count(s) as i64).max(0) } else { offset };
    let rest = clusters(s).skip(usize::try_from(offset).unwrap_or(usize::MAX));
    // From the end, no length at all also means all the rest.
    if length <= 0 {
        return text(rest.collect::<String>());
    }
    text(rest.take(usize::try_from(length).unwrap_or(usize::MAX)).collect::<String>())
}

fn title(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let mut within_word = false;
    let titled: String = a
        .string(0)
        .chars()
        .map(|c| {
            let first = !within_word;
            within_word = !separates_words(c);
            if first { upper(c) } else { c }
        })
        .collect();
    text(titled)
}

/// ASCII other than letters, digits and `_` separates words; beyond ASCII only white space does.
fn separates_words(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() }
}
