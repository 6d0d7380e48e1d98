//! The order of a set's elements, as cty has it.
use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

use super::{Data, Marks, Type, Value};

impl Value {
    /// A set of the given elements, all of type `element` (the caller converted them): sorted, without repeats.
    ///
    /// A set as a whole bears the marks that its elements bore: an element of a set has no identity that could bear them.
    /// Unknown elements are kept apart, for any of them may turn out to be a new one.
    pub fn set(element: Type, items: impl IntoIterator<Item = Value>) -> Value {
        let mut marks = Marks::NONE;
        let mut items: Vec<Value> = items
            .into_iter()
            .map(|v| {
                let (v, m) = v.unmark_deep();
                marks |= m;
                v
            })
            .collect();
        if element.is_primitive() {
            items.sort_by(canonical_cmp);
        } else {
            items.sort_by_cached_key(|v| (rank(v), hash_text(v)));
        }
        let ty = Type::Set(Arc::new(element));
        Value::raw(ty, Data::Sequence(without_repeats(items).into())).with_marks(marks)
    }
}

/// Drops every wholly known element that an earlier one of the same sort key equals.
fn without_repeats(items: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        let repeated = item.is_wholly_known()
            && kept
                .iter()
                .rev()
                .take_while(|k| canonical_cmp(k, &item) == Ordering::Equal || !k.is_wholly_known())
                .any(|k| k.is_wholly_known() && k.same(&item));
        if !repeated {
            kept.push(item);
        }
    }
    kept
}

/// Order of two elements of one set: bools and numbers by value, strings by bytes, everything else by a text form of
/// its content; unknown ones after known ones, null last.
pub fn canonical_cmp(a: &Value, b: &Value) -> Ordering {
    match (&a.data, &b.data) {
        (Data::Bool(x), Data::Bool(y)) => x.cmp(y),
        (Data::Number(x), Data::Number(y)) => x.cmp(y),
        (Data::String(x), Data::String(y)) => x.cmp(y),
        _ => rank(a)
            .cmp(&rank(b))
            .then_with(|| if rank(a) == 0 { hash_text(a).cmp(&hash_text(b)) } else { Ordering::Equal }),
    }
}

fn rank(v: &Value) -> u8 {
    match v.data {
        Data::Null => 2,
        Data::Unknown(_) => 1,
        _ => 0,
    }
}

/// A text form of the content: equal values have the same one, and different ones mostly another.
pub(crate) fn hash_text(v: &Value) -> String {
    let mut text = String::new();
    write_hash_text(v, &mut text);
    text
}

fn write_hash_text(v: &Value, out: &mut String) {
    match (&v.data, &v.ty) {
        (Data::Null, _) => out.push('~'),
        (Data::Unknown(_), _) => out.push('?'),
        (Data::Bool(b), _) => out.push(if *b { 'T' } else { 'F' }),
        (Data::Number(n), _) => out.push_str(&n.to_general(Some(10))),
        (Data::String(s), _) => write_quoted(s, out),
        (Data::Sequence(items), Type::Tuple(_)) => write_elements('<', items.iter(), '>', out),
        (Data::Sequence(items), _) => write_elements('[', items.iter(), ']', out),
        (Data::Mapping(items), Type::Map(_)) => {
            out.push('{');
            for (k, v) in items.iter() {
                write_quoted(k, out);
                out.push(':');
                write_hash_text(v, out);
                out.push(';');
            }
            out.push('}');
        }
        (Data::Mapping(items), _) => write_elements('<', items.values(), '>', out),
    }
}

fn write_elements<'a>(open: char, items: impl Iterator<Item = &'a Value>, close: char, out: &mut String) {
    out.push(open);
    for item in items {
        write_hash_text(item, out);
        out.push(';');
    }
    out.push(close);
}

/// Writes a string as Go's `%q` does: in double quotes, what does not print escaped.
pub(crate) fn write_quoted(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c => {
                let n = u32::from(c);
                let written = match n {
                    0..=0x7f => write!(out, "\\x{n:02x}"),
                    0x80..=0xffff => write!(out, "\\u{n:04x}"),
                    _ => write!(out, "\\U{n:08x}"),
                };
                written.expect("writing to a string cannot fail");
            }
        }
    }
    out.push('"');
}

fn is_printable(c: char) -> bool {
    // Debug escapes a combining character only at the start of a string; after a letter it tells whether it prints.
    c.is_ascii_graphic() || c == ' ' || !c.is_ascii() && ['a', c].iter().collect::<String>().escape_debug().count() == 2
}
