//! A sandbox of the test's own, and its control calls.
use ampere_sandbox::{Config, Sandbox};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A cloud in memory, on a port of its own, alive as long as this value.
pub struct Cloud {
    sandbox: Sandbox,
    client: reqwest::Client,
    runtime: Runtime,
}

impl Cloud {
    /// Starts one.
    pub fn start() -> Cloud {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let config = Config { directory: None, action_time: std::time::Duration::from_millis(20), ..Config::default() };
        let sandbox = runtime.block_on(Sandbox::start(config)).expect("the sandbox starts on loopback");
        Cloud { sandbox, client: reqwest::Client::new(), runtime }
    }

    /// What a shell would be given so that `ampere` speaks to this cloud.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let at = self.sandbox.endpoints();
        vec![
            ("HCLOUD_ENDPOINT", at.hetzner.clone()),
            ("HCLOUD_TOKEN", "test-token".into()),
            ("STRIPE_API_BASE", at.stripe.clone()),
            ("STRIPE_API_KEY", "sk_test_EXAMPLE".into()),
            ("AMPERE_IDENTITY_TOOLKIT_ENDPOINT", at.identity_toolkit.clone()),
            ("AMPERE_FIRESTORE_ENDPOINT", at.firestore.clone()),
            ("AMPERE_GOOGLE_PROJECT", "demo-test".into()),
        ]
    }

    /// A control call, e.g. `("POST", "/clock", Some({"advance_seconds": 60}))`; panics unless it succeeds.
    pub fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.sandbox.endpoints().control);
        let request = self.client.request(method.parse().expect("a method"), url);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.runtime.block_on(async {
            let answer = request.send().await.expect("the sandbox answers");
            let status = answer.status();
            let text = answer.text().await.expect("a body");
            assert!(status.is_success(), "{method} {path}: {status} {text}");
            serde_json::from_str(&text).unwrap_or(Value::Null)
        })
    }

    /// The raw objects of a kind.
    pub fn objects(&self, cloud: &str, kind: &str) -> Vec<Value> {
        match self.control("GET", &format!("/objects/{cloud}/{kind}"), None) {
            Value::Array(objects) => objects,
            Value::Object(mut map) => match map.remove("objects") {
                Some(Value::Array(objects)) => objects,
                _ => panic!("no list of objects"),
            },
            _ => panic!("no list of objects"),
        }
    }
}
