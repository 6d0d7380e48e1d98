//! Who is at the other end: verification of Firebase's id tokens, for a backend that embeds Ampere (promise U2).
//!
//! A person signs in with Firebase in the browser; the browser sends the id token along; the backend asks a [`Verifier`] and
//! gets a [`Person`], or a reason to refuse. Nothing is made for, or shown to, anybody who did not prove who they are.
//! The rules are those of
//! <https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library>.
mod claims;
mod error;
mod keys;

pub use error::IdTokenError;

use std::sync::Arc;

use ampere_core::clock::Clock;
use jiff::Timestamp;
use jsonwebtoken::Algorithm;

use crate::firebase::{GOOGLE, Identity};
use crate::http::{self, Endpoint};
use crate::provider::SetupError;
use crate::settings::Settings;
use claims::{Claims, MOST_BYTES, Rules};
use keys::Keys;

/// Reads a key set.
#[cfg(fuzzing)]
pub(crate) fn read_keys(body: &[u8]) {
    keys::read(body);
}

/// Somebody who proved who they are.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// The uid of their Firebase user.
    pub uid: String,
    /// Their email address, if the user has one.
    pub email: Option<String>,
    /// Whether Firebase, or the provider they signed in with, knows the address to be theirs.
    pub email_verified: bool,
    /// How they signed in, e.g. `google.com`.
    pub sign_in_provider: Option<String>,
    /// When they signed in. (A session renews its tokens every hour; this stays.)
    pub signed_in_at: Timestamp,
}

/// The uid alone: an address is personal data, and `Debug` ends up in logs.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// How far a verification looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The user is looked up: one that was disabled, deleted, or signed out everywhere is refused at once. One call to
    /// Firebase Auth for each verification.
    Checked,
    /// What the token says holds until it expires, at most an hour. No call.
    Unchecked,
}

/// Verifies id tokens of one Firebase project. It is made once and shared: it remembers Google's keys.
///
/// ```no_run
/// use std::sync::Arc;
/// use ampere_provider::id_token::{Revocation, Verifier};
/// # async fn signed_in(settings: &ampere_provider::Settings, clock: Arc<dyn ampere_core::clock::Clock>, token: &str)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let verifier = Verifier::new(settings, clock)?;
/// let person = verifier.verify(token, Revocation::Checked).await?;
/// println!("{} signed in with {:?}", person.uid, person.sign_in_provider);
/// # Ok(())
/// # }
/// ```
pub struct Verifier {
    rules: Rules,
    keys: Keys,
    users: Identity,
    clock: Arc<dyn Clock>,
}

/// The project alone.
impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Verifier {
    /// The verifier of the project that the settings name. No call is made.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if the TLS or HTTP library refuses.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Verifier, SetupError> {
        let needs_tls = settings.needs_tls() || settings.id_token_keys.scheme() == "https";
        let client = http::client(needs_tls).map_err(SetupError)?;
        let users = Endpoint::new(
            "Firebase Auth",
            client.clone(),
            settings.identity_toolkit.clone(),
            settings.google_authorization(),
            settings.google_headers(),
            GOOGLE,
        );
        Ok(Verifier {
            rules: Rules::of_project(&settings.google_project),
            keys: Keys::new(client, settings.id_token_keys.clone()),
            users: Identity::new(users, &settings.google_project),
            clock,
        })
    }

    /// Who a token's bearer is.
    ///
    /// # Errors
    ///
    /// Why the token does not count; or, as [`IdTokenError::KeysUnavailable`] and [`IdTokenError::Lookup`], why it cannot be
    /// told at the moment. No variant holds any part of the token.
    pub async fn verify(&self, token: &str, revocation: Revocation) -> Result<Person, IdTokenError> {
        // Before anything is decoded: a token of Firebase's is below 4 KiB.
        if token.len() > MOST_BYTES {
            return Err(IdTokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdTokenError::Malformed)?;
        if header.alg != Algorithm::RS256 {
            return Err(IdTokenError::Algorithm);
        }
        let id = header.kid.ok_or(IdTokenError::UnknownKey)?;
        let now = self.clock.now();
        let key = self.keys.key(&id, now).await?;
        let claims = Claims::read(token, &key, &self.rules)?;
        let person = claims.person(&self.rules, self.clock.now())?;
        if revocation == Revocation::Checked {
            self.check_revocation(&person).await?;
        }
        Ok(person)
    }

    async fn check_revocation(&self, person: &Person) -> Result<(), IdTokenError> {
        let user = self.users.lookup(&person.uid).await.map_err(IdTokenError::Lookup)?;
        let user = user.ok_or(IdTokenError::NoSuchUser)?;
        if user.disabled {
            return Err(IdTokenError::Disabled);
        }
        if user.valid_since.is_some_and(|since| person.signed_in_at < since) {
            return Err(IdTokenError::Revoked);
        }
        Ok(())
    }
}
