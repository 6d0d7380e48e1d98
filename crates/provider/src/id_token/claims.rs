//! What a token says, and what it must say.
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{IdTokenError, Person};

/// The longest token that is looked at. Firebase's are about 1 KiB, and custom claims add 1000 bytes at most.
pub(super) const MOST_BYTES: usize = 16 << 10;
/// How far clocks may be apart.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);
/// The longest uid.
const LONGEST_UID: usize = 128;

/// Whom a token must be for and from.
#[derive(Debug)]
pub(super) struct Rules {
    audience: String,
    issuer: String,
}

impl Rules {
    /// A project's.
    pub(super) fn of_project(project: &str) -> Rules {
        Rules { audience: project.to_owned(), issuer: format!("https://securetoken.google.com/{project}") }
    }
}

/// The claims of a token whose signature holds. Every one but the last group must be there, and of its type.
#[derive(Deserialize)]
pub(super) struct Claims {
    /// A text: a token for several audiences is none of Firebase's.
    aud: String,
    iss: String,
    sub: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    firebase: Firebase,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Firebase {
    sign_in_provider: Option<String>,
    tenant: Option<String>,
}

impl Claims {
    /// Verifies the signature and reads the claims.
    ///
    /// # Errors
    ///
    /// `Signature` before anything of the claims has been looked at; then what they lack.
    pub(super) fn read(token: &str, key: &DecodingKey, rules: &Rules) -> Result<Claims, IdTokenError> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[&rules.audience]);
        validation.set_issuer(&[&rules.issuer]);
        // Times are compared below, with the clock that we were given.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let read = jsonwebtoken::decode::<Claims>(token, key, &validation);
        // The library's texts quote claims, so only the kind of its error is looked at.
        read.map(|data| data.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => IdTokenError::Signature,
            ErrorKind::InvalidAudience => IdTokenError::Audience,
            ErrorKind::InvalidIssuer => IdTokenError::Issuer,
            ErrorKind::InvalidAlgorithm => IdTokenError::Algorithm,
            _ => IdTokenError::Malformed,
        })
    }

    /// Whom the claims name.
    ///
    /// # Errors
    ///
    /// What about them does not hold now.
    pub(super) fn person(self, rules: &Rules, now: Timestamp) -> Result<Person, IdTokenError> {
        // Said by the library already; said again because nothing else stands between two projects.
        if self.aud != rules.audience {
            return Err(IdTokenError::Audience);
        }
        if self.iss != rules.issuer {
            return Err(IdTokenError::Issuer);
        }
        let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|_| IdTokenError::Malformed);
        let (expires, issued, signed_in_at) = (time(self.exp)?, time(self.iat)?, time(self.auth_time)?);
        if now.duration_since(expires) >= LEEWAY {
            return Err(IdTokenError::Expired);
        }
        if issued.duration_since(now) > LEEWAY || signed_in_at.duration_since(now) > LEEWAY {
            return Err(IdTokenError::NotYetValid);
        }
        if self.sub.is_empty() || self.sub.chars().count() > LONGEST_UID {
            return Err(IdTokenError::Subject);
        }
        if self.firebase.tenant.is_some() {
            return Err(IdTokenError::Tenant);
        }
        Ok(Person {
            uid: self.sub,
            email: self.email.filter(|email| !email.is_empty()),
            email_verified: self.email_verified,
            sign_in_provider: self.firebase.sign_in_provider,
            signed_in_at,
        })
    }
}
