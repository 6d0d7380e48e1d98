//! Preconditions, postconditions and checks.
use ampere_lang::config::{Condition, Variable};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{ConditionOutcome, Host, Scope, check_condition};
use ampere_lang::source::SourceMap;

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
            checks.findings.extend(result.diagnostics.into_iter().map(|d| self.named(d)));
            let (status, finding) = self.judged(result.outcome);
            checks.status = Some(checks.status.map_or(status, |before| worse(before, status)));
            checks.findings.extend(finding.map(|d| self.named(d.at(condition.condition.span))));
        }
        checks
    }

    fn judged(&self, outcome: ConditionOutcome) -> (CheckStatus, Option<Diagnostic>) {
        match outcome {
            ConditionOutcome::Passed => (CheckStatus::Pass, None),
            ConditionOutcome::Failed { message } if self.lenient => {
                (CheckStatus::Fail, Some(Diagnostic::warning(self.summary, message)))
            }
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

    fn named(&self, finding: Diagnostic) -> Diagnostic {
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
    /// Evaluates the validation rules of all input variables; whether the way is free.
    pub(super) fn check_variables(&mut self) -> bool {
        let module = self.input.module;
        let mut free = true;
        for (name, variable) in module.variables.iter().filter(|(_, v)| !v.validations.is_empty()) {
            let display = format!("var.{name}");
            let mut checks = Checks { display, status: None, findings: Diagnostics::new() };
            for rule in &variable.validations {
                let result = check_condition(rule, &self.world, self.input.host);
                checks.findings.extend(result.diagnostics.into_iter().map(of_validation));
                let status = match result.outcome {
                    ConditionOutcome::Passed => CheckStatus::Pass,
                    ConditionOutcome::Unknown => CheckStatus::Unknown,
                    ConditionOutcome::Invalid => CheckStatus::Error,
                    ConditionOutcome::Failed { message } => {
                        checks.findings.push(invalid_value(variable, rule, &message, &module.sources));
                        CheckStatus::Fail
                    }
                };
                checks.status = Some(checks.status.map_or(status, |before| worse(before, status)));
            }
            free &= self.record_checks(checks);
        }
        free
    }

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

/// A finding about a condition in the words that Terraform has for validation rules.
fn of_validation(mut finding: Diagnostic) -> Diagnostic {
    if finding.summary == "Invalid condition result" {
        finding.summary = "Invalid variable validation result".into();
    }
    finding
}

fn invalid_value(variable: &Variable, rule: &Condition, message: &str, sources: &SourceMap) -> Diagnostic {
    let place = sources.get(rule.span.file).map_or(String::new(), |file| {
        let start = rule.span.start;
        format!("\n\nThis was checked by the validation rule at {}:{},{}.", file.name, start.line, start.column)
    });
    let finding = Diagnostic::error("Invalid value for variable", format!("{message}{place}"));
    let finding = finding.at(variable.span);
    if variable.sensitive || variable.ephemeral { finding.concealed() } else { finding }
}
