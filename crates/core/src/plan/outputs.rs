//! Changes of root outputs.
use std::sync::Arc;

use ampere_lang::value::Value;

use super::conditions::Checked;
use super::planner::Planner;
use super::{Action, OutputChange};
use crate::evaluate::Node;
use crate::snapshot::OutputValue;

impl Planner<'_> {
    /// Plans one output.
    pub(super) fn plan_output(&mut self, name: &Arc<str>) {
        let Some(output) = self.input.module.outputs.get(name) else { return };
        let needed: Vec<_> = self.world.graph().dependencies(&Node::Output(name.clone())).to_vec();
        if !self.aim.includes_output(&needed) {
            return;
        }
        let checks = Checked::output(name).all(&output.preconditions, &self.world, self.input.host);
        if !self.record_checks(checks) {
            return;
        }
        let Some((value, findings)) = self.world.output(name) else { return };
        let broken = findings.has_errors();
        self.diagnostics.extend(findings);
        if broken {
            return;
        }
        let before = self.input.snapshot.outputs.get(name);
        let waits = needed.iter().any(|d| self.deferred_resources.contains_key(&d.resource));
        if waits && !value.is_wholly_known() {
            // It will be known when what waits is there: until then it is what it was.
            if let Some(before) = before {
                self.outputs.insert(name.clone(), unchanged(before));
            }
            return;
        }
        self.outputs.insert(name.clone(), change(before, value, output.sensitive));
    }

    /// Outputs that the configuration has no more.
    pub(super) fn plan_removed_outputs(&mut self) {
        if !self.input.options.targets.is_empty() {
            return;
        }
        let declared = &self.input.module.outputs;
        let removed = self.input.snapshot.outputs.iter().filter(|(name, _)| !declared.contains_key(*name));
        self.outputs.extend(removed.map(|(name, before)| (name.clone(), removal(before))));
    }

    /// All outputs go.
    pub(super) fn remove_outputs(&mut self) {
        if self.input.options.targets.is_empty() {
            let all = self.input.snapshot.outputs.iter();
            self.outputs.extend(all.map(|(name, before)| (name.clone(), removal(before))));
        }
    }
}

/// As Terraform decides it: a null output is never stored (FACTS 21), and sensitivity counts.
fn change(before: Option<&OutputValue>, after: Value, sensitive: bool) -> OutputChange {
    let action = match before {
        None if after.is_null() => Action::NoOp,
        None => Action::Create,
        Some(before) if after.is_wholly_known() && after.same(&before.value) && sensitive == before.sensitive => {
            Action::NoOp
        }
        Some(_) => Action::Update,
    };
    let sensitive = sensitive || before.is_some_and(|b| b.sensitive);
    let after = (!after.is_null()).then_some(after);
    OutputChange { action, before: before.map(|b| b.value.clone()), after, sensitive }
}

fn unchanged(before: &OutputValue) -> OutputChange {
    OutputChange {
        action: Action::NoOp,
        before: Some(before.value.clone()),
        after: Some(before.value.clone()),
        sensitive: before.sensitive,
    }
}

fn removal(before: &OutputValue) -> OutputChange {
    OutputChange {
        action: Action::Delete,
        before: Some(before.value.clone()),
        after: None,
        sensitive: before.sensitive,
    }
}
