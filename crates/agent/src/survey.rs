//! What a report says: what others left about the box, and the agent's own health.
use std::fs::File;
use std::io::{self, Read as _};

use ampere_bundle::installed::{OpenClawStatus, paths};
use ampere_bundle::{Audit, Health, Inspection, MOST_LISTED, Report};
use sha2::{Digest as _, Sha256};

use crate::files::{self, Root};

/// The longest file of root's or of OpenClaw's user that is read, in bytes.
const LONGEST_STATUS: usize = 256 * 1024;

/// SHA-256 of the running program, in hex.
fn own_hash() -> io::Result<String> {
    let mut program = File::open("/proc/self/exe")?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match program.read(&mut buffer)? {
            0 => break,
            length => hash.update(&buffer[..length]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A report of this instance in which nothing has been looked at yet.
///
/// # Errors
/// Those of the system: the program itself cannot be read.
pub fn blank(instance: &str) -> io::Result<Report> {
    Ok(Report {
        instance: instance.to_owned(),
        at: 0,
        sequence: 0,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        agent_hash: own_hash()?,
        openclaw_version: None,
        node_version: None,
        inspection: None,
        audit: None,
        health: Health::default(),
    })
}

/// Has the report say what others found. A file that is missing or broken is a part that is absent.
pub fn look(root: &Root, report: &mut Report) {
    report.inspection = files::read_json::<Inspection>(&root.at(paths::INSPECTION), LONGEST_STATUS).ok().flatten();
    let status = files::read_json::<OpenClawStatus>(&root.at(paths::OPENCLAW_STATUS), LONGEST_STATUS).ok().flatten();
    report.audit = status.as_ref().map(audit);
    let status = status.unwrap_or_default();
    report.openclaw_version = status.openclaw.as_deref().and_then(plain);
    report.node_version = status.node.as_deref().and_then(plain);
    (report.health.gateway, report.health.restarts) = (status.gateway, status.restarts);
}

/// The report without what changes from round to round: when this differs, it is worth sending.
pub fn essence(report: &Report) -> Report {
    let report = report.clone();
    Report { at: 0, health: Health { missed: 0, clock_behind: None, ..report.health }, ..report }
}

/// Counts and ids of OpenClaw's findings, in the form that `openclaw security audit --json` has in 2026.9.6:
/// `{"summary": {"critical": 0, "warn": 1}, "findings": [{"checkId": "…", "severity": "warn"}]}`.
fn audit(status: &OpenClawStatus) -> Audit {
    // What cannot be read is not clean.
    let count = |name| serde_json::from_value(status.security["summary"][name].clone()).unwrap_or(u32::MAX);
    let mut findings = Vec::new();
    for severity in ["critical", "warn"] {
        for finding in status.security["findings"].as_array().into_iter().flatten() {
            if finding["severity"] == severity && findings.len() < MOST_LISTED {
                findings.extend(finding["checkId"].as_str().and_then(plain));
            }
        }
    }
    Audit { at: status.at, critical: count("critical"), warnings: count("warn"), findings, secrets: status.secrets }
}

/// A short word of a version or an id, as it may leave the box: what OpenClaw's user writes could be anything.
fn plain(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    (!text.is_empty() && text.len() <= 64 && text.chars().all(allowed)).then(|| text.to_owned())
}
