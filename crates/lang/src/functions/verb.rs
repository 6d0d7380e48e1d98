//! The verbs of `format`: `%`, flags, width, precision, argument number, mode.
use super::grapheme;
use crate::limits::MAX_FORMAT_WIDTH;
use crate::value::convert::convert;
use crate::value::{Number, Type, Value, json, zeros_after};

/// A piece of a template.
pub(super) enum Piece<'t> {
    /// Text that stands for itself.
    Text(&'t str),
    /// A verb.
    Verb(Verb<'t>),
}

/// One verb.
#[derive(Default)]
pub(super) struct Verb<'t> {
    /// As written.
    pub(super) raw: &'t str,
    /// Where it stands in the template, in bytes.
    pub(super) offset: usize,
    /// The argument it asks for (from 1); without one it takes the next.
    pub(super) argument: Option<usize>,
    mode: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Takes a template apart; the last item is an error if it is malformed.
pub(super) fn parse(template: &str) -> impl Iterator<Item = Result<Piece<'_>, String>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = template.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        if !rest.starts_with('%') {
            at += rest.find('%').unwrap_or(rest.len());
            return Some(Ok(Piece::Text(&template[start..at])));
        }
        if rest.starts_with("%%") {
            at += 2;
            return Some(Ok(Piece::Text("%")));
        }
        Some(match parse_verb(template, start) {
            Ok(verb) => {
                at += verb.raw.len();
                Ok(Piece::Verb(verb))
            }
            Err(message) => {
                at = template.len();
                Err(message)
            }
        })
    })
}

fn parse_verb(template: &str, offset: usize) -> Result<Verb<'_>, String> {
    let bytes = template.as_bytes();
    let mut verb = Verb { offset, ..Verb::default() };
    let mut at = offset + 1;
    while let Some(flag) = bytes.get(at) {
        match flag {
            b'0' => verb.zero = true,
            b'#' => verb.sharp = true,
            b'-' => verb.minus = true,
            b'+' => verb.plus = true,
            b' ' => verb.space = true,
            _ => break,
        }
        at += 1;
    }
    verb.width = digits(template, &mut at)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        verb.precision = Some(digits(template, &mut at)?.unwrap_or(0));
    }
    if bytes.get(at) == Some(&b'[') {
        at += 1;
        verb.argument = Some(digits(template, &mut at)?.filter(|n| *n > 0).ok_or_else(|| unrecognized(template, at))?);
        if bytes.get(at) != Some(&b']') {
            return Err(unrecognized(template, at));
        }
        at += 1;
    }
    match bytes.get(at) {
        Some(mode) if mode.is_ascii_alphabetic() => verb.mode = char::from(*mode),
        _ => return Err(unrecognized(template, at)),
    }
    verb.raw = &template[offset..=at];
    Ok(verb)
}

/// The number that stands at a place, and goes past it; none if there is none.
fn digits(template: &str, at: &mut usize) -> Result<Option<usize>, String> {
    let rest = &template[*at..];
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if end == 0 {
        return Ok(None);
    }
    let number = rest[..end].parse().ok().filter(|n| *n <= MAX_FORMAT_WIDTH);
    let number = number.ok_or_else(|| format!("number too large at offset {at}"))?;
    *at += end;
    Ok(Some(number))
}

fn unrecognized(template: &str, at: usize) -> String {
    match template[at..].chars().next() {
        Some(c) => format!("unrecognized format character {c:?} at offset {at}"),
        None => format!("invalid format string starting at offset {at}"),
    }
}

/// The text a verb makes of an argument.
pub(super) fn render(verb: &Verb<'_>, arg: &Value) -> Result<String, String> {
    let (raw, offset) = (verb.raw, verb.offset);
    let unsupported = |reason: &str| format!("unsupported value for {raw:?} at {offset}: {reason}");
    if verb.mode != 'v' && arg.is_null() {
        return Err(unsupported("null value cannot be formatted"));
    }
    let converted = |ty: &Type| convert(arg, ty).map_err(|e| unsupported(&e.to_string()));
    match verb.mode {
        'v' => as_is(verb, arg).map_err(|e| unsupported(&e)),
        't' => Ok(converted(&Type::Bool)?.as_bool().unwrap_or_default().to_string()),
        's' => Ok(pad(verb, cut(verb, converted(&Type::String)?.as_str().unwrap_or_default()))),
        'q' => {
            let text = converted(&Type::String)?;
            let text = Value::string(cut(verb, text.as_str().unwrap_or_default()));
            Ok(pad(verb, &json::encode(&text).map_err(|e| unsupported(&e.to_string()))?))
        }
        'b' | 'd' | 'o' | 'x' | 'X' => match converted(&Type::Number)?.as_number() {
            Some(n) => integer(verb, n).ok_or_else(|| unsupported("an integer is required")),
            None => Err(unsupported("a number is required")),
        },
        'e' | 'E' | 'f' | 'g' | 'G' => match converted(&Type::Number)?.as_number() {
            Some(n) => Ok(float(verb, n)),
            None => Err(unsupported("a number is required")),
        },
        mode => Err(format!("unsupported format verb {mode:?} in {raw:?} at offset {offset}")),
    }
}

