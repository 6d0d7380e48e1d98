//! Another version of OpenClaw on a box that nobody can enter, and what happens when it is not what it should be.
use std::fs;
use std::path::Path;
use std::time::Duration;

use ampere_bundle::mailbox;
use ampere_bundle::openclaw::RELEASES;
use ampere_tests_box::customer::Customer;
use ampere_tests_box::lab::{run, sha256};
use ampere_tests_box::machine::{Machine, text};
use serde_json::json;

use crate::World;

/// Something that the bot has written down.
const MEMORY: &str = "/home/openclaw/.openclaw/workspace/memory/example.md";
/// The most that anything takes here on a machine with little time.
const LONG: Duration = Duration::from_secs(1200);
/// The version that the box begins with, and the one that it gets.
const BEFORE: &str = RELEASES[1].version;
const AFTER: &str = RELEASES[0].version;

/// A package that calls itself OpenClaw's next version. Before it refuses the configuration, it spoils what it finds.
const REFUSES: &str = r#"
const fs = require("node:fs");
const home = process.env.HOME + "/.openclaw";
if (process.argv[2] === "config") {
  fs.rmSync(home + "/workspace", { recursive: true, force: true });
  fs.writeFileSync(home + "/state/openclaw.sqlite", "of another schema");
  console.error("gateway.auth: unknown key");
  process.exit(1);
}
"#;

fn in_force(machine: &Machine) -> String {
    text(&machine.root("basename $(readlink /opt/openclaw/current)")).trim().to_owned()
}

fn main_process(machine: &Machine) -> String {
    text(&machine.root("systemctl show --property=MainPID --value openclaw-gateway.service"))
}

fn journal(machine: &Machine) -> String {
    text(&machine.root("journalctl --no-pager -o cat -u openclaw-upgrade.service"))
}

fn remembers(machine: &Machine) -> bool {
    fs::read_to_string(machine.file(MEMORY)).is_ok_and(|text| text == "Ada likes tea.\n")
}

/// Asks for a version as the agent does, and does not wait for a pause between two attempts. (The agent asks for the right one
/// again at its next look.)
fn ask_for(machine: &Machine, version: &str, lock: &str) {
    let request = json!({"version": version, "lock": lock}).to_string();
    let line = format!("printf '%s' '{request}' >/run/ampere/.new && mv -T /run/ampere/.new /run/ampere/upgrade");
    assert!(machine.user("ampere-agent", &line).status.success());
    assert!(machine.root("systemctl --no-block restart openclaw-upgrade.service").status.success());
}

/// A lock of a release that has one package, and nothing else.
fn lock(files: &Path, version: &str, package: &str, integrity: &str) -> String {
    let url = format!("http://127.0.0.1:8000/{package}");
    let manifest = json!({"private": true, "dependencies": {"openclaw": url}});
    let packages = json!({
        "": {"dependencies": {"openclaw": url}},
        "node_modules/openclaw": {"version": version, "resolved": url, "integrity": integrity},
    });
    let lock = json!({"lockfileVersion": 3, "requires": true, "packages": packages});
    let release = json!({"openclaw": {"package.json": manifest, "package-lock.json": lock}, "plugins": []});
    let path = files.join(format!("openclaw-{version}.json"));
    fs::write(&path, release.to_string()).expect("written");
    sha256(&path)
}

/// Makes the package, and gives npm's name of its content.
fn package(files: &Path, version: &str, name: &str) -> String {
    let work = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(work.path().join("package/dist")).expect("made");
    let manifest = json!({"name": "openclaw", "version": version}).to_string();
    fs::write(work.path().join("package/package.json"), manifest).expect("written");
    fs::write(work.path().join("package/dist/index.js"), REFUSES).expect("written");
    let into = files.join(name);
    run(&format!("tar -C {} -czf {} package", work.path().display(), into.display()));
    let script = format!("openssl dgst -sha512 -binary '{}' | base64 -w 0", into.display());
    let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("sh runs");
    format!("sha512-{}", text(&output))
}

