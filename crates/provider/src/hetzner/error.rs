//! Hetzner's error bodies: <https://docs.hetzner.cloud/reference/cloud#errors>. Mapping goes by `code` and by the fields
//! that are named; `message` may quote what we sent and is dropped.
use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::http::{Answer, by_status};

/// A refusal, with the code a caller may want to look at before it gives up.
pub(crate) struct Refusal {
    /// e.g. `uniqueness_error`
    pub code: String,
    /// What it becomes if nobody handles it.
    pub error: ProviderError,
}

impl From<Refusal> for ProviderError {
    fn from(refusal: Refusal) -> ProviderError {
        refusal.error
    }
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Refusal {
        Refusal { code: String::new(), error }
    }
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    code: String,
    #[serde(default)]
    details: Json,
}

/// What a refused answer means.
pub(crate) fn refusal(answer: &Answer) -> Refusal {
    let general = by_status(answer.cloud, &answer.place, answer.status, answer.retry_after);
    let Ok(Body { error }) = serde_json::from_slice::<Body>(&answer.body) else {
        return Refusal { code: String::new(), error: with_advice(general) };
    };
    let Some((kind, message, hint)) = meaning(&error.code, answer) else {
        return Refusal { code: error.code, error: with_advice(general) };
    };
    let fields = error.details["fields"].as_array();
    let attribute = fields.into_iter().flatten().find_map(|field| attribute(field["name"].as_str()?));
    let mut mapped = ProviderError::new(answer.cloud, kind, format!("{}: {message} ({})", answer.place, error.code));
    mapped.hint = hint.map(str::to_owned);
    mapped.attribute = attribute;
    Refusal { code: error.code, error: mapped }
}

/// What the error of an action means (it comes inside a 200).
pub(super) fn of_action(command: &str, code: &str) -> ProviderError {
    let (kind, hint) = match code {
        "resource_unavailable" | "placement_error" => {
            (Kind::Unavailable, "Hetzner has no such machine free there now: wait, or choose another location or type.")
        }
        _ => (Kind::Unavailable, "Look at the server in the Hetzner Cloud console, then run the plan again."),
    };
    ProviderError::new(super::CLOUD, kind, format!("the action {} failed ({})", word(command), word(code)))
        .with_hint(hint)
}

/// A code or command is one word of Hetzner's; anything else is not repeated.
pub(super) fn word(text: &str) -> &str {
    let fits = !text.is_empty() && text.len() <= 60 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if fits { text } else { "unknown" }
}

fn meaning(code: &str, answer: &Answer) -> Option<(Kind, &'static str, Option<&'static str>)> {
    Some(match code {
        "unauthorized" => (
            Kind::Unauthenticated,
            "the token was refused",
            Some("Check hcloud_token in the provider block, or HCLOUD_TOKEN."),
        ),
        "token_readonly" => (
            Kind::Forbidden,
            "the token may only read",
            Some("Make a token with read and write permission in the Hetzner Cloud console, under Security."),
        ),
        "forbidden" => {
            (Kind::Forbidden, "the token does not allow it", Some("Check that the token is of the right project."))
        }
        "resource_limit_exceeded" => (
            Kind::Forbidden,
            "the project's limit is reached",
            Some("Ask for a higher limit in the Hetzner Cloud console, under Limits."),
        ),
        "protected" => (
            Kind::Forbidden,
            "the object is protected",
            Some("Take its delete protection off in the Hetzner Cloud console, then run the plan again."),
        ),
        "invalid_input" | "json_error" | "unsupported_error" | "invalid_server_type" | "deprecated_server_type" => {
            (Kind::Invalid, "the request was refused", None)
        }
        "not_found" => (Kind::NotFound, "there is no such object", Some("Run the plan again.")),
        "uniqueness_error" => (
            Kind::Conflict,
            "the name is taken by an object that is not ours",
            Some("Rename or delete the other object; names that begin with ampere- are made by this tool."),
        ),
        "resource_locked" => (Kind::Forbidden, "Hetzner has locked the object", Some("Ask Hetzner's support why.")),
        "conflict" | "locked" | "server_not_stopped" | "robot_unavailable" | "server_error" | "service_error"
        | "unavailable" => (Kind::Unavailable, "it cannot be done just now", Some("Try again in a moment.")),
        "maintenance" => (
            Kind::Unavailable,
            "Hetzner is at work there",
            Some("Look at https://status.hetzner.com, and try again when it is over."),
        ),
        "resource_in_use" | "must_be_unassigned" => {
            (Kind::Unavailable, "the object is still in use", Some("Try again in a moment."))
        }
        // Not worth repeating at once: what is sold out stays so for longer than a run.
        "resource_unavailable" | "placement_error" => (
            Kind::Invalid,
            "no such machine is free there now",
            Some("Wait, or choose another location or server type."),
        ),
        "rate_limit_exceeded" => (
            Kind::RateLimited { retry_after: answer.retry_after },
            "the project's budget of requests is used up",
            Some("Others use up the whole budget of this project: give this stack a project of its own, or stop them."),
        ),
        "timeout" => (Kind::Unknown, "Hetzner gave up waiting for itself", None),
        _ => return None,
    })
}

fn attribute(field: &str) -> Option<&'static str> {
    match field {
        "server_type" => Some("server_type"),
        "location" => Some("location"),
        _ => None,
    }
}

fn with_advice(error: ProviderError) -> ProviderError {
    match error.kind {
        Kind::Unauthenticated => error.with_hint("Check hcloud_token in the provider block, or HCLOUD_TOKEN."),
        _ => error,
    }
}
