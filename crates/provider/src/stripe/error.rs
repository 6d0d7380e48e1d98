//! Stripe's error bodies: <https://docs.stripe.com/api/errors>. Mapping goes by `type`, `code` and `param`; `message` may
//! quote what we sent and is dropped.
use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use serde::Deserialize;

use crate::http::{Answer, by_status};

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Inner {
    r#type: Option<String>,
    code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

impl Inner {
    /// Stripe has no code for an object of the other mode. Its message says so, and nothing else of it is used:
    /// <https://docs.stripe.com/error-codes#resource-missing>.
    fn is_of_other_mode(&self) -> bool {
        let message = self.message.as_deref().unwrap_or("");
        message.contains("exists in live mode") || message.contains("exists in test mode")
    }
}

/// The refusal if it says that the object exists, in the mode that the key is not for.
pub(super) fn of_other_mode(answer: &Answer) -> Option<ProviderError> {
    let Body { error } = serde_json::from_slice::<Body>(&answer.body).ok()?;
    error.is_of_other_mode().then(|| {
        let message = format!("{}: the object is there, but not for this key: test and live mode are mixed", answer.place);
        ProviderError::new(answer.cloud, Kind::Unauthenticated, message).with_hint(
            "Check stripe_api_key in the provider block, or STRIPE_API_KEY: sk_test_… sees test objects only, sk_live_… live ones.",
        )
    })
}

/// What a refused answer means.
pub(super) fn refusal(answer: &Answer) -> ProviderError {
    let general = by_status(answer.cloud, &answer.place, answer.status, answer.retry_after);
    let Ok(Body { error }) = serde_json::from_slice::<Body>(&answer.body) else { return with_advice(general) };
    if let Some(mixed) = of_other_mode(answer) {
        return mixed;
    }
    let code = error.code.as_deref().unwrap_or("");
    let param = error.param.as_deref().unwrap_or("");
    let attribute = attribute(param);
    let (kind, message, hint) = match (error.r#type.as_deref().unwrap_or(""), code) {
        (_, "resource_missing") if attribute == Some("price") => (
            Kind::Invalid,
            "there is no such price",
            "List your prices in the Stripe dashboard, under Product catalog. A test key sees test prices only.",
        ),
        (_, "resource_missing") => (Kind::NotFound, "there is no such object", "Run the plan again."),
        (_, "idempotency_key_in_use" | "lock_timeout") => {
            (Kind::Unavailable, "another request works on the same object", "Try again in a moment.")
        }
        ("idempotency_error", _) => (
            Kind::Conflict,
            "an earlier attempt of this step asked for something else",
            "Make a new plan: its steps have new idempotency keys.",
        ),
        (_, "rate_limit") => {
            (Kind::RateLimited { retry_after: answer.retry_after }, "too many requests", "Lower -parallelism.")
        }
        (_, "email_invalid") => {
            (Kind::Invalid, "Stripe refuses the account's email address", "Change the account's email.")
        }
        (_, "api_key_expired" | "platform_api_key_expired") => (
            Kind::Unauthenticated,
            "the API key has expired",
            "Make a new one in the Stripe dashboard and set stripe_api_key in the provider block, or STRIPE_API_KEY.",
        ),
        (_, "secret_key_required") => (
            Kind::Unauthenticated,
            "the API key is a publishable one",
            "Set stripe_api_key in the provider block, or STRIPE_API_KEY, to a secret (sk_…) or restricted (rk_…) key.",
        ),
        ("card_error", _) => (
            Kind::Invalid,
            "the payment was declined",
            "The customer pays by another means at the payment_url of the subscription.",
        ),
        ("invalid_request_error", _) if general.kind == Kind::Invalid => {
            (Kind::Invalid, "the request was refused", "Check the attribute that the message names.")
        }
        _ => return with_advice(general),
    };
    let mut mapped =
        ProviderError::new(answer.cloud, kind, describe(&answer.place, message, code, param)).with_hint(hint);
    mapped.attribute = attribute;
    mapped
}

/// Codes and parameter names are Stripe's own words; anything longer than one is not repeated.
fn describe(place: &str, message: &str, code: &str, param: &str) -> String {
    let word = |text: &str| {
        let fits = text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_[]".contains(&b));
        (fits && !text.is_empty()).then(|| text.to_owned())
    };
    let named: Vec<String> = [word(code), word(param)].into_iter().flatten().collect();
    if named.is_empty() { format!("{place}: {message}") } else { format!("{place}: {message} ({})", named.join(", ")) }
}

/// The attribute that a parameter comes from.
fn attribute(param: &str) -> Option<&'static str> {
    match param {
        "items[0][price]" | "price" => Some("price"),
        "trial_period_days" => Some("trial_days"),
        "collection_method" | "days_until_due" => Some("payment"),
        _ => None,
    }
}

fn with_advice(error: ProviderError) -> ProviderError {
    match error.kind {
        Kind::Unauthenticated => error.with_hint("Check stripe_api_key in the provider block, or STRIPE_API_KEY."),
        Kind::Forbidden => error
            .with_hint("A restricted key needs write permission for Customers and Subscriptions, read for Invoices, Charges and Refunds."),
        _ => error,
    }
}
