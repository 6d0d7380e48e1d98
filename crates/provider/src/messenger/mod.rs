//! Messages to people: by SMTP, or by a webhook of whoever runs the service (promise U4).
//!
//! | URL in `AMPERE_NOTICE_URL` | is |
//! |---|---|
//! | `smtp://user:password@host:587` | SMTP; the connection must turn to TLS (STARTTLS) before anything is said |
//! | `smtps://user:password@host:465` | SMTP over TLS from the first byte |
//! | `smtp://localhost:25` | SMTP without TLS, to this machine only (`?tls=required` for TLS) |
//! | `https://token@host/path` | a webhook: one JSON document a message |
//!
//! Every message bears its notice's id, the same at each attempt: as `Message-ID`, or as `Idempotency-Key`.
mod settings;
mod smtp;
mod webhook;

pub use settings::{NoticeSettings, NoticeSettingsError};

use std::sync::Arc;

use ampere_core::notice::Messenger;

/// A messenger as the settings say.
///
/// # Errors
/// TLS cannot be set up.
pub fn messenger(settings: &NoticeSettings) -> Result<Arc<dyn Messenger>, NoticeSettingsError> {
    Ok(match &settings.transport {
        settings::Transport::Smtp(server) => Arc::new(smtp::Smtp::new(server, &settings.from)?),
        settings::Transport::Webhook(hook) => Arc::new(webhook::Webhook::new(hook, &settings.from)?),
    })
}
