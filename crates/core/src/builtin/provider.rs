//! The provider of `terraform_data`: its objects live in the state alone.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::value::{Type, Value};
use async_trait::async_trait;

use super::data::{TerraformData, attribute, with};
use crate::clock::Random;
use crate::identity::{AddressHash, ExternalId, Marker, StackId};
use crate::inventory::Observed;
use crate::kind::{Kind, Kinds};
use crate::provider::{Applied, Inquiry, Listings, Provider, ProviderError, ProviderErrorKind, Request};

/// The built-in provider.
pub struct Builtin {
    kinds: Kinds,
    random: Arc<dyn Random>,
}

impl Builtin {
    /// The provider; ids come from `random`.
    pub fn new(random: Arc<dyn Random>) -> Builtin {
        let kind: Arc<dyn Kind> = Arc::new(TerraformData::default());
        Builtin { kinds: BTreeMap::from([(TerraformData::NAME, kind)]), random }
    }

    /// The object after a create or an update: the output is the input.
    fn stored(&self, request: &Request<'_>, id: &str) -> Applied {
        let after = request.after.cloned().unwrap_or_else(|| Value::object::<Arc<str>>([]));
        let input = attribute(&after, "input");
        let output = input.unmark_deep().0;
        let attributes = with(after, [("id", Value::string(id)), ("output", output)]);
        Applied { id: ExternalId::from(id), attributes, sealed: None }
    }
}

#[async_trait]
impl Provider for Builtin {
    fn kinds(&self) -> &BTreeMap<&'static str, Arc<dyn Kind>> {
        &self.kinds
    }

    async fn list(&self, _: &Inquiry<'_>) -> Listings {
        Listings::new()
    }

    /// Every id is accepted, as in Terraform: there is nothing that could know it.
    async fn read(&self, _: &str, id: &ExternalId) -> Result<Option<Observed>, ProviderError> {
        let null = || Value::null(Type::Dynamic);
        let attributes =
            [("id", Value::string(&id.0)), ("input", null()), ("output", null()), ("triggers_replace", null())];
        Ok(Some(Observed {
            id: Some(id.clone()),
            marker: Marker { stack: StackId("".into()), address: AddressHash("".into()) },
            attributes: attributes.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            parts: Vec::new(),
            missing: Vec::new(),
        }))
    }

    async fn create(&self, request: Request<'_>) -> Result<Applied, ProviderError> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes).map_err(|error| ProviderError {
            cloud: "Ampere",
            kind: ProviderErrorKind::Unavailable,
            message: error.to_string(),
            hint: None,
            attribute: None,
            partial_id: None,
        })?;
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
        Ok(self.stored(&request, &id))
    }

    async fn update(&self, id: &ExternalId, request: Request<'_>) -> Result<Applied, ProviderError> {
        Ok(self.stored(&request, &id.0))
    }

    async fn delete(&self, _: &ExternalId, _: Request<'_>) -> Result<(), ProviderError> {
        Ok(())
    }
}
