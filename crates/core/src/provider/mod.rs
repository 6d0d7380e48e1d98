//! The port to the clouds.
//!
//! There is no verb here for what we promise not to do: rescue, snapshot, backup, console, rebuild, password reset (N3, N4).
mod foreign;
mod listing;
mod registry;
mod status;

pub use foreign::{ForeignAction, ForeignActions};
pub use listing::{Inquiry, Listings};
pub use registry::Providers;
pub use status::{Fact, Status};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_lang::value::Value;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::address::Address;
use crate::identity::{ExternalId, Marker};
use crate::inventory::Observed;
use crate::kind::{Fingerprint, Kind};
use crate::secret::Secret;
use crate::vault::{Sealed, Sealer};

/// A set of resource kinds and the clouds behind them.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The kinds it knows, by resource type.
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>>;

    /// All objects of these kinds that bear the stack's marker, read to the last page. A malformed object becomes a problem
    /// of its listing; an `Err` means that nothing of the kind could be listed. A kind that is not the provider's is left out.
    async fn list(&self, inquiry: &Inquiry<'_>) -> Listings;

    /// One object by id, marked or not (for import, for a small target); `None` if there is no such object.
    async fn read(&self, kind: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError>;

    /// Makes an object bearing the marker. Parts of it that are already there with this marker are taken over, so that
    /// a create whose answer was lost can be repeated.
    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError>;

    /// Changes an object in place, repairs missing parts, sets the marker.
    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError>;

    /// Deletes an object and every part of it. An object that is gone already is a success.
    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError>;

    /// What an object says of itself; none if objects of its kind cannot speak, or if there is no such object.
    async fn status(&self, _kind: &str, _id: &ExternalId) -> Result<Option<Status>, ProviderError> {
        Ok(None)
    }

    /// What the clouds' own logs tell of work on the stack's objects that no call of ours orders, newer than `after` (the
    /// `last` of an earlier answer; none: everything that the logs still hold). It costs as much as there is new. A provider
    /// whose clouds keep no such log knows of nothing.
    async fn foreign_actions(
        &self,
        _inquiry: &Inquiry<'_>,
        _after: Option<&str>,
    ) -> Result<ForeignActions, ProviderError> {
        Ok(ForeignActions::default())
    }
}

/// What a provider is told about a step.
pub struct Request<'a> {
    /// The kind.
    pub kind: &'a str,
    /// Which instance.
    pub address: &'a Address,
    /// The marker it must bear.
    pub marker: &'a Marker,
    /// Stable for the same step of the same plan; sent as Idempotency-Key where the cloud knows such a thing.
    pub idempotency_key: &'a str,
    /// The object before, for update and delete; for a create the deposed object that it replaces, if there is one,
    /// which bears the same marker and must not be taken over.
    pub before: Option<&'a Value>,
    /// The object wanted: known but for computed attributes; none for delete.
    pub after: Option<&'a Value>,
    /// Values of write-only attributes, by name. Only here does a secret travel in the clear.
    pub write_only: &'a BTreeMap<&'static str, Secret>,
    /// Seals secrets before they go anywhere, and opens them for the box they are for.
    pub sealer: &'a dyn Sealer,
    /// Makes the keyed fingerprint of a write-only value that became known only after the plan was made.
    pub fingerprint: &'a dyn Fingerprint,
    /// Told about progress on long work.
    pub progress: &'a (dyn Fn(&str) + Sync),
    /// Cancelled when a person wants the run to stop: long waits end where the next run can go on.
    pub cancel: &'a CancellationToken,
}

/// An object after a create or an update.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its id.
    pub id: ExternalId,
    /// All attributes, an object of the schema's type, wholly known; write-only attributes null.
    pub attributes: Value,
    /// The secret that was given, sealed, for the state to remember (it is delivered to a box later); none if the object
    /// holds no secret or this step gave none: then what is remembered stays.
    pub sealed: Option<Sealed>,
}

/// Why a call to a cloud failed. No variant holds a body, a header or a URL's query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cloud}: {message}")]
pub struct ProviderError {
    /// e.g. `Hetzner Cloud`, `Stripe`
    pub cloud: &'static str,
    /// What kind of failure it is.
    pub kind: ProviderErrorKind,
    /// What happened, as a sentence without secrets.
    pub message: String,
    /// What a person can do about it.
    pub hint: Option<String>,
    /// The attribute it is about, if the cloud names one.
    pub attribute: Option<&'static str>,
    /// An id that was already taken when the failure came (a server that was made before the answer broke).
    pub partial_id: Option<ExternalId>,
}

impl ProviderError {
    /// A failure of a cloud, as a sentence without a final period.
    pub fn new(cloud: &'static str, kind: ProviderErrorKind, message: impl Into<String>) -> ProviderError {
        ProviderError { cloud, kind, message: message.into(), hint: None, attribute: None, partial_id: None }
    }

    /// The same failure, saying what a person can do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> ProviderError {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, naming the attribute it is about.
    pub fn about(mut self, attribute: &'static str) -> ProviderError {
        self.attribute = Some(attribute);
        self
    }

    /// The same failure, with the id that was taken before it came.
    pub fn after_making(mut self, id: ExternalId) -> ProviderError {
        self.partial_id.get_or_insert(id);
        self
    }
}

/// Kinds of failure, by what the engine does about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderErrorKind {
    /// The request is wrong (400, 422, unknown price, unknown location): repeating it is useless.
    Invalid,
    /// A name or an email is taken.
    Conflict,
    /// 401
    Unauthenticated,
    /// 403
    Forbidden,
    /// 404 of something the request needs.
    NotFound,
    /// 429, or a budget that is used up: repeat after this time.
    RateLimited {
        /// How long to wait, if the cloud says.
        retry_after: Option<Duration>,
    },
    /// 5xx, locked, refused connection before anything was sent: repeating is safe and may help.
    Unavailable,
    /// The request was sent and no whole answer came: the effect may have happened. Repeat only what is idempotent.
    Unknown,
    /// The answer was not what the cloud documents (not JSON, truncated, a field missing).
    Malformed,
    /// TLS or certificate failure, bad base URL: a matter of configuration.
    Connection,
    /// A needed precondition does not hold (not paid yet): the step is deferred, not failed.
    Deferred,
}
