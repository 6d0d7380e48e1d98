use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Command, Stdio};

use ampere_bundle::installed::AgentSettings;
use ampere_bundle::openclaw::DEFAULT;

use super::*;

const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJ1aWQiOiJhbXBlcmUtRVhBTVBMRSJ9.";

fn program(name: &str) -> Download {
    Download { url: format!("https://get.example.com/{name}"), sha256: "0f".repeat(32) }
}

fn input() -> FirstBoot<'static> {
    FirstBoot {
        agent: AgentSettings {
            instance: "ampere-00112233aabbccdd-0123456789abcdef0123456789abcdef".into(),
            project: "example".into(),
            api_key: "AIzaEXAMPLE".into(),
            identity_toolkit: "https://identitytoolkit.googleapis.com".into(),
            secure_token: "https://securetoken.googleapis.com".into(),
            firestore: "https://firestore.googleapis.com".into(),
            verification_key: "RVhBTVBMRS1FWEFNUExFLUVYQU1QTEUtRVhBTVBMRS0".into(),
            openclaw_user: "openclaw".into(),
        },
        token: TOKEN,
        agent_program: program("ampere-agent"),
        resolver_program: program("ampere-resolver"),
        locks: "https://get.example.com".into(),
        node: Node::pinned(),
        openclaw: DEFAULT,
        npm_registry: FirstBoot::NPM_REGISTRY.into(),
        node_mirror: FirstBoot::NODE_MIRROR.into(),
    }
}

fn parsed(input: &FirstBoot<'_>) -> Json {
    let text = user_data(input).unwrap();
    serde_json::from_str(text.strip_prefix("#cloud-config\n").unwrap()).unwrap()
}

