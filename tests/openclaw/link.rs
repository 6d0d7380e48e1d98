//! WhatsApp is linked without a login: the script of the box shows the code to the owner, on a messenger that works.
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use ampere_bundle::openclaw::Channel;
use ampere_tests::programs::Program;

use crate::accepted::settings;
use crate::agent::Agent;
use crate::home::Home;
use crate::installed::ALL;
use crate::life::{FIRST, OWNER, TOKEN, ready, with_stubs};
use crate::stubs::{Call, Stubs};

const SCRIPT: &str = include_str!("../../crates/provider/src/instance/first_boot/scripts/link-whatsapp");
const WHATSAPP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/whatsapp.mjs");

/// The box's script, where OpenClaw and the number of the bundle lie elsewhere.
fn link(home: &Home) -> Command {
    let begin = SCRIPT.find("-e '").expect("a program of Node's") + 4;
    let program = SCRIPT[begin..].trim_end().trim_end_matches('\'');
    let package = home.package().display().to_string();
    let bundle = home.path().join("changed").display().to_string();
    let program = program
        .replace("/opt/openclaw/current/node_modules/openclaw", &package)
        .replace("/run/ampere/changed", &bundle);
    let mut command = home.node();
    command.args(["--input-type=module", "-e", &program]).stdin(Stdio::null());
    command
}

fn codes(stubs: &Stubs) -> Vec<Call> {
    stubs.calls().into_iter().filter(|call| call.method == "sendPhoto").collect()
}

fn picture(call: &Call) -> &[u8] {
    let at = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|part| part == what);
    let begin = at(&call.bytes, b"\x89PNG\r\n").expect("a PNG");
    let end = at(&call.bytes, b"IEND").expect("its end");
    &call.bytes[begin..end]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn n1_the_code_of_whatsapp_goes_to_the_owner_alone_until_it_is_scanned() {
    let (home, stubs) = (Home::new(ALL[0]), Stubs::start().await);
    let mut settings = settings(ALL[0], "anthropic", &[Channel::Telegram, Channel::Whatsapp]);
    settings.channels.get_mut(&Channel::Telegram).expect("it is there").allow_from.push("666".into());
    let mut agent = Agent::start(&home, TOKEN);
    agent.deliver(&settings, &FIRST);
    let scanned = home.path().join("scanned");
    fs::write(home.path().join("changed"), "1").expect("written");
    let gateway = Program::start("openclaw gateway", |port| {
        with_stubs(&home, &agent, &stubs, port);
        let mut command = home.openclaw(&["gateway", "--port", &port.to_string()]);
        command.env("NODE_OPTIONS", format!("--import={WHATSAPP}")).env("WHATSAPP_SCANNED", &scanned);
        command
    });
    ready(gateway.place().1).await;

    let log = home.path().join("link.log");
    let showing = link(&home).stderr(fs::File::create(&log).expect("made")).spawn();
    let mut showing = showing.expect("node");
    let told = || fs::read_to_string(&log).expect("its log");
    // It changes while nobody scans it, and so does the picture.
    let begun = std::time::Instant::now();
    while codes(&stubs).len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no codes: {}", told());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    fs::write(&scanned, "").expect("written");
    while showing.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(240), "it does not end: {}", told());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(showing.wait().expect("a child").success() && told().contains("linked"), "{}", told());

    let shown = codes(&stubs);
    assert_ne!(picture(&shown[0]), picture(&shown[1]));
    let to_owner = format!("name=\"chat_id\"\r\n\r\n{OWNER}");
    assert!(shown.iter().all(|call| String::from_utf8_lossy(&call.bytes).contains(&to_owner)), "to nobody else");
    stubs.call(|call| call.method == "sendMessage" && call.body["text"] == "WhatsApp is linked.").await;
    assert!(stubs.turns().is_empty(), "no model saw it");

    // From now on there is nothing to show.
    let quiet = link(&home).output().expect("node");
    assert!(quiet.status.success(), "{}", String::from_utf8_lossy(&quiet.stderr));
    assert_eq!(codes(&stubs).len(), shown.len());
}
