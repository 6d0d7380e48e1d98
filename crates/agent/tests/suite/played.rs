//! A box below a directory, and what one would do with it.
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ampere_agent::Agent;
use ampere_agent::configure::resolve;
use ampere_agent::files::Root;
use ampere_bundle::installed::{AgentSettings, Identity, paths};
use ampere_bundle::{
    BoxPublic, Contents, Enrolment, Header, Issuer, Outcome, Receipt, Report, mailbox, openclaw, seal,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::google::{Google, NOW};

/// The instance that is played.
pub const INSTANCE: &str = "ampere-3f2a";

/// A box that has just been made: settings, identity and token are there.
pub struct Played {
    pub root: TempDir,
}

impl Played {
    pub fn new(google: &Google) -> Played {
        Played::with_token(google, &Google::token(INSTANCE, NOW + mailbox::ENROL_WITHIN))
    }

    pub fn with_token(google: &Google, token: &str) -> Played {
        let played = Played { root: TempDir::new().unwrap() };
        let base = format!("http://{}", google.address);
        let settings = AgentSettings {
            instance: INSTANCE.into(),
            project: "demo".into(),
            api_key: "AIza-EXAMPLE".into(),
            // As some write it: with a slash at the end.
            identity_toolkit: format!("{base}/identity/"),
            secure_token: format!("{base}/secure"),
            firestore: format!("{base}/firestore"),
            verification_key: issuer().verifying_key_text(),
            openclaw_user: "openclaw".into(),
        };
        let identity = Identity { server: "4711".into(), ipv4: Some("192.0.2.7".into()), ipv6: None };
        for directory in ["/etc/ampere", paths::STATE, "/run/ampere/openclaw"] {
            fs::create_dir_all(played.at(directory)).unwrap();
        }
        fs::set_permissions(played.at(paths::STATE), Permissions::from_mode(0o700)).unwrap();
        played.write(paths::SETTINGS, &serde_json::to_string(&settings).unwrap());
        played.write(paths::IDENTITY, &serde_json::to_string(&identity).unwrap());
        played.write(paths::TOKEN, token);
        played
    }

    pub fn at(&self, path: &str) -> PathBuf {
        Root::new(self.root.path()).at(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok()
    }

    pub fn state(&self, name: &str) -> PathBuf {
        self.at(paths::STATE).join(name)
    }

    pub fn agent(&self) -> Agent {
        Agent::start(self.root.path()).unwrap()
    }

    /// What OpenClaw gets for this id, through the resolver's own code and the socket.
    pub fn secret(&self, id: &str) -> Option<String> {
        secret(self.root.path(), id)
    }
}

/// What OpenClaw gets for this id on the box below `root`.
pub fn secret(root: &Path, id: &str) -> Option<String> {
    let question = json!({"protocolVersion": 1, "provider": "ampere", "ids": [id]}).to_string();
    let mut answer = Vec::new();
    resolve(&Root::new(root), question.as_bytes(), &mut answer).ok()?;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    Some(answer["values"][id].as_str()?.to_owned())
}

pub fn issuer() -> Issuer {
    Issuer::from_seed(&[1; 32])
}

/// The keys that a box has put into its mailbox.
pub fn keys(google: &Google) -> BoxPublic {
    let text = google.field(INSTANCE, mailbox::ENROLMENT).expect("it has enrolled");
    Enrolment::open(&text, INSTANCE).unwrap().keys
}

/// What a bundle of this sequence number says in these tests.
pub fn value(sequence: u64) -> String {
    format!("sk-ant-EXAMPLE-{sequence}")
}

/// A good bundle.
pub fn bundle(google: &Google, sequence: u64) -> String {
    bundle_for(&keys(google), INSTANCE, sequence, NOW + 3600, &issuer())
}

pub fn bundle_for(keys: &BoxPublic, instance: &str, sequence: u64, expires: i64, issuer: &Issuer) -> String {
    let secrets = [("anthropic".to_owned(), value(sequence).into())].into();
    let contents = Contents { secrets, settings: openclaw::Settings::example() };
    let header = Header { instance: instance.into(), sequence, expires };
    seal(&contents, &header, keys, issuer, &[7; 32]).unwrap()
}

pub fn receipt(google: &Google) -> Option<Receipt> {
    let text = google.field(INSTANCE, mailbox::RECEIPT)?;
    Some(Receipt::open(&text, &keys(google)).unwrap())
}

pub fn outcome(google: &Google) -> Option<Outcome> {
    receipt(google).map(|receipt| receipt.outcome)
}

pub fn report(google: &Google) -> Report {
    let text = google.field(INSTANCE, mailbox::REPORT).expect("it has reported");
    Report::open(&text, &keys(google)).unwrap()
}

/// A box that has enrolled and has bundle 1 in force.
pub fn settled(google: &Google) -> (Played, Agent) {
    google.open(INSTANCE);
    let played = Played::new(google);
    let mut agent = played.agent();
    agent.step(NOW);
    google.offer(INSTANCE, &bundle(google, 1));
    agent.step(NOW + 3);
    assert_eq!((agent.trouble(), agent.sequence()), (None, 1));
    (played, agent)
}
