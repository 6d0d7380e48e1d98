//! Enrolment: once, in time, by the box that the token was for.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ampere_agent::agent::Trouble;
use ampere_agent::mailbox::CallError;
use ampere_bundle::{Enrolment, mailbox};

use crate::google::{Google, NOW};
use crate::played::{INSTANCE, Played, bundle, settled};

#[test]
fn a_box_enrols_at_first_boot_and_forgets_its_token() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let mut agent = played.agent();
    assert_eq!(agent.step(NOW), Duration::from_secs(3), "somebody waits for it");
    assert_eq!(agent.trouble(), None);
    let text = google.field(INSTANCE, mailbox::ENROLMENT).unwrap();
    let enrolment = Enrolment::open(&text, INSTANCE).unwrap();
    assert_eq!((enrolment.server.as_str(), enrolment.ipv4.as_deref()), ("4711", Some("192.0.2.7")));
    assert!(!played.state("token").exists());
    for entry in fs::read_dir(played.at(ampere_bundle::installed::paths::STATE)).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    drop(agent);
    let mut agent = played.agent();
    agent.step(NOW + 60);
    assert_eq!(agent.trouble(), None);
    assert_eq!(google.field(INSTANCE, mailbox::ENROLMENT), Some(text), "the same keys");
    assert_eq!(google.asked("signInWithCustomToken"), 1);
}

#[test]
fn a_token_that_was_used_before_brings_a_second_box_nothing() {
    let google = Google::start();
    let (first, mut agent) = settled(&google);
    let thief = Played::new(&google);
    let mut second = thief.agent();
    second.step(NOW + 60);
    assert_eq!(second.trouble(), Some(Trouble::Refused));
    assert_eq!((second.sequence(), thief.secret("anthropic")), (0, None));
    assert!(thief.state("refused").exists() && !thief.state("token").exists());
    let asked = google.state().requests.len();
    for round in 0..20 {
        assert!(second.step(NOW + 60 + round) >= Duration::from_secs(3));
        assert_eq!(second.trouble(), Some(Trouble::NoToken), "not with that token, not again");
    }
    drop(second);
    thief.agent().step(NOW + 100);
    assert_eq!(google.state().requests.len(), asked);
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 100);
    assert_eq!(first.secret("anthropic").as_deref(), Some("sk-ant-EXAMPLE-2"), "the first is as it was");
}

#[test]
fn a_late_token_is_refused() {
    // By Identity Toolkit, when the token has expired …
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::with_token(&google, &Google::token(INSTANCE, NOW));
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!((agent.trouble(), google.asked("ampere/")), (Some(Trouble::Refused), 0));
    assert!(played.state("refused").exists() && !played.state("token").exists());
    // … and by the rules, when a box signed in early and enrols late.
    let played = Played::new(&google);
    google.state().enrol_until.insert(INSTANCE.into(), NOW);
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!(agent.trouble(), Some(Trouble::Refused));
    assert_eq!(google.field(INSTANCE, mailbox::ENROLMENT), None);
    assert!(!played.state("credentials").exists() && !played.state("token").exists());
}

#[test]
fn a_token_for_another_mailbox_opens_none() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::with_token(&google, &Google::token("ampere-9999", NOW + 60));
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Denied)));
    assert_eq!(google.field(INSTANCE, mailbox::ENROLMENT), None);
}

#[test]
fn first_boot_waits_for_network_and_identity() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let identity = played.read(ampere_bundle::installed::paths::IDENTITY).unwrap();
    fs::remove_file(played.at(ampere_bundle::installed::paths::IDENTITY)).unwrap();
    google.state().down = true;
    let mut agent = played.agent();
    agent.step(NOW);
    assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Unreachable)));
    google.state().down = false;
    agent.step(NOW + 5);
    assert_eq!(agent.trouble(), Some(Trouble::Identity));
    assert!(played.state("token").exists(), "it has not succeeded yet");
    played.write(ampere_bundle::installed::paths::IDENTITY, &identity);
    agent.step(NOW + 10);
    assert_eq!(agent.trouble(), None);
    assert!(!played.state("token").exists());
}
