//! The chain: every entry holds the hash of the one before.
//!
//! Whoever changes, drops, swaps or inserts an entry breaks the chain at that place. Entries cut off at the end leave a
//! whole chain: they are found by comparing with a [`Head`] that was kept elsewhere ([`verify_against`]).
use serde::{Deserialize, Serialize};

use super::{Entry, Event, canonical};

/// The last entry of a chain, as far as the next one needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its sequence number; 0 for an empty log.
    pub sequence: u64,
    /// Hex of its hash; 64 zeros for an empty log.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Head {
        Head { sequence: 0, hash: "0".repeat(64) }
    }
}

impl Head {
    /// The entry that an event makes behind this one.
    pub fn append(&self, event: Event) -> Entry {
        let sequence = self.sequence.saturating_add(1);
        let hash = hash(&self.hash, sequence, &event);
        Entry { sequence, previous: self.hash.clone(), hash, event }
    }

    /// This head after further entries.
    ///
    /// # Errors
    /// The first entry that does not belong where it stands.
    pub fn follow<'a>(mut self, entries: impl IntoIterator<Item = &'a Entry>) -> Result<Head, Broken> {
        for entry in entries {
            let sequence = self.sequence.saturating_add(1);
            if entry.sequence != sequence {
                return Err(Broken { sequence, fault: Fault::Missing });
            }
            if entry.previous != self.hash {
                return Err(Broken { sequence, fault: Fault::Unlinked });
            }
            if entry.hash != hash(&entry.previous, sequence, &entry.event) {
                return Err(Broken { sequence, fault: Fault::Changed });
            }
            self = Head { sequence, hash: entry.hash.clone() };
        }
        Ok(self)
    }
}

impl Entry {
    /// This entry as the head of the chain that ends with it.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone() }
    }
}

/// The first place where a log is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log is broken at entry {sequence}: {fault}")]
pub struct Broken {
    /// The number of the entry that should stand there.
    pub sequence: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not there, or not at its place.
    #[error("it is missing")]
    Missing,
    /// It follows another entry than the one before it.
    #[error("the entry before it is not the one it was written after")]
    Unlinked,
    /// Its content was changed.
    #[error("it was changed after it was written")]
    Changed,
}

/// Verifies a whole log, oldest entry first; returns how many entries it has.
///
/// # Errors
/// The first entry that does not belong where it stands.
pub fn verify(entries: &[Entry]) -> Result<u64, Broken> {
    Head::default().follow(entries).map(|head| head.sequence)
}

/// Verifies a whole log that must end with a known head (or go on behind it).
///
/// # Errors
/// As [`verify`]; also if the log ends before the head, or has another entry in its place.
pub fn verify_against(entries: &[Entry], known: &Head) -> Result<u64, Broken> {
    let count = verify(entries)?;
    if known.sequence > count {
        return Err(Broken { sequence: count + 1, fault: Fault::Missing });
    }
    let there = entries.iter().find(|e| e.sequence == known.sequence).map_or(Head::default().hash, |e| e.hash.clone());
    if there != known.hash {
        return Err(Broken { sequence: known.sequence, fault: Fault::Changed });
    }
    Ok(count)
}

/// BLAKE3 over `previous`, `sequence` and the event's canonical JSON, each behind its length.
fn hash(previous: &str, sequence: u64, event: &Event) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in [previous.as_bytes(), &sequence.to_be_bytes(), canonical(event).as_bytes()] {
        hasher.update(&(field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().to_hex().to_string()
}
