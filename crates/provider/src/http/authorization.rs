//! Credentials as a header.
use std::sync::Arc;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::GoogleCredentials;

/// Where the bearer token of a cloud comes from. It has no `Debug`.
pub(crate) enum Authorization {
    /// A token that was given.
    Token(Token),
    /// Google's credentials, looked for at the first call.
    Google(Arc<GoogleCredentials>),
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

impl Authorization {
    /// The headers that prove who calls, marked so that no layer below shows them.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if there are no credentials or none can be had for them.
    pub async fn headers(&self, cloud: &'static str) -> Result<HeaderMap, ProviderError> {
        match self {
            Authorization::Token(token) => Ok(HeaderMap::from_iter([(AUTHORIZATION, token.header(cloud)?)])),
            Authorization::Google(credentials) => credentials.headers(cloud).await,
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
