//! Expressions to values.
//!
//! [`evaluate`] is the way in: it first looks every reference of the expression up (a reference that cannot be resolved is an
//! error also in a branch that would not be taken), then computes. Marks travel with the values, through control flow too.
mod access;
mod allowance;
mod call;
mod collection;
mod condition;
mod conditional;
mod console;
mod evaluator;
mod for_expression;
mod frame;
mod nowhere;
mod operator;
mod range;
mod reference;
pub mod render;
mod speculative;
mod splat;
mod template;
mod template_function;
mod traversal;

pub use condition::{CheckResult, ConditionOutcome, check_condition};
pub use console::console;
pub use nowhere::Nowhere;
pub use reference::{InstanceKey, Reference, Subject, references, references_in_body};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::Value;

use evaluator::Evaluator;

/// What names mean where an expression stands.
pub trait Scope: Sync {
    /// The value of what a reference begins with, whole (`ampere_account.ada` with all instances and attributes). The
    /// evaluator goes into it. An `Err` is the finding that no such thing exists, or that it may not be used here.
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic>;

    /// How the block behind a resource or data reference repeats, by what is written in the block. With it the evaluator
    /// says "Missing resource instance key" and "Unexpected resource instance key" where Terraform does; asked only for
    /// [`Subject::Resource`] and [`Subject::Data`].
    fn repetition(&self, subject: &Subject) -> Repetition {
        let _ = subject;
        Repetition::Undecided
    }
}

/// How a block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Nothing is said: no finding is made of it.
    Undecided,
    /// Neither `count` nor `for_each`: the value is the one instance.
    Single,
    /// `count`: the value is a tuple or list of the instances.
    Count,
    /// `for_each`: the value is an object or map of the instances.
    ForEach,
}

/// What the functions of the language need of the world. All of it is given, none of it is taken.
pub trait Host: Sync {
    /// The bytes of a file; the path as written, relative to the configuration directory.
    fn read_file(&self, path: &str) -> std::io::Result<Vec<u8>>;
    /// Whether a regular file is there.
    fn file_exists(&self, path: &str) -> std::io::Result<bool>;
    /// Paths below `base` (with `/`, relative to it, sorted) of all regular files, for `fileset`.
    fn walk_files(&self, base: &str) -> std::io::Result<Vec<String>>;
    /// The home directory, for `pathexpand`.
    fn home(&self) -> Option<String>;
    /// The directory of the configuration, for `abspath`.
    fn current_directory(&self) -> String;
    /// The time the plan was made, RFC 3339 in UTC, for `plantimestamp`; none while validating.
    fn plan_time(&self) -> Option<String>;
    /// The time now, RFC 3339 in UTC, for `timestamp`; none while planning (the result is then unknown).
    fn now(&self) -> Option<String>;
    /// Random bytes, for `uuid` and `bcrypt`; none while planning (the result is then unknown).
    fn random(&self) -> Option<[u8; 16]>;
}

/// The value of an expression, and what was found on the way. With an error among the findings the value is unknown, or
/// holds unknowns where it failed, so that whoever uses it makes no second finding of the same thing.
pub fn evaluate(expr: &Expr, scope: &dyn Scope, host: &dyn Host) -> (Value, Diagnostics) {
    Evaluator::new(scope, host).run(expr)
}

/// The value of an expression that may refer to nothing and call no function: `backend` arguments, `required_version`.
///
/// ```
/// use ampere_lang::eval::constant;
/// use ampere_lang::syntax::ast::Expr;
///
/// let (_, findings) = constant(&Expr::reference("var", ["region"]));
/// assert_eq!(findings.iter().next().map(|d| d.summary.as_str()), Some("Variables not allowed"));
/// ```
pub fn constant(expr: &Expr) -> (Value, Diagnostics) {
    Evaluator::constant().run(expr)
}
