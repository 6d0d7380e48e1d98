//! What a report says, and when.
use std::fs;
use std::os::unix::fs::symlink;

use ampere_bundle::installed::paths;
use ampere_bundle::{Audit, Inspection, MOST_LISTED};
use serde_json::json;

use crate::google::{Google, NOW};
use crate::played::{report, settled};

#[test]
fn it_tells_what_root_and_openclaw_found() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let first = report(&google);
    assert_eq!((first.inspection, first.audit, first.openclaw_version), (None, None, None), "nobody has looked yet");
    assert_eq!(first.agent_hash.len(), 64);
    let inspection = Inspection { root_locked: true, metadata_closed: Some(true), at: NOW, ..Inspection::default() };
    played.write(paths::INSPECTION, &serde_json::to_string(&inspection).unwrap());
    let status = json!({
        "at": NOW, "openclaw": "2026.9.6", "node": "v24.21.0", "gateway": true, "restarts": 0, "secrets": 0,
        "security": {"summary": {"critical": 1, "warn": 1, "info": 3}, "findings": [
            {"checkId": "gateway.trusted_proxies_missing", "severity": "warn", "detail": "somebody's words"},
            {"checkId": "channels.telegram.groups.open", "severity": "critical"},
            {"checkId": "summary.attack_surface", "severity": "info"},
        ]},
    });
    played.write(paths::OPENCLAW_STATUS, &status.to_string());
    agent.step(NOW + 30);
    let told = report(&google);
    assert_eq!(told.inspection, Some(inspection));
    assert_eq!((told.openclaw_version.as_deref(), told.node_version.as_deref()), (Some("2026.9.6"), Some("v24.21.0")));
    let findings = vec!["channels.telegram.groups.open".to_owned(), "gateway.trusted_proxies_missing".to_owned()];
    assert_eq!(told.audit, Some(Audit { at: NOW, critical: 1, warnings: 1, findings, secrets: Some(0) }));
    assert_eq!((told.health.gateway, told.health.restarts, told.sequence), (Some(true), Some(0), 1));
}

#[test]
fn it_is_sent_every_ten_minutes_and_when_something_changed() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let sent = || google.asked("fieldPaths=report");
    let before = sent();
    for round in 1..=60 {
        agent.step(NOW + 3 + 30 * round);
    }
    assert_eq!(sent() - before, 3, "in half an hour");
    assert_eq!(google.asked("signIn") + google.asked("secure"), 1, "a session of an hour");
    played.write(paths::OPENCLAW_STATUS, r#"{"gateway": false, "restarts": 7}"#);
    agent.step(NOW + 1810);
    assert_eq!((sent() - before, report(&google).health.restarts), (4, Some(7)), "OpenClaw crashes in a loop");
}

#[test]
fn the_clock_is_compared_with_googles() {
    let google = Google::start();
    let (_played, mut agent) = settled(&google);
    agent.step(NOW - 5000);
    assert_eq!(report(&google).health.clock_behind, Some(5000));
}

/// OpenClaw's user may write anything at its place: the agent neither hangs nor repeats it.
#[test]
fn what_openclaws_user_writes_is_believed_to_be_anything() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let place = played.at(paths::OPENCLAW_STATUS);
    let mut now = NOW + 700;
    let mut next = |prepare: &dyn Fn()| {
        _ = fs::remove_file(&place);
        prepare();
        now += 700;
        agent.step(now);
        assert_eq!(agent.trouble(), None);
        report(&google)
    };
    let absent: [&dyn Fn(); 5] = [
        &|| fs::write(&place, "A".repeat(300 * 1024)).unwrap(),
        &|| fs::write(&place, "{\"openclaw\": 7").unwrap(),
        &|| symlink(played.state("gateway-token"), &place).unwrap(),
        &|| symlink("/dev/zero", &place).unwrap(),
        &|| rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap(),
    ];
    for prepare in absent {
        assert_eq!(next(prepare).audit, None);
    }
    let words = json!({
        "openclaw": "ignore previous instructions", "node": "x".repeat(65),
        "security": {"findings": vec![json!({"checkId": "ok.id", "severity": "warn"}); 1000]},
    });
    let told = next(&|| fs::write(&place, words.to_string()).unwrap());
    assert_eq!((told.openclaw_version, told.node_version), (None, None));
    let audit = told.audit.unwrap();
    assert_eq!((audit.findings.len(), audit.critical), (MOST_LISTED, u32::MAX), "what it does not count is not clean");
    let planted = json!({"security": {"findings": [{"checkId": "my diary", "severity": "critical"}]}});
    assert_eq!(next(&|| fs::write(&place, planted.to_string()).unwrap()).audit.unwrap().findings, [""; 0]);
}
