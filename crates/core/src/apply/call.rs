//! A call to a cloud: the journal before it, a heartbeat while it runs, another try where that may help.
use std::collections::BTreeMap;
use std::time::Duration;

use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::Value;

use super::executor::Run;
use super::retry::wait_before_next;
use super::step::{Stop, unwritten};
use super::{Event, EventKind, Work};
use crate::address::Address;
use crate::identity::{ExternalId, Marker};
use crate::plan::{Deferred, Operation, Step};
use crate::provider::{ProviderError, ProviderErrorKind, Request};
use crate::retention::Owner;
use crate::secret::Secret;

/// How often a person hears that a step still runs.
const HEARTBEAT: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Journals, calls, and calls again where that may help. The end of a success is journaled by the caller, in the
    /// transaction that writes the object. The journal's begin says for whom an object is made.
    pub(super) async fn call<T, F>(
        &self,
        step: &Step,
        id: Option<&ExternalId>,
        owner: Option<&Owner>,
        call: impl Fn() -> F,
    ) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        self.input.journal_started(step, owner).await.map_err(|e| unwritten(&step.address, &e))?;
        let began = self.input.clock.now();
        self.tell(step, id.cloned(), Duration::ZERO, EventKind::Started);
        let mut calls = 0;
        loop {
            calls += 1;
            let error = match self.with_heartbeat(step, id, began, call()).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let wait = wait_before_next(&error, calls, self.input.random);
            let Some(wait) = wait.filter(|_| !self.input.cancel.is_cancelled()) else {
                return Err(self.given_up(step, error).await);
            };
            let kind = EventKind::Retrying { after: wait, why: error.to_string() };
            self.tell(step, id.cloned(), self.since(began), kind);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.input.cancel.cancelled() => return Err(self.given_up(step, error).await),
            }
        }
    }

    /// Journals a failure. One whose effect is unknown stays open in the journal.
    async fn given_up(&self, step: &Step, error: ProviderError) -> Stop {
        let why = error.to_string();
        let written = match error.kind {
            ProviderErrorKind::Unknown | ProviderErrorKind::Malformed => self.input.journal_unknown(step, &why).await,
            _ => self.input.journal_failed(step, &why).await,
        };
        match written {
            Err(store) => Stop::Finding(unwritten(&step.address, &store)),
            Ok(()) if error.kind == ProviderErrorKind::Deferred => {
                let address = step.address.clone();
                Stop::Waiting(Deferred { address, reason: error.message, url: None, ended: false })
            }
            Ok(()) => Stop::Finding(self.explain(step, &error)),
        }
    }

    async fn with_heartbeat<T>(
        &self,
        step: &Step,
        id: Option<&ExternalId>,
        began: jiff::Timestamp,
        call: impl Future<Output = T>,
    ) -> T {
        tokio::pin!(call);
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.tick().await;
        loop {
            tokio::select! {
                value = &mut call => return value,
                _ = beat.tick() => self.tell(step, id.cloned(), self.since(began), EventKind::Progress(None)),
            }
        }
    }

    /// What a provider is told about a step.
    pub(super) fn request<'r>(
        &'r self,
        step: &'r Step,
        marker: &'r Marker,
        before: Option<&'r Value>,
        after: Option<&'r Value>,
        write_only: &'r BTreeMap<&'static str, Secret>,
        progress: &'r (dyn Fn(&str) + Sync),
    ) -> Request<'r> {
        Request {
            kind: step.address.kind(),
            address: &step.address,
            marker,
            idempotency_key: &step.key,
            before,
            after,
            write_only,
            sealer: self.input.vault,
            fingerprint: self.input.vault,
            progress,
            cancel: &self.input.cancel,
        }
    }

    pub(super) fn progress<'r>(
        &'r self,
        step: &'r Step,
        id: Option<&'r ExternalId>,
        began: jiff::Timestamp,
    ) -> impl Fn(&str) + Sync + 'r {
        move |message: &str| {
            let kind = EventKind::Progress(Some(message.to_owned()));
            self.tell(step, id.cloned(), self.since(began), kind);
        }
    }

    pub(super) fn tell(&self, step: &Step, id: Option<ExternalId>, elapsed: Duration, kind: EventKind) {
        let work = Work::of(&step.operation);
        (self.input.events)(Event {
            address: step.address.clone(),
            deposed: step.deposed.clone(),
            work,
            id,
            elapsed,
            kind,
        });
    }

    pub(super) fn since(&self, began: jiff::Timestamp) -> Duration {
        self.input.clock.now().duration_since(began).try_into().unwrap_or_default()
    }

    fn explain(&self, step: &Step, error: &ProviderError) -> Diagnostic {
        let verb = match step.operation {
            Operation::Create => "created",
            Operation::Update { .. } => "changed",
            _ => "deleted",
        };
        let mut detail = format!("{}.", error.message.trim_end_matches('.'));
        if error.kind == ProviderErrorKind::Unknown {
            detail.push_str(
                " No whole answer came, so it is not known whether the call had its effect; the next plan looks.",
            );
        }
        if let Some(hint) = &error.hint {
            detail.push(' ');
            detail.push_str(hint);
        }
        let finding =
            Diagnostic::error(format!("{} could not be {verb} at {}", step.address.kind(), error.cloud), detail);
        match self.place(&step.address, error.attribute) {
            Some(span) => finding.at(span),
            None => finding,
        }
    }

    /// Where an attribute of a resource is written, else where the resource is.
    fn place(&self, address: &Address, attribute: Option<&str>) -> Option<ampere_lang::source::Span> {
        let resource = self.input.module.resources.get(&address.resource)?;
        let written = resource.config.attributes.iter().find(|a| Some(&*a.name) == attribute);
        Some(written.map_or(resource.span, |a| a.value.span))
    }
}
