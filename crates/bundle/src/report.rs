//! How a box is, in its own words: what it found on itself, and its health. Nothing of what a customer wrote is in it.
use serde::{Deserialize, Serialize};

use crate::signed::{self, What};
use crate::{BoxKeys, BoxPublic, Rejected, mailbox};

/// How many entries a list of a report has at most; one is already a fault, so that more say nothing new.
pub const MOST_LISTED: usize = 20;

/// How a box is, signed by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Whose report it is.
    pub instance: String,
    /// When it was made, in seconds since 1970, by the box's clock.
    pub at: i64,
    /// The sequence number of the bundle in force; 0 when none is.
    pub sequence: u64,
    /// The agent's version.
    pub agent_version: String,
    /// SHA-256 of the agent's own binary, in hex.
    pub agent_hash: String,
    /// OpenClaw's version, as OpenClaw's user told it.
    pub openclaw_version: Option<String>,
    /// Node's version, likewise.
    pub node_version: Option<String>,
    /// What root found on the box. Absent until it has looked.
    pub inspection: Option<Inspection>,
    /// What OpenClaw's own audits say. Absent until they ran.
    pub audit: Option<Audit>,
    /// How the agent and OpenClaw are.
    pub health: Health,
}

impl Report {
    /// The signed text.
    pub fn sign(&self, keys: &BoxKeys) -> String {
        signed::sign(What::Report, self, &keys.signing)
    }

    /// The report that `text` is, of the box with these `keys`.
    ///
    /// # Errors
    /// [`Rejected`] when it is too long, malformed, or not signed by that box.
    pub fn open(text: &str, keys: &BoxPublic) -> Result<Report, Rejected> {
        signed::open(What::Report, text, mailbox::LONGEST_SIGNED, &keys.signing)
    }
}

/// What root found on the box: whether there is a way in. Every list has at most [`MOST_LISTED`] entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    /// When root looked, in seconds since 1970.
    pub at: i64,
    /// Sockets that others than the box itself could reach: `tcp 0.0.0.0:22`.
    pub listening: Vec<String>,
    /// What there is of an SSH server: paths of binaries and units.
    pub sshd: Vec<String>,
    /// Whether root has no password to log in with.
    pub root_locked: bool,
    /// Users that have a password.
    pub passwords: Vec<String>,
    /// Files with keys that may log in.
    pub authorized_keys: Vec<String>,
    /// Whether 169.254.169.254 is closed to everybody but root. Absent where nobody could try.
    pub metadata_closed: Option<bool>,
}

/// What OpenClaw's own audits say. OpenClaw's user wrote it, so it proves no more than that user's good will.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// When they ran, in seconds since 1970.
    pub at: i64,
    /// How many findings of `openclaw security audit` are critical.
    pub critical: u32,
    /// … are warnings.
    pub warnings: u32,
    /// The ids of those findings, at most [`MOST_LISTED`], the critical ones first.
    pub findings: Vec<String>,
    /// The exit code of `openclaw secrets audit --check`: 0 clean, 2 unresolved references.
    pub secrets: Option<i32>,
}

/// How agent and OpenClaw are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Whether OpenClaw's gateway answered its readiness check, when its user last asked.
    pub gateway: Option<bool>,
    /// How often the gateway was started again since the box's boot.
    pub restarts: Option<u32>,
    /// Whether the agent's disk took all that it had to in the last round.
    pub disk_writable: bool,
    /// How far the box's clock is behind the mailbox's, in seconds; negative when ahead.
    pub clock_behind: Option<i64>,
    /// Rounds that ended early since the last report: the mailbox did not answer, or the disk was full.
    pub missed: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with every list full still fits into the field that the rules give it.
    #[test]
    fn the_longest_report_fits_into_the_mailbox() {
        let many = |length: usize| vec!["x".repeat(length); MOST_LISTED];
        let keys = BoxKeys::generate(&[2; 64]);
        let report = Report {
            instance: "x".repeat(63),
            at: i64::MIN,
            sequence: u64::MAX,
            agent_version: "x".repeat(64),
            agent_hash: "x".repeat(64),
            openclaw_version: Some("x".repeat(64)),
            node_version: Some("x".repeat(64)),
            inspection: Some(Inspection {
                listening: many(64),
                sshd: many(128),
                passwords: many(64),
                authorized_keys: many(128),
                ..Inspection::default()
            }),
            audit: Some(Audit { findings: many(64), ..Audit::default() }),
            health: Health::default(),
        };
        let text = report.sign(&keys);
        assert_eq!(Report::open(&text, &keys.public()), Ok(report), "{} bytes", text.len());
    }
}
