//! A plan as people read it.
mod change;
mod outputs;
mod sections;
mod text;

use crate::kind::Kinds;
use crate::plan::{Action, Change, Mode, Operation, Plan};
use crate::schema::Schema;

pub use text::Notes;

/// A plan and the schemas it is to be read with: the one source of its text and of its JSON.
#[derive(Clone, Copy)]
pub struct PlanDocument<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The kinds of its resources.
    pub kinds: &'a Kinds,
}

/// How many instances a plan creates, changes, and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Imported ones.
    pub import: usize,
    /// Created ones, replacements included.
    pub add: usize,
    /// Changed in place.
    pub change: usize,
    /// Destroyed ones, replacements included.
    pub remove: usize,
    /// No longer remembered.
    pub forget: usize,
    /// Put off.
    pub deferred: usize,
}

impl Counts {
    /// Counts actions.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Counts {
        let mut counts = Counts::default();
        for change in changes {
            counts.import += usize::from(change.importing.is_some());
            match change.action {
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Delete => counts.remove += 1,
                Action::Forget => counts.forget += 1,
                Action::DeleteThenCreate | Action::CreateThenDelete => {
                    counts.add += 1;
                    counts.remove += 1;
                }
                Action::NoOp | Action::Read => {}
            }
        }
        counts
    }

    /// `4 to add, 0 to change, 0 to destroy` with imports and forgotten ones where there are some.
    pub fn phrase(&self) -> String {
        let import = if self.import > 0 { format!("{} to import, ", self.import) } else { String::new() };
        let forget = if self.forget > 0 { format!(", {} to forget", self.forget) } else { String::new() };
        format!("{import}{} to add, {} to change, {} to destroy{forget}", self.add, self.change, self.remove)
    }
}

impl<'a> PlanDocument<'a> {
    /// The schema of a resource type, if the kind is known (an orphaned state may name one that is not).
    pub fn schema(&self, resource_type: &str) -> Option<&'a Schema> {
        self.kinds.get(resource_type).map(|kind| kind.schema())
    }

    /// Counts of the whole plan.
    pub fn counts(&self) -> Counts {
        Counts { deferred: self.plan.deferred.len(), ..Counts::of(&self.plan.changes) }
    }

    /// Whether applying it would change an object, the state's addresses or an output.
    pub fn has_changes(&self) -> bool {
        let resources = self.plan.changes.iter().any(is_shown);
        let outputs = self.plan.outputs.values().any(|o| o.action != Action::NoOp);
        let recorded = self.plan.mode == Mode::RefreshOnly && !self.plan.drift.is_empty();
        resources || outputs || recorded
    }

    /// Whether a person must say yes before it is applied: it changes something, or calls a cloud to change something.
    pub fn needs_approval(&self) -> bool {
        let calls = |step: &crate::plan::Step| {
            matches!(
                step.operation,
                Operation::Create | Operation::Update { .. } | Operation::Delete { .. } | Operation::Depose { .. }
            )
        };
        self.has_changes() || self.plan.steps.iter().any(calls)
    }

    /// Whether there is something to apply and nothing against it.
    pub fn is_applyable(&self) -> bool {
        !self.plan.diagnostics.has_errors() && self.has_changes()
    }

    /// Whether it says all there is to do: nothing was left out by targets, nothing is put off.
    pub fn is_complete(&self) -> bool {
        self.plan.targets.is_empty() && self.plan.deferred.is_empty() && !self.plan.diagnostics.has_errors()
    }
}

/// Whether a person wants to see a change: it does something, or its address moves.
pub fn is_shown(change: &Change) -> bool {
    change.action != Action::NoOp || change.previous_address.is_some() || change.importing.is_some()
}
