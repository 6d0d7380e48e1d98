//! One text for one event: canonical JSON (RFC 8785).
//!
//! An event holds nothing but texts, so that of the RFC only the order of keys and the escapes of strings matter; the
//! numbers, which are its hard part, do not occur. Those few lines are here rather than in a dependency that everyone who
//! verifies a log would have to trust.
use std::collections::BTreeMap;

use super::Event;

/// The canonical JSON of an event.
pub fn canonical(event: &Event) -> String {
    let mut details: Vec<(&str, &str)> = event.details.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    // The RFC sorts by UTF-16 units, Rust by bytes: they differ beyond the basic plane.
    details.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
    let details: Vec<String> = details.iter().map(|(k, v)| format!("{}:{}", string(k), string(v))).collect();
    let details = format!("{{{}}}", details.join(","));
    let at = string(&event.at.to_string());
    let address = event.address.as_deref().map_or("null".into(), string);
    let members = BTreeMap::from([
        ("action", string(&event.action)),
        ("actor", string(&event.actor)),
        ("address", address),
        ("at", at),
        ("details", details),
        ("outcome", string(event.outcome.as_str())),
    ]);
    let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
    format!("{{{}}}", members.join(","))
}

/// serde_json escapes as the RFC wants: `\b \t \n \f \r \" \\`, other control characters as `\u00xx` in lower case.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn sorts_keys_and_escapes_as_rfc_8785_says() {
        let event = Event {
            at: "2026-01-02T03:04:05.5Z".parse().unwrap(),
            actor: "ada@example.com".into(),
            action: "create".into(),
            address: None,
            outcome: Outcome::Succeeded,
            // The keys of the example in section 3.2.3 of the RFC.
            details: [
                ("\u{20ac}", "Euro"),
                ("\r", "CR"),
                ("\u{fb33}", "Dalet"),
                ("1", "\u{7}\n"),
                ("\u{1f600}", "Smiley"),
            ]
            .map(|(k, v)| (k.into(), v.into()))
            .into(),
        };
        assert_eq!(
            canonical(&event),
            "{\"action\":\"create\",\"actor\":\"ada@example.com\",\"address\":null,\"at\":\"2026-01-02T03:04:05.5Z\",\
             \"details\":{\"\\r\":\"CR\",\"1\":\"\\u0007\\n\",\"\u{20ac}\":\"Euro\",\"\u{1f600}\":\"Smiley\",\"\u{fb33}\":\"Dalet\"},\
             \"outcome\":\"succeeded\"}"
        );
        assert_eq!(serde_json::from_str::<Event>(&canonical(&event)).unwrap(), event);
    }
}
