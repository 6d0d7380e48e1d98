//! Events of Stripe, looked at before they are hints.
use ampere_provider::stripe_webhook::{Received, WebhookVerifier};
use jiff::Timestamp;

use super::listener::{Verdict, Verify};
use crate::failure::Failure;

/// Where the signing secrets are: one, or two with a comma between them while one is rolled.
const SECRET: &str = "STRIPE_WEBHOOK_SECRET";

/// Who looks at events, if there is a secret to do it with.
///
/// # Errors
/// A secret is empty: with that anybody could sign.
pub fn verifier(environment: &dyn Fn(&str) -> Option<String>) -> Result<Option<Box<Verify>>, Failure> {
    let Some(secrets) = environment(SECRET).filter(|secrets| !secrets.is_empty()) else { return Ok(None) };
    let verifier = WebhookVerifier::new(secrets.split(',').map(|secret| secret.trim().to_owned()));
    let verifier = verifier.map_err(|error| Failure::error("Invalid webhook secret", format!("{SECRET}: {error}.")))?;
    Ok(Some(Box::new(move |body, signature| match verifier.verify(Some(signature), body, Timestamp::now()) {
        Ok(Received::New(hint)) => {
            tracing::info!(event = hint.event, "an event says that something may have changed");
            Verdict::Accepted
        }
        Ok(Received::Repeated) => Verdict::Repeated,
        Err(error) => {
            tracing::warn!(%error, "an event is refused");
            Verdict::Refused
        }
    })))
}