/// `%v`: strings and numbers plain, everything else (and with `#` these, too) as JSON.
fn as_is(verb: &Verb<'_>, arg: &Value) -> Result<String, String> {
    if !verb.sharp {
        if let Some(text) = arg.as_str() {
            return Ok(pad(verb, text));
        }
        if let Some(number) = arg.as_number() {
            return Ok(pad(verb, &number.to_general(None)));
        }
    }
    Ok(pad(verb, &json::encode(arg).map_err(|e| e.to_string())?))
}

/// As many characters as the precision says; a precision of 0 counts as none.
fn cut<'s>(verb: &Verb<'_>, text: &'s str) -> &'s str {
    match verb.precision {
        Some(precision) if precision > 0 => {
            let end: usize = grapheme::clusters(text).take(precision).map(str::len).sum();
            &text[..end]
        }
        _ => text,
    }
}

fn pad(verb: &Verb<'_>, text: &str) -> String {
    let missing = verb.width.unwrap_or(0).saturating_sub(grapheme::count(text));
    let padding = (if verb.zero { "0" } else { " " }).repeat(missing);
    if verb.minus { format!("{text}{padding}") } else { format!("{padding}{text}") }
}

fn sign(verb: &Verb<'_>, negative: bool) -> &'static str {
    match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

/// A whole number in base 2, 8, 10 or 16; none for another number.
fn integer(verb: &Verb<'_>, n: &Number) -> Option<String> {
    let (base, prefix) = match verb.mode {
        'b' => (2, "0b"),
        'o' => (8, "0"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let (number_sign, magnitude) = n.to_integer()?.into_parts();
    let zero = magnitude.is_zero();
    let digits = magnitude.in_radix(base).to_string();
    let digits = if verb.mode == 'X' { digits.to_uppercase() } else { digits };
    if zero && verb.precision == Some(0) {
        return Some(String::new());
    }
    let sign = sign(verb, !zero && number_sign == dashu_int::Sign::Negative);
    let prefix = if verb.sharp { prefix } else { "" };
    let mut zeros = verb.precision.unwrap_or(0).saturating_sub(digits.len());
    let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len() + zeros + digits.len());
    let (mut left, mut right) = (0, 0);
    match (verb.minus, verb.zero && verb.precision.is_none()) {
        (true, _) => right = missing,
        (_, true) => zeros += missing,
        _ => left = missing,
    }
    let (left, zeros, right) = (" ".repeat(left), "0".repeat(zeros), " ".repeat(right));
    Some(format!("{left}{sign}{prefix}{zeros}{digits}{right}"))
}

/// A number with a point, with an exponent, or in the shorter of both forms.
fn float(verb: &Verb<'_>, n: &Number) -> String {
    let magnitude = magnitude(verb, n);
    let sign = if n.is_infinite() && !n.is_negative() && !verb.space { "+" } else { sign(verb, n.has_sign()) };
    let missing = verb.width.unwrap_or(0).saturating_sub(sign.len() + magnitude.len());
    if verb.minus {
        format!("{sign}{magnitude}{}", " ".repeat(missing))
    } else if verb.zero && !n.is_infinite() {
        format!("{sign}{}{magnitude}", "0".repeat(missing))
    } else {
        format!("{}{sign}{magnitude}", " ".repeat(missing))
    }
}

fn magnitude(verb: &Verb<'_>, n: &Number) -> String {
    /// Digits after the point when the verb does not say.
    const DEFAULT_PLACES: usize = 6;
    let Some(decimal) = n.exact_decimal() else { return "Inf".into() };
    let places = verb.precision.unwrap_or(DEFAULT_PLACES);
    match verb.mode {
        'f' => {
            let rounded = decimal.to_places(places);
            let point = if places == 0 { "" } else { "." };
            format!("{}{point}{}", rounded.whole(), zeros_after(rounded.fraction(), places))
        }
        'e' => decimal.to_scientific(places),
        'E' => decimal.to_scientific(places).to_uppercase(),
        mode => {
            let general = n.to_general(verb.precision);
            let general = general.trim_start_matches('-');
            if mode == 'G' { general.to_uppercase() } else { general.to_string() }
        }
    }
}
