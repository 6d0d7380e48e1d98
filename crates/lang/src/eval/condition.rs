//! Conditions that people write: `validation`, `precondition`, `postcondition`, `assert`.
use crate::config::Condition;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::value::convert::convert;
use crate::value::{Type, Value};

use super::{Host, Scope, evaluate};

/// What became of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionOutcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed {
        /// The author's words, or what takes their place when they cannot be shown.
        message: String,
    },
    /// It cannot be decided yet.
    Unknown,
    /// The condition itself is wrong; the findings say why.
    Invalid,
}

/// A condition that was checked.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// What became of it.
    pub outcome: ConditionOutcome,
    /// What was found while evaluating. That the condition does not hold is not among it: the caller says that, in the
    /// words of its kind (`Resource precondition failed`), with the place of the condition.
    pub diagnostics: Diagnostics,
}

const CONCEALED: &str = "The error message included a sensitive value, so it will not be displayed.";
const NO_MESSAGE: &str = "Failed to evaluate condition error message.";

/// Evaluates a condition and, where it does not hold, its message. A message with a sensitive or ephemeral value in it is
/// not shown and is a finding of its own.
pub fn check_condition(condition: &Condition, scope: &dyn Scope, host: &dyn Host) -> CheckResult {
    let (value, mut diagnostics) = evaluate(&condition.condition, scope, host);
    let (message, message_findings) = evaluate(&condition.error_message, scope, host);
    let message_failed = message_findings.has_errors();
    diagnostics.extend(message_findings);
    let outcome = if diagnostics.has_errors() && !value.is_known() {
        ConditionOutcome::Invalid
    } else {
        decide(condition, &value, &mut diagnostics).unwrap_or_else(|| ConditionOutcome::Failed {
            message: if message_failed {
                NO_MESSAGE.to_owned()
            } else {
                failure_message(condition, &message, &mut diagnostics)
            },
        })
    };
    CheckResult { outcome, diagnostics }
}

/// What the condition's value says; none if it does not hold.
fn decide(condition: &Condition, value: &Value, diagnostics: &mut Diagnostics) -> Option<ConditionOutcome> {
    if !value.is_known() {
        return Some(ConditionOutcome::Unknown);
    }
    let mut invalid = |detail: String| {
        diagnostics.push(Diagnostic::error("Invalid condition result", detail).at(condition.condition.span));
        Some(ConditionOutcome::Invalid)
    };
    if value.is_null() {
        return invalid("Condition expression must return either true or false, not null.".to_owned());
    }
    match convert(value, &Type::Bool) {
        Ok(value) if value.as_bool() == Some(true) => Some(ConditionOutcome::Passed),
        Ok(_) => None,
        Err(e) => invalid(format!("Invalid condition result value: {e}.")),
    }
}

/// The message to show, or what takes its place.
fn failure_message(condition: &Condition, message: &Value, diagnostics: &mut Diagnostics) -> String {
    let mut finding = |summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(condition.error_message.span));
    };
    if message.is_null() || !message.is_known() {
        return NO_MESSAGE.to_owned();
    }
    let text = match convert(message, &Type::String) {
        Ok(text) => text,
        Err(e) => {
            finding("Invalid error message", format!("Unsuitable value for error message: {e}."));
            return NO_MESSAGE.to_owned();
        }
    };
    let marks = text.deep_marks();
    if marks.sensitive() {
        finding("Error message refers to sensitive values", refers_to("sensitive", "nonsensitive"));
        return CONCEALED.to_owned();
    }
    if marks.ephemeral() {
        finding("Error message refers to ephemeral values", refers_to("ephemeral", "ephemeralasnull"));
        return CONCEALED.to_owned();
    }
    match text.as_str().map(str::trim) {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => NO_MESSAGE.to_owned(),
    }
}

fn refers_to(what: &str, function: &str) -> String {
    format!(
        "The error expression used to explain this condition refers to {what} values. Terraform will not display the resulting \
         message.\n\nYou can correct this by removing references to {what} values, or by carefully using the {function}() \
         function if the expression will not reveal the {what} data."
    )
}