/// A package that has not the hash of its lock is not installed. One whose own validation refuses the configuration is not kept,
/// and everything is as it was.
pub fn what_is_refused(machine: &mut Machine, world: &World) {
    let files = world.lab.files();
    assert!(
        machine.user("openclaw", &format!("mkdir -p {} ", MEMORY.rsplit_once('/').expect("a path").0)).status.success()
    );
    assert!(machine.user("openclaw", &format!("echo 'Ada likes tea.' >{MEMORY}")).status.success());
    let running = main_process(machine);

    let integrity = package(&files, "2026.12.1", "openclaw-2026.12.1.tgz");
    let digit = if integrity.starts_with("sha512-A") { "sha512-B" } else { "sha512-A" };
    let wrong = format!("{digit}{}", &integrity[digit.len()..]);
    let other = lock(&files, "2026.12.1-other", "openclaw-2026.12.1.tgz", &wrong);
    ask_for(machine, "2026.12.1-other", &other);
    machine.wait("a package with another hash is refused", LONG, |it| journal(it).contains("EINTEGRITY"));
    assert!(!machine.file("/opt/openclaw/2026.12.1-other").exists());
    assert_eq!((in_force(machine), main_process(machine)), (BEFORE.to_owned(), running.clone()), "nothing was stopped");

    let right = lock(&files, "2026.12.1", "openclaw-2026.12.1.tgz", &integrity);
    ask_for(machine, "2026.12.1", &right);
    let refusal = format!("OpenClaw 2026.12.1 does not run with this configuration: {BEFORE} runs on");
    machine.wait("the version is refused", LONG, |it| journal(it).contains(&refusal));
    assert!(journal(machine).contains("gateway.auth: unknown key"), "by its own validation");
    assert_eq!(in_force(machine), BEFORE);
    assert!(remembers(machine), "what it spoiled is as it was");
    machine.wait("the gateway is ready again", LONG, |it| {
        it.root("curl -fs http://127.0.0.1:18789/readyz").status.success()
    });
    assert_ne!(main_process(machine), running);
}

/// `openclaw_version` of the configuration: a file that is not what it should be changes nothing, and `ampere instance status` says
/// so; once it is, exactly that version runs, and the bot remembers.
pub fn another_version(machine: &mut Machine, world: &World, customer: &Customer<'_>) {
    let keys = customer.enrolment(&customer.instance()).expect("it is enrolled").keys;
    let sealed = customer.sealed_at();
    let wrong = world.lab.files().join(format!("openclaw-{AFTER}.json"));
    fs::write(&wrong, "{}").expect("written");
    customer.change(&[(BEFORE, AFTER)]);
    customer.apply().end(LONG);
    machine.wait("the wrong lock is refused", LONG, |it| journal(it).contains("lock.json: FAILED"));
    assert_eq!(in_force(machine), BEFORE);
    let status = customer.status();
    assert!(status.contains(&format!("OpenClaw runs in version {BEFORE}, and {AFTER} is wanted")), "{status}");

    fs::remove_file(wrong).expect("removed");
    machine.wait("the new version reports", LONG, |_| {
        let report = customer.report(&keys).expect("a report");
        report.openclaw_version.as_deref() == Some(AFTER) && report.health.gateway == Some(true)
    });
    let installed = text(&machine.root(
        "cd /opt/openclaw/current && sha256sum <lock.json && sed -n 's/^  \"version\": //p' node_modules/openclaw/package.json",
    ));
    assert_eq!(installed, format!("{}  -\n\"{AFTER}\",\n", RELEASES[0].lock));
    assert!(remembers(machine), "memory survives");
    assert!(text(&machine.user("openclaw", "ls -d ~openclaw/.openclaw?*")).contains("No such file"), "no copy is left");
    assert_eq!(customer.sealed_at(), sealed, "sealed as before");
    let status = customer.status();
    assert!(status.contains(AFTER) && !status.contains("is wanted"), "{status}");
    assert!(customer.field(mailbox::BUNDLE).is_some());
}
