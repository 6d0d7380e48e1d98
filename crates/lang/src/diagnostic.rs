//! Findings about a configuration: what, where, and what to do next.
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::source::Span;
use crate::value::Path;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The work goes on.
    Warning,
    /// The work cannot succeed.
    Error,
}

/// One finding. Texts never contain a value that may be secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// One line, without a final period (Terraform's wording where Terraform has the finding).
    pub summary: String,
    /// Whole sentences: what is wrong, and what to do.
    pub detail: String,
    /// The place in the configuration, if there is one.
    pub subject: Option<Span>,
    /// The address of the resource instance it is about, e.g. `ampere_account.ada["x"]`.
    pub address: Option<String>,
    /// The attribute of that instance it is about; whoever knows the configuration finds the place by it.
    pub attribute: Option<Path>,
    /// Set when the source line itself may hold a secret: then no snippet may be shown.
    pub conceal_source: bool,
    /// The id of the promise that is at stake, e.g. `S1` (see PROMISES).
    pub promise: Option<&'static str>,
}

impl Diagnostic {
    /// An error with a summary and a detail.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary.into(), detail.into())
    }

    /// A warning with a summary and a detail.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary.into(), detail.into())
    }

    fn new(severity: Severity, summary: String, detail: String) -> Self {
        Diagnostic {
            severity,
            summary,
            detail,
            subject: None,
            address: None,
            attribute: None,
            conceal_source: false,
            promise: None,
        }
    }

    /// The same finding at a place (a place that is already known stays; a built tree has none).
    pub fn at(mut self, span: Span) -> Self {
        if self.subject.is_none() && !span.is_built() {
            self.subject = Some(span);
        }
        self
    }

    /// The same finding about a resource instance.
    pub fn about(mut self, address: impl ToString) -> Self {
        self.address.get_or_insert_with(|| address.to_string());
        self
    }

    /// The same finding about an attribute.
    pub fn of_attribute(mut self, path: Path) -> Self {
        self.attribute.get_or_insert(path);
        self
    }

    /// The same finding, its source line never shown.
    pub fn concealed(mut self) -> Self {
        self.conceal_source = true;
        self
    }

    /// The same finding, naming the promise at stake.
    pub fn for_promise(mut self, id: &'static str) -> Self {
        self.promise = Some(id);
        self
    }
}

/// Findings in the order they were made, none twice.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// Hashes of the list, so that ten thousand findings are told apart as fast as two.
    seen: BTreeSet<u64>,
    errors: usize,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless the very same is there already.
    pub fn push(&mut self, d: Diagnostic) {
        let mut hasher = DefaultHasher::new();
        d.hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            self.errors += usize::from(d.severity == Severity::Error);
            self.list.push(d);
        }
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        for d in other {
            self.push(d);
        }
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'d> IntoIterator for &'d Diagnostics {
    type Item = &'d Diagnostic;
    type IntoIter = std::slice::Iter<'d, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(found: I) -> Self {
        let mut all = Diagnostics::new();
        all.extend(found);
        all
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(d: Diagnostic) -> Self {
        Diagnostics::from_iter([d])
    }
}
