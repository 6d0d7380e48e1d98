//! `can` and `try`: expressions that may fail.
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value};

use super::call::Argument;
use super::evaluator::Evaluator;
use super::frame::Frame;

impl Evaluator<'_> {
    /// Whether the argument evaluates without an error; unknown while that may still change.
    pub(super) fn can(&self, argument: &Argument<'_>, frame: &Frame<'_>) -> Value {
        let mut diags = Diagnostics::new();
        let value = self.argument(argument, frame, &mut diags);
        if diags.has_errors() {
            return Value::bool(false);
        }
        if value.is_wholly_known() { Value::bool(true) } else { Value::unknown(Type::Bool) }
    }

    /// The first argument that evaluates without an error. A value that is not wholly known is held back: once known, it may
    /// turn out to be an error, and then the next argument would be taken.
    ///
    /// # Errors
    /// Says why each of them failed.
    pub(super) fn first_success(&self, arguments: &[Argument<'_>], frame: &Frame<'_>) -> Result<Value, String> {
        if arguments.is_empty() {
            return Err("at least one argument is required".to_owned());
        }
        let mut failures = Diagnostics::new();
        for argument in arguments {
            let mut diags = Diagnostics::new();
            let value = self.argument(argument, frame, &mut diags);
            if !diags.has_errors() {
                return Ok(if value.is_wholly_known() {
                    value
                } else {
                    let marks = value.deep_marks();
                    Value::unknown(Type::Dynamic).with_marks(marks)
                });
            }
            failures.extend(diags);
        }
        let mut text = "no expression succeeded:\n".to_owned();
        for d in failures.iter().filter(|d| d.severity == Severity::Error) {
            text.push_str(&failure(d));
        }
        text.push_str("\nAt least one expression must produce a successful result");
        Err(text)
    }

    /// The value of an argument.
    pub(super) fn argument(&self, argument: &Argument<'_>, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        match argument {
            Argument::Written(expr) => self.value(expr, frame, diags),
            Argument::Expanded(value, _) => value.clone(),
        }
    }
}

fn failure(d: &Diagnostic) -> String {
    match d.subject {
        Some(at) => {
            format!("- {} (at line {}, column {})\n  {}\n", d.summary, at.start.line, at.start.column, d.detail)
        }
        None => format!("- {}\n  {}\n", d.summary, d.detail),
    }
}

impl<'e> Argument<'e> {
    /// The expression, if the argument was written as one.
    pub(super) fn expr(&self) -> Option<&'e Expr> {
        match self {
            Argument::Written(expr) => Some(expr),
            Argument::Expanded(..) => None,
        }
    }
}
