//! Quoted templates and heredocs.
use unicode_segmentation::UnicodeSegmentation;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Expr, TemplatePart};
use crate::value::convert::convert;
use crate::value::{Marks, Refinement, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;

/// The longest known prefix that an unknown string remembers, in bytes, as in HCL.
const LONGEST_PREFIX: usize = 128;

/// The text of a template as it grows.
#[derive(Default)]
struct Text {
    /// What is known so far: all of it, or the beginning up to the first unknown part.
    known: String,
    unknown: bool,
    failed: bool,
    marks: Marks,
}

impl Evaluator<'_> {
    /// The value of a template: a string, or what a lone interpolation yields.
    pub(super) fn template_value(
        &self,
        parts: &[TemplatePart],
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        if let [TemplatePart::Interpolation(expr)] = parts {
            return self.value(expr, frame, diags);
        }
        self.text(parts, span, frame, diags)
    }

    fn text(&self, parts: &[TemplatePart], span: Span, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let mut text = Text::default();
        let mut holding = self.allowance.hold(span);
        for part in parts {
            let before = text.known.len();
            match part {
                TemplatePart::Literal(literal) => text.push(literal),
                TemplatePart::Interpolation(expr) => self.interpolation(expr, frame, &mut text, diags),
                TemplatePart::If { cond, yes, no } => {
                    let value = self.if_directive(cond, yes, no, span, frame, diags);
                    text.push_value(&value);
                }
                TemplatePart::For { key, value, collection, body } => {
                    let value = self.for_directive((key.as_deref(), value), collection, body, span, frame, diags);
                    text.push_value(&value);
                }
            }
            if !holding.take_text(before, text.known.len()) {
                return Value::unknown(Type::String);
            }
        }
        text.finish()
    }

    fn interpolation(&self, expr: &Expr, frame: &Frame<'_>, text: &mut Text, diags: &mut Diagnostics) {
        let (value, ok) = self.checked(expr, frame, diags);
        text.failed |= !ok;
        if value.is_null() {
            let detail = "The expression result is null. Cannot include a null value in a string template.";
            diags.push(invalid(detail.to_owned()).at(expr.span));
            text.failed = true;
            return;
        }
        text.marks |= value.marks();
        if !value.is_known() {
            text.unknown = true;
            return;
        }
        match convert(&value.with_marks(frame.concealing()), &Type::String) {
            Ok(converted) => text.push_value(&converted.unmark().0),
            Err(e) => {
                let detail = format!("Cannot include the given value in a string template: {e}.");
                diags.push(invalid(detail).at(expr.span));
                text.failed = true;
            }
        }
    }

    /// `%{ if }`: both branches are strings; the marks of both and of the condition mark the result.
    fn if_directive(
        &self,
        cond: &Expr,
        yes: &[TemplatePart],
        no: &[TemplatePart],
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let (mut yes_diags, mut no_diags) = (Diagnostics::new(), Diagnostics::new());
        let yes = self.text(yes, span, frame, &mut yes_diags);
        let no = self.text(no, span, frame, &mut no_diags);
        let Some((decided, cond_marks)) = self.condition(cond, frame, diags) else {
            return Value::unknown(Type::String);
        };
        let marks = cond_marks | yes.marks() | no.marks();
        match decided {
            Some(true) => {
                diags.extend(yes_diags);
                yes.with_marks(marks)
            }
            Some(false) => {
                diags.extend(no_diags);
                no.with_marks(marks)
            }
            None => super::range::unknown_not_null(Type::String).with_marks(marks),
        }
    }

    fn for_directive(
        &self,
        (key, value): (Option<&str>, &str),
        collection: &Expr,
        body: &[TemplatePart],
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let rounds = match self.rounds(collection, frame, diags) {
            Ok(rounds) => rounds,
            Err(marks) => return Value::unknown(Type::String).with_marks(marks),
        };
        if !rounds.is_known() {
            return Value::unknown(Type::String).with_marks(rounds.marks);
        }
        let mut text = Text { marks: rounds.marks, ..Text::default() };
        let mut holding = self.allowance.hold(span);
        rounds.each(key, value, frame, &mut |inner| {
            let before = text.known.len();
            let round = self.text(body, span, inner, diags);
            text.push_value(&round);
            holding.take_text(before, text.known.len())
        });
        text.finish()
    }
}

impl Text {
    fn push(&mut self, literal: &str) {
        if !self.unknown && !self.failed {
            self.known.push_str(literal);
        }
    }

    /// Appends a string value, known or not.
    fn push_value(&mut self, value: &Value) {
        self.marks |= value.marks();
        match value.as_str() {
            Some(s) => self.push(s),
            None => self.unknown = true,
        }
    }

    fn finish(self) -> Value {
        let value = if self.unknown || self.failed {
            let prefix = if self.failed { "" } else { safe_prefix(&self.known) };
            let prefix = (!prefix.is_empty()).then(|| prefix.into());
            Value::refined(Type::String, Refinement { not_null: true, prefix, ..Refinement::default() })
        } else {
            Value::string(self.known)
        };
        value.with_marks(self.marks)
    }
}

fn invalid(detail: String) -> Diagnostic {
    Diagnostic::error("Invalid template interpolation value", detail)
}

/// The part of a prefix that stays as it is whatever follows: without the last grapheme cluster, unless that is a
/// character that nothing is expected to combine with (cty's rule).
fn safe_prefix(known: &str) -> &str {
    const FINAL: &str = "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'";
    let mut end = known.len().min(LONGEST_PREFIX);
    while !known.is_char_boundary(end) {
        end -= 1;
    }
    let known = known.get(..end).unwrap_or_default();
    let Some((start, last)) = known.grapheme_indices(true).next_back() else { return "" };
    if last.chars().count() == 1 && last.chars().all(|c| FINAL.contains(c)) {
        return known;
    }
    known.get(..start).unwrap_or_default()
}
