//! Numbers.
use dashu_int::{IBig, UBig};

use super::call::Arguments;
use super::float::{natural_logarithm, power};
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::{MAX_DIGITS, MAX_RANGE};
use crate::value::{Number, Type, Value};

const NUM: Parameter = Parameter::number("num");

/// `abs ceil floor log max min parseint pow range signum`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "abs",
        &[Parameter::number("num").dynamic()],
        || Type::Number,
        |a| Ok(Value::number(a.number(0)?.abs())),
    ),
    Function::new("ceil", &[NUM], || Type::Number, |a| Ok(Value::number(a.number(0)?.ceil()))),
    Function::new("floor", &[NUM], || Type::Number, |a| Ok(Value::number(a.number(0)?.floor()))),
    Function::new("log", &[NUM, Parameter::number("base")], || Type::Number, log),
    Function::new("max", &[], || Type::Number, |a| extreme(a, false)).variadic(&Parameter::number("numbers").dynamic()),
    Function::new("min", &[], || Type::Number, |a| extreme(a, true)).variadic(&Parameter::number("numbers").dynamic()),
    Function::typed("parseint", &[Parameter::any("number"), Parameter::number("base")], parseint_type, parseint),
    Function::new("pow", &[NUM, Parameter::number("power")], || Type::Number, pow),
    Function::new("range", &[], || Type::list(Type::Number), range).variadic(&Parameter::number("params")),
    Function::new("signum", &[NUM], || Type::Number, signum),
];

fn from_float(f: f64) -> Result<Value, FunctionError> {
    let number = Number::from_f64(f).ok_or_else(|| FunctionError::new("the result is not a number"))?;
    Ok(Value::number(number))
}

fn log(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    from_float(natural_logarithm(a.number(0)?.to_f64()) / natural_logarithm(a.number(1)?.to_f64()))
}

fn pow(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    from_float(power(a.number(0)?.to_f64(), a.number(1)?.to_f64()))
}

fn extreme(a: &Arguments<'_>, least: bool) -> Result<Value, FunctionError> {
    let mut best: Option<&Number> = None;
    for i in 0..a.len() {
        let number = a.number(i)?;
        if best.is_none_or(|b| if least { number.compare(b).is_lt() } else { number.compare(b).is_gt() }) {
            best = Some(number);
        }
    }
    let best = best.ok_or_else(|| FunctionError::new("must pass at least one number"))?;
    Ok(Value::number(best.clone()))
}

fn signum(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    Ok(Value::number(a.integer(0)?.signum()))
}

fn parseint_type(args: &[Value]) -> Result<Type, FunctionError> {
    if *args[0].ty() == Type::String {
        return Ok(Type::Number);
    }
    let name = args[0].ty().friendly_name();
    Err(FunctionError::argument(0, format!("first argument must be a string, not {name}")))
}

/// The whole number that a text says in a base of 2 to 62 (beyond 36, capital letters follow the small ones).
fn parseint(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let base = a.integer(1)?;
    if !(2..=62).contains(&base) {
        return Err(FunctionError::argument(1, "base must be a whole number between 2 and 62 inclusive"));
    }
    let text = a.string(0);
    let fail = || {
        let shown = a.shown(0, text);
        FunctionError::argument(0, format!("cannot parse {shown} as a base {base} integer"))
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() {
        return Err(fail());
    }
    if digits.len() > MAX_DIGITS {
        return Err(FunctionError::argument(0, format!("has more than {MAX_DIGITS} digits")));
    }
    let mut magnitude = UBig::ZERO;
    for c in digits.chars() {
        let digit = digit_value(c, base).ok_or_else(fail)?;
        magnitude = magnitude * UBig::from(base.unsigned_abs()) + UBig::from(digit);
    }
    let number = IBig::from(magnitude);
    Ok(Value::number(Number::from_integer(if text.starts_with('-') { -number } else { number })))
}

fn digit_value(c: char, base: i64) -> Option<u32> {
    let digit = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        'a'..='z' => u32::from(c) - u32::from('a') + 10,
        'A'..='Z' if base <= 36 => u32::from(c) - u32::from('A') + 10,
        'A'..='Z' => u32::from(c) - u32::from('A') + 36,
        _ => return None,
    };
    (i64::from(digit) < base).then_some(digit)
}

fn range(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let zero = Number::from(0);
    let toward = |start: &Number, end: &Number| Number::from(if end.compare(start).is_lt() { -1 } else { 1 });
    let (start, end, step) = match a.len() {
        1 => (&zero, a.number(0)?, toward(&zero, a.number(0)?)),
        2 => (a.number(0)?, a.number(1)?, toward(a.number(0)?, a.number(1)?)),
        3 => (a.number(0)?, a.number(1)?, a.number(2)?.clone()),
        _ => return Err(FunctionError::new("must have one, two, or three arguments")),
    };
    if step.is_zero() {
        return Err(FunctionError::argument(2, "step must not be zero"));
    }
    let down = step.is_negative();
    if down && end.compare(start).is_gt() {
        return Err(FunctionError::argument(1, "end must be less than start when step is negative"));
    }
    if !down && end.compare(start).is_lt() {
        return Err(FunctionError::argument(1, "end must be greater than start when step is positive"));
    }
    let mut numbers = Vec::new();
    let mut number = start.clone();
    while if down { number.compare(end).is_gt() } else { number.compare(end).is_lt() } {
        if numbers.len() >= MAX_RANGE {
            return Err(FunctionError::new(
                "more than 1024 values were generated; either decrease the difference between start and end or use a smaller step",
            ));
        }
        numbers.push(Value::number(number.clone()));
        number = number.add(&step).ok_or_else(|| FunctionError::new("cannot step from one infinity to the other"))?;
    }
    Ok(Value::list(Type::Number, numbers))
}
