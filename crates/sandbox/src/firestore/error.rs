//! Google's error bodies: <https://cloud.google.com/apis/design/errors>.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::world::NotWritten;

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: StatusCode,
    status: &'static str,
    message: String,
    /// Whether the call answers a stream, in which an error is one item.
    streamed: bool,
}

impl Refusal {
    fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { code, status, message: message.into(), streamed: false }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(crate) fn already_exists(name: &str) -> Refusal {
        let message = format!("Document already exists: {name}");
        Refusal::new(StatusCode::CONFLICT, "ALREADY_EXISTS", message)
    }

    pub(crate) fn failed_precondition(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "FAILED_PRECONDITION", message)
    }

    /// 501: the real service can do it and the sandbox cannot.
    pub(crate) fn unimplemented(what: &str) -> Refusal {
        let message = format!("the sandbox does not implement {what}");
        Refusal::new(StatusCode::NOT_IMPLEMENTED, "UNIMPLEMENTED", message)
    }

    /// 403: the rules do not allow it.
    pub(crate) fn denied() -> Refusal {
        Refusal::failure(StatusCode::FORBIDDEN)
    }

    /// The same in a call that answers a stream.
    pub(crate) fn streamed(self) -> Refusal {
        Refusal { streamed: true, ..self }
    }

    /// What the real service answers with this status when it fails by itself.
    pub(crate) fn failure(code: StatusCode) -> Refusal {
        let (status, message) = match code.as_u16() {
            401 => ("UNAUTHENTICATED", "Missing or invalid authentication."),
            403 => ("PERMISSION_DENIED", "Missing or insufficient permissions."),
            404 => ("NOT_FOUND", "Requested entity was not found."),
            409 => ("ABORTED", "Too much contention on these documents. Please try again."),
            429 => ("RESOURCE_EXHAUSTED", "Quota exceeded."),
            503 => ("UNAVAILABLE", "The service is temporarily unavailable."),
            504 => ("DEADLINE_EXCEEDED", "The request timed out. Please try again."),
            400..=499 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
            _ => ("INTERNAL", "An internal error occurred."),
        };
        Refusal::new(code, status, message)
    }
}

impl From<NotWritten> for Refusal {
    fn from(_: NotWritten) -> Refusal {
        Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal { code, status, message, streamed } = self;
        let body = json!({"error": {"code": code.as_u16(), "message": message, "status": status}});
        let body = if streamed { json!([body]) } else { body };
        (code, Json(body)).into_response()
    }
}
