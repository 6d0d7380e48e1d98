//! Bundles that are not to be taken, and what the agent does then: it says so, and goes on with what it has.
use ampere_bundle::installed::paths;
use ampere_bundle::{BoxKeys, Issuer, Outcome, Rejected, digest};

use crate::google::{Google, NOW};
use crate::played::{INSTANCE, bundle, bundle_for, issuer, keys, outcome, receipt, settled, value};

#[test]
fn a_good_bundle_is_served_announced_and_receipted() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let first = receipt(&google).unwrap();
    assert_eq!((first.sequence, first.outcome), (1, Outcome::Applied));
    assert_eq!(played.secret("anthropic"), Some(value(1)));
    assert_eq!(played.read(paths::CHANGED).as_deref(), Some("1"));
    let wanted = r#"{"version":"2026.9.6","lock":"EXAMPLE"}"#;
    assert!(played.read(paths::UPGRADE).is_some_and(|text| text.contains("2026.9.6")), "{wanted}");
    // Rotation: nothing but the next bundle.
    let second = bundle(&google, 2);
    google.offer(INSTANCE, &second);
    agent.step(NOW + 33);
    assert_eq!(played.secret("anthropic"), Some(value(2)));
    assert_eq!(played.read(paths::CHANGED).as_deref(), Some("2"));
    assert_eq!(receipt(&google).map(|receipt| receipt.digest), Some(digest(&second)));
    // It is asked for once, and answered for once.
    let (asked, told) = (google.asked("fieldPaths=bundle"), google.asked("fieldPaths=receipt"));
    for round in 0..5 {
        agent.step(NOW + 63 + 30 * round);
    }
    assert_eq!((google.asked("fieldPaths=bundle"), google.asked("fieldPaths=receipt")), (asked, told));
}

#[test]
fn no_attack_changes_what_is_served() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    google.offer(INSTANCE, &bundle(&google, 5));
    agent.step(NOW + 10);
    let mine = keys(&google);
    let theirs = BoxKeys::generate(&[9; 64]).public();
    let good = bundle(&google, 6);
    let (payload, signature) = good.split_once('.').unwrap();
    let old_signature = bundle(&google, 5).split_once('.').unwrap().1.to_owned();
    let later = NOW + 3600;
    let attacks = [
        ("rollback", bundle(&google, 4), Rejected::Rollback),
        ("the very first", bundle(&google, 1), Rejected::Rollback),
        ("other contents, same number", bundle_for(&mine, INSTANCE, 5, later + 1, &issuer()), Rejected::Conflict),
        ("another box's", bundle_for(&theirs, "ampere-9999", 6, later, &issuer()), Rejected::Instance),
        ("another box's key", bundle_for(&theirs, INSTANCE, 6, later, &issuer()), Rejected::Key),
        ("another issuer", bundle_for(&mine, INSTANCE, 6, later, &Issuer::from_seed(&[2; 32])), Rejected::Signature),
        ("unsigned", payload.to_owned(), Rejected::Malformed),
        ("another's signature", format!("{payload}.{old_signature}"), Rejected::Signature),
        ("expired", bundle_for(&mine, INSTANCE, 6, NOW, &issuer()), Rejected::Expired),
        ("too long", format!("{}.{signature}", "A".repeat(300_000)), Rejected::TooLong),
        ("nothing", String::new(), Rejected::Malformed),
    ];
    for (n, (attack, text, why)) in attacks.into_iter().enumerate() {
        google.offer(INSTANCE, &text);
        agent.step(NOW + 20 + n as i64);
        assert_eq!(outcome(&google), Some(Outcome::Refused { why }), "{attack}");
        assert_eq!(receipt(&google).map(|receipt| receipt.digest), Some(digest(&text)), "{attack}");
        assert_eq!((played.secret("anthropic"), agent.sequence()), (Some(value(5)), 5), "{attack}");
    }
    google.offer(INSTANCE, &good);
    agent.step(NOW + 60);
    assert_eq!((played.secret("anthropic"), outcome(&google)), (Some(value(6)), Some(Outcome::Applied)));
}

#[test]
fn a_clock_that_was_set_back_revives_no_expired_bundle() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let long_ago = 1_000_000_000;
    let expired = bundle_for(&keys(&google), INSTANCE, 2, NOW - 1, &issuer());
    google.offer(INSTANCE, &expired);
    agent.step(long_ago);
    assert_eq!(outcome(&google), Some(Outcome::Refused { why: Rejected::Expired }), "Google's Date counts");
    drop(agent);
    // Nor after a start without any Date: what was seen is on disk.
    google.state().now = 0;
    let mut agent = played.agent();
    agent.step(long_ago);
    assert_eq!(outcome(&google), Some(Outcome::Refused { why: Rejected::Expired }));
    assert_eq!(played.secret("anthropic"), Some(value(1)));
}

#[test]
fn what_was_applied_survives_restart_expiry_and_a_clock_set_ahead() {
    let google = Google::start();
    let (played, agent) = settled(&google);
    drop(agent);
    google.state().down = true;
    let mut agent = played.agent();
    assert_eq!(played.secret("anthropic"), Some(value(1)), "before the first round");
    let years = NOW + 100_000_000;
    agent.step(years);
    assert_eq!((played.secret("anthropic"), agent.sequence()), (Some(value(1)), 1));
    google.state().down = false;
    agent.step(years);
    assert_eq!(agent.trouble(), None);
    assert_eq!(outcome(&google), Some(Outcome::Applied), "the same text, expired since");
    // Set right again, it takes what is new: its own clock left no trace.
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 60);
    assert_eq!(played.secret("anthropic"), Some(value(2)));
}

#[test]
fn a_clock_set_right_makes_a_bundle_good_that_was_refused_as_expired() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 100_000);
    assert_eq!(outcome(&google), Some(Outcome::Refused { why: Rejected::Expired }));
    agent.step(NOW + 10);
    assert_eq!((outcome(&google), played.secret("anthropic")), (Some(Outcome::Applied), Some(value(2))));
}

#[test]
fn the_gateways_token_is_the_boxs_own() {
    let google = Google::start();
    let (played, agent) = settled(&google);
    let token = played.secret("gateway/token").unwrap();
    assert!(token.len() >= 43, "{} characters", token.len());
    drop(agent);
    let _agent = played.agent();
    assert_eq!(played.secret("gateway/token"), Some(token.clone()));
    assert_ne!(settled(&Google::start()).0.secret("gateway/token"), Some(token.clone()));
    let sent: Vec<String> = google.state().documents[INSTANCE].values().cloned().collect();
    assert!(!sent.concat().contains(&token));
}
