//! Keys as a user has them: rotated by hand and by time, lost, copied from elsewhere.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use ampere_core::clock::{NoRandomness, Random};
use ampere_core::vault::{RootKey, Vault};
use ampere_tests::{Lab, Run};
use serde_json::Value as Json;

struct System;

impl Random for System {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

fn applied() -> Lab {
    let lab = Lab::new().with_example("quickstart");
    lab.ampere("apply -auto-approve").exits(0);
    lab
}

fn json(run: Run) -> Json {
    serde_json::from_str(run.exits(0).stdout.trim()).expect("one document")
}

fn epochs(lab: &Lab) -> String {
    fs::read_to_string(lab.path().join(".ampere/epochs")).expect("the epochs are there")
}

/// What the log says of rotations: epoch and outcome.
fn rotations(lab: &Lab) -> Vec<(String, String)> {
    let said = lab.ampere("audit log -json").exits(0).stdout;
    let entries = said.lines().map(|line| serde_json::from_str::<Json>(line).expect("an entry"));
    let text = |json: &Json| json.as_str().expect("a text").to_owned();
    let rotated = entries.map(|entry| entry["event"].clone()).filter(|event| event["action"] == "keys.rotate");
    rotated.map(|event| (text(&event["details"]["epoch"]), text(&event["outcome"]))).collect()
}

#[test]
fn s1_keys_are_rotated_by_hand_and_everything_goes_on() {
    let lab = applied();
    let (before, mode) = (epochs(&lab), fs::metadata(lab.path().join(".ampere/epochs")).expect("there").permissions());
    assert_eq!(mode.mode() & 0o777, 0o600);
    lab.ampere("plan -out=p.tfplan").exits(0);
    let rotated = json(lab.ampere("secret rotate-keys -json"));
    assert_eq!((&rotated["epoch"], &rotated["destroyed"], &rotated["unopened"]), (&2.into(), &1.into(), &0.into()));
    assert!(rotated["keys"].as_u64() >= Some(2), "the stack's key and the account's: {rotated}");
    assert_ne!(epochs(&lab), before);
    assert_eq!(rotations(&lab), [("2".into(), "started".into()), ("2".into(), "succeeded".into())]);
    lab.ampere("audit verify").exits(0);
    lab.ampere("apply p.tfplan").exits(0).says("Apply complete! Resources: 0 added");
    lab.ampere("plan -detailed-exitcode").exits(0);
    lab.ampere("secret rotate-keys").exits(0).says("Epoch 3 has begun").says("the epoch before was destroyed");
    lab.ampere("destroy -auto-approve").exits(0);
}

#[test]
fn keys_that_are_lost_or_from_elsewhere_are_told_and_nothing_is_touched() {
    let lab = applied();
    let path = lab.path().join(".ampere/epochs");
    let first = epochs(&lab);
    let put = |text: &str| fs::write(&path, text).expect("written");
    lab.ampere("secret rotate-keys").exits(0);
    let second = epochs(&lab);

    put(&first);
    lab.ampere("plan").exits(1).says("Epoch keys too old").says("Copy the file from the machine that ran last");
    lab.ampere("reconcile -once").exits(1).says("Epoch keys too old");
    put("ampere_epochs1_EXAMPLE");
    lab.ampere("plan").exits(1).says("Epoch keys do not open").keeps_quiet_about("ampere_epochs1_EXAMPLE");
    fs::remove_file(&path).expect("removed");
    lab.ampere("apply -auto-approve").exits(1).says("Epoch keys missing").says("ampere recover");
    lab.ampere("secret rotate-keys").exits(1).says("Epoch keys missing");
    assert!(!path.exists(), "nothing was made in its place");

    put(&second);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    lab.ampere("plan").exits(1).says("Epoch keys unusable").says("chmod 600");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    lab.ampere("plan -detailed-exitcode").exits(0);
}

#[test]
fn an_old_copy_of_the_state_is_refused_after_a_rotation() {
    let lab = applied();
    let state = lab.path().join(".ampere/state.db");
    let files = ["state.db", "state.db-wal"].map(|name| lab.path().join(".ampere").join(name));
    let copies = files.clone().map(|path| fs::read(path).unwrap_or_default());
    lab.ampere("secret rotate-keys").exits(0);
    drop(fs::remove_file(state.with_extension("db-shm")));
    for (path, copy) in files.iter().zip(copies) {
        fs::write(path, copy).expect("put back");
    }
    lab.ampere("plan").exits(1).says("State from an ended epoch").says("cannot be opened any more");
}

#[test]
fn an_epoch_of_twelve_hours_ends_with_the_next_run_that_locks() {
    let lab = Lab::new().with_example("quickstart");
    lab.ampere("plan").exits(0);
    // The same root key, and an epoch that began thirteen hours ago.
    fs::remove_file(lab.path().join(".ampere/state.db")).expect("a state");
    let root = fs::read_to_string(lab.path().join(".ampere/key")).expect("a key");
    let root = RootKey::parse(&root).expect("a root key");
    let vault = Vault::open(&root, "default", &[], Arc::new(System)).expect("a vault");
    let began = jiff::Timestamp::now().checked_sub(jiff::SignedDuration::from_hours(13)).expect("a time");
    let old = vault.next_epoch(began).expect("an epoch");
    fs::write(lab.path().join(".ampere/epochs"), old.text()).expect("written");
    lab.ampere("apply -auto-approve").exits(0);
    assert_eq!(rotations(&lab), [("2".into(), "succeeded".into())]);
    let after = epochs(&lab);
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("reconcile -once").exits(0);
    assert_eq!(epochs(&lab), after, "a young epoch is left alone");
}

#[test]
fn the_root_key_may_come_from_the_environment() {
    let mut lab = Lab::new().with_example("quickstart");
    lab.set("AMPERE_ROOT_KEY", RootKey::from_bytes([7; 32]).to_text().expose());
    lab.ampere("apply -auto-approve").exits(0);
    assert!(!lab.path().join(".ampere/key").exists());
    lab.ampere("secret rotate-keys").exits(0);
    lab.set("AMPERE_ROOT_KEY", RootKey::from_bytes([8; 32]).to_text().expose());
    lab.ampere("plan").exits(1).says("Wrong root key").says("AMPERE_ROOT_KEY");
}

#[test]
fn the_root_key_may_come_from_a_command_and_the_epochs_from_a_place_that_two_machines_share() {
    let lab = Lab::new().with_example("quickstart");
    let key = RootKey::from_bytes([7; 32]).to_text();
    fs::write(
        lab.path().join("kms"),
        format!("#!/bin/sh\nif [ \"$1\" = decrypt ]; then echo {}; else exit 9; fi\n", key.expose()),
    )
    .expect("written");
    let shared = lab.path().join("shared/epochs");
    let toml = |argument: &str| {
        let text = format!("[root_key]\ncommand = [\"sh\", \"kms\", \"{argument}\"]\nepochs = {shared:?}\n");
        lab.write("ampere.toml", &text);
    };
    toml("decrypt");
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("secret rotate-keys").exits(0).says("Epoch 2 has begun");
    assert!(shared.exists() && !lab.path().join(".ampere/key").exists() && !lab.path().join(".ampere/epochs").exists());
    toml("encrypt");
    lab.ampere("plan").exits(1).says("No root key").says("exit status: 9").keeps_quiet_about(key.expose());
    toml("decrypt");
    lab.ampere("plan -detailed-exitcode").exits(0);
}
