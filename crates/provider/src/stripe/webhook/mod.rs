//! What Stripe says by webhook, checked (<https://docs.stripe.com/webhooks#verify-manually>).
//!
//! A webhook is a *hint*: it may be lost, late, doubled, out of order, or forged by whoever learned the signing secret. So
//! nothing of it is believed but that something may have happened to an object, and the only thing to do about it is to list
//! sooner. What the object is then, the listing says.
//!
//! ```
//! use ampere_provider::stripe_webhook::{Received, WebhookVerifier};
//!
//! let verifier = WebhookVerifier::new(["whsec_EXAMPLE".to_owned()])?;
//! let header = "t=1795370400,v1=4de0bb84441e9e37e47b6fc5d8cfcbe6f8ea3a2b8f9a7a3b5a0b7ffbf7a3b9bc";
//! let refused = verifier.verify(Some(header), b"{}", "2026-11-22T18:00:00Z".parse()?);
//! assert_eq!(refused.unwrap_err().status(), 400);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod hint;
mod replay;
mod signature;

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

pub use hint::Hint;
use replay::Seen;

/// Reads an event that nobody signed.
#[cfg(fuzzing)]
pub(crate) fn read_unsigned(body: &[u8]) {
    let _ = hint::read(body);
}

/// The header that bears time and signatures.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// The largest body that is worth reading: 256 KiB, several times Stripe's largest event about a subscription. A listener
/// stops reading there.
pub const MAX_BODY: usize = 256 << 10;
/// How far the time of signing may lie from ours, in either direction: what Stripe's own libraries take.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Checks webhooks of one endpoint. It has no `Debug`: it holds secrets.
pub struct WebhookVerifier {
    secrets: Vec<SecretString>,
    seen: Mutex<Seen>,
}

/// A webhook that Stripe signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// One that was not seen before.
    New(Hint),
    /// One whose event was received already: Stripe delivered it twice, or somebody recorded and replayed it. It is answered
    /// like any other (else Stripe repeats it for days), and there is nothing to do.
    Repeated,
}

/// Why a webhook is not believed. No text of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The body is larger than [`MAX_BODY`].
    #[error("the webhook is larger than {} KiB", MAX_BODY >> 10)]
    TooLarge,
    /// There is no [`SIGNATURE_HEADER`].
    #[error("the webhook bears no Stripe-Signature header")]
    Unsigned,
    /// The header is not `t=…,v1=…`.
    #[error("the Stripe-Signature header has no time, or no signature of the scheme v1")]
    Header,
    /// No signature fits.
    #[error("no signature of the webhook fits: it is not Stripe's, or the signing secret is that of another endpoint")]
    Forged,
    /// It was signed too long ago: it was held up or recorded, or a clock is wrong.
    #[error("the webhook was signed {seconds} s ago, more than {} s: is this machine's clock right?", TOLERANCE.as_secs())]
    Stale {
        /// Its age.
        seconds: i64,
    },
    /// It was signed in the future: a clock is wrong.
    #[error("the webhook was signed {seconds} s in the future, more than {} s: is this machine's clock right?", TOLERANCE.as_secs())]
    Early {
        /// Seconds until then.
        seconds: i64,
    },
    /// It is signed and yet no event.
    #[error("the webhook is signed, and its body is no event of Stripe's")]
    Malformed,
}

impl WebhookError {
    /// The status that a listener answers with.
    pub fn status(&self) -> u16 {
        match self {
            WebhookError::TooLarge => 413,
            _ => 400,
        }
    }
}

/// There is no signing secret to check with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret of Stripe's (whsec_…) is empty, or none is given")]
pub struct NoSecret;

impl WebhookVerifier {
    /// Checks with any of these signing secrets: while one is rolled, Stripe signs with both.
    ///
    /// # Errors
    ///
    /// [`NoSecret`] if there is none, or one is empty (with which anybody could sign).
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Result<WebhookVerifier, NoSecret> {
        let secrets: Vec<SecretString> = secrets.into_iter().map(SecretString::from).collect();
        match secrets.is_empty() || secrets.iter().any(|secret| secret.expose_secret().trim().is_empty()) {
            true => Err(NoSecret),
            false => Ok(WebhookVerifier { secrets, seen: Mutex::default() }),
        }
    }

    /// Checks a webhook that came at a time: its size, its signature, its age, and whether it came before.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]: it is not to be believed, not even as a hint.
    pub fn verify(&self, header: Option<&str>, body: &[u8], now: Timestamp) -> Result<Received, WebhookError> {
        if body.len() > MAX_BODY {
            return Err(WebhookError::TooLarge);
        }
        let signed = signature::read(header.ok_or(WebhookError::Unsigned)?).ok_or(WebhookError::Header)?;
        let secrets = self.secrets.iter().map(|secret| secret.expose_secret().as_bytes());
        if !signature::fits(&signed, body, secrets) {
            return Err(WebhookError::Forged);
        }
        let age = now.as_second().saturating_sub(signed.at);
        match age {
            seconds if seconds > TOLERANCE.as_secs() => return Err(WebhookError::Stale { seconds }),
            seconds if seconds < -TOLERANCE.as_secs() => return Err(WebhookError::Early { seconds: -seconds }),
            _ => {}
        }
        let (event, hint) = hint::read(body).ok_or(WebhookError::Malformed)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(if seen.insert(&event) { Received::New(hint) } else { Received::Repeated })
    }
}
