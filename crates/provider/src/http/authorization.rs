//! Credentials as a header.
use std::sync::Arc;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

/// Where the bearer token of a cloud comes from. It has no `Debug`.
pub(crate) enum Authorization {
    /// A token that was given.
    Token(Token),
    /// Google's application default credentials, looked for at the first call.
    Google(OnceCell<Arc<dyn gcp_auth::TokenProvider>>),
}

/// A bearer token.
#[derive(Clone)]
pub(crate) struct Token(SecretString);

impl Token {
    /// Takes a token in.
    pub fn new(token: impl Into<String>) -> Token {
        Token(SecretString::from(token.into()))
    }

    fn header(&self, cloud: &'static str) -> Result<HeaderValue, ProviderError> {
        header(cloud, self.0.expose_secret())
    }
}

/// All that we ask of Google for ourselves: the project's own Identity Toolkit and Firestore.
const SCOPES: &[&str] =
    &["https://www.googleapis.com/auth/identitytoolkit", "https://www.googleapis.com/auth/datastore"];

impl Authorization {
    /// Google's application default credentials.
    pub fn google() -> Authorization {
        Authorization::Google(OnceCell::new())
    }

    /// The value of the `Authorization` header, marked so that no layer below shows it.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if there are no credentials or none can be had for them.
    pub async fn value(&self, cloud: &'static str) -> Result<HeaderValue, ProviderError> {
        match self {
            Authorization::Token(token) => token.header(cloud),
            Authorization::Google(cell) => {
                let provider = cell.get_or_try_init(gcp_auth::provider).await.map_err(|_| no_credentials(cloud))?;
                let token = provider.token(SCOPES).await.map_err(|_| no_credentials(cloud))?;
                header(cloud, token.as_str())
            }
        }
    }
}

fn header(cloud: &'static str, token: &str) -> Result<HeaderValue, ProviderError> {
    let text = zeroize::Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        let message = "the token holds a character that cannot be sent";
        ProviderError::new(cloud, ProviderErrorKind::Unauthenticated, message)
            .with_hint("Look for a line break or a quotation mark around the token.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn no_credentials(cloud: &'static str) -> ProviderError {
    let message = "no usable Google credentials were found";
    ProviderError::new(cloud, ProviderErrorKind::Unauthenticated, message).with_hint(
        "Set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account, or run `gcloud auth application-default login`.",
    )
}
