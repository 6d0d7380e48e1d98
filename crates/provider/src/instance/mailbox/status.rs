//! A mailbox as a person reads it (`ampere instance status`).
use ampere_bundle::{Outcome, Report};
use ampere_core::provider::{Fact, Status};
use jiff::Timestamp;

use super::document::Mailbox;
use super::state::{Stage, deadline};
use super::verdict;

/// How long a box may be silent before a person should know. It reports every ten minutes.
const SILENCE: i64 = 30 * 60;

/// Of a server that nobody can speak for.
pub(super) fn without_mailbox() -> Status {
    Status {
        state: Stage::Waiting.as_str().into(),
        faults: vec!["its mailbox is gone; the next apply makes it again".into()],
        ..Status::default()
    }
}

/// What a mailbox tells at a time.
pub(super) fn of(mailbox: &Mailbox, now: Timestamp) -> Status {
    let stage = Stage::of(mailbox, now);
    let mut status = Status { state: stage.as_str().into(), ..Status::default() };
    let mut fact = |name, value: Option<String>| status.facts.extend(value.map(|value| Fact { name, value }));
    fact("sealed at", mailbox.sealed_at().map(|at| at.to_string()));
    fact("key", mailbox.box_key().map(str::to_owned));
    let keys = mailbox.enrolment().and_then(Result::ok).map(|enrolment| enrolment.keys);
    // What was signed with other keys than the accepted ones says nothing.
    let keys = keys.filter(|keys| mailbox.box_key() == Some(&*keys.fingerprint()));
    let offer = mailbox.offer();
    fact("bundle sent", offer.as_ref().map(|offer| offer.sequence.to_string()));
    let receipt = keys.as_ref().and_then(|keys| mailbox.receipt(keys));
    fact("bundle in force", receipt.as_ref().map(|receipt| receipt.sequence.to_string()));
    fact("last receipt", receipt.as_ref().and_then(|receipt| second(receipt.at)).map(|at| at.to_string()));
    if let Some(delivered) = mailbox.confirmed().map(|offer| offer.delivered) {
        let versions: Vec<String> = delivered.iter().map(|(id, version)| format!("{id} v{version}")).collect();
        fact("secrets", Some(versions.join(", ")));
    }
    let report = keys.as_ref().and_then(|keys| mailbox.report(keys));
    if let Some(report) = &report {
        fact("agent", Some(format!("{} (SHA-256 {})", report.agent_version, report.agent_hash)));
        fact("OpenClaw", report.openclaw_version.clone());
        fact("Node.js", report.node_version.clone());
        fact("gateway", report.health.gateway.map(|ready| if ready { "ready".into() } else { "not ready".into() }));
        fact("restarts", report.health.restarts.map(|count| count.to_string()));
        if let Some(audit) = &report.audit {
            fact("OpenClaw's audit", Some(format!("{} critical, {} warnings", audit.critical, audit.warnings)));
        }
        status.heard_at = second(report.at);
        status.faults.extend(faults(report));
        let wanted = offer.as_ref().map(|offer| &offer.openclaw);
        if let (Some(found), Some(wanted)) =
            (&report.openclaw_version, wanted.filter(|w| Some(*w) != report.openclaw_version.as_ref()))
        {
            status.faults.push(format!("OpenClaw runs in version {found}, and {wanted} is wanted"));
        }
    }
    status.faults.extend(mailbox.refusal().map(str::to_owned));
    if let Some(Outcome::Refused { why }) = receipt.map(|receipt| receipt.outcome) {
        status.faults.push(format!("its last bundle was not taken, the one before is in force: {why}"));
    }
    let waits = matches!(stage, Stage::Waiting | Stage::Enrolled);
    if let Some(until) = deadline(mailbox).filter(|_| waits) {
        status.facts.push(Fact { name: "to be sealed by", value: until.to_string() });
    }
    let silent = status.heard_at.is_some_and(|at| now.as_second() - at.as_second() > SILENCE);
    if stage == Stage::Sealed && (silent || status.heard_at.is_none()) {
        status.faults.push("it has not reported for more than half an hour".into());
    }
    status
}

/// What a report says that is not as it should be.
fn faults(report: &Report) -> Vec<String> {
    let mut faults = report.inspection.as_ref().map(verdict::ways_in).unwrap_or_default();
    if !report.health.disk_writable {
        faults.push("its disk cannot be written".into());
    }
    if report.health.gateway == Some(false) {
        faults.push("OpenClaw's gateway is not ready".into());
    }
    faults
}

fn second(at: i64) -> Option<Timestamp> {
    Timestamp::from_second(at).ok()
}
