//! The calls of `ampere_secret`.
use std::sync::Arc;

use ampere_core::identity::{ExternalId, StackId};
use ampere_core::inventory::{Listing, Observed};
use ampere_core::provider::{Applied, Inquiry, ProviderError, ProviderErrorKind, Request};
use ampere_core::schema::Schema;
use ampere_core::vault::{SealContext, Sealed};
use ampere_lang::value::Value;
use async_trait::async_trait;

use super::kind::FINGERPRINT_CONTEXT;
use super::model;
use super::schema::{self, VALUE};
use crate::attributes::{Attributes, applied, integer, required, text};
use crate::firebase::{Document, DocumentKind, Field, Firestore, Lists, Precondition, Refusal, SECRET_PREFIX, Writing};
use crate::marker;
use crate::service::{Service, not_ours, replaced, wanted};

/// The field of the sealed value.
pub(crate) const SEALED: &str = "sealedValue";
/// For messages.
const CLOUD: &str = "Firestore";

/// `ampere_secret` in Firestore.
pub(crate) struct SecretClient {
    firestore: Arc<Firestore>,
    schema: Schema,
}

/// A value that was given, ready to be written.
struct Given {
    sealed: Sealed,
    fingerprint: String,
    version: u64,
}

impl SecretClient {
    /// The client over Firestore.
    pub fn new(firestore: Arc<Firestore>) -> SecretClient {
        SecretClient { firestore, schema: schema::schema() }
    }

    /// Seals the value of a step, if the step gives one. The plan says version and fingerprint; what it could not know is
    /// made here.
    fn given(&self, id: &str, request: &Request<'_>, object: &Value) -> Result<Option<Given>, ProviderError> {
        let Some(secret) = request.write_only.get(VALUE) else { return Ok(None) };
        let before = request.before.and_then(|before| integer(before, "version")).unwrap_or(0);
        let version = integer(object, "version").unwrap_or(before + 1);
        let version = u64::try_from(version).map_err(|_| invalid("the version is below zero"))?;
        let account = required(CLOUD, object, "account")?;
        // Bound to the document and not to the address: a moved secret still opens.
        let place = DocumentKind::Secret.place(id);
        let context = SealContext { account: &account, address: &place, attribute: VALUE, version };
        let sealed = request
            .sealer
            .seal(&context, secret)
            .map_err(|error| invalid(&format!("the value cannot be sealed: {error}")).about(VALUE))?;
        let fingerprint = match text(object, "fingerprint") {
            Some(planned) => planned.to_owned(),
            None => request.fingerprint.fingerprint(FINGERPRINT_CONTEXT, secret.expose()),
        };
        Ok(Some(Given { sealed, fingerprint, version }))
    }

    async fn write(
        &self,
        id: &str,
        request: &Request<'_>,
        object: &Value,
        given: Option<Given>,
        when: &Precondition,
    ) -> Result<Applied, Refusal> {
        let optional = |name: &str| text(object, name).map_or(Field::Absent, |text| Field::Text(text.to_owned()));
        let stated = integer(object, "value_wo_version").and_then(|n| u64::try_from(n).ok());
        let mut fields = vec![
            ("account", optional("account")),
            ("kind", optional("kind")),
            ("name", optional("name")),
            ("valueVersion", stated.map_or(Field::Absent, Field::Integer)),
        ];
        let mut found = Attributes::from([("id".into(), Value::string(id))]);
        if let Some(given) = &given {
            fields.push((SEALED, Field::Text(given.sealed.0.clone())));
            fields.push(("version", Field::Integer(given.version)));
            fields.push(("fingerprint", Field::Text(given.fingerprint.clone())));
            let version = i64::try_from(given.version).unwrap_or(i64::MAX);
            found.insert("version".into(), Value::number(version));
            found.insert("fingerprint".into(), Value::string(&given.fingerprint));
        }
        let writing = Writing { kind: DocumentKind::Secret, id, marker: request.marker, fields: &fields };
        self.firestore.write(&writing, when).await?;
        let attributes = applied(&self.schema, object, &found);
        Ok(Applied { id: id.into(), attributes, sealed: given.map(|given| given.sealed) })
    }
}

