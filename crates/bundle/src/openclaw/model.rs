//! A model's name.
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ModelProvider;
use super::providers;

/// The name of a model as OpenClaw writes it, `provider/model`, of a provider that OpenClaw is configured for.
///
/// ```
/// use ampere_bundle::openclaw::Model;
/// let model: Model = "openrouter/anthropic/claude-sonnet-4.6".to_owned().try_into()?;
/// assert_eq!((model.provider().name, model.id()), ("openrouter", "anthropic/claude-sonnet-4.6"));
/// assert!(Model::try_from("https://llm.example.com/v1".to_owned()).is_err());
/// # Ok::<(), ampere_bundle::openclaw::InvalidModel>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Model {
    provider: &'static ModelProvider,
    id: String,
}

/// A text is not the name of a model that can be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidModel {
    /// It is not `provider/model`, or has signs that no model's name has.
    #[error("a model is written as provider/model")]
    Form,
    /// It names a provider that OpenClaw is not configured for.
    #[error("the model's provider is not known")]
    Provider,
}

impl Model {
    /// Its provider.
    pub fn provider(&self) -> &'static ModelProvider {
        self.provider
    }

    /// The provider's own name of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn example() -> Model {
        Model { provider: &providers::PROVIDERS[0], id: "claude-sonnet-4-6".into() }
    }
}

impl TryFrom<String> for Model {
    type Error = InvalidModel;

    fn try_from(text: String) -> Result<Model, InvalidModel> {
        let (provider, id) = text.split_once('/').ok_or(InvalidModel::Form)?;
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte);
        if !(1..=128).contains(&id.len()) || !id.bytes().all(is_sign) || id.starts_with('/') || id.contains("//") {
            return Err(InvalidModel::Form);
        }
        let provider = ModelProvider::named(provider).ok_or(InvalidModel::Provider)?;
        Ok(Model { provider, id: id.to_owned() })
    }
}

impl From<Model> for String {
    fn from(model: Model) -> String {
        model.to_string()
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider.name, self.id)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
