//! Stripe's REST API, as far as it is not a matter of subscriptions alone.
//!
//! Bodies are forms, lists are read backwards in time by cursor, writes carry an idempotency key. The API version is pinned
//! by a header, so that an account's own default cannot change the shapes we read.
mod error;

use ampere_core::inventory::ListProblem;
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

use crate::http::{Call, Endpoint};

/// The version whose shapes we read: <https://docs.stripe.com/changelog>.
const VERSION: &str = "2026-05-27.dahlia";
/// The most objects a page may hold.
const PAGE: u32 = 100;
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
    pub async fn find(&self, call: &Call) -> Result<Option<Json>, ProviderError> {
        let answer = self.endpoint.send(call).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => answer.json().map(Some),
            _ => Err(error::refusal(&answer)),
        }
    }

    /// All objects of a list, read to its last page, newest first.
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list(&self, call: &Call) -> Result<(Vec<Json>, Vec<ListProblem>), ProviderError> {
        let (mut objects, mut problems): (Vec<Json>, Vec<ListProblem>) = (Vec::new(), Vec::new());
        let mut last: Option<String> = None;
        loop {
            let mut page = call.clone().query("limit", PAGE);
            if let Some(last) = &last {
                page = page.query("starting_after", last);
            }
            let mut body = self.send(&page).await?;
            let more = body["has_more"].as_bool().unwrap_or(false);
            let Json::Array(found) = body["data"].take() else {
                let message = format!("a page of {} has no data", call.place());
                return Err(ProviderError::new(CLOUD, ProviderErrorKind::Malformed, message));
            };
            last = found.iter().rev().find_map(|object| object["id"].as_str()).map(str::to_owned);
            for object in found {
                match object["id"].is_string() {
                    true => objects.push(object),
                    false => problems.push(problem(call, "an object has no id")),
                }
            }
            match (more, &last) {
                (true, Some(_)) => {}
                (true, None) => {
                    problems.push(problem(call, "a page says there are more, and has none itself"));
                    return Ok((objects, problems));
                }
                (false, _) => return Ok((objects, problems)),
            }
        }
    }
}

fn problem(call: &Call, message: &str) -> ListProblem {
    ListProblem { place: format!("{CLOUD}, {}", call.place()), message: message.to_owned() }
}
