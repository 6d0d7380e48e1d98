//! A sandbox and plain HTTP calls against it.

use std::time::Duration;

use ampere_sandbox::{Config, Sandbox};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// A sandbox in memory, whose Hetzner actions take no noticeable time.
pub async fn sandbox() -> Sandbox {
    sandbox_with(Duration::ZERO).await
}

pub async fn sandbox_with(action_time: Duration) -> Sandbox {
    let config = Config { action_time, ..Config::default() };
    Sandbox::start(config).await.expect("the sandbox starts")
}

/// Calls against one sandbox.
#[derive(Clone)]
pub struct Calls {
    client: Client,
    base: String,
}

/// A status and a body; a body that is no JSON is null.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
}

/// A client. In a build of the whole workspace reqwest has no TLS provider of its own.
pub fn client() -> Client {
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::new()
}

impl Calls {
    pub fn new(sandbox: &Sandbox) -> Calls {
        let base = format!("http://{}", sandbox.address());
        Calls { client: client(), base }
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().expect("a method");
        let token = if path.starts_with("/stripe") { "sk_test_EXAMPLE" } else { "owner" };
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request("POST", path).json(&body)).await
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(self.request(method, path).json(&body)).await
    }

    /// A form-encoded call, as Stripe takes them; `form` is written as it goes over the wire.
    pub async fn form(&self, path: &str, form: &str) -> Answer {
        self.send(self.form_request(path, form)).await
    }

    pub fn form_request(&self, path: &str, form: &str) -> RequestBuilder {
        let form = form.replace('[', "%5B").replace(']', "%5D").replace('@', "%40");
        self.request("POST", path).header("content-type", "application/x-www-form-urlencoded").body(form)
    }

    pub async fn fault(&self, fault: Value) {
        self.post("/_sandbox/faults", fault).await.ok();
    }

    pub async fn advance(&self, seconds: i64) {
        self.post("/_sandbox/clock", serde_json::json!({"advance_seconds": seconds})).await.ok();
    }
}
