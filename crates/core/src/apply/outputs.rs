//! Root outputs, written once everything else has ended.
use std::collections::BTreeMap;

use ampere_lang::value::Marks;

use super::executor::Run;
use super::record::ended;
use super::{Outcome, step};
use crate::address::Address;
use crate::audit::{Event, Outcome as How};
use crate::plan::{Action, Mode, OutputChange};
use crate::snapshot::OutputValue;
use crate::store::Mutation;
use crate::vault::rows;

impl Run<'_> {
    /// Writes the outputs that changed, in one transaction together with the log's last word on this plan. An output that
    /// is still unknown, because something it needs failed, keeps its old value.
    pub(super) async fn outputs(&self, outcome: &mut Outcome) {
        let mut rows = Vec::new();
        for (name, change) in &self.input.plan.outputs {
            if let Some(row) = self.output(name, change, outcome) {
                rows.push(row);
            }
        }
        let looked_at_all = self.input.plan.targets.is_empty() && self.input.plan.mode != Mode::Retention;
        if outcome.is_complete() && looked_at_all {
            // Entries of earlier runs about what needs no step any more (it was not made, and is not wanted either).
            rows.extend(self.input.snapshot.pending.iter().map(ended));
        }
        let mark = self.input.plan.looked.mark(self.input.snapshot).map(Mutation::PutRecord);
        let written = if rows.is_empty() && self.input.plan.steps.is_empty() {
            self.input.note(mark).await
        } else {
            rows.extend(mark);
            self.input.commit(rows, self.applied(outcome)).await
        };
        if let Err(error) = written {
            outcome.diagnostics.push(ampere_lang::diagnostic::Diagnostic::error(
                "The outputs could not be written to the state",
                format!("{error}. Apply again: nothing else is left to do."),
            ));
        }
    }

    fn output(&self, name: &str, change: &OutputChange, outcome: &mut Outcome) -> Option<Mutation> {
        match change.action {
            Action::NoOp => return None,
            Action::Delete => return Some(Mutation::DeleteOutput(name.to_owned())),
            _ => {}
        }
        let (value, findings) = match &change.after {
            Some(after) if after.is_wholly_known() => (after.clone(), Default::default()),
            _ if self.input.plan.mode == Mode::Destroy => return None,
            _ => self.world.output(name)?,
        };
        outcome.diagnostics.extend(findings);
        if !value.is_wholly_known() {
            return None;
        }
        if value.is_null() || value.deep_marks().ephemeral() {
            return Some(Mutation::DeleteOutput(name.to_owned()));
        }
        let value = if change.sensitive { value.with_marks(Marks::SENSITIVE) } else { value };
        match rows::encode_output(name, &OutputValue { value, sensitive: change.sensitive }, self.input.vault) {
            Ok(row) => Some(Mutation::PutOutput(row)),
            Err(error) => {
                let address = Address::new("output", name);
                outcome.diagnostics.push(step::unsealed(&address, &error));
                None
            }
        }
    }

    /// The log's last word: counts, no values.
    fn applied(&self, outcome: &Outcome) -> Event {
        let done = outcome.done;
        let counts = [
            ("added", done.added),
            ("changed", done.changed),
            ("destroyed", done.destroyed),
            ("failed", outcome.failed),
            ("skipped", outcome.skipped),
        ];
        let mut details: BTreeMap<String, String> = counts.map(|(k, n)| (k.to_owned(), n.to_string())).into();
        details.insert("plan".to_owned(), self.input.plan.id.clone());
        Event {
            at: self.input.clock.now(),
            actor: self.input.actor.to_owned(),
            action: "plan.applied".to_owned(),
            address: None,
            outcome: if outcome.is_complete() { How::Succeeded } else { How::Failed },
            details,
        }
    }
}
