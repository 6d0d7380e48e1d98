//! Google's credentials: what kinds there are, where they lie, and what it means when they do not serve.
//!
//! The library is Google's own, `google-cloud-auth`. A service account's key signs its own access tokens
//! (<https://google.aip.dev/auth/4111>); a workload's identity is exchanged at Google's token service; a person's saved
//! sign-in is renewed there. Which of these it is stands in the file. No error holds a byte of that file.
mod sign;

use std::path::PathBuf;
use std::time::Duration;

use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use google_cloud_auth::build_errors;
use google_cloud_auth::credentials::{
    CacheableResource, Credentials, external_account, impersonated, mds, service_account, user_account,
};
use google_cloud_auth::errors::CredentialsError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tokio::sync::Mutex;

/// Which project pays for a call, and has the API enabled: needed where a person's sign-in is used.
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

/// All that we ask of Google for ourselves: the project's own Identity Toolkit and Firestore.
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/identitytoolkit", "https://www.googleapis.com/auth/datastore"];

/// Time for a token to come. The library has no limit of its own.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where credentials are looked for.
pub(crate) enum Source {
    /// The file that a setting names.
    File(PathBuf),
    /// The setting holds the file's text.
    Text(SecretString),
    /// Nothing is set: the file of `gcloud auth application-default login`, if it is there; else the metadata service of the
    /// machine, if it has one.
    Default(Option<PathBuf>),
}

/// Credentials, read at the first call and shared by all services of Google. They have no `Debug`.
pub(crate) struct GoogleCredentials {
    source: Source,
    project: String,
    quota_project: Option<String>,
    ready: Mutex<Option<(FileKind, Credentials)>>,
}

/// What a credentials file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    ServiceAccount,
    User,
    Workload,
    Impersonated,
    /// No file: the machine itself.
    Machine,
}

impl FileKind {
    fn of(name: &str) -> Option<FileKind> {
        Some(match name {
            "service_account" => FileKind::ServiceAccount,
            "authorized_user" => FileKind::User,
            "external_account" => FileKind::Workload,
            "impersonated_service_account" => FileKind::Impersonated,
            _ => return None,
        })
    }
}

/// Why there is no token.
struct Fault {
    kind: Kind,
    message: String,
    hint: &'static str,
}

const CHECK: &str = "Check google_credentials in the provider block, or GOOGLE_APPLICATION_CREDENTIALS.";
const NONE_FOUND: &str = "Set google_credentials, or GOOGLE_APPLICATION_CREDENTIALS, to the file of a service account, or \
                          run `gcloud auth application-default login`.";

fn unusable(message: impl Into<String>, hint: &'static str) -> Fault {
    Fault { kind: Kind::Unauthenticated, message: message.into(), hint }
}

impl GoogleCredentials {
    /// Credentials that have not been looked for yet; a person's are used at the cost of `quota_project`, else of the project
    /// that the file names, else of `project`.
    pub fn new(source: Source, project: &str, quota_project: Option<String>) -> GoogleCredentials {
        GoogleCredentials { source, project: project.to_owned(), quota_project, ready: Mutex::new(None) }
    }

    /// The headers of one call.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if there are no credentials or they are refused, saying which setting names them; `Unavailable` if
    /// Google's token service does not answer.
    pub async fn headers(&self, cloud: &'static str) -> Result<HeaderMap, ProviderError> {
        self.try_headers()
            .await
            .map_err(|fault| ProviderError::new(cloud, fault.kind, fault.message).with_hint(fault.hint))
    }

