//! A person's word for the deletion guard, left in the state for a loop that runs elsewhere.
use std::collections::BTreeMap;

use ampere_core::snapshot::{RecordKind, Snapshot, StoredRecord};
use ampere_core::store::{Lease, Mutation};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::args::LockArgs;
use crate::edit::{Edit, edit};
use crate::failure::Failure;
use crate::stack::Stack;

/// The mark's name.
const MARK: &str = "guard.approval";
/// A word that nobody made use of so long is void.
const VOID_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How many departures a person has agreed to.
pub fn of(snapshot: &Snapshot, now: Timestamp) -> usize {
    let mark = snapshot.marks.get(MARK).and_then(|text| serde_json::from_str::<Json>(text).ok());
    let read = mark.and_then(|mark| {
        let given: Timestamp = mark["at"].as_str()?.parse().ok()?;
        let fresh = given <= now && now.duration_since(given) < VOID_AFTER;
        fresh.then(|| mark["count"].as_u64().and_then(|count| usize::try_from(count).ok()))?
    });
    read.unwrap_or(0)
}

/// Writes the word down.
///
/// # Errors
/// There is no state, or it is locked.
pub async fn give(count: usize, lock: &LockArgs) -> Result<(), Failure> {
    let body = json!({ "count": count, "at": Timestamp::now() }).to_string();
    let record = StoredRecord { kind: RecordKind::Mark, id: MARK.to_owned(), body };
    let details = BTreeMap::from([("count".to_owned(), count.to_string())]);
    edit("reconcile -approve", lock, |_| {
        let mutations = vec![Mutation::PutRecord(record)];
        Ok(vec![Edit { mutations, action: "guard.approve", address: None, details }])
    })
    .await
}

/// Strikes out a word that has been made use of: it counts once.
///
/// # Errors
/// The state cannot be written.
pub async fn used(stack: &Stack, lease: &Lease) -> Result<(), Failure> {
    let gone = Mutation::DeleteRecord { kind: RecordKind::Mark, id: MARK.to_owned() };
    stack.record(lease, vec![gone], "guard.approval_used").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_for_a_day() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let given = |at: &str| {
            let mark = json!({ "count": 7, "at": at }).to_string();
            Snapshot { marks: BTreeMap::from([(MARK.into(), mark.as_str().into())]), ..Snapshot::default() }
        };
        assert_eq!(of(&given("2026-11-22T11:59:00Z"), now), 7);
        assert_eq!(of(&given("2026-11-21T11:59:00Z"), now), 0, "too old");
        assert_eq!(of(&given("2026-11-22T12:01:00Z"), now), 0, "from the future");
        assert_eq!(of(&Snapshot::default(), now), 0);
    }
}
