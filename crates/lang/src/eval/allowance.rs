//! What an evaluation may still use: see [`crate::limits`].
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_HELD_BYTES, MAX_STEPS, MAX_TEXT_BYTES, MAX_VALUE_BYTES, MAX_VALUE_DEPTH};
use crate::source::Span;
use crate::value::Value;

/// Shared by all that takes part in one evaluation. Once it is exceeded nothing is evaluated any more, and the finding stands
/// whatever `try` and `can` make of findings.
#[derive(Clone, Default)]
pub(super) struct Allowance {
    used: Rc<Used>,
    /// The place to name, where what is evaluated lies in no file of the configuration.
    place: Option<Span>,
}

#[derive(Default)]
struct Used {
    steps: Cell<u64>,
    held: Cell<u64>,
    exceeded: OnceCell<Diagnostic>,
}

impl Allowance {
    /// The same allowance for a template that is called at a place.
    pub(super) fn at(&self, place: Span) -> Allowance {
        Allowance { used: self.used.clone(), place: self.place.or(Some(place)) }
    }

    /// The finding, once something was exceeded.
    pub(super) fn exceeded(&self) -> Option<&Diagnostic> {
        self.used.exceeded.get()
    }

    /// Takes note of one more part that is evaluated; false when none may be any more.
    pub(super) fn step(&self, span: Span) -> bool {
        let steps = self.used.steps.get() + 1;
        self.used.steps.set(steps);
        if steps > MAX_STEPS {
            self.refuse(
                "Expression takes too long",
                format!(
                    "Evaluating this took more than {MAX_STEPS} steps. Loops inside loops multiply: go through each collection \
                     once, for example by grouping it in a local value first."
                ),
                span,
            );
        }
        self.exceeded().is_none()
    }

    /// Checks a value that was made.
    pub(super) fn check(&self, value: &Value, span: Span) -> bool {
        if value.weight() > MAX_VALUE_BYTES {
            self.too_large(span);
        } else if value.depth() > MAX_VALUE_DEPTH {
            self.refuse(
                "Value nested too deeply",
                format!("The value of this expression is nested more than {MAX_VALUE_DEPTH} levels deep. Flatten it."),
                span,
            );
        }
        self.exceeded().is_none()
    }

    /// Holds on to values that go into something larger.
    pub(super) fn hold(&self, span: Span) -> Holding<'_> {
        Holding { allowance: self, bytes: 0, span }
    }

    fn too_large(&self, span: Span) {
        let detail = format!(
            "The value of this expression takes more than {} MiB of memory. Make it of fewer or smaller elements, or keep its \
             parts in files that are read where they are needed.",
            MAX_VALUE_BYTES >> 20
        );
        self.refuse("Value too large", detail, span);
    }

    fn refuse(&self, summary: &str, detail: String, span: Span) {
        // The first one stands; later ones follow from it.
        let _ = self.used.exceeded.set(Diagnostic::error(summary, detail).at(self.place.unwrap_or(span)));
    }
}

/// What is held until the whole is made.
pub(super) struct Holding<'a> {
    allowance: &'a Allowance,
    bytes: u64,
    span: Span,
}

impl Holding<'_> {
    /// Holds on to one more; false when that is too much.
    pub(super) fn take(&mut self, value: &Value) -> bool {
        self.take_bytes(u64::from(value.weight()))
    }

    /// Holds on to a text that has grown from one length to another; false when that is too much.
    pub(super) fn take_text(&mut self, from: usize, to: usize) -> bool {
        if to > MAX_TEXT_BYTES {
            let detail = format!(
                "The text that this template makes is longer than {} MiB. Split it, or keep its parts in files.",
                MAX_TEXT_BYTES >> 20
            );
            self.allowance.refuse("Text too long", detail, self.span);
        }
        self.take_bytes((to - from) as u64)
    }

    fn take_bytes(&mut self, bytes: u64) -> bool {
        let held = self.allowance.used.held.get() + bytes;
        self.allowance.used.held.set(held);
        self.bytes += bytes;
        if self.bytes > u64::from(MAX_VALUE_BYTES) || held > MAX_HELD_BYTES {
            self.allowance.too_large(self.span);
        }
        self.allowance.exceeded().is_none()
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.allowance.used.held.set(self.allowance.used.held.get() - self.bytes);
    }
}
