//! The agent and the sandbox's cloud, each written from the services' documentation: they understand each other.
use ampere_agent::agent::Trouble;
use ampere_agent::mailbox::CallError;
use ampere_bundle::installed::{AgentSettings, paths};
use ampere_bundle::{Enrolment, Outcome, Receipt, Report, mailbox};
use ampere_sandbox::{Config, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::google::Google;
use crate::played::{INSTANCE, Played, bundle_for, issuer, value};

/// A cloud in which this runtime answers.
struct Cloud {
    sandbox: Sandbox,
    _runtime: Runtime,
}

impl Cloud {
    fn start() -> Cloud {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(Config::default())).unwrap();
        Cloud { sandbox, _runtime: runtime }
    }

    /// An administrator's call.
    fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url =
            format!("{}/v1/projects/demo/databases/(default)/documents/{path}", self.sandbox.endpoints().firestore);
        let request = ureq::http::Request::builder().method(method).uri(url).header("authorization", "Bearer owner");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut answer = ureq::run(request.header("content-type", "application/json").body(body).unwrap()).unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    fn now(&self) -> i64 {
        let mut answer = ureq::get(format!("{}/clock", self.sandbox.endpoints().control)).call().unwrap();
        let clock: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        clock["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
    }

    fn write(&self, fields: &[(&str, Value)]) {
        let mask: Vec<String> = fields.iter().map(|(name, _)| format!("updateMask.fieldPaths={name}")).collect();
        let fields: serde_json::Map<String, Value> = fields.iter().map(|(n, v)| ((*n).into(), v.clone())).collect();
        self.call("PATCH", &format!("ampere/{INSTANCE}?{}", mask.join("&")), Some(json!({ "fields": fields })));
    }

    fn field(&self, name: &str) -> String {
        let document = self.call("GET", &format!("ampere/{INSTANCE}"), None);
        document["fields"][name]["stringValue"].as_str().unwrap_or_default().to_owned()
    }

    fn open(&self) {
        let until = jiff::Timestamp::from_second(self.now() + mailbox::ENROL_WITHIN).unwrap().to_string();
        self.write(&[
            (mailbox::KIND_FIELD, json!({"stringValue": mailbox::KIND})),
            (mailbox::ENROL_UNTIL, json!({"timestampValue": until})),
        ]);
    }

    /// A box with a custom token for `uid`, unsigned, as for an emulator.
    fn played(&self, uid: &str) -> Played {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let audience = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
        let now = self.now();
        let claims = json!({"aud": audience, "uid": uid, "iat": now, "exp": now + 900});
        let token = format!("{}.{}.", part(json!({"alg": "none"})), part(claims));
        let played = Played::with_token(&Google::start(), &token);
        let endpoints = self.sandbox.endpoints();
        let settings: AgentSettings = serde_json::from_str(&played.read(paths::SETTINGS).unwrap()).unwrap();
        let settings = AgentSettings {
            api_key: "demo".into(),
            identity_toolkit: endpoints.identity_toolkit.clone(),
            secure_token: endpoints.secure_token.clone(),
            firestore: endpoints.firestore.clone(),
            ..settings
        };
        played.write(paths::SETTINGS, &serde_json::to_string(&settings).unwrap());
        played
    }
}

#[test]
fn a_box_lives_its_life_in_the_sandbox() {
    let cloud = Cloud::start();
    cloud.open();
    let played = cloud.played(INSTANCE);
    let mut agent = played.agent();
    agent.step(cloud.now());
    assert_eq!(agent.trouble(), None);
    let keys = Enrolment::open(&cloud.field(mailbox::ENROLMENT), INSTANCE).unwrap().keys;
    let text = bundle_for(&keys, INSTANCE, 1, cloud.now() + 3600, &issuer());
    let offered = json!({"stringValue": "1"});
    cloud.write(&[(mailbox::BUNDLE, json!({"stringValue": text})), (mailbox::OFFERED, offered)]);
    agent.step(cloud.now());
    assert_eq!((agent.trouble(), played.secret("anthropic")), (None, Some(value(1))));
    let receipt = Receipt::open(&cloud.field(mailbox::RECEIPT), &keys).unwrap();
    assert_eq!((receipt.sequence, receipt.outcome), (1, Outcome::Applied));
    assert_eq!(Report::open(&cloud.field(mailbox::REPORT), &keys).unwrap().sequence, 1);
    drop(agent);
    // Started again, it signs in with what it kept.
    let mut agent = played.agent();
    agent.step(cloud.now());
    assert_eq!(agent.trouble(), None);

    let thief = cloud.played(INSTANCE);
    let mut second = thief.agent();
    second.step(cloud.now());
    assert_eq!(second.trouble(), Some(Trouble::Refused));
    cloud.call("DELETE", &format!("ampere/{INSTANCE}"), None);
    agent.step(cloud.now());
    assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Denied)));
    assert_eq!(played.secret("anthropic"), Some(value(1)));
}

#[test]
fn another_customers_token_opens_no_mailbox() {
    let cloud = Cloud::start();
    cloud.open();
    let played = cloud.played("ampere-9999");
    let mut other = played.agent();
    other.step(cloud.now());
    assert_eq!(other.trouble(), Some(Trouble::Call(CallError::Denied)));
    assert_eq!(cloud.field(mailbox::ENROLMENT), "");
}
