//! A gateway that runs with our configuration: who can reach it, whom it answers, and which key it uses.
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use ampere_bundle::openclaw::{Channel, DmPolicy, ToolsProfile};
use ampere_tests::programs::Program;
use serde_json::{Value, json};

use crate::accepted::settings;
use crate::agent::Agent;
use crate::home::Home;
use crate::installed::ALL;
use crate::stubs::Stubs;

pub const OWNER: u64 = 123_456_789;
const STRANGER: u64 = 666;
pub const TOKEN: &str = "gw-EXAMPLE-5f0c1d9ab27e4f6688d0a1b2c3d4e5f6";

/// Every channel that does not call its messenger by itself: Discord would, and no test speaks to somebody's real service.
const CHANNELS: [Channel; 4] = [Channel::Imessage, Channel::Signal, Channel::Telegram, Channel::Whatsapp];

/// The configuration that the box makes, and what only a test says: where the stubs are, on which port it may listen, and that
/// every tool is to be offered by name.
pub fn with_stubs(home: &Home, agent: &Agent, stubs: &Stubs, port: u16) {
    let mut configuration = agent.configuration(home);
    configuration["gateway"]["port"] = json!(port);
    configuration["channels"]["telegram"]["apiRoot"] = json!(stubs.telegram());
    let model = &mut configuration["models"]["providers"]["anthropic"];
    model["baseUrl"] = json!(stubs.model());
    model["api"] = json!("anthropic-messages");
    configuration["tools"]["toolSearch"] = json!(false);
    home.configure(&configuration);
}

pub const FIRST: [(&str, &str); 2] = [("anthropic", "sk-ant-EXAMPLE-first"), ("telegram", "42:EXAMPLE-first")];
const SECOND: [(&str, &str); 2] = [("anthropic", "sk-ant-EXAMPLE-second"), ("telegram", "42:EXAMPLE-second")];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s4_n2_f2_a_gateway_with_our_configuration() {
    let (home, stubs) = (Home::new(ALL[0]), Stubs::start().await);
    let mut settings = settings(ALL[0], "anthropic", &CHANNELS);
    let mut agent = Agent::start(&home, TOKEN);
    agent.deliver(&settings, &FIRST);
    let gateway = Program::start("openclaw gateway", |port| {
        with_stubs(&home, &agent, &stubs, port);
        home.openclaw(&["gateway", "--port", &port.to_string()])
    });
    let port = gateway.place().1;

    ready(port).await;
    only_on_loopback(&gateway);
    only_with_the_token(port);
    let offered = talks_to_its_owner(&stubs).await;
    talks_and_nothing_else(&offered);
    let before = descendants(gateway.id());
    agent.deliver(&settings, &SECOND);
    rotates(&home, &stubs).await;
    assert!(before.is_subset(&descendants(gateway.id())), "the gateway was not started again");
    audits_are_clean(&home);

    let channel = settings.channels.get_mut(&Channel::Telegram).expect("it is there");
    channel.allow_from.push(STRANGER.to_string());
    agent.deliver(&settings, &SECOND);
    with_stubs(&home, &agent, &stubs, port);
    takes_up_settings(&stubs).await;
    assert!(before.is_subset(&descendants(gateway.id())), "the gateway was not started again");
}

