//! What each kind's folder implements.
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Listing, Observed};
use ampere_core::provider::{Applied, ForeignActions, Inquiry, ProviderError, Request, Status};
use async_trait::async_trait;

use crate::firebase::Lists;

/// The calls of one kind; the contract of each is that of [`ampere_core::provider::Provider`].
#[async_trait]
pub(crate) trait Service: Send + Sync {
    /// All objects of the kind with the stack's marker; `lists` are those that the kinds of one inquiry share.
    async fn list(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Result<Listing, ProviderError>;

    /// One object by id.
    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError>;

    /// Makes an object, or takes over what an earlier attempt made of it.
    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError>;

    /// Changes an object and repairs what is missing of it.
    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError>;

    /// Deletes an object and all its parts.
    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError>;

    /// What an object says of itself, if it can.
    async fn status(&self, _id: &ExternalId) -> Result<Option<Status>, ProviderError> {
        Ok(None)
    }

    /// What the cloud's log tells of others' work on objects of the kind; nothing where there is no log.
    async fn foreign_actions(
        &self,
        _inquiry: &Inquiry<'_>,
        _after: Option<&str>,
    ) -> Result<ForeignActions, ProviderError> {
        Ok(ForeignActions::default())
    }
}

/// The object wanted by a create or an update.
///
/// # Errors
///
/// `Invalid` if there is none, which a plan cannot say.
pub(crate) fn wanted<'a>(
    cloud: &'static str,
    request: &Request<'a>,
) -> Result<&'a ampere_lang::value::Value, ProviderError> {
    let kind = ampere_core::provider::ProviderErrorKind::Invalid;
    request.after.ok_or_else(|| ProviderError::new(cloud, kind, "the step does not say what is wanted"))
}

/// The id of the object that is being replaced and must not be taken over.
pub(crate) fn replaced<'a>(request: &Request<'a>) -> Option<&'a str> {
    crate::attributes::text(request.before?, "id")
}

/// The error of touching what is not ours (design invariant 4).
pub(crate) fn not_ours(cloud: &'static str, what: &str, id: &str) -> ProviderError {
    let kind = ampere_core::provider::ProviderErrorKind::Forbidden;
    ProviderError::new(cloud, kind, format!("{what} {id} does not bear this stack's marker and is left alone"))
        .with_hint("Remove it from the state with `ampere state rm`, or import it first.")
}
