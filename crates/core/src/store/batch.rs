//! Rows of one sort, written by one statement.
use super::{Mutation, RecordKind, StoredKey, StoredObject, StoredOutput, StoredRecord};
use crate::snapshot::PendingStep;

/// Rows of one sort that follow each other in a change. No key stands in it twice.
#[derive(Debug, PartialEq)]
pub(super) enum Batch {
    PutObjects(Vec<StoredObject>),
    DeleteObjects(Vec<(String, String)>),
    PutOutputs(Vec<StoredOutput>),
    DeleteOutputs(Vec<String>),
    StepsStarted(Vec<PendingStep>),
    StepsEnded(Vec<String>),
    PutKeys(Vec<StoredKey>),
    DeleteKeys(Vec<String>),
    PutRecords(Vec<StoredRecord>),
    DeleteRecords(Vec<(RecordKind, String)>),
}

/// The rows of a change in their order, neighbours of one sort together. Of two rows with one key that stand together the
/// later counts, as if they were written one after the other.
pub(super) fn batches(mutations: Vec<Mutation>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for mutation in mutations {
        let Some(mutation) = (match batches.last_mut() {
            Some(last) => last.take(mutation),
            None => Some(mutation),
        }) else {
            continue;
        };
        batches.push(Batch::of(mutation));
    }
    batches.iter_mut().for_each(Batch::keep_last);
    batches
}

impl Batch {
    fn of(mutation: Mutation) -> Batch {
        match mutation {
            Mutation::PutObject(row) => Batch::PutObjects(vec![row]),
            Mutation::DeleteObject { address, deposed } => Batch::DeleteObjects(vec![(address, deposed)]),
            Mutation::PutOutput(row) => Batch::PutOutputs(vec![row]),
            Mutation::DeleteOutput(name) => Batch::DeleteOutputs(vec![name]),
            Mutation::StepStarted(step) => Batch::StepsStarted(vec![step]),
            Mutation::StepEnded { key } => Batch::StepsEnded(vec![key]),
            Mutation::PutKey(row) => Batch::PutKeys(vec![row]),
            Mutation::DeleteKey { id } => Batch::DeleteKeys(vec![id]),
            Mutation::PutRecord(row) => Batch::PutRecords(vec![row]),
            Mutation::DeleteRecord { kind, id } => Batch::DeleteRecords(vec![(kind, id)]),
        }
    }

    /// Takes a row of its own sort in; gives one of another sort back.
    fn take(&mut self, mutation: Mutation) -> Option<Mutation> {
        match (self, mutation) {
            (Batch::PutObjects(rows), Mutation::PutObject(row)) => rows.push(row),
            (Batch::DeleteObjects(rows), Mutation::DeleteObject { address, deposed }) => rows.push((address, deposed)),
            (Batch::PutOutputs(rows), Mutation::PutOutput(row)) => rows.push(row),
            (Batch::DeleteOutputs(rows), Mutation::DeleteOutput(name)) => rows.push(name),
            (Batch::StepsStarted(rows), Mutation::StepStarted(step)) => rows.push(step),
            (Batch::StepsEnded(rows), Mutation::StepEnded { key }) => rows.push(key),
            (Batch::PutKeys(rows), Mutation::PutKey(row)) => rows.push(row),
            (Batch::DeleteKeys(rows), Mutation::DeleteKey { id }) => rows.push(id),
            (Batch::PutRecords(rows), Mutation::PutRecord(row)) => rows.push(row),
            (Batch::DeleteRecords(rows), Mutation::DeleteRecord { kind, id }) => rows.push((kind, id)),
            (_, other) => return Some(other),
        }
        None
    }

    fn keep_last(&mut self) {
        match self {
            Batch::PutObjects(rows) => keep_last(rows, |row| (row.address.clone(), row.deposed.clone())),
            Batch::PutOutputs(rows) => keep_last(rows, |row| row.name.clone()),
            Batch::StepsStarted(rows) => keep_last(rows, |step| step.key.clone()),
            Batch::PutKeys(rows) => keep_last(rows, |row| row.id.clone()),
            Batch::PutRecords(rows) => keep_last(rows, |row| (row.kind, row.id.clone())),
            Batch::DeleteObjects(_)
            | Batch::DeleteOutputs(_)
            | Batch::StepsEnded(_)
            | Batch::DeleteKeys(_)
            | Batch::DeleteRecords(_) => {}
        }
    }
}

fn keep_last<T, K: Ord>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if rows.len() < 2 {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<T> = std::mem::take(rows).into_iter().rev().filter(|row| seen.insert(key(row))).collect();
    kept.reverse();
    *rows = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, n: u8) -> StoredKey {
        StoredKey { id: id.into(), wrapped: vec![n] }
    }

    #[test]
    fn neighbours_of_one_sort_are_one_batch_and_the_order_of_sorts_stays() {
        let put = |id, n| Mutation::PutKey(key(id, n));
        let delete = |id: &str| Mutation::DeleteKey { id: id.into() };
        let found = batches(vec![put("a", 1), put("b", 1), put("a", 2), delete("a"), put("a", 3)]);
        let expected = [
            Batch::PutKeys(vec![key("b", 1), key("a", 2)]),
            Batch::DeleteKeys(vec!["a".into()]),
            Batch::PutKeys(vec![key("a", 3)]),
        ];
        assert_eq!(found, expected);
    }
}
