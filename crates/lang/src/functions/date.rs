//! Dates and times.
use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use super::timestamp::{Timestamp, parse_duration};
use crate::value::{Type, Value};

/// `formatdate plantimestamp timeadd timecmp timestamp`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "formatdate",
        &[Parameter::string("format"), Parameter::string("time")],
        || Type::String,
        format_date,
    ),
    Function::new("plantimestamp", &[], || Type::String, |a| Ok(given(a, a.host.plan_time()))),
    Function::new(
        "timeadd",
        &[Parameter::string("timestamp"), Parameter::string("duration")],
        || Type::String,
        time_add,
    ),
    Function::new(
        "timecmp",
        &[Parameter::string("timestamp_a"), Parameter::string("timestamp_b")],
        || Type::Number,
        |a| {
            let order = parsed(a, 0)?.instant().cmp(&parsed(a, 1)?.instant());
            Ok(Value::number(order as i64))
        },
    ),
    Function::new("timestamp", &[], || Type::String, |a| Ok(given(a, a.host.now()))),
];

fn given(a: &Arguments<'_>, time: Option<String>) -> Value {
    time.map_or_else(|| a.unknown(), Value::string)
}

/// The timestamp an argument says.
fn parsed(a: &Arguments<'_>, index: usize) -> Result<Timestamp, FunctionError> {
    Timestamp::parse(a.string(index)).map_err(|problem| {
        let reason = problem.describe(|part| a.shown(index, part));
        FunctionError::argument(index, format!("not a valid RFC3339 timestamp{reason}"))
    })
}

fn time_add(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let time = parsed(a, 0)?;
    let duration = parse_duration(a.string(1)).ok_or_else(|| {
        let shown = a.shown(1, a.string(1));
        FunctionError::argument(1, format!("invalid duration {shown}: write numbers with units, like \"1h30m\""))
    })?;
    let sum = time.add(duration).ok_or_else(|| FunctionError::new("the result is out of range"))?;
    Ok(Value::string(sum.to_string()))
}

/// A piece of a date format.
enum Piece<'f> {
    /// Text in quotes, a doubled quote inside it meaning one.
    Quoted(&'f str),
    /// A letter, repeated.
    Verb(&'f str),
    /// Anything else.
    Text(&'f str),
}

/// The first piece of a format, and what follows it; none for a quote that is not closed.
fn first_piece(format: &str) -> Option<(Piece<'_>, &str)> {
    let first = format.chars().next()?;
    if first.is_ascii_alphabetic() {
        let end = format.find(|c| c != first).unwrap_or(format.len());
        return Some((Piece::Verb(&format[..end]), &format[end..]));
    }
    if first != '\'' {
        let end = format.find(|c: char| c == '\'' || c.is_ascii_alphabetic()).unwrap_or(format.len());
        return Some((Piece::Text(&format[..end]), &format[end..]));
    }
    if let Some(rest) = format.strip_prefix("''") {
        return Some((Piece::Text("'"), rest));
    }
    let mut end = 1;
    loop {
        end += format[end..].find('\'')? + 1;
        if !format[end..].starts_with('\'') {
            return Some((Piece::Quoted(&format[1..end - 1]), &format[end..]));
        }
        end += 1;
    }
}

fn format_date(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let time = parsed(a, 1)?;
    let mut out = String::new();
    let mut rest = a.string(0);
    while !rest.is_empty() {
        let (piece, after) = first_piece(rest).ok_or_else(|| FunctionError::argument(0, "unterminated literal '"))?;
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Quoted(text) => out.push_str(&text.replace("''", "'")),
            Piece::Verb(verb) => {
                let text = time.verb(verb).map_err(|expected| {
                    let shown = a.shown(0, verb);
                    FunctionError::argument(0, format!("invalid date format verb {shown}{expected}"))
                })?;
                out.push_str(&text);
            }
        }
        rest = after;
    }
    Ok(Value::string(out))
}