/// It answers before it has started its channels.
pub async fn ready(port: u16) {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let begun = Instant::now();
    while http(port, &request) != 200 {
        assert!(begun.elapsed() < Duration::from_secs(120), "the gateway does not become ready");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// No socket of its processes listens anywhere but on loopback (promise S4).
fn only_on_loopback(gateway: &Program) {
    let processes = descendants(gateway.id());
    let output = Command::new("ss").args(["-Hltnp"]).output().expect("ss of iproute2");
    let text = String::from_utf8(output.stdout).expect("text");
    let own = text.lines().filter(|line| processes.iter().any(|id| line.contains(&format!("pid={id},"))));
    let addresses: BTreeSet<&str> = own.filter_map(|line| line.split_whitespace().nth(3)).collect();
    let port = gateway.place().1;
    assert!(addresses.contains(&*format!("127.0.0.1:{port}")), "{addresses:?} of {text}");
    let elsewhere: Vec<_> =
        addresses.iter().filter(|it| !it.starts_with("127.0.0.1:") && !it.starts_with("[::1]:")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

fn descendants(of: u32) -> BTreeSet<u32> {
    let output = Command::new("ps").args(["-eo", "pid=,ppid="]).output().expect("ps");
    let text = String::from_utf8(output.stdout).expect("text");
    let pairs: Vec<(u32, u32)> = text
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
            Some((numbers.next()??, numbers.next()??))
        })
        .collect();
    let mut found = BTreeSet::from([of]);
    while let Some((id, _)) = pairs.iter().find(|(id, parent)| found.contains(parent) && !found.contains(id)) {
        found.insert(*id);
    }
    found
}

fn only_with_the_token(port: u16) {
    let body = r#"{"tool":"sessions_list","args":{}}"#;
    let status = |authorization: &str| {
        let request = format!(
            "POST /tools/invoke HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}Content-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        http(port, &request)
    };
    assert_eq!(status(""), 401);
    assert_eq!(status("Authorization: Bearer gw-EXAMPLE-wrong\r\n"), 401);
    assert_eq!(status(&format!("Authorization: Bearer {TOKEN}\r\n")), 200);
    // Neither a page to control it nor anything else is there without a token.
    assert_eq!(http(port, &format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")), 404);
}

/// The status of an answer.
fn http(port: u16, request: &str) -> u16 {
    let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("the gateway");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

/// A stranger gets no answer and costs nothing; the owner does, by the customer's own key (promise F2). Gives the tools that the
/// model was offered.
async fn talks_to_its_owner(stubs: &Stubs) -> Vec<String> {
    stubs.write(STRANGER, "words of a stranger");
    stubs.write(OWNER, "words of the owner");
    let turn = stubs.turn(|turn| turn.text.contains("words of the owner")).await;
    assert_eq!((&*turn.key, &*turn.model), ("sk-ant-EXAMPLE-first", "m1"));
    let sent = stubs.call(|call| call.method == "sendMessage").await;
    assert_eq!(
        (&*sent.token, sent.body["chat_id"].to_string().trim_matches('"')),
        ("42:EXAMPLE-first", &*OWNER.to_string())
    );
    assert!(sent.body["text"].as_str().is_some_and(|text| text.starts_with("reply ")), "{:?}", sent.body);
    for turn in stubs.turns() {
        assert!(!turn.text.contains("stranger"), "{turn:?}");
        assert_eq!(turn.model, "m1", "no model that the customer did not choose");
    }
    turn.tools
}

/// The safe profile.
fn talks_and_nothing_else(offered: &[String]) {
    assert!(offered.iter().any(|tool| tool == "message"), "{offered:?}");
    assert!(offered.iter().any(|tool| tool == "whatsapp_login"), "{offered:?}");
    let dangerous = [
        "apply_patch",
        "automations",
        "browser",
        "canvas",
        "code_execution",
        "computer",
        "cron",
        "edit",
        "exec",
        "gateway",
        "nodes",
        "openclaw",
        "plugins",
        "process",
        "read",
        "sessions_send",
        "sessions_spawn",
        "terminal",
        "web_fetch",
        "write",
    ];
    let found: Vec<_> = offered.iter().filter(|tool| dangerous.contains(&&***tool)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// New keys are in use after a reload, by the same process.
async fn rotates(home: &Home, stubs: &Stubs) {
    stubs.write(OWNER, "words before the reload");
    let turn = stubs.turn(|turn| turn.text.contains("words before the reload")).await;
    assert_eq!(turn.key, "sk-ant-EXAMPLE-first", "OpenClaw asks when it is told to");

    let (code, said) = home.run(&["secrets", "reload"]);
    assert_eq!(code, 0, "{said}");
    stubs.call(|call| call.method == "getUpdates" && call.token == "42:EXAMPLE-second").await;
    stubs.write(OWNER, "words after the reload");
    let turn = stubs.turn(|turn| turn.text.contains("words after the reload")).await;
    assert_eq!(turn.key, "sk-ant-EXAMPLE-second");
    let sent = stubs.call(|call| call.method == "sendMessage" && call.token == "42:EXAMPLE-second").await;
    assert_eq!(sent.body["chat_id"].to_string().trim_matches('"'), OWNER.to_string());
}

/// Who was a stranger is none any more: the gateway reads its configuration again by itself.
async fn takes_up_settings(stubs: &Stubs) {
    let begun = Instant::now();
    let heard = |stubs: &Stubs| stubs.turns().iter().any(|turn| turn.text.contains("words of a friend"));
    while !heard(stubs) {
        assert!(begun.elapsed() < Duration::from_secs(90), "the new settings are not in force");
        stubs.write(STRANGER, "words of a friend");
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// OpenClaw's own audits, with the gateway running.
fn audits_are_clean(home: &Home) {
    let (code, audit) = home.ask(&["secrets", "audit", "--check", "--allow-exec", "--json"]);
    assert_eq!((code, &audit["status"]), (0, &json!("clean")), "{audit:#}");
    assert_eq!(audit["resolution"], json!({ "refsChecked": 3, "skippedExecRefs": 0, "resolvabilityComplete": true }));
    let (_, audit) = home.ask(&["security", "audit", "--json"]);
    assert_eq!((&audit["summary"]["critical"], &audit["summary"]["warn"]), (&json!(0), &json!(0)), "{audit:#}");
    assert!(audit["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{audit:#}");
}

/// The audits that the other test goes by say so when something is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audits_find_what_is_wrong() {
    let (home, stubs) = (Home::new(ALL[0]), Stubs::start().await);
    let mut settings = settings(ALL[0], "anthropic", &[Channel::Telegram]);
    settings.tools = ToolsProfile::Full;
    settings.channels.get_mut(&Channel::Telegram).expect("it is there").dm_policy = Some(DmPolicy::Open);
    let mut agent = Agent::start(&home, TOKEN);
    agent.deliver(&settings, &FIRST);
    with_stubs(&home, &agent, &stubs, 1);
    // The configuration still refers to Telegram's token.
    agent.deliver(&settings, &FIRST[..1]);

    let (code, audit) = home.ask(&["secrets", "audit", "--check", "--allow-exec", "--json"]);
    assert_eq!((code, &audit["summary"]["unresolvedRefCount"]), (2, &json!(1)), "{audit:#}");
    let (_, audit) = home.ask(&["security", "audit", "--json"]);
    let critical = |finding: &&Value| finding["severity"] == "critical";
    let found: BTreeSet<&str> = audit["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(critical)
        .filter_map(|f| f["checkId"].as_str())
        .collect();
    assert!(found.contains("security.exposure.open_channels_with_exec"), "{audit:#}");
}
