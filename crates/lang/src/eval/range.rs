//! What is known of values that are not known: bounds, nullness, lengths.
use std::cmp::Ordering;

use crate::value::{Data, Number, Refinement, Type, Value};

/// Whether a value is certainly not null.
pub(super) fn definitely_not_null(v: &Value) -> bool {
    match v.data() {
        Data::Null => false,
        Data::Unknown(refinement) => refinement.as_ref().is_some_and(|r| r.not_null),
        _ => true,
    }
}

/// The same unknown, known not to be null. Known values and those of unknown type stay as they are.
pub(super) fn unknown_not_null(ty: Type) -> Value {
    if ty == Type::Dynamic {
        return Value::unknown(ty);
    }
    Value::refined(ty, Refinement { not_null: true, ..Refinement::default() })
}

/// A bound of a number, and whether the bound itself is included.
pub(super) type Bound = Option<(Number, bool)>;

/// The lower and the upper bound of a number.
pub(super) fn number_bounds(v: &Value) -> (Bound, Bound) {
    match v.data() {
        Data::Number(n) => (Some((n.clone(), true)), Some((n.clone(), true))),
        Data::Unknown(Some(r)) => (r.minimum.clone(), r.maximum.clone()),
        _ => (None, None),
    }
}

/// The least and the greatest length a collection can have.
pub(super) fn length_bounds(v: &Value) -> (usize, Option<usize>) {
    match v.data() {
        Data::Sequence(items) if matches!(v.ty(), Type::Set(_)) && items.len() > 1 && !v.is_wholly_known() => {
            (1, Some(items.len()))
        }
        Data::Sequence(items) => (items.len(), Some(items.len())),
        Data::Mapping(items) => (items.len(), Some(items.len())),
        Data::Unknown(Some(r)) => (r.minimum_length.unwrap_or(0), r.maximum_length),
        _ => (0, None),
    }
}

/// Whether `a < b`, if the bounds of both decide it.
pub(super) fn less_than(a: &Value, b: &Value) -> Option<bool> {
    let (a_low, a_high) = number_bounds(a);
    let (b_low, b_high) = number_bounds(b);
    let cmp = |x: &Bound, y: &Bound| x.as_ref().zip(y.as_ref()).map(|((x, _), (y, _))| x.compare(y));
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Some(x.compare(y) == Ordering::Less);
    }
    if cmp(&a_high, &b_low) == Some(Ordering::Less) {
        return Some(true);
    }
    if cmp(&a_low, &b_high) == Some(Ordering::Greater) {
        return Some(false);
    }
    None
}
