//! A customer with one instance, made by the `ampere` command, and the box's side of it: who the sandbox says it is.
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ampere_bundle::installed::{AgentSettings, paths};
use ampere_bundle::{BoxPublic, Enrolment, Report, mailbox};
use ampere_tests::Cloud;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::{ARCHITECTURE, CLOUD, Lab, MIRROR, programs, release, sha256};
use crate::machine::text;
use crate::services::FILES;

/// A directory with a configuration, and a cloud.
pub struct Customer<'a> {
    lab: &'a Lab,
    cloud: &'a Cloud,
    directory: TempDir,
    /// What the release says the agent's hash is.
    agent: String,
}

/// A server, as the sandbox made it.
#[derive(Clone)]
pub struct Server {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its IPv4 address.
    pub address: String,
    /// What it was given.
    pub user_data: String,
}

impl Server {
    /// A file that its user data writes.
    pub fn file(&self, path: &str) -> String {
        let text = self.user_data.strip_prefix("#cloud-config\n").expect("a cloud-config");
        let config: Value = serde_json::from_str(text).expect("JSON");
        let files = config["write_files"].as_array().expect("files");
        let file = files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("{path} is not written"));
        file["content"].as_str().expect("a text").to_owned()
    }
}

/// An apply under way.
pub struct Apply {
    child: Child,
    log: PathBuf,
}

