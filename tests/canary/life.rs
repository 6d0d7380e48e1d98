//! A whole life with forty canaries: everything that a user does, everything that goes wrong, to the end.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use ampere_tests::Lab;
use serde_json::{Value as Json, json};

use crate::needles::Canary;
use crate::process;

const CONFIGURATION: &str = r#"
variable "email" { type = string }
variable "name" { type = string }
variable "model_key" {
  type      = string
  ephemeral = true
}
variable "channel_key" {
  type      = string
  ephemeral = true
}
variable "others" {
  type      = map(string)
  ephemeral = true
}
variable "named" { type = set(string) }

resource "ampere_account" "ada" {
  email = var.email
  name  = var.name
}
resource "ampere_subscription" "ada" {
  account    = ampere_account.ada.id
  price      = "price_hosting_monthly"
  trial_days = 14
}
resource "ampere_secret" "model" {
  account  = ampere_account.ada.id
  kind     = "anthropic"
  value_wo = var.model_key
}
resource "ampere_secret" "channel" {
  account  = ampere_account.ada.id
  kind     = "telegram"
  value_wo = var.channel_key
}
resource "ampere_secret" "other" {
  for_each = var.named
  account  = ampere_account.ada.id
  kind     = "generic"
  name     = each.key
  value_wo = var.others[each.key]
}
resource "ampere_instance" "ada" {
  account      = ampere_account.ada.id
  subscription = ampere_subscription.ada.id
  location     = "nbg1"
  server_type  = "cx23"
  model        = "anthropic/claude-sonnet-4-6"
  channels     = { telegram = { allow_from = ["123456789"] } }
  secrets = concat(
    [ampere_secret.model.id, ampere_secret.channel.id],
    [for secret in ampere_secret.other : secret.id],
  )
}
"#;

/// Secrets beside the two that the instance's model and channel use.
const OTHERS: usize = 6;
/// Values that each secret has in turn: it is rotated three times.
const GENERATIONS: usize = 4;

/// What a canary stands for decides where it may be seen.
pub const SECRET: &str = "secret";
/// The email and the name: at Firebase and Stripe, in plans that their operator reads, in memory.
pub const PERSONAL: &str = "personal";
/// The operator's own credentials, given in the environment.
pub const CREDENTIAL: &str = "credential";

