//! What is known of an unknown value.
use std::sync::Arc;

use super::Number;

/// Bounds on a value that is not known yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refinement {
    /// It is known not to be null.
    pub not_null: bool,
    /// A string is known to begin so.
    pub prefix: Option<Arc<str>>,
    /// A number is at least this (`true`: the bound itself included).
    pub minimum: Option<(Number, bool)>,
    /// A number is at most this (`true`: the bound itself included).
    pub maximum: Option<(Number, bool)>,
    /// A collection has at least so many elements.
    pub minimum_length: Option<usize>,
    /// A collection has at most so many elements.
    pub maximum_length: Option<usize>,
}
