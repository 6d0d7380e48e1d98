//! Stripe's REST API, as far as it is not a matter of subscriptions alone.
//!
//! Bodies are forms, lists are read backwards in time by cursor, writes carry an idempotency key. The API version is pinned
//! by a header, so that an account's own default cannot change the shapes we read.
mod error;
mod list;
pub mod webhook;
mod windows;

use ampere_core::provider::ProviderError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

use crate::http::{Call, Endpoint};

pub(crate) use list::{List, problem};

/// The version whose shapes we read: <https://docs.stripe.com/changelog>.
const VERSION: &str = "2026-05-27.dahlia";
/// For messages.
pub(crate) const CLOUD: &str = "Stripe";

/// Stripe, for one account.
pub(crate) struct Stripe {
    endpoint: Endpoint,
}

/// Headers that go with every call.
pub(crate) fn headers() -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION))])
}

impl Stripe {
    /// The client over an endpoint that sends [`headers`].
    pub fn new(endpoint: Endpoint) -> Stripe {
        Stripe { endpoint }
    }

    /// Sends a call and gives the object it answers with.
    ///
    /// # Errors
    ///
    /// What Stripe's error code means.
    pub async fn send(&self, call: &Call) -> Result<Json, ProviderError> {
        let answer = self.endpoint.send(call).await?;
        if answer.is_success() { answer.json() } else { Err(error::refusal(&answer)) }
    }

    /// As [`Stripe::send`], for an object that may not be there.
    ///
    /// # Errors
    ///
    /// As of [`Stripe::send`]; also when the object is there in the mode that the key is not for.
    pub async fn find(&self, call: &Call) -> Result<Option<Json>, ProviderError> {
        let answer = self.endpoint.send(call).await?;
        match answer.status {
            404 => error::of_other_mode(&answer).map_or(Ok(None), Err),
            _ if answer.is_success() => answer.json().map(Some),
            _ => Err(error::refusal(&answer)),
        }
    }
}
