//! What a box is born with: whose it is, where its mailbox is, whom it believes, what it installs, and one token to sign in
//! with.
use ampere_bundle::Issuer;
use ampere_bundle::installed::AgentSettings;
use ampere_bundle::openclaw::Release;
use ampere_core::provider::{ProviderError, ProviderErrorKind, Request};
use ampere_lang::value::Value;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::first_boot::{Download, FirstBoot, user_data};
use super::mailbox::id_of;
use super::server_types;
use crate::attributes::text;
use crate::hetzner::CLOUD;
use crate::settings::BoxSettings;

/// One box, before its server is made.
pub(super) struct Birth<'a> {
    /// The server's name.
    pub server: &'a str,
    /// The Firebase project.
    pub project: &'a str,
    /// What all boxes are given.
    pub settings: &'a BoxSettings,
    /// The custom token: the only secret in the user data. It serves once, and for a quarter of an hour.
    pub token: SecretString,
}

impl Birth<'_> {
    /// The user data of the server.
    ///
    /// # Errors
    ///
    /// `Invalid` if the agent's release has no file for the server's architecture, or a setting is not what it should be.
    pub fn user_data(&self, request: &Request<'_>, object: &Value) -> Result<String, ProviderError> {
        let architecture = match text(object, "server_type").is_some_and(server_types::is_arm) {
            true => "arm64",
            false => "amd64",
        };
        let files = self.settings.agent.files.get(architecture);
        let files = files.ok_or_else(|| invalid(&format!("the agent's release has no files for {architecture}")))?;
        let program = |name: &str| Download {
            url: format!("{}/{name}-{architecture}", self.settings.agent.url.trim_end_matches('/')),
            sha256: files.get(name).cloned().unwrap_or_default(),
        };
        let version = text(object, "openclaw_version").unwrap_or_default();
        let openclaw = Release::named(version).ok_or_else(|| invalid("this version of OpenClaw is not known"))?;
        let agent = AgentSettings {
            instance: id_of(self.server),
            project: self.project.to_owned(),
            api_key: self.settings.api_key.clone(),
            identity_toolkit: base(&self.settings.identity_toolkit),
            secure_token: base(&self.settings.secure_token),
            firestore: base(&self.settings.firestore),
            verification_key: Issuer::from_seed(&request.sealer.signing_seed()).verifying_key_text(),
            openclaw_user: "openclaw".into(),
        };
        user_data(&FirstBoot {
            agent,
            token: self.token.expose_secret(),
            agent_program: program("ampere-agent"),
            resolver_program: program("ampere-resolver"),
            locks: self.settings.agent.url.clone(),
            node: self.settings.agent.node(),
            openclaw,
            npm_registry: base(&self.settings.npm_registry),
            node_mirror: base(&self.settings.node_mirror),
        })
        .map_err(|error| invalid(&format!("the server's user data cannot be made: {error}")))
    }
}

fn invalid(message: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Invalid, message)
}

/// A base URL as a box appends paths to it.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
