//! Who calls, and what they may do: the same as `deploy/firebase/firestore.rules`, for callers with an id token or with none.
//!
//! A conformance suite runs the same cases here and on Google's emulator with the shipped file, so that the two keep saying the same.
//! Whoever calls with an administrator's token is held back by no rule.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::Refusal;

/// The collection that the rules open a little.
const COLLECTION: &str = "ampere";

/// The fields that a box may write into its mailbox.
const OF_THE_BOX: [&str; 3] = ["enrolment", "receipt", "report"];

/// The most bytes of such a field: 16 KiB.
const MOST_BYTES: usize = 16 * 1024;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An administrator: Ampere itself.
    Service,
    /// Somebody with an id token.
    Person {
        /// The user's id.
        uid: String,
    },
    /// Somebody without any token.
    Nobody,
}

impl Caller {
    /// Whether a document may be read; `stored` is none where there is none.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED`; also for what is not there, so that nobody learns what is.
    pub(crate) fn may_get(&self, name: &str, stored: Option<&Value>) -> Result<(), Refusal> {
        let readable = |document: &Value| matches!(kind(document), Some("account" | "mailbox"));
        self.judge(self.owns(name) && stored.is_some_and(readable))
    }

    /// Whether documents may be listed or queried.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED`.
    pub(crate) fn may_list(&self) -> Result<(), Refusal> {
        self.judge(false)
    }

    /// Whether a document may become another, or come into being, or be deleted.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED`.
    pub(crate) fn may_write(
        &self,
        name: &str,
        before: Option<&Value>,
        after: Option<&Value>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (Some(before), Some(after)) = (before, after) else { return self.judge(false) };
        let is_mailbox = kind(before) == Some("mailbox");
        self.judge(self.owns(name) && is_mailbox && fits(&before["fields"], &after["fields"], now))
    }

    /// Whether a document bears the caller's own id.
    fn owns(&self, name: &str) -> bool {
        let Caller::Person { uid } = self else { return false };
        let path = name.split_once("/documents/").map(|(_, path)| path);
        path.and_then(|path| path.split_once('/')) == Some((COLLECTION, uid)) && !uid.contains('/')
    }

    fn judge(&self, allowed: bool) -> Result<(), Refusal> {
        if allowed || *self == Caller::Service { Ok(()) } else { Err(Refusal::denied()) }
    }
}

fn kind(document: &Value) -> Option<&str> {
    document["fields"]["ampereKind"]["stringValue"].as_str()
}

/// Whether a box may change its mailbox so: its own fields alone, as texts of a limited size, and its keys once and in time.
fn fits(before: &Value, after: &Value, now: Timestamp) -> bool {
    let none = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let changed = before.keys().chain(after.keys()).filter(|field| before.get(*field) != after.get(*field));
    changed.into_iter().all(|field| {
        let text = after.get(field).and_then(|value| value["stringValue"].as_str());
        OF_THE_BOX.contains(&field.as_str())
            && text.is_some_and(|text| text.len() <= MOST_BYTES)
            && (field != "enrolment" || (!before.contains_key(field) && in_time(before, now)))
    })
}

fn in_time(mailbox: &Map<String, Value>, now: Timestamp) -> bool {
    let until = mailbox.get("enrolUntil").and_then(|value| value["timestampValue"].as_str());
    until.and_then(|until| until.parse::<Timestamp>().ok()).is_some_and(|until| now < until)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAME: &str = "projects/p/databases/(default)/documents/ampere/box";

    fn mailbox(more: Value) -> Value {
        let mut fields = json!({"ampereKind": {"stringValue": "mailbox"}, "bundle": {"stringValue": "b"},
                                "enrolUntil": {"timestampValue": "2026-01-01T00:15:00Z"}});
        for (name, value) in more.as_object().expect("fields") {
            fields[name] = value.clone();
        }
        json!({"name": NAME, "fields": fields})
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn text(length: usize) -> Value {
        json!({"stringValue": "x".repeat(length)})
    }

    #[test]
    fn a_box_writes_its_own_fields_and_enrols_once_and_in_time() {
        let person = Caller::Person { uid: "box".to_owned() };
        let (early, late) = (at("2026-01-01T00:14:59Z"), at("2026-01-01T00:15:00Z"));
        let may = |before: &Value, after: &Value, now| person.may_write(NAME, Some(before), Some(after), now).is_ok();
        let (empty, enrolled) = (mailbox(json!({})), mailbox(json!({"enrolment": text(9)})));
        assert!(may(&empty, &enrolled, early));
        assert!(!may(&empty, &enrolled, late));
        assert!(!may(&enrolled, &mailbox(json!({"enrolment": text(8)})), early));
        assert!(!may(&enrolled, &empty, early), "nor does it take its enrolment back");
        let receipt = |value: Value| mailbox(json!({"enrolment": text(9), "receipt": value}));
        assert!(may(&enrolled, &receipt(text(MOST_BYTES)), late));
        assert!(!may(&enrolled, &receipt(text(MOST_BYTES + 1)), late));
        assert!(!may(&enrolled, &receipt(json!({"integerValue": "1"})), late));
        assert!(!may(&enrolled, &mailbox(json!({"enrolment": text(9), "bundle": text(1)})), late));
        assert!(!may(&enrolled, &mailbox(json!({"enrolment": text(9), "other": text(1)})), late));
        assert!(Caller::Service.may_write(NAME, Some(&enrolled), None, late).is_ok());
    }

    #[test]
    fn nobody_reads_what_is_not_their_own_or_not_there() {
        let document = mailbox(json!({}));
        let person = |uid: &str| Caller::Person { uid: uid.to_owned() };
        assert!(person("box").may_get(NAME, Some(&document)).is_ok());
        assert!(person("box").may_get(NAME, None).is_err());
        assert!(person("other").may_get(NAME, Some(&document)).is_err());
        assert!(Caller::Nobody.may_get(NAME, Some(&document)).is_err());
        let below = format!("{NAME}/below/x");
        assert!(person("box").may_get(&below, Some(&document)).is_err());
        assert!(person("box/below/x").may_get(&below, Some(&document)).is_err());
    }
}
