//! Google's public keys, remembered as long as Google says.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::IdTokenError;
use crate::http::{by_status, failure_of_exchange};

/// For messages.
const CLOUD: &str = "Firebase Auth";
/// Keys are asked for no more often than this, however many tokens name keys that nobody has.
const REST: SignedDuration = SignedDuration::from_secs(60);
/// How long keys hold when Google does not say.
const UNSAID: SignedDuration = SignedDuration::from_mins(5);
/// How long keys hold at most, whatever an answer says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Time for one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer: two or three keys are about 2 KiB.
const MOST_BYTES: usize = 256 << 10;
/// The longest key id that is looked for.
const LONGEST_ID: usize = 256;

/// Where the keys are, and those that were fetched last.
pub(super) struct Keys {
    client: Client,
    url: Url,
    held: RwLock<Held>,
    /// Held while keys are fetched, so that one request serves all who wait; when the last one was made.
    asked: Mutex<Option<Timestamp>>,
}

/// Keys by id, and until when they count. They are renewed before that, so that a failure leaves time for another try.
#[derive(Clone, Default)]
struct Held {
    keys: BTreeMap<String, Arc<DecodingKey>>,
    renew_at: Option<Timestamp>,
    good_until: Option<Timestamp>,
}

impl Held {
    fn key(&self, id: &str, now: Timestamp) -> Option<Arc<DecodingKey>> {
        self.keys.get(id).filter(|_| self.good_until.is_some_and(|until| now < until)).cloned()
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.renew_at.is_none_or(|at| now >= at)
    }
}

impl Keys {
    /// Keys of which none has been fetched yet.
    pub(super) fn new(client: Client, url: Url) -> Keys {
        Keys { client, url, held: RwLock::default(), asked: Mutex::default() }
    }

    /// The key of an id.
    ///
    /// # Errors
    ///
    /// `UnknownKey` for one that is not among the latest keys; `KeysUnavailable` if there are none that still count.
    pub(super) async fn key(&self, id: &str, now: Timestamp) -> Result<Arc<DecodingKey>, IdTokenError> {
        if id.len() > LONGEST_ID {
            return Err(IdTokenError::UnknownKey);
        }
        let held = self.held();
        if let Some(key) = held.key(id, now).filter(|_| !held.is_due(now)) {
            return Ok(key);
        }
        let failure = self.renew(id, now).await.err();
        match (self.held().key(id, now), failure) {
            (Some(key), _) => Ok(key),
            (None, Some(failure)) => Err(IdTokenError::KeysUnavailable(failure)),
            (None, None) => Err(IdTokenError::UnknownKey),
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the keys, unless somebody else just did, or nobody may yet.
    async fn renew(&self, id: &str, now: Timestamp) -> Result<(), ProviderError> {
        let mut asked = self.asked.lock().await;
        let held = self.held();
        if held.key(id, now).is_some() && !held.is_due(now) {
            return Ok(());
        }
        if asked.is_some_and(|at| now.duration_since(at).abs() < REST) {
            return match held.good_until.is_some_and(|until| now < until) {
                true => Ok(()),
                false => Err(unavailable("they could not be fetched a moment ago")),
            };
        }
        *asked = Some(now);
        let fetched = self.fetch(now).await?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = fetched;
        Ok(())
    }

    async fn fetch(&self, now: Timestamp) -> Result<Held, ProviderError> {
        let place = format!("GET {}", self.url.path());
        let host = self.url.host_str().unwrap_or("?");
        let failed = |error| failure_of_exchange(CLOUD, host, &place, &error);
        let mut answer = self.client.get(self.url.clone()).timeout(TIMEOUT).send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(by_status(CLOUD, &place, status, None));
        }
        let lasting = lasting(answer.headers());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err(malformed(&place, "is too long"));
            }
        }
        let keys = read(&body).ok_or_else(|| malformed(&place, "holds no key set"))?;
        tracing::debug!(keys = keys.len(), ?lasting, "fetched the keys that sign id tokens");
        let at = |lasting: SignedDuration| now.checked_add(lasting).ok();
        Ok(Held { keys, renew_at: at(lasting * 3 / 4), good_until: at(lasting) })
    }
}

/// The RSA keys of a key set (RFC 7517); others are none of ours. None if there is no key in it at all.
pub(super) fn read(body: &[u8]) -> Option<BTreeMap<String, Arc<DecodingKey>>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Jwk {
        kid: String,
        kty: String,
        alg: Option<String>,
        r#use: Option<String>,
        n: String,
        e: String,
    }
    let set: Set = serde_json::from_slice(body).ok()?;
    let fits = |key: &Jwk| {
        let signs = key.r#use.as_deref().is_none_or(|to| to == "sig");
        !key.kid.is_empty() && key.kty == "RSA" && signs && key.alg.as_deref().is_none_or(|alg| alg == "RS256")
    };
    let keys = set.keys.into_iter().filter(fits).filter_map(|key| {
        let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
        Some((key.kid, Arc::new(decoding)))
    });
    Some(keys.collect::<BTreeMap<_, _>>()).filter(|keys| !keys.is_empty())
}

/// How long an answer may be remembered: `max-age` less the time it spent in caches (RFC 9111 §4.2).
fn lasting(headers: &HeaderMap) -> SignedDuration {
    let seconds = |text: &str| text.trim().parse().ok().map(SignedDuration::from_secs);
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = control.split(',').find_map(|part| seconds(part.trim().strip_prefix("max-age=")?));
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()).and_then(seconds).unwrap_or_default();
    said.unwrap_or(UNSAID).saturating_sub(age).clamp(REST, LONGEST)
}

fn malformed(place: &str, what: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Malformed, format!("the answer to {place} {what}"))
}

fn unavailable(what: &str) -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, what)
        .with_hint("Check that this machine reaches www.googleapis.com.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(control: &str, age: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, control.parse().unwrap());
        headers.insert(AGE, age.parse().unwrap());
        headers
    }

    #[test]
    fn keys_hold_as_long_as_the_answer_says_within_reason() {
        let hour = |n| SignedDuration::from_hours(n);
        assert_eq!(lasting(&headers("public, max-age=21600, must-revalidate", "3600")), hour(5));
        assert_eq!(lasting(&HeaderMap::new()), UNSAID);
        assert_eq!(lasting(&headers("max-age=9999999999", "0")), LONGEST);
        assert_eq!(lasting(&headers("no-store, max-age=0", "nonsense")), REST);
        assert_eq!(lasting(&headers("max-age=9223372036854775807", "-9223372036854775808")), LONGEST);
    }

    #[test]
    fn only_keys_that_sign_with_rs256_are_taken() {
        let key = |kid: &str, rest: &str| format!(r#"{{"kid": "{kid}", "n": "sXch", "e": "AQAB", {rest}}}"#);
        let keys = [
            key("good", r#""kty": "RSA", "alg": "RS256", "use": "sig""#),
            key("secret", r#""kty": "oct", "alg": "HS256", "k": "c2VjcmV0""#),
            key("encrypts", r#""kty": "RSA", "use": "enc""#),
            key("", r#""kty": "RSA""#),
        ];
        let read = read(format!(r#"{{"keys": [{}]}}"#, keys.join(",")).as_bytes()).unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["good"]);
        for nothing in ["{}", r#"{"keys": []}"#, "<html>", ""] {
            assert!(super::read(nothing.as_bytes()).is_none(), "{nothing}");
        }
    }
}
