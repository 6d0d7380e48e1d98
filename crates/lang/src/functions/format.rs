//! `format` and `formatlist`.
use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use super::verb::{Piece, parse, render};
use crate::limits::{MAX_TEXT_BYTES, MAX_VALUE_BYTES};
use crate::value::{Refinement, Type, Value, safe_prefix};

const FORMAT: Parameter = Parameter::string("format");
const ARGS: Parameter = Parameter::any("args").null().unknown();

/// `format formatlist`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("format", &[FORMAT], || Type::String, format).variadic(&ARGS),
    Function::new("formatlist", &[FORMAT], || Type::list(Type::String), formatlist).variadic(&ARGS),
];

fn format(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (template, args) = (a.string(0), &a.all()[1..]);
    if args.iter().all(Value::is_wholly_known) {
        return formatted(template, args);
    }
    // Whatever comes out, it begins with what stands before the first verb.
    let prefix = template.find('%').map_or(template, |i| &template[..i]);
    let prefix = safe_prefix(prefix);
    let prefix = if prefix.is_empty() { None } else { Some(prefix.into()) };
    Ok(Value::refined(Type::String, Refinement { not_null: true, prefix, ..Refinement::default() }))
}

/// One text by a template and its arguments.
fn formatted(template: &str, args: &[Value]) -> Result<Value, FunctionError> {
    let mut out = String::with_capacity(template.len());
    let (mut next, mut highest) = (1, 0);
    for piece in parse(template) {
        match piece.map_err(FunctionError::new)? {
            Piece::Text(text) => out.push_str(text),
            Piece::Verb(verb) => {
                let number = verb.argument.unwrap_or(next);
                let arg = number.checked_sub(1).and_then(|i| args.get(i)).ok_or_else(|| {
                    let (raw, offset, total) = (verb.raw, verb.offset, args.len());
                    FunctionError::new(format!(
                        "not enough arguments for {raw:?} at {offset}: need index {number} but have {total} total"
                    ))
                })?;
                out.push_str(&render(&verb, arg).map_err(FunctionError::new)?);
                if out.len() > MAX_TEXT_BYTES {
                    return Err(FunctionError::new(format!(
                        "the result would be longer than {} MiB",
                        MAX_TEXT_BYTES >> 20
                    )));
                }
                highest = highest.max(number);
                next = number + 1;
            }
        }
    }
    if highest < args.len() {
        return Err(FunctionError::argument(
            highest + 1,
            match highest {
                0 => "too many arguments; no verbs in format string".to_string(),
                n => format!("too many arguments; only {n} used by format string"),
            },
        ));
    }
    Ok(Value::string(out))
}

/// Longest sequence of arguments of which one is a list.
fn formatlist(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (template, args) = (a.string(0), &a.all()[1..]);
    let mut length: Option<(usize, usize)> = None;
    let mut unknown = false;
    for (i, arg) in args.iter().enumerate() {
        if !is_sequence(arg) {
            unknown |= !arg.is_known() && *arg.ty() == Type::Dynamic;
            continue;
        }
        let this = match arg.length_bounds() {
            (low, Some(high)) if low == high => low,
            _ => {
                unknown = true;
                continue;
            }
        };
        unknown |= !arg.is_known();
        match length {
            Some((first, expected)) if this != expected => {
                return Err(FunctionError::argument(
                    i + 1,
                    format!(
                        "argument {} has length {this}, which is inconsistent with argument {} of length {expected}",
                        i + 1,
                        first + 1
                    ),
                ));
            }
            Some(_) => {}
            None => length = Some((i, this)),
        }
    }
    if unknown {
        return Ok(a.unknown());
    }
    let count = length.map_or(1, |(_, n)| n);
    let (mut results, mut weight) = (Vec::with_capacity(count), 0u32);
    for n in 0..count {
        let row: Vec<Value> = args
            .iter()
            .map(|arg| match arg.elements() {
                Some(items) => items[n].clone(),
                None => arg.clone(),
            })
            .collect();
        if !row.iter().all(Value::is_wholly_known) {
            results.push(Value::unknown(Type::String).refine_not_null());
            continue;
        }
        let text = formatted(template, &row).map_err(|e| match args.is_empty() {
            true => e,
            false => FunctionError::new(format!("error on format iteration {n}: {}", e.message)),
        })?;
        weight = weight.saturating_add(text.weight());
        if weight > MAX_VALUE_BYTES {
            return Err(FunctionError::new(format!("the result would be larger than {} MiB", MAX_VALUE_BYTES >> 20)));
        }
        results.push(text);
    }
    Ok(Value::list(Type::String, results))
}

fn is_sequence(v: &Value) -> bool {
    matches!(v.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_)) && !v.is_null()
}
