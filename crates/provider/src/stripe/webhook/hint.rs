//! The little that is taken from an event.
use serde::Deserialize;
use serde_json::Value as Json;

/// What may have happened, and to what. The texts are plain words and ids of Stripe's, fit for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Such as `customer.subscription.deleted`: <https://docs.stripe.com/api/events/types>.
    pub event: String,
    /// The id of the object that it is about.
    pub object: Option<String>,
    /// The id of the customer whose object it is. It may be one that we never knew.
    pub customer: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    #[serde(default)]
    data: Data,
}

#[derive(Deserialize, Default)]
struct Data {
    #[serde(default)]
    object: Json,
}

/// Reads the event's id and the hint; none if it is no event.
pub(super) fn read(body: &[u8]) -> Option<(String, Hint)> {
    let Event { id, r#type, data: Data { object } } = serde_json::from_slice(body).ok()?;
    let customer = match object["object"].as_str() {
        Some("customer") => &object["id"],
        _ if object["customer"].is_object() => &object["customer"]["id"],
        _ => &object["customer"],
    };
    let (object, customer) = (word(object["id"].as_str()), word(customer.as_str()));
    Some((word(Some(&id))?, Hint { event: word(Some(&r#type))?, object, customer }))
}

/// A text that is one plain word.
fn word(text: Option<&str>) -> Option<String> {
    let plain = |text: &&str| {
        (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    text.filter(plain).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(body: &str) -> Option<Hint> {
        read(body.as_bytes()).map(|(_, hint)| hint)
    }

    #[test]
    fn only_plain_words_are_taken() {
        let found =
            hint(r#"{"id":"evt_1","type":"customer.deleted","data":{"object":{"id":"cus_1","object":"customer"}}}"#);
        let found = found.expect("an event");
        assert_eq!((found.object.as_deref(), found.customer.as_deref()), (Some("cus_1"), Some("cus_1")));
        let found =
            hint(r#"{"id":"evt_1","type":"x","data":{"object":{"id":"a\nb","customer":{"id":"cus_2"}}}}"#).unwrap();
        assert_eq!((found.object, found.customer.as_deref()), (None, Some("cus_2")));
        assert!(hint(r#"{"id":"evt_1","type":"a b"}"#).is_none());
        assert!(hint(r#"{"type":"x"}"#).is_none() && hint("[]").is_none() && hint("").is_none());
        assert!(hint(r#"{"id":"evt_1","type":"x"}"#).is_some_and(|hint| hint.object.is_none()));
    }
}
