//! Stripe's error bodies: <https://docs.stripe.com/api/errors>.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::world::NotWritten;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    decline: bool,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Refusal {
        let message = message.into();
        Refusal { status, kind, code: None, param: None, message, decline: false }
    }

    /// 400: the request cannot be done.
    pub(crate) fn bad(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// The object the URL names does not exist: 404.
    pub(crate) fn no_such(kind: &str, id: &str) -> Refusal {
        Refusal { status: StatusCode::NOT_FOUND, ..Refusal::no_such_param(kind, id, "id") }
    }

    /// An object a parameter names does not exist: 400.
    pub(crate) fn no_such_param(kind: &str, id: &str, param: &str) -> Refusal {
        Refusal::bad(format!("No such {kind}: '{id}'")).code("resource_missing").param(param)
    }

    /// 400: a required parameter is missing.
    pub(crate) fn missing(param: &str) -> Refusal {
        Refusal::bad(format!("Missing required param: {param}.")).code("parameter_missing").param(param)
    }

    /// 402: the card was declined.
    pub(crate) fn declined() -> Refusal {
        let mut refusal = Refusal::new(StatusCode::PAYMENT_REQUIRED, "card_error", "Your card was declined.");
        refusal.decline = true;
        refusal.code("card_declined")
    }

    /// 402: the bank wants the customer's confirmation.
    pub(crate) fn needs_action(code: &'static str) -> Refusal {
        let message = "Payment for this subscription requires additional user action before it can be completed.";
        Refusal::new(StatusCode::PAYMENT_REQUIRED, "card_error", message).code(code)
    }

    /// 400, or 409 while the first request still runs.
    pub(crate) fn idempotency(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    pub(crate) fn code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    pub(crate) fn param(mut self, param: &str) -> Refusal {
        self.param = Some(param.to_owned());
        self
    }

    /// What the real service answers with this status when it fails by itself.
    pub(crate) fn failure(status: StatusCode) -> Refusal {
        let (kind, message) = match status.as_u16() {
            401 => ("invalid_request_error", "Invalid API Key provided: ****"),
            403 => {
                ("invalid_request_error", "The provided key does not have the required permissions for this endpoint.")
            }
            404 => ("invalid_request_error", "Unrecognized request URL."),
            409 => ("invalid_request_error", "This object cannot be accessed right now."),
            429 => ("invalid_request_error", "Request rate limit exceeded."),
            402 => ("card_error", "Your card was declined."),
            400..=499 => ("invalid_request_error", "The request was unacceptable."),
            _ => ("api_error", "An error occurred with our connection to our services."),
        };
        let refusal = Refusal::new(status, kind, message);
        match status.as_u16() {
            429 => refusal.code("rate_limit"),
            409 => refusal.code("lock_timeout"),
            _ => refusal,
        }
    }

    pub(crate) fn with_message(mut self, message: String) -> Refusal {
        self.message = message;
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether Stripe keeps this answer under the idempotency key: not when nothing was begun.
    pub(crate) fn is_remembered(&self) -> bool {
        let unstarted = matches!(self.code, Some("parameter_missing" | "parameter_unknown"));
        self.kind != "idempotency_error" && !unstarted && self.status != StatusCode::NOT_FOUND
    }

    /// The body.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        if self.decline {
            error["decline_code"] = json!("generic_decline");
        }
        json!({"error": error})
    }
}

impl From<NotWritten> for Refusal {
    fn from(_: NotWritten) -> Refusal {
        Refusal::failure(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
