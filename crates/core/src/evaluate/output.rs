//! Values of root outputs.
use ampere_lang::config::Output;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::evaluate;
use ampere_lang::value::{Marks, Value};

use super::scope::anything;
use super::world::World;

impl World<'_> {
    /// The value of an output, marked sensitive if it is declared so, and what is wrong with it: a value that is sensitive
    /// or ephemeral where the output does not say so. None if there is no such output.
    pub fn output(&self, name: &str) -> Option<(Value, Diagnostics)> {
        let output = self.module.outputs.get(name)?;
        let (value, mut findings) = evaluate(&output.value, self, self.host);
        if findings.has_errors() {
            return Some((anything(), findings));
        }
        if let Err(finding) = may_leave(output, value.deep_marks()) {
            findings.push(finding);
            return Some((anything(), findings));
        }
        let value = if output.sensitive { value.with_marks(Marks::SENSITIVE) } else { value };
        Some((value, findings))
    }
}

fn may_leave(output: &Output, marks: Marks) -> Result<(), Diagnostic> {
    if output.ephemeral {
        let detail = "Ephemeral outputs are not allowed in context of a root module";
        return Err(Diagnostic::error("Ephemeral output not allowed", detail).at(output.span));
    }
    if marks.ephemeral() {
        let detail = "This output value is not declared as returning an ephemeral value, so it cannot be set to a result \
                      derived from an ephemeral value.";
        return Err(Diagnostic::error("Ephemeral value not allowed", detail).at(output.value.span));
    }
    if marks.sensitive() && !output.sensitive {
        let detail = "To reduce the risk of accidentally exporting sensitive data that was intended to be only internal, \
                      Ampere requires that any root module output containing sensitive data be explicitly marked as \
                      sensitive, to confirm your intent.\n\nIf you do intend to export this data, annotate the output value \
                      as sensitive by adding the following argument:\n    sensitive = true";
        return Err(Diagnostic::error("Output refers to sensitive values", detail).at(output.span));
    }
    Ok(())
}
