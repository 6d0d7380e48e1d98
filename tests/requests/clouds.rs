//! The clouds of a test: a sandbox that counts requests.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_provider::{AmpereProvider, Endpoints, Settings};
use ampere_sandbox::{Boxes, Config, Sandbox};
use serde_json::{Value as Json, json};

use crate::boxes::Agents;

/// Objects put in by one call.
const AT_ONCE: usize = 400;

/// A sandbox and what speaks to its control.
pub struct Clouds {
    /// Who is inside the servers.
    pub agents: Agents,
    sandbox: Sandbox,
    control: reqwest::Client,
}

/// Requests by what was asked for: `GET servers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(pub BTreeMap<String, u64>);

impl Requests {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

impl Clouds {
    pub async fn start() -> Clouds {
        let agents = Agents::default();
        let boxes = Some(Arc::new(agents.clone()) as Arc<dyn Boxes>);
        let config = Config { action_time: Duration::ZERO, boxes, ..Config::default() };
        let _made = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Clouds { agents, sandbox: Sandbox::start(config).await.unwrap(), control: reqwest::Client::new() }
    }

    /// A provider with connections of its own, which sees to boxes.
    pub fn provider(&self) -> Arc<AmpereProvider> {
        self.provider_for(Some(self.sandbox.endpoints().secure_token.clone()))
    }

    /// One that sees to servers alone: how often a box is asked whether it is ready depends on how fast it is.
    pub fn provider_without_boxes(&self) -> Arc<AmpereProvider> {
        self.provider_for(None)
    }

    fn provider_for(&self, secure_token: Option<String>) -> Arc<AmpereProvider> {
        let at = self.sandbox.endpoints();
        let endpoints = Endpoints {
            hetzner: at.hetzner.clone(),
            stripe: at.stripe.clone(),
            identity_toolkit: at.identity_toolkit.clone(),
            firestore: at.firestore.clone(),
            secure_token,
        };
        Arc::new(AmpereProvider::new(&Settings::sandbox(&endpoints).unwrap()).unwrap())
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Json>) -> Json {
        let url = format!("{}{path}", self.sandbox.endpoints().control);
        let request = self.control.request(method, url);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Json::Null)
    }

    /// The raw objects of a kind.
    pub async fn objects(&self, kind: &str) -> Vec<Json> {
        let found = self.call(reqwest::Method::GET, &format!("/objects/{kind}"), None).await;
        found.as_array().unwrap().clone()
    }

    /// Puts objects in.
    pub async fn insert(&self, kind: &str, objects: &[Json]) {
        for some in objects.chunks(AT_ONCE) {
            self.call(reqwest::Method::POST, &format!("/objects/{kind}"), Some(json!(some))).await;
        }
    }

    /// What was asked since this was last called.
    pub async fn requests(&self) -> Requests {
        let log = self.call(reqwest::Method::GET, "/requests", None).await;
        self.call(reqwest::Method::DELETE, "/requests", None).await;
        let mut requests = Requests::default();
        for request in log["requests"].as_array().unwrap() {
            let text = |key: &str| request[key].as_str().unwrap();
            let what = text("path").rsplit(['/', ':']).find(|part| !is_id(part)).unwrap_or_default();
            let name = format!("{} {what}", text("method"));
            *requests.0.entry(name).or_default() += request["count"].as_u64().unwrap();
        }
        requests
    }
}

/// Whether a part of a path names one object.
fn is_id(part: &str) -> bool {
    part.chars().any(|c| c.is_ascii_digit())
}
