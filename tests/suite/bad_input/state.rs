//! State and key that cannot be read or written: told, left as they are, and good again once they are put right.
use std::fs;

use ampere_tests::Lab;
use sqlx::{Connection, SqliteConnection};

use super::{ACCOUNT, failed, lab, recovers};

fn applied() -> Lab {
    let lab = lab(ACCOUNT);
    lab.ampere("apply -auto-approve").exits(0);
    lab
}

/// Runs that read or write the state.
const RUNS: [&str; 3] = ["plan", "apply -auto-approve", "state list"];

#[test]
fn read_only_directory() {
    // Permissions do not bind the superuser; nobody can make a directory here.
    let mut lab = lab(ACCOUNT);
    lab.set("AMPERE_DATA_DIR", "/proc/ampere");
    failed(lab.ampere("plan"), 1, &["Data directory unusable", "/proc/ampere", "AMPERE_DATA_DIR"]);
    failed(lab.ampere("apply -auto-approve"), 1, &["Data directory unusable"]);
    assert!(lab.cloud().ours().is_empty(), "made something that it could not write down");
    lab.set("AMPERE_DATA_DIR", ".ampere");
    recovers(&lab);
}

#[test]
fn a_file_in_the_directorys_place() {
    let lab = lab(ACCOUNT);
    lab.write(".ampere", "not a directory");
    failed(lab.ampere("apply -auto-approve"), 1, &[".ampere"]);
    assert!(lab.cloud().ours().is_empty());
    lab.remove(".ampere");
    recovers(&lab);
}

#[test]
fn unwritable_state() {
    let lab = lab(ACCOUNT);
    fs::create_dir_all(lab.path().join(".ampere/state.db")).expect("a directory in its place");
    failed(lab.ampere("apply -auto-approve"), 1, &["State unusable", ".ampere/state.db"]);
    assert!(lab.cloud().ours().is_empty());
    fs::remove_dir(lab.path().join(".ampere/state.db")).expect("removed");
    recovers(&lab);
}

#[test]
fn unwritable_plan_file() {
    let lab = lab(ACCOUNT);
    failed(lab.ampere("plan -out=/proc/p.tfplan"), 1, &["Failed to save the plan", "/proc/p.tfplan"]);
    recovers(&lab);
}

#[test]
fn corrupt_state() {
    let lab = applied();
    let kept = lab.path().join(".ampere/kept");
    fs::create_dir(&kept).expect("a place for the good files");
    let files: Vec<_> = fs::read_dir(lab.path().join(".ampere"))
        .expect("the data directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file() && path.to_string_lossy().contains("state.db"))
        .collect();
    for path in &files {
        fs::rename(path, kept.join(path.file_name().expect("a name"))).expect("moved");
    }
    let garbage = "this is no database, whatever it is called ".repeat(200);
    lab.write(".ampere/state.db", &garbage);
    for run in RUNS {
        failed(lab.ampere(run), 1, &["Damaged state", ".ampere/state.db", "backup"]);
    }
    assert_eq!(fs::read_to_string(lab.path().join(".ampere/state.db")).expect("read"), garbage, "it was touched");
    assert_eq!(lab.cloud().ours().len(), 2, "a user and its document");
    lab.remove(".ampere/state.db*");
    for path in &files {
        fs::rename(kept.join(path.file_name().expect("a name")), path).expect("moved back");
    }
    fs::remove_dir(kept).expect("empty now");
    recovers(&lab);
    lab.ampere("audit verify").exits(0);
}

/// Runs a statement on the state.
fn on_state(lab: &Lab, statement: &'static str) {
    let url = format!("sqlite://{}", lab.path().join(".ampere/state.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.expect("the state opens");
        sqlx::query(statement).execute(&mut connection).await.expect("the statement is good");
        connection.close().await.expect("closed");
    });
}

#[test]
fn state_from_a_newer_version() {
    let lab = applied();
    on_state(&lab, "PRAGMA user_version = 4711");
    for run in RUNS {
        failed(lab.ampere(run), 1, &["State of a newer version", "4711", "Use that version of Ampere"]);
    }
    on_state(&lab, "PRAGMA user_version = 2");
    recovers(&lab);
}

#[test]
fn wrong_key() {
    let lab = applied();
    let stranger = applied();
    let key = lab.path().join(".ampere/key");
    let good = fs::read(&key).expect("read");
    fs::write(&key, fs::read(stranger.path().join(".ampere/key")).expect("read")).expect("written");
    for run in RUNS {
        failed(lab.ampere(run), 1, &["Wrong root key", ".ampere/key", "Put the right key back"]);
    }
    fs::write(&key, &good).expect("written");
    recovers(&lab);
}

#[test]
fn a_damaged_key() {
    let lab = applied();
    let key = lab.path().join(".ampere/key");
    let good = fs::read_to_string(&key).expect("read");
    let damaged = format!("EXAMPLE{}", &good[7..]);
    fs::write(&key, &damaged).expect("written");
    let run = lab.ampere("plan").keeps_quiet_about(damaged.trim()).keeps_quiet_about(&good[10..]);
    failed(run, 1, &["Invalid root key", ".ampere/key", "from your backup"]);
    fs::write(&key, good).expect("written");
    recovers(&lab);
}