impl<'a> Customer<'a> {
    /// A customer with this Anthropic key.
    pub fn new(lab: &'a Lab, cloud: &'a Cloud, key: &str) -> Customer<'a> {
        let directory = tempfile::tempdir_in(&lab.scratch).expect("a directory");
        let customer = Customer { lab, cloud, directory, agent: shipped("ampere-agent") };
        customer.change(&[]);
        customer.change_key(key);
        customer
    }

    /// Has the release name another hash of the agent than that of the file.
    pub fn expect_agent(&mut self, sha256: String) {
        self.agent = sha256;
    }

    /// Has another key for the next apply.
    pub fn change_key(&self, key: &str) {
        self.write(
            "terraform.tfvars",
            &format!("anthropic_api_key = \"{key}\"\ntelegram_bot_token = \"42:EXAMPLE\"\n"),
        );
    }

    /// Has another configuration for the next apply: each of these words of `customer.tf` replaced by another.
    pub fn change(&self, words: &[(&str, &str)]) {
        let mut text = include_str!("customer.tf").to_owned();
        for (word, other) in words {
            assert!(text.contains(word), "{word}");
            text = text.replace(word, other);
        }
        self.write("main.tf", &text);
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).expect("written");
    }

    /// Starts `ampere apply`.
    pub fn apply(&self) -> Apply {
        let log = self.directory.path().join("apply.log");
        let output = File::create(&log).expect("made");
        let mut command = self.ampere(&["apply", "-auto-approve", "-no-color"]);
        let child = command.stdin(Stdio::null()).stdout(output.try_clone().expect("a second handle")).stderr(output);
        Apply { child: child.spawn().expect("ampere runs"), log }
    }

    /// What `ampere instance status` says.
    pub fn status(&self) -> String {
        text(&self.ampere(&["instance", "status", "ampere_instance.ada"]).output().expect("ampere runs"))
    }

    fn ampere(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs().join("ampere"));
        command.args(arguments).current_dir(self.directory.path());
        command.envs(self.cloud.environment());
        let resolver = shipped("ampere-resolver");
        let node = sha256(&self.lab.node());
        let manifest = json!({
            "url": format!("http://{MIRROR}:{FILES}"),
            "node": {"version": "24.21.0", "sha256_amd64": node, "sha256_arm64": node},
            "files": {"amd64": {"ampere-agent": self.agent, "ampere-resolver": resolver}},
        });
        let port = self.port();
        command
            .env("AMPERE_SECURE_TOKEN_ENDPOINT", format!("http://127.0.0.1:{port}/securetoken.googleapis.com"))
            .env("AMPERE_MAILBOX_ENDPOINT", format!("http://{CLOUD}:{port}"))
            .env("AMPERE_FIREBASE_API_KEY", "demo-ampere")
            .env("AMPERE_AGENT_MANIFEST", manifest.to_string())
            // The box's own loopback: see machine::connect.
            .env("AMPERE_NPM_REGISTRY", "http://127.0.0.1:4873")
            .env("AMPERE_NODE_MIRROR", "http://127.0.0.1:8000");
        command
    }

    fn port(&self) -> u16 {
        port_of(self.cloud)
    }

    /// The server, once there is one.
    pub fn server(&self) -> Option<Server> {
        let server = self.cloud.objects("hetzner", "servers").pop()?;
        let id = server["public_net"]["ipv4"]["id"].as_u64()?;
        let addresses = self.cloud.objects("hetzner", "primary_ips");
        let address = addresses.iter().find(|address| address["id"] == id)?;
        Some(Server {
            id: server["id"].as_u64()?,
            name: server["name"].as_str()?.to_owned(),
            address: address["ip"].as_str()?.to_owned(),
            user_data: server["_sandbox"]["user_data"].as_str()?.to_owned(),
        })
    }

    /// A field of the box's mailbox.
    pub fn field(&self, name: &str) -> Option<String> {
        self.mailbox()?["fields"][name]["stringValue"].as_str().map(str::to_owned)
    }

    /// When the box was sealed.
    pub fn sealed_at(&self) -> String {
        let mailbox = self.mailbox().expect("it has a mailbox");
        mailbox["fields"][mailbox::SEALED_AT]["timestampValue"].as_str().expect("it is sealed").to_owned()
    }

    fn mailbox(&self) -> Option<Value> {
        let documents = self.cloud.objects("firestore", "documents");
        documents.into_iter().find(|it| is(it, mailbox::KIND_FIELD, mailbox::KIND))
    }

    /// The instance's id: the mailbox's.
    pub fn instance(&self) -> String {
        let server = self.server().expect("it has a server");
        let settings: AgentSettings =
            serde_json::from_str(&server.file(paths::SETTINGS)).expect("the agent's settings");
        settings.instance
    }

    /// What the box signed when it enrolled.
    pub fn enrolment(&self, instance: &str) -> Option<Enrolment> {
        self.field(mailbox::ENROLMENT).map(|text| Enrolment::open(&text, instance).expect("the box signed it"))
    }

    /// What the box last reported.
    pub fn report(&self, keys: &BoxPublic) -> Option<Report> {
        self.field(mailbox::REPORT).map(|text| Report::open(&text, keys).expect("the box signed it"))
    }
}

impl Apply {
    /// Whether it has ended; panics if it failed.
    pub fn has_ended(&mut self) -> bool {
        let Some(status) = self.child.try_wait().expect("a child") else { return false };
        assert!(status.success(), "ampere apply: {status}\n{}", self.words());
        true
    }

    /// What it has said.
    pub fn words(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// Waits for its end; panics if it fails or takes longer.
    pub fn end(mut self, most: Duration) {
        let begun = std::time::Instant::now();
        while !self.has_ended() {
            assert!(begun.elapsed() < most, "ampere apply takes longer than {most:?}\n{}", self.words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Apply {
    fn drop(&mut self) {
        // It has ended already, or goes with the test.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The hash of a program of the release.
fn shipped(program: &str) -> String {
    sha256(&release().join(format!("{program}-{ARCHITECTURE}")))
}

fn is(document: &Value, field: &str, value: &str) -> bool {
    document["fields"][field]["stringValue"] == value
}

/// The sandbox's port.
pub fn port_of(cloud: &Cloud) -> u16 {
    let (_, url) = &cloud.environment()[0];
    let authority = url.split('/').nth(2).expect("a host and a port");
    authority.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}
