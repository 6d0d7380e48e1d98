//! The resolver as OpenClaw starts it, and who may ask.
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use ampere_agent::configure::resolve;
use ampere_agent::files::Root;
use ampere_agent::holder::Served;
use ampere_agent::serve::Server;
use ampere_bundle::installed::paths;
use serde_json::{Value, json};

use crate::google::{Google, NOW};
use crate::played::{INSTANCE, Played, bundle, settled, value};

fn resolver(played: &Played, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampere-resolver"));
    command.args(arguments).arg("--root").arg(played.root.path());
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ask(mut command: Command, question: &str) -> Output {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The words of OpenClaw 2026.9.6, docs/gateway/secrets/secretref-contract.md.
#[test]
fn it_speaks_openclaws_protocol() {
    let google = Google::start();
    let (played, _agent) = settled(&google);
    let question = r#"{"protocolVersion":1,"provider":"ampere","ids":["anthropic","generic/GONE"]}"#;
    let output = ask(resolver(&played, &[]), question);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer,
        json!({
            "protocolVersion": 1,
            "values": {"anthropic": value(1)},
            "errors": {"generic/GONE": {"code": "NOT_FOUND"}},
        })
    );
    assert!(output.status.success() && output.stderr.is_empty());
    for bad in ["", "{", "[]", r#"{"protocolVersion":1,"ids":"anthropic"}"#, &"x".repeat(70_000)] {
        let output = ask(resolver(&played, &[]), bad);
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

#[test]
fn without_an_agent_it_fails_with_words() {
    let played = Played::new(&Google::start());
    let output = ask(resolver(&played, &[]), r#"{"protocolVersion":1,"ids":["anthropic"]}"#);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the agent does not answer"));
}

#[test]
fn it_writes_openclaws_configuration_when_it_changed() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let mut agent = played.agent();
    agent.step(NOW);
    let home = tempfile::tempdir().unwrap();
    let configure = || {
        let mut command = resolver(&played, &["configure"]);
        command.env("HOME", home.path()).output().unwrap()
    };
    let early = configure();
    assert!(!early.status.success(), "before the first bundle there is nothing to configure");
    assert!(!home.path().join(".openclaw").exists());
    google.offer(INSTANCE, &bundle(&google, 1));
    agent.step(NOW + 3);
    assert!(configure().status.success());
    let path = home.path().join(".openclaw/openclaw.json");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let text = fs::read_to_string(&path).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written["gateway"]["bind"], "loopback");
    assert!(text.contains(env!("CARGO_BIN_EXE_ampere-resolver")) && !text.contains("sk-ant"));
    let first = fs::metadata(&path).unwrap().modified().unwrap();
    assert!(configure().status.success());
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), first, "unchanged, untouched");
    fs::write(&path, "{}").unwrap();
    assert!(configure().status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// The kernel says who asks. Nobody but OpenClaw's user is heard, and that user only once there is one.
#[test]
fn other_users_get_no_answer() {
    let google = Google::start();
    let played = Played::new(&google);
    let root = Root::new(played.root.path());
    let _server = Server::start(root.clone(), Some("openclaw".into()), Served::default()).unwrap();
    let me = rustix::process::getuid().as_raw();
    let heard = |passwd: &str| {
        played.write("/etc/passwd", passwd);
        let mut answer = Vec::new();
        resolve(&root, r#"{"protocolVersion":1,"ids":[]}"#.as_bytes(), &mut answer).is_ok()
    };
    assert!(!heard("root:x:0:0::/root:/bin/sh\n"), "no such user yet");
    assert!(!heard(&format!("openclaw:x:{}:1::/home/openclaw:/bin/false\n", me + 1)));
    assert!(!heard(&format!("openclaw2:x:{me}:1::/:/bin/false\nroot:x:0:0::/root:/bin/sh\n")));
    assert!(heard(&format!("openclaw:x:{me}:1::/home/openclaw:/bin/false\n")));
}

/// Where the test may play another user, the real one of the played box refuses it.
#[test]
fn another_uid_is_refused_by_the_running_agent() {
    if !rustix::process::getuid().is_root() {
        // `other_users_get_no_answer` shows the same with names; another uid takes root.
        return;
    }
    let google = Google::start();
    let (played, _agent) = settled(&google);
    fs::set_permissions(played.root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let question = r#"{"protocolVersion":1,"ids":["anthropic"]}"#;
    // The program itself lies where nobody may look, so it is brought along.
    let copy = played.at("/resolver");
    fs::copy(env!("CARGO_BIN_EXE_ampere-resolver"), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |uid: u32| {
        let mut command = Command::new(&copy);
        command.arg("--root").arg(played.root.path()).uid(uid);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        ask(command, question)
    };
    assert!(String::from_utf8_lossy(&run(0).stdout).contains(&value(1)));
    let refused = run(65534);
    assert!(!refused.status.success() && refused.stdout.is_empty());
}

#[test]
fn callers_who_say_nothing_hold_nobody_up_for_long() {
    let google = Google::start();
    let (played, _agent) = settled(&google);
    let _silent = UnixStream::connect(played.at(paths::SOCKET)).unwrap();
    assert_eq!(played.secret("anthropic"), Some(value(1)), "within the resolver's patience");
}
