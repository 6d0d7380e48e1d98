//! The calls of `ampere_account`.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Listing, Observed};
use ampere_core::provider::{Applied, Inquiry, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use ampere_core::secret::Secret;
use ampere_core::vault::SealContext;
use ampere_lang::value::Value;
use async_trait::async_trait;

use super::{model, schema};
use crate::attributes::{applied, required, text};
use crate::firebase::{Document, Field, Firestore, Identity, UID_PREFIX, User};
use crate::marker;
use crate::service::{Service, not_ours, replaced, wanted};

/// The collection of the accounts' documents.
const COLLECTION: &str = "accounts";
/// For messages.
const CLOUD: &str = "Firebase";

/// `ampere_account` at Firebase.
pub(crate) struct AccountClient {
    identity: Arc<Identity>,
    firestore: Arc<Firestore>,
    schema: Schema,
}

impl AccountClient {
    /// The client over the two services.
    pub fn new(identity: Arc<Identity>, firestore: Arc<Firestore>) -> AccountClient {
        AccountClient { identity, firestore, schema: schema::schema() }
    }

    /// Finds or makes the user of a new account, and tells its uid.
    async fn user_for(&self, request: &Request<'_>, email: &str, name: Option<&str>) -> Result<String, ProviderError> {
        for generation in 0..marker::GENERATIONS {
            let uid = marker::name(UID_PREFIX, request.marker, generation);
            if replaced(request) == Some(uid.as_str()) {
                continue;
            }
            let refused = match self.identity.create(&uid, email, name).await {
                Ok(()) => return Ok(uid),
                Err(refused) => refused,
            };
            // Either may be said of a user that an earlier attempt made.
            if !matches!(refused.code.as_str(), "DUPLICATE_LOCAL_ID" | "EMAIL_EXISTS") {
                return Err(refused.error);
            }
            match self.identity.lookup(&uid).await? {
                Some(user) if user.marker().as_ref() == Some(request.marker) => return Ok(uid),
                // Another address holds this uid (it was moved): the next one may be free.
                Some(_) => {}
                None => return Err(refused.error),
            }
        }
        let message = "no free uid was found for this address";
        Err(ProviderError::new(CLOUD, ProviderErrorKind::Conflict, message)
            .with_hint("More accounts of this stack were moved away from this address than names are tried."))
    }

    /// Writes the document: email and name sealed (S1, G3), the marker in the clear.
    async fn write_document(&self, uid: &str, request: &Request<'_>, object: &Value) -> Result<(), ProviderError> {
        let mut fields = vec![("email", self.seal(uid, "email", request, object)?)];
        fields.push(("name", self.seal(uid, "name", request, object)?));
        Ok(self.firestore.write(COLLECTION, uid, request.marker, &fields, false).await?)
    }

    fn seal(
        &self,
        uid: &str,
        attribute: &'static str,
        request: &Request<'_>,
        object: &Value,
    ) -> Result<Field, ProviderError> {
        let Some(value) = text(object, attribute) else { return Ok(Field::Absent) };
        // Bound to the document and not to the address: a moved account still opens.
        let place = format!("{COLLECTION}/{uid}");
        let context = SealContext { account: uid, address: &place, attribute, version: 1 };
        let sealed = request.sealer.seal(&context, &Secret::new(value)).map_err(|error| {
            let message = format!("the attribute {attribute} cannot be sealed: {error}");
            ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message).about(attribute)
        })?;
        Ok(Field::Text(sealed.0))
    }

    /// Brings user and document to what is wanted. The document goes first: if the second call fails, the user still
    /// differs, and the next plan sees it.
    async fn settle(&self, uid: &str, request: &Request<'_>, object: &Value) -> Result<Applied, ProviderError> {
        let email = required(CLOUD, object, "email")?;
        self.write_document(uid, request, object).await?;
        let user = match self.identity.lookup(uid).await? {
            Some(user) => user,
            None => {
                (request.progress)("making the missing user again");
                self.identity.create(uid, &email, text(object, "name")).await?;
                self.looked_up(uid).await?
            }
        };
        self.identity.update(&user, &email, text(object, "name"), request.marker).await?;
        let user = self.looked_up(uid).await?;
        let attributes = applied(&self.schema, object, &model::attributes(&user));
        Ok(Applied { id: uid.into(), attributes, sealed: None })
    }

    async fn looked_up(&self, uid: &str) -> Result<User, ProviderError> {
        self.identity.lookup(uid).await?.ok_or_else(|| {
            let message = format!("the user {uid} went away while it was being changed");
            ProviderError::new(CLOUD, ProviderErrorKind::NotFound, message).with_hint("Run the plan again.")
        })
    }
}

/// Whether an object with this marker may be changed: it is the stack's, or nobody's (it is being imported).
fn may_touch(marker: Option<&Marker>, stack: &StackId) -> bool {
    marker.is_none_or(|marker| marker.stack == *stack)
}

#[async_trait]
impl Service for AccountClient {
    async fn list(&self, inquiry: &Inquiry<'_>) -> Result<Listing, ProviderError> {
        let stack = inquiry.stack;
        let (users, documents) =
            futures::future::try_join(self.identity.list(), self.firestore.list(COLLECTION, stack, &[])).await?;
        let mut listing = Listing { objects: Vec::new(), problems: users.1 };
        listing.problems.extend(documents.1);
        let mut documents: BTreeMap<String, Document> = documents.0.into_iter().map(|d| (d.id.clone(), d)).collect();
        for user in users.0 {
            let Some(marker) = user.marker().filter(|marker| marker.stack == *stack) else { continue };
            let document = documents.remove(&user.uid);
            listing.objects.push(model::observed(&user.uid, Some(&user), document.as_ref(), marker));
        }
        for (uid, document) in documents {
            if let Some(marker) = document.marker() {
                listing.objects.push(model::observed(&uid, None, Some(&document), marker));
            }
        }
        Ok(listing)
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let (user, document) =
            futures::future::try_join(self.identity.lookup(&id.0), self.firestore.get(COLLECTION, &id.0)).await?;
        let document = document.filter(|document| document.marker().is_some());
        if user.is_none() && document.is_none() {
            return Ok(None);
        }
        let of_user = user.as_ref().and_then(User::marker);
        let marker = of_user.or_else(|| document.as_ref()?.marker()).unwrap_or_else(marker::none);
        Ok(Some(model::observed(&id.0, user.as_ref(), document.as_ref(), marker)))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let email = required(CLOUD, object, "email")?;
        let uid = self.user_for(&request, &email, text(object, "name")).await?;
        let settled = self.settle(&uid, &request, object).await;
        settled.map_err(|error| error.after_making(uid.as_str().into()))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let user = self.identity.lookup(&id.0).await?;
        if !may_touch(user.as_ref().and_then(User::marker).as_ref(), &request.marker.stack) {
            return Err(not_ours(CLOUD, "the user", &id.0));
        }
        self.settle(&id.0, &request, object).await
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        let (user, document) =
            futures::future::try_join(self.identity.lookup(&id.0), self.firestore.get(COLLECTION, &id.0)).await?;
        let stack = &request.marker.stack;
        if let Some(user) = &user {
            if user.marker().is_none_or(|marker| marker.stack != *stack) {
                return Err(not_ours(CLOUD, "the user", &id.0));
            }
            self.identity.delete(&user.uid).await?;
        }
        match document.and_then(|document| document.marker()) {
            Some(marker) if marker.stack == *stack => self.firestore.delete(COLLECTION, &id.0).await,
            _ => Ok(()),
        }
    }
}
