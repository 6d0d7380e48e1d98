//! Hetzner Cloud's API, as far as it is not a matter of instances alone: errors, pages, actions, labels, the budget
//! of requests.
//!
//! Request bodies are the `hcloud` crate's, generated from Hetzner's own description. Transport and answers are ours: that
//! crate's strict answers lose the id of a server just made when one enum value is new to it, and it drops headers.
mod action;
mod action_log;
mod budget;
mod error;
mod list;

use std::time::Duration;

use ampere_core::identity::{Marker, StackId};
use ampere_core::provider::ProviderError;
use jiff::Timestamp;
use serde_json::Value as Json;

pub(crate) use action::Actions;
pub(crate) use budget::budget;
pub(crate) use error::{Refusal, refusal};

use crate::http::{Answer, Call, Endpoint, after};
use crate::marker;

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
    /// The client over an endpoint. One that is `near` is a service on this machine, which may be asked often.
    pub fn new(endpoint: Endpoint, near: bool) -> Hetzner {
        Hetzner { endpoint, actions: Actions::new(near) }
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

    /// The time, by the clock of the budget.
    pub fn now(&self) -> Timestamp {
        self.endpoint.timer().now()
    }

    /// Waits.
    pub async fn pause(&self, wait: Duration) {
        self.endpoint.timer().sleep_until(after(self.now(), wait)).await;
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
