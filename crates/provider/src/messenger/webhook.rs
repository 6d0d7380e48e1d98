//! Messages as JSON documents to a webhook.
use std::time::Duration;

use ampere_core::notice::{Message, Messenger, MessengerError};
use async_trait::async_trait;
use lettre::message::Mailbox;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::NoticeSettingsError;
use super::settings::Hook;
use crate::http::client;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends to one URL.
pub(super) struct Webhook {
    client: Client,
    url: Url,
    token: Option<SecretString>,
    from: String,
}

impl Webhook {
    /// Sends there in that name.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub(super) fn new(hook: &Hook, from: &Mailbox) -> Result<Webhook, NoticeSettingsError> {
        let client = client(hook.url.scheme() == "https").map_err(|_| NoticeSettingsError::Tls)?;
        let token = hook.token.as_ref().map(|token| SecretString::from(token.expose_secret()));
        Ok(Webhook { client, url: hook.url.clone(), token, from: from.to_string() })
    }
}

#[async_trait]
impl Messenger for Webhook {
    async fn send(&self, message: &Message) -> Result<(), MessengerError> {
        let document = json!({
            "id": message.id.to_string(),
            "kind": message.kind.as_str(),
            "from": self.from,
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
        });
        let mut request = self.client.post(self.url.clone()).timeout(TIMEOUT).json(&document);
        request = request.header("Idempotency-Key", message.id.to_string());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        match request.send().await {
            Ok(answer) => judged(answer.status().as_u16()),
            Err(error) if error.is_connect() => Err(MessengerError::Down("the webhook cannot be reached".into())),
            Err(error) if error.is_timeout() => Err(MessengerError::Later("the webhook did not answer in time".into())),
            Err(_) => Err(MessengerError::Later("the connection to the webhook broke".into())),
        }
    }
}

/// What a status means (RFC 9110 §15).
fn judged(status: u16) -> Result<(), MessengerError> {
    match status {
        200..=299 => Ok(()),
        // Of the message itself.
        400 | 410 | 413 | 422 => Err(MessengerError::Refused(format!("the webhook refused it (status {status})"))),
        408 | 409 | 425 | 500..=599 => Err(MessengerError::Later(format!("the webhook failed (status {status})"))),
        // Login, place, method, redirects, too many: the same for every message.
        _ => Err(MessengerError::Down(format!("the webhook takes nothing (status {status})"))),
    }
}
