//! Strings: words, blocks of lines, and JSON inside.
use ampere_lang::value::{Data, Value, json};

use super::compare::{Pair, compare};
use super::sequence::longest_common;
use super::{Action, Body};

/// Lines above this many on either side are not aligned: the old block goes and the new one comes.
const MAX_LINES: usize = 2_000;

/// A string that comes or goes.
pub fn one_sided(text: &str, action: Action) -> Body {
    if let Some(value) = structured(text) {
        let pair = match action {
            Action::Delete => Pair { before: Some(&value), after: None },
            _ => Pair { before: None, after: Some(&value) },
        };
        return Body::Json { inner: Box::new(compare(pair)), only_spaces: false };
    }
    if text.contains('\n') {
        return Body::Lines(text.trim().split('\n').map(|line| (Action::NoOp, line.to_owned())).collect());
    }
    let word = Some(quoted(text));
    if action == Action::Delete {
        Body::Word { before: word, after: None }
    } else {
        Body::Word { before: None, after: word }
    }
}

/// A string on both sides.
pub fn both(before: &str, after: &str) -> Body {
    if let (Some(a), Some(b)) = (structured(before), structured(after)) {
        let inner = compare(Pair { before: Some(&a), after: Some(&b) });
        let only_spaces = inner.action == Action::NoOp && before != after;
        return Body::Json { inner: Box::new(inner), only_spaces };
    }
    if before.contains('\n') || after.contains('\n') {
        return Body::Lines(lines(before, after));
    }
    Body::Word { before: Some(quoted(before)), after: Some(quoted(after)) }
}

fn lines(before: &str, after: &str) -> Vec<(Action, String)> {
    // Blanks around a block say nothing, unless they are the whole difference.
    let (before, after) = match (before.trim(), after.trim()) {
        (a, b) if a != b || before == after => (a, b),
        _ => (before, after),
    };
    let (a, b): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let common = if a.len().max(b.len()) > MAX_LINES {
        Vec::new()
    } else {
        longest_common(a.len(), b.len(), |i, j| a[i] == b[j])
    };
    let (mut i, mut j, mut result) = (0, 0, Vec::new());
    for &(next_i, next_j) in common.iter().chain(std::iter::once(&(a.len(), b.len()))) {
        result.extend(a[i..next_i].iter().map(|line| (Action::Delete, (*line).to_owned())));
        result.extend(b[j..next_j].iter().map(|line| (Action::Create, (*line).to_owned())));
        if let Some(line) = a.get(next_i) {
            result.push((Action::NoOp, (*line).to_owned()));
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    result
}

/// The value of a string that holds a JSON object or array.
fn structured(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    let value = json::decode(text).ok()?;
    matches!(value.data(), Data::Mapping(_) | Data::Sequence(_)).then_some(value)
}

/// A string in quotes, with the escapes that a quoted string must have.
pub fn quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for c in text.chars() {
        match c {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            c if c.is_control() => result.push_str(&format!("\\u{:04x}", c as u32)),
            c => result.push(c),
        }
    }
    result.push('"');
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_one_by_one() {
        let Body::Lines(lines) = both("a\nb\nc\n", "a\nB\nc\n") else { panic!() };
        let want = [(Action::NoOp, "a"), (Action::Delete, "b"), (Action::Create, "B"), (Action::NoOp, "c")];
        assert_eq!(lines, want.map(|(action, line)| (action, line.to_owned())));
    }

    #[test]
    fn json_that_is_only_laid_out_anew_is_said_to_be() {
        assert!(matches!(both("{\"a\":1}", "{ \"a\": 1 }"), Body::Json { only_spaces: true, .. }));
        assert!(matches!(both("{\"a\":1}", "{\"a\":2}"), Body::Json { only_spaces: false, .. }));
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(quoted("a\u{1b}[31m\"\n"), "\"a\\u001b[31m\\\"\\n\"");
    }
}
