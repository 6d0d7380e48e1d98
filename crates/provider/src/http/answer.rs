//! What a cloud answered.
use std::time::Duration;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// A whole answer. It has no `Debug`: bodies hold personal data, and one (a created server's) may hold a password, so the
/// bytes are wiped when dropped.
pub(crate) struct Answer {
    /// Whose it is.
    pub cloud: &'static str,
    /// To what, e.g. `GET /servers`.
    pub place: String,
    /// The status code.
    pub status: u16,
    /// `Retry-After`, or when the rate limit says it is over.
    pub retry_after: Option<Duration>,
    /// The body, whole.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON of a type. The text of a JSON error quotes the body, so only the place is kept of it.
    ///
    /// # Errors
    ///
    /// `Malformed`, with the byte at which reading stopped.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let why = match error.classify() {
                serde_json::error::Category::Eof => "ends too early",
                serde_json::error::Category::Data => "lacks a field or has one of another type",
                _ if self.body.is_empty() => "is empty",
                _ => "is not JSON",
            };
            let message = format!(
                "the answer to {} (status {}) {why} (line {}, column {})",
                self.place,
                self.status,
                error.line(),
                error.column()
            );
            ProviderError::new(self.cloud, ProviderErrorKind::Malformed, message)
        })
    }
}
