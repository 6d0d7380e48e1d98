//! Entries of the log.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened. It names addresses, ids and fingerprints, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the caller's clock.
    pub at: Timestamp,
    /// Who: as the caller wants to be named.
    pub actor: String,
    /// e.g. `create`, `update`, `delete`, `forget`, `import`, `plan.applied`
    pub action: String,
    /// The address it is about, if it is about one.
    pub address: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Plan id, step key, external id, error kind, promise ids: short texts, sorted by name.
    pub details: BTreeMap<String, String>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Begun; the end is another entry.
    Started,
    /// Done.
    Succeeded,
    /// Not done, and it is known that nothing changed or what did.
    Failed,
    /// Perhaps done: no answer came.
    Unknown,
    /// Put off.
    Deferred,
}

impl Outcome {
    /// The name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Started => "started",
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
            Outcome::Deferred => "deferred",
        }
    }
}

/// An event in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub sequence: u64,
    /// Hex of the hash of the entry before; 64 zeros for the first.
    pub previous: String,
    /// Hex of BLAKE3 over `previous`, `sequence` and the event's canonical JSON, length-prefixed.
    pub hash: String,
    /// What happened.
    pub event: Event,
}
