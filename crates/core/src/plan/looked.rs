//! How the clouds were looked at.
use super::{Looked, PlanInput};
use crate::inventory::Depth;
use crate::snapshot::{PARTS_LISTED_AT, RecordKind, Snapshot, StoredRecord};

impl Looked {
    /// What a plan with this input says of it.
    pub(super) fn of(input: &PlanInput<'_>) -> Looked {
        let depth = input.options.refreshed.then_some(input.inventory.depth);
        let now = (depth == Some(Depth::Parts) && holds_everything(input)).then_some(input.now);
        Looked { depth, parts_at: now.or_else(|| input.snapshot.parts_listed_at()) }
    }

    /// The record by which later plans know when everything was last listed with all its parts; none if the state has it.
    pub fn mark(&self, snapshot: &Snapshot) -> Option<StoredRecord> {
        let at = self.parts_at.filter(|at| snapshot.parts_listed_at().is_none_or(|before| before < *at))?;
        Some(StoredRecord { kind: RecordKind::Mark, id: PARTS_LISTED_AT.to_owned(), body: at.to_string() })
    }
}

/// Whether every kind that a cloud can list was listed, and without a problem.
fn holds_everything(input: &PlanInput<'_>) -> bool {
    let mut listed = input.kinds.iter().filter(|(_, kind)| kind.listed()).peekable();
    listed.peek().is_some() && listed.all(|(name, _)| input.inventory.is_whole(name))
}