fn content(config: &Json, path: &str) -> String {
    let files = config["write_files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path).unwrap_or_else(|| panic!("{path}"));
    let content = file["content"].as_str().unwrap();
    if file["encoding"].is_null() {
        return content.to_owned();
    }
    assert_eq!(file["encoding"], "gz+b64");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*STANDARD.decode(content).unwrap()).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn it_fits_well_below_the_limit() {
    let mut long = input();
    let text = user_data(&long).unwrap();
    assert!(text.len() < MOST_BYTES * 7 / 8, "{} bytes", text.len());
    let token = "a".repeat(MOST_BYTES);
    long.token = &token;
    let Err(refused) = user_data(&long) else { panic!("more than Hetzner takes") };
    assert!(matches!(refused, FirstBootError::TooLong { bytes } if bytes > MOST_BYTES));
    assert!(refused.to_string().ends_with("Hetzner Cloud takes at most 32768"), "{refused}");
}

/// The single-use token stands once, in a file that only root and then the agent can read. Nothing else in it is secret.
#[test]
fn s1_the_token_is_its_only_secret_and_stands_once() {
    let text = user_data(&input()).unwrap();
    assert_eq!(text.matches(TOKEN).count(), 1);
    let config = parsed(&input());
    assert_eq!(content(&config, "/var/lib/ampere-agent/token"), TOKEN);
    let private: BTreeSet<&str> = config["write_files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["permissions"] == "0600")
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(private, BTreeSet::from(["/var/lib/ampere-agent/token"]));
}

/// The input has no field for a person, a channel, a model or a key, so that two customers' boxes differ in these files alone.
#[test]
fn two_boxes_differ_in_mailbox_and_token_alone() {
    let mut other = input();
    other.agent.instance = "ampere-00112233aabbccdd-ffffffffffffffffffffffffffffffff".into();
    other.token = "eyJhbGciOiJub25lIn0.eyJ1aWQiOiJhbXBlcmUtT1RIRVIifQ.";
    let (one, two) = (parsed(&input()), parsed(&other));
    let pairs = one["write_files"].as_array().unwrap().iter().zip(two["write_files"].as_array().unwrap());
    let differing: Vec<&str> = pairs.filter(|(a, b)| a != b).map(|(a, _)| a["path"].as_str().unwrap()).collect();
    assert_eq!(differing, ["/etc/ampere/agent.json", "/var/lib/ampere-agent/token"]);
}

#[test]
fn s5_no_way_in_is_asked_of_cloud_init() {
    let config = parsed(&input());
    assert_eq!(config["users"], json!([]));
    for (key, value) in
        [("ssh_pwauth", false), ("disable_root", true), ("ssh_deletekeys", true), ("allow_public_ssh_keys", false)]
    {
        assert_eq!(config[key], json!(value), "{key}");
    }
    for absent in ["ssh_authorized_keys", "password", "chpasswd", "ssh_import_id", "ssh_keys"] {
        assert!(config.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn the_agent_may_speak_to_the_ports_of_its_mailbox() {
    assert_eq!(content(&parsed(&input()), "/etc/ampere/agent-ports.nft"), "define agent_ports = { 443 }\n");
    let mut local = input();
    local.agent.firestore = "http://192.0.2.1:8080/firestore".into();
    local.agent.identity_toolkit = "http://192.0.2.1:8080/identitytoolkit.googleapis.com".into();
    assert_eq!(content(&parsed(&local), "/etc/ampere/agent-ports.nft"), "define agent_ports = { 443, 8080 }\n");
}

/// Values that a shell would read as more than a value.
#[test]
fn a_value_that_is_not_of_its_form_is_refused() {
    type Change = fn(&mut FirstBoot<'static>, &'static str);
    let places: [(&str, Change); 7] = [
        ("the agent's URL", |input, bad| input.agent_program.url = format!("https://get.example.com/{bad}")),
        ("the URL of OpenClaw's locks", |input, bad| input.locks = format!("https://get.example.com/{bad}")),
        ("the npm registry", |input, bad| input.npm_registry = format!("https://npm.example.com/{bad}")),
        ("the Node.js mirror", |input, bad| input.node_mirror = bad.into()),
        ("the resolver's hash", |input, bad| input.resolver_program.sha256 = bad.into()),
        ("the version of Node.js", |input, bad| input.node.version = bad.into()),
        ("the custom token", |input, bad| input.token = bad),
    ];
    for (place, change) in places {
        for bad in ["'; reboot; '", "$(reboot)", "a\nb", "`reboot`", "../../x y"] {
            let mut wrong = input();
            change(&mut wrong, bad);
            let Err(FirstBootError::Unfit { what, .. }) = user_data(&wrong) else { panic!("{place}: {bad}") };
            assert_eq!(what, place);
        }
    }
}

/// What the shell reads is what was put in.
#[test]
fn the_pins_are_read_by_a_shell_as_they_were_given() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pins");
    let mut given = input();
    given.agent_program.url = "https://get.example.com/agent?a=1&b=*;c=(2)#x".into();
    std::fs::write(&file, content(&parsed(&given), "/etc/ampere/pins")).unwrap();
    let script =
        format!(". '{}' && printf '%s|%s|%s' \"$AGENT_URL\" \"$NPM_REGISTRY\" \"$OPENCLAW_VERSION\"", file.display());
    let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
    let expected = format!("{}|https://registry.npmjs.org|{}", given.agent_program.url, DEFAULT.version);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn every_script_is_one_that_a_shell_can_read() {
    for (_, path, text) in files::SCRIPTS {
        assert!(
            text.starts_with("#!/bin/sh\n# ") && text.contains("\nset -eu\n"),
            "{path}: says what it is for, stops at a failure"
        );
        check(Command::new("sh").arg("-n"), path, text);
        // The command of Debian's shellcheck, where there is one.
        if Command::new("shellcheck").arg("--version").output().is_ok() {
            check(Command::new("shellcheck").args(["-s", "sh", "-e", "SC1091", "-"]), path, text);
        }
    }
}

fn check(command: &mut Command, path: &str, text: &str) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {told}");
}

/// Nothing of this crate's folders is forgotten, and every unit that a script starts exists.
#[test]
fn every_file_of_the_folders_reaches_the_box() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/instance/first_boot");
    for (folder, table) in [("scripts", files::SCRIPTS), ("units", files::UNITS)] {
        let names = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let there: BTreeSet<String> = std::fs::read_dir(here.join(folder)).unwrap().map(names).collect();
        let sent = table.iter().map(|(_, path, _)| path.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(there, sent, "{folder}");
    }
}

/// OpenClaw does not start under these (openclaw#152839), and may not be reached from elsewhere.
#[test]
fn s4_the_gateways_unit_is_the_one_that_starts() {
    let unit = content(&parsed(&input()), "/etc/systemd/system/openclaw-gateway.service");
    let set: Vec<&str> = unit.lines().filter(|line| !line.starts_with('#')).collect();
    for forbidden in ["RestrictSUIDSGID", "DynamicUser", "--bind", "0.0.0.0"] {
        assert!(!set.iter().any(|line| line.contains(forbidden)), "{forbidden}");
    }
    for needed in [
        "User=openclaw",
        "RestartPreventExitStatus=78",
        "Environment=OPENCLAW_CONFIG_READONLY=1",
        "NoNewPrivileges=yes",
    ] {
        assert!(set.contains(&needed), "{needed}");
    }
}
