//! Whether two objects differ, and where.
use ampere_lang::value::{Data, Path, Step, Value};

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
/// Whether two values of the same content carry different marks somewhere: a change of sensitivity is a change (FACTS 15).
pub(super) fn marks_differ(before: &Value, after: &Value) -> bool {
    before.marks() != after.marks()
        || match (before.data(), after.data()) {
            (Data::Sequence(a), Data::Sequence(b)) => a.iter().zip(b.iter()).any(|(a, b)| marks_differ(a, b)),
            (Data::Mapping(a), Data::Mapping(b)) => a.values().zip(b.values()).any(|(a, b)| marks_differ(a, b)),
            _ => false,
        }
}
