//! Where the clouds are, and with what credentials we speak to them.
mod boxes;
mod resolve;
mod table;

pub(crate) use boxes::BoxSettings;
pub use table::{SETTINGS, Setting, block_type};

use std::sync::Arc;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::http::{Authorization, GoogleCredentials, Token};

/// Base URLs and credentials of all clouds.
///
/// ```
/// use ampere_provider::{Endpoints, Settings};
///
/// let base = "http://127.0.0.1:4000";
/// let endpoints = Endpoints {
///     hetzner: format!("{base}/hetzner/v1"),
///     stripe: format!("{base}/stripe"),
///     identity_toolkit: format!("{base}/identitytoolkit.googleapis.com"),
///     firestore: format!("{base}/firestore"),
///     secure_token: Some(format!("{base}/securetoken.googleapis.com")),
/// };
/// let settings = Settings::sandbox(&endpoints)?;
/// assert!(settings.is_sandbox());
/// # Ok::<(), ampere_lang::diagnostic::Diagnostics>(())
/// ```
pub struct Settings {
    pub(crate) hetzner: Url,
    pub(crate) hetzner_token: Token,
    pub(crate) stripe: Url,
    pub(crate) stripe_key: Token,
    pub(crate) identity_toolkit: Url,
    pub(crate) firestore: Url,
    pub(crate) google_project: String,
    /// Where the public keys are that sign id tokens.
    pub(crate) id_token_keys: Url,
    /// A token that was given; without one, credentials are looked for.
    pub(crate) google_token: Option<Token>,
    pub(crate) google_credentials: Arc<GoogleCredentials>,
    /// Sent with a token that was given.
    pub(crate) google_quota_project: Option<String>,
    /// What instances are given; none if no agent is configured: then nobody is inside them.
    pub(crate) boxes: Option<BoxSettings>,
    sandbox: bool,
}

impl Settings {
    /// Whether they name the sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox
    }

    pub(crate) fn google_authorization(&self) -> Authorization {
        match &self.google_token {
            Some(token) => Authorization::Token(token.clone()),
            None => Authorization::Google(self.google_credentials.clone()),
        }
    }

    /// What goes with every call to Google. (Credentials of a file say themselves whose quota they use.)
    pub(crate) fn google_headers(&self) -> HeaderMap {
        let project = self.google_quota_project.as_ref().filter(|_| self.google_token.is_some());
        let value = project.and_then(|project| HeaderValue::from_str(project).ok());
        HeaderMap::from_iter(value.map(|value| (HeaderName::from_static("x-goog-user-project"), value)))
    }

    /// Whether some endpoint speaks TLS.
    pub(crate) fn needs_tls(&self) -> bool {
        [&self.hetzner, &self.stripe, &self.identity_toolkit, &self.firestore].iter().any(|url| url.scheme() == "https")
    }
}

/// Endpoints alone: URLs carry no credentials, tokens are not told.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("hetzner", &self.hetzner.as_str())
            .field("stripe", &self.stripe.as_str())
            .field("identity_toolkit", &self.identity_toolkit.as_str())
            .field("firestore", &self.firestore.as_str())
            .field("google_project", &self.google_project)
            .field("sandbox", &self.sandbox)
            .finish_non_exhaustive()
    }
}

/// The base URLs of the clouds in a sandbox, as plain texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// In place of `https://api.hetzner.cloud/v1`.
    pub hetzner: String,
    /// In place of `https://api.stripe.com`.
    pub stripe: String,
    /// In place of `https://identitytoolkit.googleapis.com`.
    pub identity_toolkit: String,
    /// In place of `https://firestore.googleapis.com`.
    pub firestore: String,
    /// In place of `https://securetoken.googleapis.com`, if the sandbox's servers have an agent inside.
    pub secure_token: Option<String>,
}
