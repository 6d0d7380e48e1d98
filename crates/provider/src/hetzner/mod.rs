//! Hetzner Cloud's API, as far as it is not a matter of instances alone: errors, pages, actions, labels.
//!
//! Request bodies are the `hcloud` crate's, generated from Hetzner's own description. Transport and answers are ours: that
//! crate's strict answers lose the id of a server just made when one enum value is new to it, and it drops headers.
mod action;
mod error;

use ampere_core::identity::{Marker, StackId};
use ampere_core::inventory::ListProblem;
use ampere_core::provider::{ProviderError, ProviderErrorKind};
use serde_json::Value as Json;

pub(crate) use action::Actions;
pub(crate) use error::{Refusal, refusal};

use crate::http::{Answer, Call, Endpoint};
use crate::marker;

/// The most objects a page may hold.
const PAGE: u32 = 50;
/// For messages.
pub(crate) const CLOUD: &str = "Hetzner Cloud";
/// The label that holds the stack of our marker.
pub(crate) const STACK: &str = "ampere-stack";
/// The label that holds the address of our marker.
pub(crate) const ADDRESS: &str = "ampere-address";

/// Hetzner Cloud, for one project.
pub(crate) struct Hetzner {
    endpoint: Endpoint,
    actions: Actions,
}

impl Hetzner {
    /// The client over an endpoint.
    pub fn new(endpoint: Endpoint) -> Hetzner {
        let actions = Actions::new(endpoint.is_loopback());
        Hetzner { endpoint, actions }
    }

    /// Sends a call; an answer that is not 2xx is a refusal with its code.
    pub async fn answer(&self, call: &Call) -> Result<Answer, Refusal> {
        let answer = self.endpoint.send(call).await?;
        if answer.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// Sends a call and gives its answer as JSON; an answer without a body is null.
    pub async fn send(&self, call: &Call) -> Result<Json, Refusal> {
        let answer = self.answer(call).await?;
        if answer.body.is_empty() { Ok(Json::Null) } else { Ok(answer.json()?) }
    }

    /// As [`Hetzner::send`], for an object that may not be there.
    pub async fn find(&self, call: &Call) -> Result<Option<Json>, ProviderError> {
        match self.send(call).await {
            Ok(body) => Ok(Some(body)),
            Err(refused) if refused.code == "not_found" => Ok(None),
            Err(refused) => Err(refused.error),
        }
    }

    /// All objects of a list, read to its last page. `what` is path and key of the list: `servers`, `firewalls`, …
    ///
    /// # Errors
    ///
    /// A page that could not be had.
    pub async fn list(
        &self,
        what: &'static str,
        filter: &[(&'static str, String)],
    ) -> Result<(Vec<Json>, Vec<ListProblem>), ProviderError> {
        let (mut objects, mut problems) = (Vec::new(), Vec::new());
        let mut page = 1;
        loop {
            let mut call = Call::get(format!("/{what}")).query("per_page", PAGE).query("page", page);
            call.query.extend(filter.iter().cloned());
            let mut body = self.send(&call).await?;
            let Json::Array(found) = body[what].take() else {
                let message = format!("page {page} of {what} has no {what}");
                return Err(ProviderError::new(CLOUD, ProviderErrorKind::Malformed, message));
            };
            for object in found {
                match object["id"].is_u64() {
                    true => objects.push(object),
                    false => problems.push(ListProblem {
                        place: format!("{CLOUD}, GET /{what}, page {page}"),
                        message: "an object has no id".into(),
                    }),
                }
            }
            match body["meta"]["pagination"]["next_page"].as_u64() {
                Some(next) if next > page => page = next,
                _ => return Ok((objects, problems)),
            }
        }
    }

    /// Waits until all actions that an answer names have succeeded.
    ///
    /// # Errors
    ///
    /// The first that failed, by its code.
    pub async fn finish(&self, answer: &Json, progress: &(dyn Fn(&str) + Sync)) -> Result<(), ProviderError> {
        self.actions.finish(&self.endpoint, action::named_in(answer), progress).await
    }
}

/// Selects the objects of a stack.
pub(crate) fn of_stack(stack: &StackId) -> (&'static str, String) {
    ("label_selector", format!("{STACK}={stack}"))
}

/// Selects the objects of a marker.
pub(crate) fn of_marker(marker: &Marker) -> (&'static str, String) {
    ("label_selector", format!("{STACK}={},{ADDRESS}={}", marker.stack, marker.address))
}

/// Our marker on an object, if it is there.
pub(crate) fn marked(object: &Json) -> Option<Marker> {
    let labels = &object["labels"];
    Some(marker::marker(labels[STACK].as_str()?, labels[ADDRESS].as_str()?))
}
