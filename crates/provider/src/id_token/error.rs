//! Why a token does not count.
use ampere_core::provider::ProviderError;

/// Why nobody can be told from a token. It holds no part of the token, and no name of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// It is not three parts of base64url, not JSON, lacks a claim, or is far too long.
    #[error("the id token is malformed")]
    Malformed,
    /// It is signed with something else than RS256, or not at all.
    #[error("the id token is not signed with RS256")]
    Algorithm,
    /// It names no key, or one that Google does not publish.
    #[error("the id token is signed with a key that Google does not publish")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature of the id token is wrong")]
    Signature,
    /// It was issued for another project.
    #[error("the id token is for another Firebase project")]
    Audience,
    /// It was issued by somebody else.
    #[error("the id token was issued by somebody else")]
    Issuer,
    /// Its hour is over: the browser must renew it.
    #[error("the id token has expired")]
    Expired,
    /// It was issued, or its bearer signed in, in the future: one of the clocks is wrong.
    #[error("the id token is not valid yet: is the clock right?")]
    NotYetValid,
    /// Its subject is empty or longer than a uid can be.
    #[error("the id token names nobody")]
    Subject,
    /// It belongs to a tenant of Identity Platform, whose uids are not the project's.
    #[error("the id token belongs to a tenant of the project")]
    Tenant,
    /// Its bearer was signed out everywhere since.
    #[error("the sign-in has been revoked")]
    Revoked,
    /// Its bearer's user was disabled.
    #[error("the user is disabled")]
    Disabled,
    /// Its bearer's user was deleted.
    #[error("the user does not exist any more")]
    NoSuchUser,
    /// Google's keys cannot be had at the moment.
    #[error("the keys that sign id tokens cannot be fetched at the moment")]
    KeysUnavailable(#[source] ProviderError),
    /// The user cannot be looked up at the moment.
    #[error("the user cannot be looked up at the moment")]
    Lookup(#[source] ProviderError),
}

impl IdTokenError {
    /// Whether the token is to blame (answer 401), and not something that may pass (answer 503).
    pub fn is_refusal(&self) -> bool {
        !matches!(self, IdTokenError::KeysUnavailable(_) | IdTokenError::Lookup(_))
    }
}
