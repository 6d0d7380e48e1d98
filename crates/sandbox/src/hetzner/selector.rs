//! Labels and label selectors: <https://docs.hetzner.cloud/reference/cloud#label-selector>.

use serde_json::Value;

use super::error::Refusal;

/// The longest name part of a key, and the longest value.
const LONGEST: usize = 63;

/// The longest prefix of a key.
const LONGEST_PREFIX: usize = 253;

/// A parsed label selector: every requirement must hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Requirement>);

#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    Equals(String, String),
    Differs(String, String),
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Parses `k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)` and `k notin (a,b)`, joined by commas.
    ///
    /// # Errors
    ///
    /// 422 `invalid_input` when it is none of these.
    pub(crate) fn parse(text: &str) -> Result<Selector, Refusal> {
        split(text)
            .map(|part| requirement(part.trim()))
            .collect::<Option<Vec<_>>>()
            .map(Selector)
            .ok_or_else(|| Refusal::invalid("label_selector", "the label selector is not valid"))
    }

    /// Whether an object with these labels is selected.
    pub(crate) fn matches(&self, labels: &Value) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Value) -> bool {
        let value = |key: &String| labels[key.as_str()].as_str();
        match self {
            Requirement::Equals(key, wanted) => value(key) == Some(wanted),
            Requirement::Differs(key, wanted) => value(key) != Some(wanted),
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::Absent(key) => value(key).is_none(),
            Requirement::In(key, set) => value(key).is_some_and(|value| set.iter().any(|wanted| wanted == value)),
            Requirement::NotIn(key, set) => value(key).is_none_or(|value| set.iter().all(|wanted| wanted != value)),
        }
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.split(move |character| {
        inside = match character {
            '(' => true,
            ')' => false,
            _ => inside,
        };
        character == ',' && !inside
    })
}

fn requirement(part: &str) -> Option<Requirement> {
    if let Some(key) = part.strip_prefix('!') {
        return Some(Requirement::Absent(key_of(key)?));
    }
    if let Some((key, set)) = part.split_once(" notin ") {
        return Some(Requirement::NotIn(key_of(key)?, set_of(set)?));
    }
    if let Some((key, set)) = part.split_once(" in ") {
        return Some(Requirement::In(key_of(key)?, set_of(set)?));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::Differs(key_of(key)?, value_of(value)?));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::Equals(key_of(key)?, value_of(value)?));
    }
    Some(Requirement::Exists(key_of(part)?))
}

fn key_of(text: &str) -> Option<String> {
    let text = text.trim();
    valid_key(text).then(|| text.to_owned())
}

fn value_of(text: &str) -> Option<String> {
    let text = text.trim();
    valid_value(text).then(|| text.to_owned())
}

fn set_of(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    inner.split(',').map(value_of).collect()
}

/// Whether a label key is allowed: an optional DNS prefix, a slash, and a name.
pub(crate) fn valid_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix_ok = prefix.is_none_or(|prefix| {
        !prefix.is_empty()
            && prefix.len() <= LONGEST_PREFIX
            && prefix.split('.').all(|label| !label.is_empty() && valid_value(label))
    });
    prefix_ok && !name.is_empty() && valid_value(name)
}

/// Whether a label value is allowed: up to 63 of `[A-Za-z0-9_.-]`, an alphanumeric at both ends.
pub(crate) fn valid_value(value: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    bytes.len() <= LONGEST
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && edge(bytes.first())
        && edge(bytes.last())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operator_selects_as_documented() {
        let labels = json!({"env": "prod", "team": "a", "empty": ""});
        for (selector, expected) in [
            ("env=prod", true),
            ("env==prod", true),
            ("env!=prod", false),
            ("other!=x", true),
            ("env", true),
            ("!env", false),
            ("!other", true),
            ("env in (dev, prod)", true),
            ("env in (dev,test)", false),
            ("env notin (dev,test)", true),
            ("other notin (dev)", true),
            ("other in (dev)", false),
            ("env=prod,team in (a,b),!x", true),
            ("env=prod,team=b", false),
            ("empty=", true),
        ] {
            let parsed = Selector::parse(selector).expect(selector);
            assert_eq!(parsed.matches(&labels), expected, "{selector}");
        }
    }

    #[test]
    fn a_malformed_selector_is_refused() {
        for selector in ["", "env=prod,", "a b", "env in prod", "=x", "env=a=b", "-a"] {
            assert!(Selector::parse(selector).is_err(), "{selector}");
        }
    }

    #[test]
    fn keys_and_values_follow_the_documented_grammar() {
        assert!(valid_key("ampere-stack") && valid_key("example.com/my_key.1"));
        assert!(!valid_key("") && !valid_key("/a") && !valid_key("a/") && !valid_key("a/b/c"));
        assert!(valid_value("") && valid_value(&"a".repeat(63)));
        assert!(!valid_value(&"a".repeat(64)) && !valid_value("a-") && !valid_value("ä"));
    }
}
