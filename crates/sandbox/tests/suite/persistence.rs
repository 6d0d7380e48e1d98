//! What was answered is kept: over a restart, a drop, a kill.

use std::path::Path;

use ampere_sandbox::{Config, Sandbox};
use serde_json::json;

use crate::kit::Calls;

async fn start(directory: &Path) -> Sandbox {
    let config = Config { directory: Some(directory.to_owned()), ..Config::default() };
    Sandbox::start(config).await.expect("it starts")
}

async fn fill(calls: &Calls) -> String {
    calls.post("/hetzner/v1/firewalls", json!({"name": "fw"})).await.ok();
    let request = calls.form_request("/stripe/v1/customers", "email=ada@example.com");
    let customer = calls.send(request.header("idempotency-key", "k")).await.ok();
    let accounts = "/identitytoolkit.googleapis.com/v1/projects/p/accounts";
    calls.post(accounts, json!({"localId": "ada"})).await.ok();
    let document = "/firestore/v1/projects/p/databases/(default)/documents/c/d";
    calls.call("PATCH", document, json!({"fields": {}})).await.ok();
    customer["id"].as_str().expect("an id").to_owned()
}

async fn check(calls: &Calls, customer: &str) {
    let counts = calls.get("/_sandbox/objects").await.ok();
    for (cloud, kind) in [
        ("hetzner", "firewalls"),
        ("stripe", "customers"),
        ("identity_toolkit", "accounts"),
        ("firestore", "documents"),
    ] {
        assert_eq!(counts[cloud][kind], 1, "{cloud} {kind}");
    }
    let request = calls.form_request("/stripe/v1/customers", "email=ada@example.com");
    let again = calls.send(request.header("idempotency-key", "k")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.ok()["id"], customer);
    let next = calls.post("/hetzner/v1/firewalls", json!({"name": "next"})).await.ok();
    assert_eq!(next["firewall"]["id"], 2_100_002, "an id was given twice");
}

#[tokio::test]
async fn a_restart_keeps_objects_ids_keys_and_the_clock() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = start(directory.path()).await;
    let calls = Calls::new(&sandbox);
    let customer = fill(&calls).await;
    calls.advance(3600).await;
    let before = calls.get("/_sandbox/clock").await.ok()["now"].clone();
    sandbox.stop().await.expect("it stops");
    assert!(!directory.path().join("address").exists());
    let sandbox = start(directory.path()).await;
    let calls = Calls::new(&sandbox);
    assert!(calls.get("/_sandbox/clock").await.ok()["now"].as_str() > before.as_str());
    check(&calls, &customer).await;
}

#[tokio::test]
async fn a_drop_releases_the_directory_at_once_and_loses_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = start(directory.path()).await;
    let customer = fill(&Calls::new(&sandbox)).await;
    drop(sandbox);
    let sandbox = start(directory.path()).await;
    check(&Calls::new(&sandbox), &customer).await;
}

/// The bytes that lie in the file while the sandbox runs are what a kill leaves behind.
#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().expect("a directory");
    let killed = tempfile::tempdir().expect("a directory");
    let sandbox = start(directory.path()).await;
    let customer = fill(&Calls::new(&sandbox)).await;
    let journal = std::fs::read(directory.path().join("journal.jsonl")).expect("a journal");
    let mut torn = journal.clone();
    torn.extend(br#"[{"kind":"hetzner/servers","id":"1","obj"#);
    std::fs::write(killed.path().join("journal.jsonl"), torn).expect("written");
    let second = start(killed.path()).await;
    check(&Calls::new(&second), &customer).await;
}

#[tokio::test]
async fn a_failed_request_leaves_nothing_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = start(directory.path()).await;
    let calls = Calls::new(&sandbox);
    let before = std::fs::read(directory.path().join("journal.jsonl")).expect("a journal");
    let wrong = json!({"name": "fw", "apply_to": [{"type": "server", "server": {"id": 1}}]});
    calls.post("/hetzner/v1/firewalls", wrong).await.refused(404);
    assert_eq!(calls.get("/hetzner/v1/firewalls").await.ok()["firewalls"], json!([]));
    let after = std::fs::read(directory.path().join("journal.jsonl")).expect("a journal");
    assert_eq!(before, after);
}

#[tokio::test]
async fn one_change_writes_one_line_and_old_lines_are_dropped_at_the_next_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = start(directory.path()).await;
    let calls = Calls::new(&sandbox);
    let lines = || {
        let journal = std::fs::read(directory.path().join("journal.jsonl")).expect("a journal");
        journal.iter().filter(|byte| **byte == b'\n').count()
    };
    let before = lines();
    let document = "/firestore/v1/projects/p/databases/(default)/documents/c/d";
    for _ in 0..400 {
        calls.call("PATCH", document, json!({"fields": {}})).await.ok();
    }
    assert_eq!(lines(), before + 400);
    drop(sandbox);
    let sandbox = start(directory.path()).await;
    assert!(lines() < 20, "{} lines", lines());
    Calls::new(&sandbox).get(document).await.ok();
}
