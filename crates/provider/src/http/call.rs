//! Requests, built apart from being sent.
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Serialize;

/// A request to a cloud: everything but base URL and credentials.
#[derive(Clone, PartialEq)]
pub(crate) struct Call {
    /// The verb.
    pub method: Method,
    /// Below the base URL, with a leading slash, percent-encoded.
    pub path: String,
    /// Not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// What is sent.
    pub payload: Payload,
    /// `Idempotency-Key`, where the cloud knows such a thing.
    pub idempotency_key: Option<String>,
    /// Whether it changes nothing, and so may be repeated freely.
    pub reads: bool,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Payload {
    /// None.
    Empty,
    /// `application/json`
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`
    Form(Vec<(String, String)>),
}

impl Call {
    /// A read.
    pub fn get(path: impl Into<String>) -> Call {
        Call { reads: true, ..Call::new(Method::GET, path) }
    }

    /// A call that may change something.
    pub fn new(method: Method, path: impl Into<String>) -> Call {
        Call {
            method,
            path: path.into(),
            query: Vec::new(),
            payload: Payload::Empty,
            idempotency_key: None,
            reads: false,
        }
    }

    /// `POST`
    pub fn post(path: impl Into<String>) -> Call {
        Call::new(Method::POST, path)
    }

    /// `DELETE`
    pub fn delete(path: impl Into<String>) -> Call {
        Call::new(Method::DELETE, path)
    }

    /// One more query parameter.
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Call {
        self.query.push((name, value.to_string()));
        self
    }

    /// A JSON body. Our own request types always serialize; one that did not would be sent as `null` and refused.
    pub fn json(mut self, body: impl Serialize) -> Call {
        self.payload = Payload::Json(serde_json::to_value(body).unwrap_or_default());
        self
    }

    /// A form body.
    pub fn form(mut self, fields: Vec<(String, String)>) -> Call {
        self.payload = Payload::Form(fields);
        self
    }

    /// With an idempotency key.
    pub fn idempotent(mut self, key: impl Into<String>) -> Call {
        self.idempotency_key = Some(key.into());
        self
    }

    /// A `POST` that changes nothing (a query with a body).
    pub fn read_only(mut self) -> Call {
        self.reads = true;
        self
    }

    /// `GET /servers`: what diagnostics and logs may say of it.
    pub fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Verb and path alone: queries and bodies hold personal data.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One segment of a path, percent-encoded, so that an id from a state file cannot reach another path.
pub(crate) fn segment(text: &str) -> String {
    let encoded = utf8_percent_encode(text, UNRESERVED).to_string();
    // A URL parser takes `..` and `%2E%2E` out of the path; an object of that name cannot exist anywhere.
    if encoded.chars().all(|c| c == '.') { encoded.replace('.', "%252E") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(segment("cus_1"), "cus_1");
        assert_eq!(segment("../customers?x=1#y"), "..%2Fcustomers%3Fx%3D1%23y");
        assert_eq!(segment(".."), "%252E%252E");
    }

    #[test]
    fn debug_tells_neither_query_nor_body() {
        let call = Call::post("/v1/customers").query("email", "ada@example.com").form(vec![("a".into(), "b".into())]);
        assert_eq!(format!("{call:?}"), "POST /v1/customers");
    }
}
