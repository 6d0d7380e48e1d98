//! Google's older error bodies, as Identity Toolkit answers them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::world::NotWritten;

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    reason: &'static str,
}

impl Refusal {
    /// 400 with one of the documented codes, which stand in the message.
    pub(crate) fn bad(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, message: message.into(), reason: "invalid" }
    }

    /// 403: a client's call without an API key.
    pub(crate) fn no_key() -> Refusal {
        let message = "The request is missing a valid API key.".to_owned();
        Refusal { status: StatusCode::FORBIDDEN, message, reason: "forbidden" }
    }

    /// What the real service answers with this status when it fails by itself.
    pub(crate) fn failure(status: StatusCode) -> Refusal {
        let (message, reason) = match status.as_u16() {
            401 => (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, \
                 login cookie or other valid authentication credential.",
                "authError",
            ),
            403 => ("The caller does not have permission", "forbidden"),
            404 => ("Not Found", "notFound"),
            429 => ("QUOTA_EXCEEDED : Exceeded quota.", "rateLimitExceeded"),
            503 => ("The service is currently unavailable.", "backendError"),
            400..=499 => ("INVALID_ARGUMENT", "invalid"),
            _ => ("Internal error encountered.", "backendError"),
        };
        Refusal { status, message: message.to_owned(), reason }
    }
}

impl From<NotWritten> for Refusal {
    fn from(_: NotWritten) -> Refusal {
        Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let named = match self.status.as_u16() {
            401 => Some("UNAUTHENTICATED"),
            403 => Some("PERMISSION_DENIED"),
            429 => Some("RESOURCE_EXHAUSTED"),
            500 => Some("INTERNAL"),
            503 => Some("UNAVAILABLE"),
            _ => None,
        };
        let mut body = json!({"error": {
            "code": self.status.as_u16(),
            "message": self.message,
            "errors": [{"message": self.message, "domain": "global", "reason": self.reason}],
        }});
        if let Some(named) = named {
            body["error"]["status"] = json!(named);
        }
        (self.status, Json(body)).into_response()
    }
}
