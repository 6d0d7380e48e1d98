//! Faults that can be ordered: which request is struck, and how.

use std::collections::BTreeMap;

use axum::http::Method;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::Cloud;

/// A fault as it is ordered by `POST /_sandbox/faults`.
///
/// The request is struck when everything given here fits it, from the `nth` fitting one on, as
/// often as `times` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default)]
    pub(crate) cloud: Option<Cloud>,
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// A glob (`*` within a segment, `**` across segments) over the path below the cloud's base
    /// URL or over the whole path; with `~` in front a regular expression.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// The first fitting request that is struck, counted from 1.
    #[serde(default = "one")]
    pub(crate) nth: u64,
    /// How many requests are struck; `null` strikes until the fault is deleted.
    #[serde(default = "once")]
    pub(crate) times: Option<u64>,
    /// Waits this long before anything else.
    #[serde(default)]
    pub(crate) latency_ms: u64,
    #[serde(default)]
    pub(crate) effect: Option<Effect>,
}

/// What happens to a struck request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// The cloud refuses with this status and its own error body; nothing is done.
    Status {
        code: u16,
        /// Sent as `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether Stripe keeps a 500 under the idempotency key, as the real one says it does.
        #[serde(default = "yes")]
        remember: bool,
    },
    /// This answer is given; nothing is done.
    Answer {
        #[serde(default = "ok")]
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: String,
    },
    /// The request is done, and its answer ends after this many bytes.
    Truncate { bytes: usize },
    /// The request is done, and one field of one object of the answer is replaced.
    Malform {
        /// Which object of a listed array.
        #[serde(default)]
        index: usize,
        /// The field, dots leading into it; `value` absent removes it.
        field: String,
        #[serde(default, deserialize_with = "given")]
        value: Option<Value>,
    },
    /// The connection is reset; nothing is done.
    Reset,
    /// The request is done, and the connection is reset.
    ResetAfter,
    /// The request is done, and the connection is closed without an answer.
    LoseResponse,
}

fn one() -> u64 {
    1
}

fn once() -> Option<u64> {
    Some(1)
}

fn yes() -> bool {
    true
}

fn ok() -> u16 {
    200
}

/// Tells a given `null` from an absent value.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A fault that waits for its request.
#[derive(Debug, Serialize)]
pub(crate) struct Ordered {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    /// Fitting requests seen so far.
    pub(crate) seen: u64,
    /// Requests struck so far.
    pub(crate) struck: u64,
    #[serde(skip)]
    path: Option<Regex>,
}

impl Ordered {
    /// Orders a fault.
    ///
    /// # Errors
    ///
    /// When the path is no valid expression.
    pub(crate) fn new(id: u64, fault: Fault) -> Result<Ordered, regex::Error> {
        let path = fault.path.as_deref().map(pattern).transpose()?;
        Ok(Ordered { id, fault, seen: 0, struck: 0, path })
    }

    /// Counts a request, and tells whether it is struck.
    pub(crate) fn strikes(&mut self, cloud: Cloud, method: &Method, path: &str) -> bool {
        let below = path.strip_prefix(cloud.mount()).unwrap_or(path);
        let fits = self.fault.cloud.is_none_or(|wanted| wanted == cloud)
            && self.fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_ref().is_none_or(|wanted| wanted.is_match(below) || wanted.is_match(path));
        if !fits {
            return false;
        }
        self.seen += 1;
        let strikes = self.seen >= self.fault.nth && self.fault.times.is_none_or(|times| self.struck < times);
        self.struck += u64::from(strikes);
        strikes
    }
}

fn pattern(path: &str) -> Result<Regex, regex::Error> {
    if let Some(expression) = path.strip_prefix('~') {
        return Regex::new(expression);
    }
    let escaped = regex::escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
    Regex::new(&format!("^{escaped}$"))
}

/// Replaces a field of the object in an answer: the `index`th of a listed array, else the object
/// itself, which may lie under one key beside `meta` and the like.
pub(crate) fn malform(body: &mut Value, index: usize, field: &str, value: Option<&Value>) {
    let Some(mut target) = listed_object(body, index) else {
        return;
    };
    let mut steps = field.split('.').peekable();
    while let Some(step) = steps.next() {
        if steps.peek().is_some() {
            let Some(inner) = target.get_mut(step) else {
                return;
            };
            target = inner;
        } else if let Some(fields) = target.as_object_mut() {
            match value {
                Some(value) => fields.insert(step.to_owned(), value.clone()),
                None => fields.remove(step),
            };
        }
    }
}

fn listed_object(body: &mut Value, index: usize) -> Option<&mut Value> {
    if body.is_array() {
        return body.get_mut(index);
    }
    let array = body
        .as_object()?
        .iter()
        .find(|(_, value)| value.as_array().is_some_and(|items| items.iter().any(Value::is_object)))
        .map(|(key, _)| key.clone());
    match array {
        // A Stripe or Hetzner object has an id of its own; a list answer has none.
        Some(key) if body.get("id").is_none() => body.get_mut(key)?.get_mut(index),
        _ => Some(body),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ordered(fault: Value) -> Ordered {
        Ordered::new(1, serde_json::from_value(fault).expect("a fault")).expect("a path")
    }

    #[test]
    fn a_fault_strikes_from_the_nth_fitting_request_on_as_often_as_ordered() {
        let mut fault = ordered(json!({
            "cloud": "hetzner", "method": "post", "path": "/servers", "nth": 2, "times": 2,
        }));
        let mut strikes = |method: Method, path| fault.strikes(Cloud::Hetzner, &method, path);
        assert!(!strikes(Method::POST, "/hetzner/v1/servers"));
        assert!(!strikes(Method::GET, "/hetzner/v1/servers"));
        assert!(!strikes(Method::POST, "/hetzner/v1/servers/1"));
        assert!(strikes(Method::POST, "/hetzner/v1/servers"));
        assert!(strikes(Method::POST, "/hetzner/v1/servers"));
        assert!(!strikes(Method::POST, "/hetzner/v1/servers"));
    }

    #[test]
    fn a_path_is_a_glob_or_an_expression() {
        for (path, fits) in [
            ("/servers/*", true),
            ("/servers/*/actions", false),
            ("/**", true),
            ("/hetzner/v1/servers/*", true),
            ("~^/servers/[0-9]+$", true),
            ("/servers", false),
        ] {
            let mut fault = ordered(json!({"path": path, "times": null}));
            assert_eq!(fault.strikes(Cloud::Hetzner, &Method::GET, "/hetzner/v1/servers/7"), fits, "{path}");
        }
    }

    #[test]
    fn malforming_replaces_or_removes_one_field_of_one_object() {
        let mut list = json!({"servers": [{"id": 1}, {"id": 2, "a": {"b": 1}}], "meta": {}});
        malform(&mut list, 1, "a.b", Some(&Value::Null));
        malform(&mut list, 1, "id", None);
        assert_eq!(list["servers"], json!([{"id": 1}, {"a": {"b": null}}]));
        let mut single = json!({"id": "sub_1", "items": [{"id": "si_1"}]});
        malform(&mut single, 0, "id", Some(&json!(5)));
        assert_eq!(single["id"], json!(5));
    }
}
