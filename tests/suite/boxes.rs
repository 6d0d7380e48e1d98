//! What the sandbox leaves on a box, as the agent reads it: the two own their forms apart from each other.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_bundle::installed::{AgentSettings, Identity, OpenClawStatus, paths};
use ampere_bundle::{Inspection, openclaw};
use ampere_provider::first_boot::{Download, FirstBoot, Node, user_data};
use ampere_sandbox::{Boxes, Config, Sandbox};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Where the first box is.
#[derive(Default)]
struct First(Mutex<Option<PathBuf>>);

impl Boxes for First {
    fn power_on(&self, _server: u64, root: &Path) {
        *self.0.lock().expect("no panic while held") = Some(root.to_owned());
    }

    fn power_off(&self, _server: u64) {}
}

fn read<T: DeserializeOwned>(root: &Path, path: &str) -> T {
    let text =
        std::fs::read_to_string(root.join(path.trim_start_matches('/'))).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn settings() -> AgentSettings {
    AgentSettings {
        instance: "ampere-0011-2233".into(),
        project: "demo-ampere".into(),
        api_key: "EXAMPLE".into(),
        identity_toolkit: "http://127.0.0.1:1/identitytoolkit.googleapis.com".into(),
        secure_token: "http://127.0.0.1:1/securetoken.googleapis.com".into(),
        firestore: "http://127.0.0.1:1/firestore".into(),
        verification_key: "EXAMPLE".into(),
        openclaw_user: "openclaw".into(),
    }
}

fn first_boot() -> String {
    let program = |name: &str| Download { url: format!("https://get.example.com/{name}"), sha256: "00".repeat(32) };
    let first_boot = FirstBoot {
        agent: settings(),
        token: "header.EXAMPLE.signature",
        agent_program: program("ampere-agent"),
        resolver_program: program("ampere-resolver"),
        locks: "https://get.example.com".into(),
        node: Node::pinned(),
        openclaw: openclaw::DEFAULT,
        npm_registry: FirstBoot::NPM_REGISTRY.into(),
        node_mirror: FirstBoot::NODE_MIRROR.into(),
    };
    user_data(&first_boot).expect("it is in order")
}

#[tokio::test]
async fn a_box_of_the_sandbox_finds_what_a_real_one_finds() {
    let first = Arc::new(First::default());
    let config = Config { action_time: Duration::ZERO, boxes: Some(first.clone()), ..Config::default() };
    let sandbox = Sandbox::start(config).await.expect("the sandbox starts on loopback");
    let _made = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let body =
        json!({"name": settings().instance, "server_type": "cx33", "image": "debian-13", "user_data": first_boot()});
    let request =
        reqwest::Client::new().post(format!("{}/servers", sandbox.endpoints().hetzner)).bearer_auth("EXAMPLE");
    let server: serde_json::Value = request.json(&body).send().await.expect("an answer").json().await.expect("JSON");
    let root = || first.0.lock().expect("no panic while held").clone();
    for _ in 0..500 {
        if root().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let root = root().expect("the box is on");

    assert_eq!(read::<AgentSettings>(&root, paths::SETTINGS), settings());
    let token = root.join(paths::TOKEN.trim_start_matches('/'));
    assert_eq!(std::fs::read_to_string(token).expect("a token"), "header.EXAMPLE.signature");
    let identity: Identity = read(&root, paths::IDENTITY);
    assert_eq!(identity.server, server["server"]["id"].to_string());
    assert_eq!(json!(identity.ipv4), server["server"]["public_net"]["ipv4"]["ip"]);
    let inspection: Inspection = read(&root, paths::INSPECTION);
    assert!(inspection.at > 0 && inspection.root_locked && inspection.metadata_closed == Some(true));
    let clean =
        Inspection { at: inspection.at, root_locked: true, metadata_closed: Some(true), ..Inspection::default() };
    assert_eq!(inspection, clean);
    let status: OpenClawStatus = read(&root, paths::OPENCLAW_STATUS);
    assert_eq!(status.openclaw.as_deref(), Some(openclaw::DEFAULT.version));
    assert_eq!(status.node.as_deref(), Some(Node::pinned().version.as_str()));
    assert_eq!((status.gateway, status.restarts, status.secrets), (Some(true), Some(0), Some(0)));
    assert_eq!(status.security["summary"]["critical"], 0);
}
