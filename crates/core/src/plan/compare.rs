//! Whether two objects differ, and where.
use ampere_lang::value::{Path, Step, Value};

/// What lies at a path; none if the path leads nowhere.
pub(super) fn at<'v>(value: &'v Value, path: &Path) -> Option<&'v Value> {
    path.0.iter().try_fold(value, |value, step| match step {
        Step::Attribute(name) | Step::Key(name) => value.entries()?.get(name),
        Step::Index(n) => value.elements()?.get(*n),
    })
}

/// Whether two objects differ at a path. An unknown differs from everything that is known.
pub(super) fn differs_at(before: &Value, after: &Value, path: &Path) -> bool {
    match (at(before, path), at(after, path)) {
        (Some(before), Some(after)) => !before.same(after),
        (None, None) => !before.same(after),
        _ => true,
    }
}
