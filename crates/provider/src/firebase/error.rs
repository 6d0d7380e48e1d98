//! Google's error bodies: `{"error": {"code", "message", "status"}}`.
//!
//! Identity Toolkit puts its code into `message` (`EMAIL_EXISTS`, `WEAK_PASSWORD : …`), Firestore into `status`. Mapping
//! goes by these codes; the rest of the text may quote the request and is dropped.
use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use serde::Deserialize;

use crate::http::{Answer, by_status};

/// A refusal, with the code a caller may want to look at before it gives up.
pub(crate) struct Refusal {
    /// e.g. `EMAIL_EXISTS`, `ALREADY_EXISTS`
    pub code: String,
    /// What it becomes if nobody handles it.
    pub error: ProviderError,
}

impl From<Refusal> for ProviderError {
    fn from(refusal: Refusal) -> ProviderError {
        refusal.error
    }
}

impl From<ProviderError> for Refusal {
    fn from(error: ProviderError) -> Refusal {
        Refusal { code: String::new(), error }
    }
}

#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Inner {
    message: String,
    status: String,
    details: Vec<Detail>,
}

/// `google.rpc.ErrorInfo`, among other kinds of details.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Detail {
    reason: String,
}

/// Reasons that say more than the status does: <https://cloud.google.com/apis/design/errors#error_info>.
const REASONS: [&str; 5] = [
    "SERVICE_DISABLED",
    "USER_PROJECT_DENIED",
    "CONSUMER_INVALID",
    "CONSUMER_SUSPENDED",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
];

const CREDENTIALS: &str = "Check google_credentials in the provider block, or GOOGLE_APPLICATION_CREDENTIALS; a token in \
                           GOOGLE_OAUTH_ACCESS_TOKEN lasts an hour. A key that was deleted, and a clock that is minutes off, \
                           are refused as well.";
const ROLES: &str = "Check google_project (GOOGLE_CLOUD_PROJECT). There, the service account needs the roles Firebase \
                     Authentication Admin and Cloud Datastore User.";

/// What a refused answer means.
pub(crate) fn refusal(answer: &Answer) -> Refusal {
    let general = by_status(answer.cloud, &answer.place, answer.status, answer.retry_after);
    // A stream (`runQuery`) wraps the body into an array.
    let body = serde_json::from_slice::<Body>(&answer.body)
        .or_else(|_| serde_json::from_slice::<[Body; 1]>(&answer.body).map(|[body]| body));
    let Ok(Body { error }) = body else { return Refusal { code: String::new(), error: general } };
    let code = code(&error);
    let (kind, message, hint, attribute) = match code.as_str() {
        "EMAIL_EXISTS" => (
            Kind::Conflict,
            "another user of this Firebase project has this email address",
            "Use another address, or import the existing user: `ampere import ADDRESS UID`.",
            Some("email"),
        ),
        "INVALID_EMAIL" | "MISSING_EMAIL" => {
            (Kind::Invalid, "Firebase refuses the email address", "Write it as name@example.com.", Some("email"))
        }
        "DUPLICATE_LOCAL_ID" => (Kind::Conflict, "the uid is taken", "Run the plan again.", None),
        "USER_NOT_FOUND" => (Kind::NotFound, "there is no such user", "Run the plan again.", Some("account")),
        "CLAIMS_TOO_LARGE" => (
            Kind::Invalid,
            "the user's custom claims are longer than 1000 bytes",
            "Remove claims of your own; Ampere needs about 90 bytes.",
            None,
        ),
        "QUOTA_EXCEEDED" | "TOO_MANY_ATTEMPTS_TRY_LATER" | "RESOURCE_EXHAUSTED" => (
            Kind::RateLimited { retry_after: answer.retry_after },
            "the project's quota is used up for now",
            "Wait, or lower -parallelism.",
            None,
        ),
        "CONFIGURATION_NOT_FOUND" => (
            Kind::Invalid,
            "the project has no Firebase Authentication",
            "Turn it on in the Firebase console, under Authentication.",
            None,
        ),
        "PROJECT_NOT_FOUND" | "INVALID_PROJECT_ID" => (
            Kind::Invalid,
            "there is no such Google Cloud project",
            "Check google_project in the provider block, or GOOGLE_CLOUD_PROJECT.",
            None,
        ),
        "UNAUTHENTICATED" | "INVALID_ID_TOKEN" | "CREDENTIAL_TOO_OLD_LOGIN_AGAIN" => {
            (Kind::Unauthenticated, "the Google credentials were refused", CREDENTIALS, None)
        }
        "SERVICE_DISABLED" => (
            Kind::Forbidden,
            "this API is not enabled in the project that pays for the call",
            "Enable it in the Google Cloud console, or name another project by google_quota_project or \
             GOOGLE_CLOUD_QUOTA_PROJECT.",
            None,
        ),
        "USER_PROJECT_DENIED" | "CONSUMER_INVALID" | "CONSUMER_SUSPENDED" => (
            Kind::Forbidden,
            "the project that pays for the call does not exist, or these credentials may not use it",
            "Check google_project and google_quota_project (GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_QUOTA_PROJECT).",
            None,
        ),
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => (
            Kind::Forbidden,
            "the access token is not for this API",
            "Make it with the scope https://www.googleapis.com/auth/cloud-platform, or give google_credentials instead.",
            None,
        ),
        "PERMISSION_DENIED" | "INSUFFICIENT_PERMISSION" => {
            (Kind::Forbidden, "the Google credentials do not allow it in this project", ROLES, None)
        }
        "ALREADY_EXISTS" => (Kind::Conflict, "the document is there already", "Run the plan again.", None),
        "NOT_FOUND" => (
            Kind::NotFound,
            "there is no such object",
            "If no database was ever made in this project, make the Firestore database (default) first.",
            None,
        ),
        "FAILED_PRECONDITION" => {
            (Kind::Invalid, "a precondition of the write does not hold", "Run the plan again.", None)
        }
        "ABORTED" | "UNAVAILABLE" | "INTERNAL" => (Kind::Unavailable, "the service failed", "Try again.", None),
        "DEADLINE_EXCEEDED" => (Kind::Unknown, "the service gave up waiting for itself", "Try again.", None),
        _ => return Refusal { code, error: with_advice(general) },
    };
    let mut error =
        ProviderError::new(answer.cloud, kind, format!("{}: {message} ({code})", answer.place)).with_hint(hint);
    error.attribute = attribute;
    Refusal { code, error }
}

/// The code: a reason that is known, else what looks like a code in front of `message`, else `status`.
fn code(error: &Inner) -> String {
    if let Some(reason) = REASONS.into_iter().find(|reason| error.details.iter().any(|detail| detail.reason == *reason))
    {
        return reason.to_owned();
    }
    let first = error.message.split([' ', ':']).next().unwrap_or("");
    let is_code = first.len() > 3 && first.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let code = if is_code { first } else { &error.status };
    if code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        code.to_owned()
    } else {
        String::new()
    }
}

fn with_advice(error: ProviderError) -> ProviderError {
    match error.kind {
        Kind::Unauthenticated => error.with_hint(CREDENTIALS),
        Kind::Forbidden => error.with_hint(ROLES),
        _ => error,
    }
}