/// What was collected, by kind: place and bytes.
pub type Collected = Vec<(&'static str, String, Vec<u8>)>;

pub struct Life {
    pub lab: Lab,
    /// Where everything writes that writes into the system's temporary directory.
    pub temporary: tempfile::TempDir,
    /// The owner's own files: what is given is in them.
    own: tempfile::TempDir,
    pub canaries: Vec<Canary>,
    pub collected: Collected,
    pub commands: usize,
    values: BTreeMap<String, String>,
    seen: BTreeSet<(PathBuf, Vec<u8>)>,
}

impl Life {
    pub fn new() -> Life {
        let mut lab = Lab::new();
        lab.write("main.tf", CONFIGURATION);
        let directory = || tempfile::tempdir().expect("a directory");
        let (temporary, own) = (directory(), directory());
        lab.set("TMPDIR", &temporary.path().display().to_string());
        lab.set("AMPERE_LOG", "trace");
        lab.cloud().control("POST", "/recording", Some(json!({ "record_bodies": true })));
        let mut life = Life {
            lab,
            temporary,
            own,
            canaries: Vec::new(),
            collected: Vec::new(),
            commands: 0,
            values: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        life.hatch();
        life
    }

    /// Forty values that exist nowhere else.
    fn hatch(&mut self) {
        let mut add = |name: String, value: String| {
            self.values.insert(name.clone(), value.clone());
            self.canaries.push(Canary { name, value });
        };
        for generation in 0..GENERATIONS {
            for name in
                ["model".to_owned(), "channel".to_owned()].into_iter().chain((0..OTHERS).map(|n| format!("n{n}")))
            {
                // Signs that each escape differently are in every other one.
                let value =
                    if generation % 2 == 0 { random(48) } else { format!("{}/+=\"\\&<é{}", random(30), random(16)) };
                add(format!("{SECRET} {name}.{generation}"), value);
            }
        }
        for n in 0..2 {
            add(format!("{PERSONAL} email.{n}"), random(24).to_lowercase());
            add(format!("{PERSONAL} name.{n}"), random(24));
        }
        for variable in ["STRIPE_WEBHOOK_SECRET", "AMPERE_NOTICE_TOKEN", "HCLOUD_TOKEN", "STRIPE_API_KEY"] {
            let prefix = match variable {
                "STRIPE_WEBHOOK_SECRET" => "whsec_",
                "STRIPE_API_KEY" => "sk_test_",
                _ => "",
            };
            let value = format!("{prefix}{}", random(40));
            self.lab.set(variable, &value);
            self.values.insert(variable.to_owned(), value.clone());
            self.canaries
                .push(Canary { name: format!("{CREDENTIAL} {variable}"), value: value[value.len() - 40..].to_owned() });
        }
    }

    fn value(&self, name: &str) -> &str {
        &self.values[name]
    }

    /// Writes the owner's file with the values of that generation, and returns its path.
    fn give(&self, generation: usize, person: usize) -> PathBuf {
        let of = |name: &str| self.value(&format!("{SECRET} {name}.{generation}"));
        let others: BTreeMap<String, &str> = (0..OTHERS).map(|n| (format!("n{n}"), of(&format!("n{n}")))).collect();
        let given = json!({
            "email": format!("{}@example.com", self.value(&format!("{PERSONAL} email.{person}"))),
            "name": self.value(&format!("{PERSONAL} name.{person}")),
            "model_key": of("model"),
            "channel_key": of("channel"),
            "named": others.keys().collect::<Vec<_>>(),
            "others": others,
        });
        let path = self.own.path().join("given.tfvars.json");
        fs::write(&path, given.to_string()).expect("written");
        path
    }

    fn spawn(&mut self, arguments: &[&str], directory: Option<&Path>) -> Child {
        self.commands += 1;
        let mut command: Command = self.lab.command(arguments.iter().copied());
        if let Some(directory) = directory {
            command.current_dir(directory);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ampere runs")
    }

    /// Keeps what can be seen of a process from outside.
    fn look_at(&mut self, name: &str, process: u32) {
        let seen = [("environments", process::environment(process)), ("command lines", process::command_line(process))];
        for (kind, bytes) in seen {
            self.collected.extend(bytes.map(|bytes| (kind, format!("{kind} of {name}"), bytes)));
        }
    }

    /// Runs a command to its end and keeps what it said and showed.
    pub fn run(&mut self, arguments: &[&str]) -> (i32, String) {
        self.run_in(arguments, None)
    }

    fn run_in(&mut self, arguments: &[&str], directory: Option<&Path>) -> (i32, String) {
        let child = self.spawn(arguments, directory);
        let name = arguments.join(" ");
        self.look_at(&name, child.id());
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // People read their own names in plans; what is logged is another matter.
        self.collected.push(("standard output", format!("what {name} said"), output.stdout));
        self.collected.push(("logs at TRACE and standard error", format!("what {name} logged"), output.stderr));
        self.keep_files(&format!("after {name}"));
        (output.status.code().unwrap_or(-1), text)
    }

    /// Runs a command with the values of that generation.
    fn with(&mut self, given: &Path, arguments: &[&str]) -> (i32, String) {
        let file = format!("-var-file={}", given.display());
        let all: Vec<&str> = arguments.iter().copied().chain([file.as_str()]).collect();
        self.run(&all)
    }

    fn succeeds(&mut self, given: &Path, arguments: &[&str]) {
        let (code, said) = self.with(given, arguments);
        assert_eq!(code, 0, "{arguments:?} failed: {said}\n{}", self.last_log());
    }

    fn last_log(&self) -> String {
        let mut logs = self.collected.iter().rev().filter(|(kind, ..)| kind.starts_with("logs"));
        let last = logs.next().map(|(_, _, bytes)| String::from_utf8_lossy(bytes).into_owned());
        last.unwrap_or_default()
            .lines()
            .filter(|line| !line.contains("TRACE") && !line.contains("DEBUG"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The whole of it.
    pub fn live(&mut self) {
        self.begins();
        self.is_given_nonsense();
        for generation in 1..GENERATIONS {
            self.is_rotated(generation);
        }
        self.is_looked_after();
        self.ends();
    }

    fn begins(&mut self) {
        let given = self.give(0, 0);
        assert_eq!(self.run(&["validate"]).0, 0);
        self.succeeds(&given, &["plan", "-out=p.tfplan"]);
        let key = fs::read_to_string(self.lab.path().join(".ampere/key")).expect("a root key");
        let key = key.trim().trim_start_matches("ampere_root1_").to_owned();
        self.canaries.push(Canary { name: format!("{SECRET} root key"), value: key });
        let file = format!("-var-file={}", given.display());
        for arguments in [&["show", "p.tfplan"][..], &["show", "-json", "p.tfplan"], &["apply", &file, "p.tfplan"]] {
            assert_eq!(self.run(arguments).0, 0, "{arguments:?}: {}", self.last_log());
        }
        self.succeeds(&given, &["plan", "-detailed-exitcode"]);
        self.reads();
    }

    /// Everything that shows something.
    fn reads(&mut self) {
        let commands = [
            "show",
            "show -json",
            "output -json",
            "graph",
            "state list",
            "state pull",
            "state show ampere_secret.model",
            "state show ampere_account.ada",
            "audit log",
            "audit log -json",
            "audit verify",
            "tombstone list -json",
            "notice list -json",
            "instance status",
            "version -json",
        ];
        for command in commands {
            self.run(&command.split(' ').collect::<Vec<_>>());
        }
    }

    /// Values that are wrong, in files that are wrong: what is said of them repeats none.
    fn is_given_nonsense(&mut self) {
        let secret = self.value(&format!("{SECRET} model.1")).to_owned();
        let quoted = Json::from(secret.as_str()).to_string();
        let texts = [
            (
                "list.auto.tfvars.json",
                format!("{{\"model_key\": [{quoted}], \"others\": {quoted}, \"named\": {quoted}}}"),
            ),
            ("cut.auto.tfvars.json", format!("{{\"model_key\": {quoted}, \"others\": {{\"n0\": {quoted}")),
            ("unknown.auto.tfvars.json", format!("{{\"model_keys\": {quoted}, \"model_key\": {{\"a\": {quoted}}}}}")),
            ("open.auto.tfvars", format!("model_key = {}\nothers = {{ n0 = {quoted}\n", &quoted[..quoted.len() - 1])),
            ("type.auto.tfvars", format!("model_key = [{quoted}]\nnamed = {quoted}\nemail = {{ a = {quoted} }}\n")),
            ("call.auto.tfvars", format!("model_key = upper({quoted})\nchannel_key = 1 + {quoted}\n")),
            ("space.auto.tfvars.json", format!("{{\"model_key\": {}}}", Json::from(format!("{secret}\n")))),
        ];
        for (name, text) in texts {
            let directory = self.own.path().join(name);
            fs::create_dir_all(&directory).expect("made");
            fs::copy(self.lab.path().join("main.tf"), directory.join("main.tf")).expect("copied");
            fs::write(directory.join(name), text).expect("written");
            for arguments in [&["plan", "-input=false"][..], &["plan", "-json", "-input=false"], &["validate"]] {
                self.run_in(arguments, Some(&directory));
            }
        }
        let literal = self.own.path().join("literal");
        fs::create_dir_all(&literal).expect("made");
        let text = CONFIGURATION.replace("value_wo = var.model_key", &format!("value_wo = {quoted}"));
        fs::write(literal.join("main.tf"), text).expect("written");
        let given = format!("-var-file={}", self.give(0, 0).display());
        for arguments in [["plan", &given], ["validate", "-json"]] {
            assert_ne!(self.run_in(&arguments, Some(&literal)).0, 0, "a literal secret is refused");
        }
    }

    /// All values are new; before they are taken everything fails in its turn. Then the keys are rotated.
    fn is_rotated(&mut self, generation: usize) {
        let given = self.give(generation, generation % 2);
        let effects = [
            json!({ "status": { "code": 500 } }),
            json!({ "status": { "code": 401 } }),
            json!({ "status": { "code": 409 } }),
            json!({ "status": { "code": 422 } }),
            json!({ "truncate": { "bytes": 40 } }),
            json!("reset_after"),
            json!({ "answer": { "status": 200, "body": "<html>not what was expected" } }),
        ];
        for (n, effect) in effects.iter().enumerate().filter(|(n, _)| n % (GENERATIONS - 1) == generation - 1) {
            for path in ["~:commit$", "~/(servers|customers|subscriptions|actions)", "~:(runQuery|batchGet|update)"] {
                let fault = json!({ "path": path, "effect": effect, "times": 60 });
                let ordered = self.lab.cloud().control("POST", "/faults", Some(fault));
                self.with(&given, &["apply", "-auto-approve", "-input=false"]);
                drop(ordered);
                self.lab.cloud().control("DELETE", "/faults", None);
            }
            assert!(n < effects.len());
        }
        self.is_killed(&given);
        self.succeeds(&given, &["apply", "-auto-approve"]);
        self.succeeds(&given, &["plan", "-detailed-exitcode"]);
        assert_eq!(self.run(&["secret", "rotate-keys", "-json"]).0, 0, "{}", self.last_log());
        self.reads();
    }

    /// An apply that ends in its middle.
    fn is_killed(&mut self, given: &Path) {
        let slow = json!({ "path": "~:commit$", "latency_ms": 400, "times": 1000 });
        self.lab.cloud().control("POST", "/faults", Some(slow));
        let file = format!("-var-file={}", given.display());
        let mut child = self.spawn(&["apply", "-auto-approve", &file], None);
        std::thread::sleep(Duration::from_millis(700));
        self.look_at("an apply that is killed", child.id());
        drop(child.kill());
        let output = child.wait_with_output().expect("it ended");
        self.collected.push(("standard output", "an apply that was killed".into(), output.stdout));
        self.collected.push(("logs at TRACE and standard error", "an apply that was killed".into(), output.stderr));
        self.keep_files("after a kill");
        self.lab.cloud().control("DELETE", "/faults", None);
    }

    /// A loop that has made a pass and had visitors, and what is in its memory then.
    fn is_looked_after(&mut self) {
        let given = self.give(GENERATIONS - 1, (GENERATIONS - 1) % 2);
        let file = format!("-var-file={}", given.display());
        let mut child = self.spawn(&["reconcile", "-interval=30m", "-listen=127.0.0.1:0", &file], None);
        let (send, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let send = send.clone();
            std::thread::spawn(move || {
                BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| send.send(line)).ok()
            });
        }
        let (mut said, begun, mut address) = (Vec::new(), Instant::now(), None);
        while begun.elapsed() < Duration::from_secs(60) {
            let Ok(line) = lines.recv_timeout(Duration::from_millis(500)) else { continue };
            if let Some((_, at)) = line.split_once("Listening on http://") {
                address = Some(at.trim().to_owned());
            }
            let passed = line.contains("Accounts: ");
            said.push(line);
            if passed {
                break;
            }
        }
        let address = address.unwrap_or_else(|| panic!("the loop did not listen: {said:?}"));
        let token = random(40);
        for request in [
            "GET /metrics HTTP/1.1".to_owned(),
            "GET /healthz HTTP/1.1".to_owned(),
            format!("POST /webhooks/stripe HTTP/1.1\r\nStripe-Signature: t=1,v1={token}\r\nContent-Length: 2"),
        ] {
            let answer = ask(&address, &request);
            assert!(answer.starts_with(b"HTTP/1.1"), "no answer to {request}");
            self.collected.push(("metrics and the listener", request, answer));
        }
        // What the pass left behind has settled by then.
        std::thread::sleep(Duration::from_secs(2));
        self.look_at("reconcile", child.id());
        let image = process::memory(child.id(), self.own.path());
        self.collected.push(("memory", "the core dump of reconcile".into(), image));
        let ended = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        assert!(ended.success());
        child.wait().expect("it ends");
        said.extend(lines.try_iter());
        self.collected.push(("standard output", "what reconcile said".into(), said.join("\n").into_bytes()));
    }

    fn ends(&mut self) {
        let given = self.give(GENERATIONS - 1, 0);
        self.run(&["erase", "ampere_account.ada", "-auto-approve", "-now"]);
        self.run(&["reconcile", "-once", "-retention-only"]);
        self.with(&given, &["destroy", "-auto-approve"]);
        assert_eq!(self.run(&["secret", "rotate-keys"]).0, 0);
        self.reads();
        let sent = self.lab.cloud().control("GET", "/requests", None).to_string();
        assert!(sent.contains("sealedValue"), "the bodies were recorded");
        self.collected.push(("recorded HTTP", "what was sent to the clouds".into(), sent.into_bytes()));
    }

    /// Every file of the moment, but for the configuration and the root key.
    fn keep_files(&mut self, when: &str) {
        let mut waiting = vec![self.lab.path().to_path_buf(), self.temporary.path().to_path_buf()];
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(&directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                if path.is_dir() {
                    waiting.push(path);
                } else if !["main.tf", "key"].contains(&name.as_str()) {
                    // One that is gone meanwhile was a temporary one of the process that was killed.
                    let Ok(bytes) = fs::read(&path) else { continue };
                    let place = format!("{} {when}", path.display());
                    self.collected.push((
                        "names of files",
                        place.clone(),
                        path.as_os_str().as_encoded_bytes().to_vec(),
                    ));
                    let seen = self.seen.insert((path.clone(), bytes.clone()));
                    self.collected.extend(seen.then_some((kind_of(&name), place, bytes)));
                }
            }
        }
    }
}

/// What a file is, for the table.
fn kind_of(name: &str) -> &'static str {
    match name {
        "state.db" => "state",
        "state.db-wal" | "state.db-shm" => "write-ahead log",
        "epochs" => "epochs",
        _ if name.ends_with(".tfplan") => "saved plans",
        _ => "other files",
    }
}

fn ask(address: &str, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the loop listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    write!(stream, "{request}\r\nHost: {address}\r\nConnection: close\r\n\r\n{{}}").expect("sent");
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    answer
}

fn random(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes.iter().map(|b| LETTERS[usize::from(*b) % LETTERS.len()] as char).collect()
}