    async fn try_headers(&self) -> Result<HeaderMap, Fault> {
        let (kind, credentials) = self.credentials().await?;
        let asked = tokio::time::timeout(TIMEOUT, credentials.headers(Default::default())).await;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                // The library never tries again after a failure that it takes for lasting; the next call begins anew.
                *self.ready.lock().await = None;
                return Err(refused(kind, &error));
            }
            Err(_) => return Err(no_answer()),
        };
        let CacheableResource::New { data, .. } = answer else { return Err(no_answer()) };
        let mut headers = HeaderMap::new();
        for name in [AUTHORIZATION, QUOTA_PROJECT] {
            if let Some(value) = data.get(&name) {
                let mut value = value.clone();
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }

    async fn credentials(&self) -> Result<(FileKind, Credentials), Fault> {
        let mut ready = self.ready.lock().await;
        if let Some(ready) = &*ready {
            return Ok(ready.clone());
        }
        let built = self.build()?;
        *ready = Some(built.clone());
        Ok(built)
    }

    fn build(&self) -> Result<(FileKind, Credentials), Fault> {
        let Some((kind, file)) = self.file()? else {
            let machine = mds::Builder::default().with_scopes(SCOPES);
            let machine = self.quota_project.iter().fold(machine, |b, project| b.with_quota_project_id(project));
            return Ok((FileKind::Machine, machine.build().map_err(|error| malformed(&error))?));
        };
        let given = self.quota_project.clone();
        let credentials = match kind {
            FileKind::User => {
                let of_file = file["quota_project_id"].as_str().map(str::to_owned);
                let payer = given.or(of_file).unwrap_or_else(|| self.project.clone());
                // Its scopes were chosen at the sign-in; others would be refused.
                user_account::Builder::new(file).with_quota_project_id(payer).build()
            }
            FileKind::ServiceAccount | FileKind::Machine => {
                let scopes = service_account::AccessSpecifier::from_scopes(SCOPES);
                let builder = service_account::Builder::new(file).with_access_specifier(scopes);
                given.into_iter().fold(builder, |b, project| b.with_quota_project_id(project)).build()
            }
            FileKind::Workload => {
                let builder = external_account::Builder::new(file).with_scopes(SCOPES);
                given.into_iter().fold(builder, |b, project| b.with_quota_project_id(project)).build()
            }
            FileKind::Impersonated => {
                let builder = impersonated::Builder::new(file).with_scopes(SCOPES);
                given.into_iter().fold(builder, |b, project| b.with_quota_project_id(project)).build()
            }
        };
        Ok((kind, credentials.map_err(|error| malformed(&error))?))
    }

    /// The credentials file and what it is; none if there is none and none was named.
    fn file(&self) -> Result<Option<(FileKind, Json)>, Fault> {
        let Some(text) = self.text()? else { return Ok(None) };
        let file: Json = serde_json::from_str(text.expose_secret()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            unusable(format!("the file of the Google credentials is not JSON (line {line}, column {column})"), CHECK)
        })?;
        let Some(kind) = file["type"].as_str().and_then(FileKind::of) else {
            let message = "the file of the Google credentials is of no known type: it must be service_account, \
                           external_account, impersonated_service_account or authorized_user";
            return Err(unusable(message, CHECK));
        };
        Ok(Some((kind, file)))
    }

    /// The text of the credentials file; none if there is none and none was named.
    fn text(&self) -> Result<Option<SecretString>, Fault> {
        let (path, is_named) = match &self.source {
            Source::Text(text) => return Ok(Some(text.clone())),
            Source::Default(None) => return Ok(None),
            Source::File(path) => (path, true),
            Source::Default(Some(path)) => (path, false),
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(SecretString::from(text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => Ok(None),
            Err(error) => {
                let why = match error.kind() {
                    std::io::ErrorKind::NotFound => "is not there",
                    std::io::ErrorKind::PermissionDenied => "may not be read by this user",
                    std::io::ErrorKind::InvalidData => "is no text",
                    std::io::ErrorKind::IsADirectory => "is a directory",
                    _ => "cannot be read",
                };
                Err(unusable(format!("the file of the Google credentials {why}: {}", path.display()), CHECK))
            }
        }
    }
}

/// What it means that the library cannot take a file. (Its own texts quote the file.)
fn malformed(error: &build_errors::Error) -> Fault {
    let message = match error.is_parsing() || error.is_missing_field() {
        true => "the file of the Google credentials lacks a field of its type, or has one that cannot be read",
        false => "the Google credentials are of a kind that is not supported",
    };
    unusable(message, CHECK)
}

fn no_answer() -> Fault {
    let hint = "Check that this machine reaches Google's token service; nothing was sent to the project.";
    Fault { kind: Kind::Unavailable, message: "no access token came from Google in time".into(), hint }
}

/// What it means that no token can be had. Of the library's text only OAuth's own codes are looked at (RFC 6749 §5.2,
/// RFC 8693 §2.2.2): the rest may quote the request.
fn refused(kind: FileKind, error: &CredentialsError) -> Fault {
    const CODES: [&str; 6] =
        ["invalid_grant", "invalid_client", "invalid_target", "invalid_scope", "unauthorized_client", "access_denied"];
    if kind == FileKind::Machine {
        return unusable("no usable Google credentials were found", NONE_FOUND);
    }
    if error.is_transient() {
        return no_answer();
    }
    let told = told(error);
    let code = CODES.iter().find(|code| told.contains(**code)).map(|code| format!(" ({code})")).unwrap_or_default();
    match kind {
        FileKind::User => unusable(
            format!("Google refuses the saved sign-in{code}: it has expired or was revoked"),
            "Run `gcloud auth application-default login` again.",
        ),
        FileKind::Workload if code.is_empty() && !told.contains("status") => unusable(
            "the workload's own token, which the Google credentials name, cannot be read",
            "Check credential_source in the file that google_credentials or GOOGLE_APPLICATION_CREDENTIALS names.",
        ),
        FileKind::Workload | FileKind::Impersonated => unusable(
            format!("Google's token service refuses this identity{code}"),
            "Check audience and service account in the file that google_credentials or GOOGLE_APPLICATION_CREDENTIALS names, \
             the trust that the workload identity pool has in it, and this machine's clock.",
        ),
        FileKind::ServiceAccount | FileKind::Machine => {
            unusable("the private key in the file of the Google credentials cannot be used", CHECK)
        }
    }
}

/// All that an error says, with its causes: to be searched, never to be shown.
fn told(error: &CredentialsError) -> String {
    let mut told = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        told.push_str(&format!(" {cause}"));
        next = cause.source();
    }
    told
}
