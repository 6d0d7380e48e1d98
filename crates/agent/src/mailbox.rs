//! The calls to Google: signing in, reading the mailbox, writing to it.
//!
//! Identity Toolkit ([`accounts:signInWithCustomToken`]), the token service ([`token`]) and Firestore ([`get`], [`patch`]) over REST.
//!
//! [`accounts:signInWithCustomToken`]: https://docs.cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithCustomToken
//! [`token`]: https://docs.cloud.google.com/identity-platform/docs/use-rest-api#section-refresh-token
//! [`get`]: https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.documents/get
//! [`patch`]: https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.documents/patch
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ampere_bundle::installed::AgentSettings;
use ampere_bundle::mailbox::COLLECTION;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use ureq::http::{Method, Request, request::Builder};
use ureq::tls::{TlsConfig, TlsProvider};
use zeroize::Zeroizing;

/// An answer longer than this is not read: a bundle with room around it.
const LONGEST_ANSWER: u64 = 512 * 1024;
/// How long a call may take, with all that belongs to it.
const PATIENCE: Duration = Duration::from_secs(20);
/// An id token is renewed when it has less than this left.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// What Identity Toolkit says of a token that will never be good again. Everything else may pass.
const FINAL: [&str; 5] =
    ["INVALID_CUSTOM_TOKEN", "CREDENTIAL_MISMATCH", "TOKEN_EXPIRED", "USER_DISABLED", "USER_NOT_FOUND"];

/// Why a call brought nothing. Nothing of the answer is in it.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// Nobody answered, or a service that is not well.
    #[error("the mailbox cannot be reached")]
    Unreachable,
    /// The token is not, or no longer, good.
    #[error("the token was refused")]
    Token,
    /// The rules refuse it. So they do when there is no mailbox.
    #[error("the mailbox is gone, or its rules refuse it")]
    Denied,
    /// An answer that cannot be understood.
    #[error("the answer cannot be understood, or has the status {0}")]
    Answer(u16),
}

/// A mailbox's fields, as far as they were asked for and are there. What is no text is empty.
pub type Document = BTreeMap<String, String>;

/// What both services answer that give tokens, each with names of its own.
#[derive(Deserialize)]
struct Tokens {
    #[serde(alias = "idToken")]
    id_token: Zeroizing<String>,
    #[serde(alias = "refreshToken")]
    refresh_token: Zeroizing<String>,
    #[serde(alias = "expiresIn")]
    expires_in: String,
}

/// The box's way to its mailbox.
pub struct Mailbox {
    http: ureq::Agent,
    settings: AgentSettings,
    id_token: Option<(Zeroizing<String>, Instant)>,
    /// The time by the `Date` of the last answer, in seconds since 1970.
    pub date: Option<i64>,
}

