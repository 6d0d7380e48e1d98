//! The loop that keeps the promises, as a user meets it (R1, R2, R3, U4).
mod erase;
mod listen;
mod notices;
mod passes;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ampere_tests::{Lab, Run};
use serde_json::Value;

/// One customer with everything.
const CUSTOMER: &str = r#"resource "ampere_account" "ada" {
  email = "ada@example.com"
}

resource "ampere_subscription" "ada" {
  account    = ampere_account.ada.id
  price      = "price_hosting_monthly"
  trial_days = 14
}

resource "ampere_instance" "ada" {
  account      = ampere_account.ada.id
  subscription = ampere_subscription.ada.id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
}
"#;

/// A stack with this configuration, applied.
fn applied(configuration: &str) -> Lab {
    let lab = Lab::new();
    lab.write("main.tf", configuration);
    lab.ampere("apply -auto-approve").exits(0);
    lab
}

/// The subscriptions end.
fn end_all(lab: &Lab) {
    for subscription in lab.cloud().objects("stripe", "subscriptions") {
        let id = subscription["id"].as_str().expect("an id");
        lab.cloud().control("POST", &format!("/stripe/subscriptions/{id}/end"), None);
    }
}

/// What `tombstone list -json` says.
fn tombstones(lab: &Lab) -> Vec<Value> {
    let run = lab.ampere("tombstone list -json").exits(0);
    serde_json::from_str(&run.stdout).expect("a list")
}

fn state_of(lab: &Lab) -> String {
    tombstones(lab).iter().map(|t| t["state"].as_str().expect("a state").to_owned()).collect::<Vec<_>>().join(" ")
}

/// A loop that runs, and what it says line by line.
struct Loop {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Loop {
    fn start(lab: &Lab, arguments: &str) -> Loop {
        let mut command = lab.command(arguments.split_whitespace());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ampere runs");
        let (send, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let send = send.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Loop { child, lines, said: Vec::new() }
    }

    /// Waits for a line that holds a text, and returns it; panics when it does not come in time.
    fn waits_for(&mut self, text: &str, within: Duration) -> String {
        let until = Instant::now() + within;
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("no {text:?} in {within:?}:\n{}", self.said.join("\n"));
    }

    fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "it has ended already");
    }

    /// Waits until it has ended.
    fn ends(mut self) -> i32 {
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

/// A webhook for notices: it answers with a status, and keeps the documents it got.
#[derive(Clone)]
struct Inbox {
    url: String,
    documents: Arc<Mutex<Vec<Value>>>,
}

impl Inbox {
    fn answering(status: &'static str) -> Inbox {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/notices", listener.local_addr().expect("an address"));
        let inbox = Inbox { url, documents: Arc::default() };
        let documents = inbox.documents.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let document = answer(stream, status);
                documents.lock().expect("no panic").push(document);
            }
        });
        inbox
    }

    fn kinds(&self) -> Vec<String> {
        let documents = self.documents.lock().expect("no panic");
        documents.iter().map(|d| d["kind"].as_str().expect("a kind").to_owned()).collect()
    }
}

fn answer(mut stream: TcpStream, status: &str) -> Value {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").expect("an answer");
    serde_json::from_slice(&body).expect("a document")
}

/// Lets the stack send notices to an inbox.
fn with_inbox(lab: &mut Lab, inbox: &Inbox) {
    lab.set("AMPERE_NOTICE_URL", &inbox.url);
    lab.set("AMPERE_NOTICE_FROM", "Ampere <notices@example.com>");
    lab.set("AMPERE_OPERATOR", "ops@example.com");
}

fn once(lab: &Lab) -> Run {
    lab.ampere("reconcile -once -no-color")
}
