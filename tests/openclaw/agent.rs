//! What the agent does on a box: it takes a sealed bundle, and answers the real `ampere-resolver`.
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ampere_agent::files::{Machine, Root};
use ampere_agent::holder::{Holder, Served};
use ampere_agent::serve::Server;
use ampere_bundle::openclaw::Settings;
use ampere_bundle::{BoxKeys, Contents, Header, Issuer, Outcome, seal};
use serde_json::Value;

use crate::home::Home;

const INSTANCE: &str = "ampere-3f2a9c";
const NOW: i64 = 1_800_000_000;

pub struct Agent {
    holder: Holder,
    issuer: Issuer,
    root: PathBuf,
    _server: Server,
}

impl Agent {
    pub fn start(home: &Home, gateway_token: &str) -> Agent {
        let root = home.path().join("box");
        fs::create_dir_all(root.join("run/ampere")).expect("a directory");
        let issuer = Issuer::from_seed(&[1; 32]);
        let served = Served::default();
        let server = Server::start(Root::new(&root), None, served.clone()).expect("the agent's socket");
        let holder = Holder {
            instance: INSTANCE.into(),
            issuer: issuer.verifying_key(),
            keys: BoxKeys::generate(&[2; 64]),
            gateway_token: gateway_token.to_owned().into(),
            file: root.join("bundle"),
            disk: Arc::new(Machine),
            served,
            current: None,
        };
        Agent { holder, issuer, root, _server: server }
    }

    /// A bundle comes.
    pub fn deliver(&mut self, settings: &Settings, secrets: &[(&str, &str)]) {
        let secrets = secrets.iter().map(|(id, value)| ((*id).to_owned(), (*value).to_owned().into())).collect();
        let contents = Contents { secrets, settings: settings.clone() };
        let header = Header { instance: INSTANCE.into(), sequence: self.holder.sequence() + 1, expires: NOW + 3600 };
        let bundle = seal(&contents, &header, &self.holder.keys.public(), &self.issuer, &[3; 32]).expect("a bundle");
        let outcome = self.holder.take(&bundle, NOW).expect("the disk");
        assert!(matches!(outcome, Outcome::Applied), "{outcome:?}");
    }

    /// What the box makes of it, and what only a test says: that the agent is not where a box has it.
    pub fn configuration(&self, home: &Home) -> Value {
        let root = self.root.to_str().expect("a path of text");
        let mut configuration = home.configured(root);
        configuration["secrets"]["providers"]["ampere"]["args"] = serde_json::json!(["--root", root]);
        configuration
    }
}
