//! Expressions to values.
mod reference;

pub use reference::{InstanceKey, Reference, Subject};

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::value::Value;

/// What names mean where an expression stands.
pub trait Scope: Sync {
    /// The value of what a reference begins with, whole (`ampere_account.ada` with all instances and attributes). The
    /// evaluator goes into it. An `Err` is the finding that no such thing exists, or that it may not be used here.
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic>;
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
