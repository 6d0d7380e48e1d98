//! Preconditions, postconditions and checks.
use ampere_lang::config::Condition;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use ampere_lang::eval::{ConditionOutcome, Host, Scope, check_condition};

use super::CheckStatus;
use super::planner::Planner;

/// The conditions of one thing, and how to speak of them.
pub(super) struct Checked {
    display: String,
    summary: &'static str,
    /// A failure is a warning (`check` blocks), not an error.
    lenient: bool,
    /// The name to give findings of an instance.
    about: bool,
}

/// What became of them.
pub(super) struct Checks {
    display: String,
    status: Option<CheckStatus>,
    findings: Diagnostics,
}

impl Checked {
    /// Preconditions of a resource instance.
    pub(super) fn precondition(address: &impl ToString) -> Checked {
        Checked { display: address.to_string(), summary: "Resource precondition failed", lenient: false, about: true }
    }

    /// Postconditions of a resource instance.
    pub(super) fn postcondition(address: &impl ToString) -> Checked {
        Checked { display: address.to_string(), summary: "Resource postcondition failed", lenient: false, about: true }
    }

    /// Preconditions of an output.
    pub(super) fn output(name: &str) -> Checked {
        let summary = "Module output value precondition failed";
        Checked { display: format!("output.{name}"), summary, lenient: false, about: false }
    }

    /// Assertions of a `check` block.
    pub(super) fn check(name: &str) -> Checked {
        Checked {
            display: format!("check.{name}"),
            summary: "Check block assertion failed",
            lenient: true,
            about: false,
        }
    }

    /// Evaluates them all.
    pub(super) fn all(&self, conditions: &[Condition], scope: &dyn Scope, host: &dyn Host) -> Checks {
        let mut checks = Checks { display: self.display.clone(), status: None, findings: Diagnostics::new() };
        for condition in conditions {
            let result = check_condition(condition, scope, host);
            checks.findings.extend(result.diagnostics.into_iter().map(|d| self.told(d)));
            let (status, finding) = self.judged(condition, result.outcome);
            checks.status = Some(checks.status.map_or(status, |before| worse(before, status)));
            checks.findings.extend(finding.map(|d| self.told(d.at(condition.condition.span))));
        }
        checks
    }

    fn judged(&self, condition: &Condition, outcome: ConditionOutcome) -> (CheckStatus, Option<Diagnostic>) {
        let _ = condition;
        match outcome {
            ConditionOutcome::Passed => (CheckStatus::Pass, None),
            ConditionOutcome::Failed { message } => (CheckStatus::Fail, Some(Diagnostic::error(self.summary, message))),
            ConditionOutcome::Invalid => (CheckStatus::Error, None),
            ConditionOutcome::Unknown if self.lenient => {
                let detail = "The condition could not be evaluated at this time, a result will be known when this plan is \
                              applied.";
                let finding = Diagnostic::warning("Check block assertion known after apply", detail);
                (CheckStatus::Unknown, Some(finding))
            }
            ConditionOutcome::Unknown => (CheckStatus::Unknown, None),
        }
    }

    fn told(&self, mut finding: Diagnostic) -> Diagnostic {
        if self.lenient {
            finding.severity = Severity::Warning;
        }
        if self.about { finding.about(&self.display) } else { finding }
    }
}

/// Terraform's order: an error hides a failure, a failure the unknown.
fn worse(a: CheckStatus, b: CheckStatus) -> CheckStatus {
    let rank = |s| match s {
        CheckStatus::Pass => 0,
        CheckStatus::Unknown => 1,
        CheckStatus::Fail => 2,
        CheckStatus::Error => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

impl Planner<'_> {
    /// Takes results into the plan; whether the way is free.
    pub(super) fn record_checks(&mut self, checks: Checks) -> bool {
        let free = !checks.findings.has_errors();
        self.diagnostics.extend(checks.findings);
        if let Some(status) = checks.status {
            let before = self.checks.get(&checks.display).copied();
            self.checks.insert(checks.display, before.map_or(status, |before| worse(before, status)));
        }
        free
    }

    /// Evaluates a `check` block.
    pub(super) fn plan_check(&mut self, name: &str) {
        let Some(check) = self.input.module.checks.get(name) else { return };
        let checks = Checked::check(name).all(&check.asserts, &self.world, self.input.host);
        self.record_checks(checks);
    }
}