impl Mailbox {
    /// A mailbox that nobody has asked yet.
    ///
    /// Certificates are judged by Mozilla's roots, compiled in; no proxy is used, whatever the environment says; a redirection
    /// is an answer that cannot be understood.
    pub fn new(settings: AgentSettings) -> Mailbox {
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder().provider(TlsProvider::Rustls).unversioned_rustls_crypto_provider(crypto).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("ampere-agent/", env!("CARGO_PKG_VERSION")))
            .build();
        Mailbox { http: config.new_agent(), settings, id_token: None, date: None }
    }

    /// Whether calls may be made with the id token there is.
    pub fn is_signed_in(&self) -> bool {
        self.id_token.as_ref().is_some_and(|(_, until)| *until > Instant::now())
    }

    /// Forgets the id token.
    pub fn sign_out(&mut self) {
        self.id_token = None;
    }

    /// Signs in with the single-use token. Gives the refresh token.
    ///
    /// # Errors
    /// [`CallError`]; `Token` when this token will never be good again.
    pub fn sign_in(&mut self, token: &str) -> Result<Zeroizing<String>, CallError> {
        let AgentSettings { identity_toolkit: base, api_key, .. } = &self.settings;
        let base = base.trim_end_matches('/');
        let url = format!("{base}/v1/accounts:signInWithCustomToken?key={}", encoded(api_key));
        let body = Zeroizing::new(json!({ "token": token, "returnSecureToken": true }).to_string());
        self.exchange(&url, "application/json", &body)
    }

    /// Signs in again. Gives the refresh token for the next time.
    ///
    /// # Errors
    /// [`CallError`]; `Token` when this token will never be good again.
    pub fn refresh(&mut self, refresh_token: &str) -> Result<Zeroizing<String>, CallError> {
        let base = self.settings.secure_token.trim_end_matches('/');
        let url = format!("{base}/v1/token?key={}", encoded(&self.settings.api_key));
        let body = Zeroizing::new(format!("grant_type=refresh_token&refresh_token={}", encoded(refresh_token)));
        self.exchange(&url, "application/x-www-form-urlencoded", &body)
    }

    /// These fields of the mailbox.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn get(&mut self, fields: &[&str]) -> Result<Document, CallError> {
        let mask: Vec<String> = fields.iter().map(|field| format!("mask.fieldPaths={field}")).collect();
        let url = format!("{}?{}", self.document(), mask.join("&"));
        self.firestore(Method::GET, &url, Vec::new())
    }

    /// Writes these fields, and leaves the others as they are. A mailbox that is gone stays gone.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn patch(&mut self, fields: &[(&str, String)]) -> Result<(), CallError> {
        let mask: Vec<String> = fields.iter().map(|(field, _)| format!("updateMask.fieldPaths={field}")).collect();
        // The answer is the document, bundle and all, unless it is masked.
        let url =
            format!("{}?{}&currentDocument.exists=true&mask.fieldPaths=ampereKind", self.document(), mask.join("&"));
        let fields: BTreeMap<_, _> =
            fields.iter().map(|(name, text)| (*name, json!({ "stringValue": text }))).collect();
        self.firestore(Method::PATCH, &url, json!({ "fields": fields }).to_string().into_bytes()).map(drop)
    }

    fn document(&self) -> String {
        let AgentSettings { firestore: base, project, instance, .. } = &self.settings;
        let base = base.trim_end_matches('/');
        format!("{base}/v1/projects/{project}/databases/(default)/documents/{COLLECTION}/{instance}")
    }

    /// One token for others: an id token for now, and a refresh token for later.
    fn exchange(&mut self, url: &str, form: &str, body: &str) -> Result<Zeroizing<String>, CallError> {
        let (status, answer) = self.call(Request::post(url).header("content-type", form), body.as_bytes().to_vec())?;
        match status {
            200 => {}
            400..=403 if says_final(&answer) => return Err(CallError::Token),
            status => return Err(failure(status)),
        }
        let tokens: Tokens = serde_json::from_slice(&answer).map_err(|_| CallError::Answer(200))?;
        let lifetime = Duration::from_secs(tokens.expires_in.parse().unwrap_or(0).min(3600)).saturating_sub(MARGIN);
        self.id_token = Some((tokens.id_token, Instant::now() + lifetime));
        Ok(tokens.refresh_token)
    }

    fn firestore(&mut self, method: Method, url: &str, body: Vec<u8>) -> Result<Document, CallError> {
        let token = self.id_token.as_ref().map(|(token, _)| token.as_str()).unwrap_or_default();
        let authorization = Zeroizing::new(format!("Bearer {token}"));
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", "application/json")
            .header("authorization", authorization.as_str());
        let (status, answer) = self.call(request, body)?;
        match status {
            200 => {}
            401 => {
                self.id_token = None;
                return Err(CallError::Token);
            }
            status => return Err(failure(status)),
        }
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| CallError::Answer(200))?;
        let text = |value: &Value| value["stringValue"].as_str().unwrap_or_default().to_owned();
        let fields = answer["fields"].as_object().into_iter().flatten();
        Ok(fields.map(|(field, value)| (field.clone(), text(value))).collect())
    }

    fn call(&mut self, request: Builder, body: Vec<u8>) -> Result<(u16, Zeroizing<Vec<u8>>), CallError> {
        let request = request.body(body).map_err(|_| CallError::Answer(0))?;
        let empty = request.body().is_empty();
        let answer = if empty { self.http.run(request.map(|_| ())) } else { self.http.run(request) };
        let mut answer = answer.map_err(|_| CallError::Unreachable)?;
        self.date = answer.headers().get("date").and_then(|value| seconds(value.to_str().ok()?));
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        let body = Zeroizing::new(body.map_err(|_| CallError::Unreachable)?);
        Ok((answer.status().as_u16(), body))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Seconds since 1970 of an HTTP date (RFC 9110, 5.6.7).
fn seconds(date: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(date).ok()?;
    i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn failure(status: u16) -> CallError {
    match status {
        403 => CallError::Denied,
        408 | 429 | 500.. => CallError::Unreachable,
        status => CallError::Answer(status),
    }
}

/// Whether an error of Identity Toolkit (`{"error": {"message": "TOKEN_EXPIRED"}}`) is one that no waiting cures.
fn says_final(answer: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    FINAL.iter().any(|name| message.starts_with(name))
}