fn invalid(message: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message)
}

fn no_value() -> ProviderError {
    invalid("a new secret needs a value, and none was given").about(VALUE).with_hint(
        "Give value_wo from an ephemeral variable. Its value must be there at apply as well: set TF_VAR_… again.",
    )
}

/// Whether a document is a secret's of this stack.
fn is_ours(document: &Document, stack: &StackId) -> bool {
    document.kind() == Some(DocumentKind::Secret) && document.marker().is_some_and(|marker| marker.stack == *stack)
}

#[async_trait]
impl Service for SecretClient {
    async fn list(&self, inquiry: &Inquiry<'_>, lists: &Lists) -> Result<Listing, ProviderError> {
        let listed = lists.documents(&self.firestore, inquiry).await?;
        let ours = listed.documents.iter().filter(|document| is_ours(document, inquiry.stack));
        Ok(Listing { objects: ours.map(model::observed).collect(), problems: listed.problems.clone() })
    }

    async fn read(&self, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let document = self.firestore.get(&id.0).await?;
        Ok(document.filter(|d| d.kind() == Some(DocumentKind::Secret)).as_ref().map(model::observed))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        for generation in 0..marker::GENERATIONS {
            let id = marker::name(SECRET_PREFIX, request.marker, generation);
            if replaced(&request) == Some(id.as_str()) {
                continue;
            }
            let given = self.given(&id, &request, object)?.ok_or_else(no_value)?;
            let refused = match self.write(&id, &request, object, Some(given), &Precondition::Absent).await {
                Ok(applied) => return Ok(applied),
                Err(refused) if refused.code == "ALREADY_EXISTS" => refused,
                Err(refused) => return Err(refused.error),
            };
            match self.firestore.get(&id).await? {
                // An earlier attempt made it. Its sealed text never came back to us, so ours takes its place.
                Some(document) if document.marker().as_ref() == Some(request.marker) => {
                    let given = self.given(&id, &request, object)?;
                    let when = Precondition::as_found(Some(&document));
                    return Ok(self.write(&id, &request, object, given, &when).await?);
                }
                // Another address holds this name (it was moved), or somebody else: the next one may be free.
                Some(_) => {}
                None => return Err(refused.error),
            }
        }
        Err(ProviderError::new(CLOUD, ProviderErrorKind::Conflict, "no free document name was found for this address"))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        let object = wanted(CLOUD, &request)?;
        let document = self.firestore.get(&id.0).await?;
        if document.as_ref().is_some_and(|document| !is_ours(document, &request.marker.stack)) {
            return Err(not_ours(CLOUD, "the document", &DocumentKind::Secret.place(&id.0)));
        }
        let planned = integer(object, "version");
        let sealed = document.as_ref().is_some_and(|document| document.text(SEALED).is_some());
        let stored = document.as_ref().and_then(|document| document.integer("version"));
        // The value is written when the plan says so (another version), or when what is stored lacks it.
        let anew = !sealed || planned.is_none() || planned != stored;
        let given = if anew { Some(self.given(&id.0, &request, object)?.ok_or_else(no_value)?) } else { None };
        let when = Precondition::as_found(document.as_ref());
        match self.write(&id.0, &request, object, given, &when).await {
            // It came between our reading and our writing: the next attempt reads it.
            Err(refused) if refused.code == "ALREADY_EXISTS" => {
                let message = "the document came into being at the same time";
                Err(ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, message))
            }
            other => Ok(other?),
        }
    }

    async fn delete(&self, id: &ExternalId, request: Request<'_>) -> Result<(), ProviderError> {
        match self.firestore.get(&id.0).await? {
            None => Ok(()),
            Some(document) if is_ours(&document, &request.marker.stack) => self.firestore.delete(&document).await,
            Some(_) => Err(not_ours(CLOUD, "the document", &DocumentKind::Secret.place(&id.0))),
        }
    }
}
