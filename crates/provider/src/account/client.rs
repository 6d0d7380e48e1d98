//! The calls of `ampere_account`.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::identity::{ExternalId, Marker, StackId};
use ampere_core::inventory::{Depth, Listing, Observed};
use ampere_core::provider::{Applied, Inquiry, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use ampere_core::secret::Secret;
use ampere_core::vault::SealContext;
use ampere_lang::value::Value;
use async_trait::async_trait;
use futures::future::try_join;

use super::{model, schema};
use crate::attributes::{applied, flag, required, text};
use crate::firebase::{
    Document, DocumentKind, Field, Firestore, Identity, Lists, Precondition, Profile, UID_PREFIX, User, Writing,
};
use crate::marker;
use crate::service::{Service, not_ours, replaced, wanted};

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

    /// Makes the user of an account again that was deleted by hand, under the uid it had. One that an earlier attempt made
    /// is taken.
    async fn user_again(&self, uid: &str, request: &Request<'_>, profile: &Profile<'_>) -> Result<(), ProviderError> {
        let refused = match self.identity.create(uid, profile).await {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        match self.identity.lookup(uid).await? {
            Some(user) if may_touch(user.marker().as_ref(), &request.marker.stack) => Ok(()),
            Some(_) => Err(not_ours(CLOUD, "the user", uid)),
            None => Err(refused.error),
        }
    }

    /// Finds or makes the user of a new account, and tells its uid.
    async fn user_for(&self, request: &Request<'_>, profile: &Profile<'_>) -> Result<String, ProviderError> {
        for generation in 0..marker::GENERATIONS {
            let uid = marker::name(UID_PREFIX, request.marker, generation);
            if replaced(request) == Some(uid.as_str()) {
                continue;
            }
            let refused = match self.identity.create(&uid, profile).await {
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

    /// Writes the document: email and name sealed (S1, G3), the marker in the clear. A document that is there and does not
    /// bear our marker is left alone, whatever lies in it.
    async fn write_document(
        &self,
        uid: &str,
        request: &Request<'_>,
        object: &Value,
        found: Option<&Document>,
    ) -> Result<(), ProviderError> {
        if found.is_some_and(|document| !is_ours(document, &request.marker.stack)) {
            return Err(not_ours(CLOUD, "the document", &DocumentKind::Account.place(uid)));
        }
        let fields = [
            ("sealedEmail", self.seal(uid, "email", request, object)?),
            ("sealedName", self.seal(uid, "name", request, object)?),
        ];
        let writing = Writing { kind: DocumentKind::Account, id: uid, marker: request.marker, fields: &fields };
        let refused = match self.firestore.write(&writing, &Precondition::as_found(found)).await {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        // It came between our reading and our writing; perhaps it is an earlier attempt's. The next attempt reads it.
        if refused.code == "ALREADY_EXISTS" {
            let message = "the document came into being at the same time";
            return Err(ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, message));
        }
        Err(refused.error)
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
        let place = DocumentKind::Account.place(uid);
        let context = SealContext { account: uid, address: &place, attribute, version: 1 };
        let sealed = request.sealer.seal(&context, &Secret::new(value)).map_err(|error| {
            let message = format!("the attribute {attribute} cannot be sealed: {error}");
            ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message).about(attribute)
        })?;
        Ok(Field::Text(sealed.0))
    }

    /// Brings user and document to what is wanted. The document goes first: if the second call fails, the user still
    /// differs, and the next plan sees it.
    async fn settle(
        &self,
        uid: &str,
        request: &Request<'_>,
        object: &Value,
        found: Found,
    ) -> Result<Applied, ProviderError> {
        let email = required(CLOUD, object, "email")?;
        let profile = profile(object, &email);
        self.write_document(uid, request, object, found.document.as_ref()).await?;
        let user = match found.user {
            Some(user) => user,
            None => {
                (request.progress)("making the missing user again");
                self.identity.create(uid, &profile).await?;
                self.looked_up(uid).await?
            }
        };
        self.identity.update(&user, &profile, request.marker).await?;
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

    async fn found(&self, uid: &str) -> Result<Found, ProviderError> {
        let (user, document) = try_join(self.identity.lookup(uid), self.firestore.get(uid)).await?;
        Ok(Found { user, document })
    }
}

/// What there is of an account.
struct Found {
    user: Option<User>,
    document: Option<Document>,
}

fn profile<'a>(object: &'a Value, email: &'a str) -> Profile<'a> {
    Profile { email, name: text(object, "name"), disabled: flag(object, "disabled") }
}

/// Whether a document is an account's of this stack; a damaged one of an account is.
fn is_ours(document: &Document, stack: &StackId) -> bool {
    let marked = document.marker().is_some_and(|marker| marker.stack == *stack);
    marked && document.kind() != Some(DocumentKind::Secret)
}

/// Whether a user with this marker may be changed: it is the stack's, or nobody's (it is being imported).
fn may_touch(marker: Option<&Marker>, stack: &StackId) -> bool {
    marker.is_none_or(|marker| marker.stack == *stack)
}

#[async_trait]
impl Service for AccountClient {
    async fn list(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Result<Listing, ProviderError> {
        let stack = inquiry.stack;
        let (users, listed) = try_join(lists.users(&self.identity), lists.documents(&self.firestore, inquiry)).await?;
        let problems = users.problems.iter().chain(&listed.problems).cloned().collect();
        let mut listing = Listing { objects: Vec::new(), problems };
        let accounts = listed.documents.iter().filter(|document| is_ours(document, stack));
        let mut documents: BTreeMap<&str, &Document> = accounts.map(|d| (d.id.as_str(), d)).collect();
        let mut observe = |uid: &str, user, document, marker| {
            listing.objects.push(model::observed(uid, user, document, marker, inquiry.depth));
        };
        for user in &users.users {
            let Some(marker) = user.marker().filter(|marker| marker.stack == *stack) else { continue };
            observe(&user.uid, Some(user), documents.remove(user.uid.as_str()), marker);
        }
        for (uid, document) in documents {
            // One of no kind that is known is a problem of the listing, unless a user claims it.
            let account = document.kind() == Some(DocumentKind::Account);
            if let Some(marker) = document.marker().filter(|_| account) {
                observe(uid, None, Some(document), marker);
            }
        }
        Ok(listing)
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let Found { user, document } = self.found(&id.0).await?;
        let document = document.filter(|d| d.marker().is_some() && d.kind() != Some(DocumentKind::Secret));
        if user.is_none() && document.is_none() {
            return Ok(None);
        }
        let of_user = user.as_ref().and_then(User::marker);
        let marker = of_user.or_else(|| document.as_ref()?.marker()).unwrap_or_else(marker::none);
        Ok(Some(model::observed(&id.0, user.as_ref(), document.as_ref(), marker, Depth::Parts)))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let email = required(CLOUD, object, "email")?;
        let profile = profile(object, &email);
        let uid = match text(object, "id") {
            Some(known) => self.user_again(known, &request, &profile).await.map(|()| known.to_owned())?,
            None => self.user_for(&request, &profile).await?,
        };
        let settled = async { self.settle(&uid, &request, object, self.found(&uid).await?).await }.await;
        settled.map_err(|error| error.after_making(uid.as_str().into()))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let found = self.found(&id.0).await?;
        if !may_touch(found.user.as_ref().and_then(User::marker).as_ref(), &request.marker.stack) {
            return Err(not_ours(CLOUD, "the user", &id.0));
        }
        self.settle(&id.0, &request, object, found).await
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        let found = self.found(&id.0).await?;
        let stack = &request.marker.stack;
        if let Some(user) = &found.user {
            if user.marker().is_none_or(|marker| marker.stack != *stack) {
                return Err(not_ours(CLOUD, "the user", &id.0));
            }
            self.identity.delete(&user.uid).await?;
        }
        match found.document.filter(|document| is_ours(document, stack)) {
            Some(document) => self.firestore.delete(&document).await,
            None => Ok(()),
        }
    }
}
