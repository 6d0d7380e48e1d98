//! Hetzner's error bodies: <https://docs.hetzner.cloud/reference/cloud#errors>.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::world::NotWritten;

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Value,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), details: Value::Null }
    }

    /// 404: there is no such object.
    pub(crate) fn not_found(kind: &str, id: impl std::fmt::Display) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", format!("{kind} with ID '{id}' not found"))
    }

    /// 422: a field of the request is wrong.
    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Refusal {
        let mut refusal = Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_input",
            format!("invalid input in field '{field}'"),
        );
        refusal.details = json!({"fields": [{"name": field, "messages": [message.into()]}]});
        refusal
    }

    /// 409: another object already has this name or fingerprint.
    pub(crate) fn not_unique(message: impl Into<String>, field: &str) -> Refusal {
        let mut refusal = Refusal::new(StatusCode::CONFLICT, "uniqueness_error", message);
        refusal.details = json!({"fields": [{"name": field}]});
        refusal
    }

    /// 423: an action is under way on the object.
    pub(crate) fn locked(kind: &str) -> Refusal {
        Refusal::new(StatusCode::LOCKED, "locked", format!("{kind} is locked"))
    }

    /// 422 with a code of its own.
    pub(crate) fn unprocessable(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// What the real service answers with this status when it fails by itself.
    pub(crate) fn failure(status: StatusCode) -> Refusal {
        let (code, message) = match status.as_u16() {
            401 => ("unauthorized", "unable to authenticate"),
            403 => ("forbidden", "insufficient permissions for this request"),
            404 => ("not_found", "not found"),
            405 => ("method_not_allowed", "method not allowed"),
            409 => ("conflict", "the resource has changed during the request, please retry"),
            423 => ("locked", "item is locked"),
            429 => ("rate_limit_exceeded", "limit of 3600 requests per hour reached"),
            503 => ("unavailable", "service is temporarily unavailable"),
            400..=499 => ("invalid_input", "invalid input"),
            _ => ("server_error", "an internal server error occurred"),
        };
        Refusal::new(status, code, message)
    }
}

impl From<NotWritten> for Refusal {
    fn from(error: NotWritten) -> Refusal {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal { status, code, message, details } = self;
        let body = json!({"error": {"code": code, "message": message, "details": details}});
        (status, Json(body)).into_response()
    }
}
