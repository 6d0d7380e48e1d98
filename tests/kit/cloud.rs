//! A sandbox of the test's own, and its control calls.
use std::collections::BTreeMap;

use ampere_sandbox::{Config, Sandbox};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What is made, changed and deleted at the clouds.
const KINDS: [(&str, &str); 9] = [
    ("hetzner", "servers"),
    ("hetzner", "firewalls"),
    ("hetzner", "ssh_keys"),
    ("hetzner", "primary_ips"),
    ("hetzner", "volumes"),
    ("stripe", "customers"),
    ("stripe", "subscriptions"),
    ("identity_toolkit", "accounts"),
    ("firestore", "documents"),
];

/// How a mark of ours looks in labels, metadata, claims and fields.
const MARKS: [&str; 4] = ["ampere-stack", "ampere_stack", "ampereStack", "\\\"ampere\\\""];

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
        // The command's TLS is compiled in and leaves the choice of its cryptography to whoever makes a client. It was made
        // already if this is not the first cloud of this process.
        let _made = rustls::crypto::aws_lc_rs::default_provider().install_default();
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
            ("GOOGLE_CLOUD_PROJECT", "demo-ampere".into()),
            ("GOOGLE_OAUTH_ACCESS_TOKEN", "owner".into()),
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

    /// Orders a fault (see the sandbox's documentation).
    pub fn fault(&self, fault: Value) {
        self.control("POST", "/faults", Some(fault));
    }

    /// All that the clouds hold, by cloud and kind, without the sandbox's catalogues and what it remembers of the past.
    pub fn holdings(&self) -> BTreeMap<String, Vec<Value>> {
        let kinds = KINDS.iter().map(|(cloud, kind)| {
            let mut objects = self.objects(cloud, kind);
            objects.retain(|object| object["deleted"] != true && object["status"] != "canceled");
            (format!("{cloud}/{kind}"), objects)
        });
        kinds.filter(|(_, objects)| !objects.is_empty()).collect()
    }

    /// The objects of [`Cloud::holdings`] that bear a mark of ours.
    pub fn ours(&self) -> Vec<Value> {
        let all = self.holdings().into_values().flatten();
        all.filter(|object| MARKS.iter().any(|mark| object.to_string().contains(mark))).collect()
    }

    /// What was asked since the last call of this: method, path and how often.
    pub fn requests(&self) -> Vec<(String, u64)> {
        let log = self.control("GET", "/requests", None);
        self.control("DELETE", "/requests", None);
        let requests = log["requests"].as_array().expect("a list of requests");
        let told = |request: &Value| {
            let text = |key: &str| request[key].as_str().expect("a text").to_owned();
            (format!("{} {}", text("method"), text("path")), request["count"].as_u64().expect("a number"))
        };
        requests.iter().map(told).collect()
    }
}
