//! The operator `==`.
use crate::value::{Data, Type, Value};

use super::range::{conforms, definitely_not_null, excludes};

/// Whether two values are equal, marks left aside; none if that is not known yet.
///
/// It never converts: values of different types are unequal, but nulls of any type are equal to one another.
pub(super) fn equal(a: &Value, b: &Value) -> Option<bool> {
    if a.is_null() && definitely_not_null(b) || b.is_null() && definitely_not_null(a) {
        return Some(false);
    }
    match (a.is_known(), b.is_known()) {
        (false, false) => None,
        (true, false) => unknown_equal(b, a),
        (false, true) => unknown_equal(a, b),
        (true, true) => known_equal(a, b),
    }
}

fn unknown_equal(unknown: &Value, known: &Value) -> Option<bool> {
    if excludes(unknown, known) {
        return Some(false);
    }
    if known.is_null() || unknown.ty().has_dynamic() || known.ty() == unknown.ty() {
        return None;
    }
    Some(false)
}

fn known_equal(a: &Value, b: &Value) -> Option<bool> {
    match (a.is_null(), b.is_null()) {
        (true, true) => return Some(true),
        (false, false) => {}
        _ => return Some(false),
    }
    if a.ty() != b.ty() {
        if !is_open(a) && !is_open(b) {
            return Some(false);
        }
        if !conforms(a.ty(), b.ty()) && !conforms(b.ty(), a.ty()) {
            return Some(false);
        }
        return None;
    }
    if is_open(a) || is_open(b) {
        return None;
    }
    match (a.data(), b.data()) {
        (Data::Bool(a), Data::Bool(b)) => Some(a == b),
        (Data::Number(a), Data::Number(b)) => Some(a == b),
        (Data::String(a), Data::String(b)) => Some(a == b),
        (Data::Sequence(x), Data::Sequence(y)) if matches!(a.ty(), Type::Set(_)) => sets_equal(x, y),
        (Data::Sequence(a), Data::Sequence(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all_equal(a.iter().zip(b.iter()))
        }
        (Data::Mapping(a), Data::Mapping(b)) => {
            if a.len() != b.len() || a.keys().ne(b.keys()) {
                return Some(false);
            }
            all_equal(a.values().zip(b.values()))
        }
        _ => Some(false),
    }
}

/// Whether a part of the value is of no decided type yet (a null of no type is decided).
fn is_open(v: &Value) -> bool {
    if !v.ty().has_dynamic() {
        return false;
    }
    match v.data() {
        Data::Unknown(_) => true,
        Data::Sequence(items) => items.iter().any(is_open),
        Data::Mapping(items) => items.values().any(is_open),
        _ => false,
    }
}

/// The first unequal pair decides; else an undecided one leaves the whole undecided.
fn all_equal<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    for (a, b) in pairs {
        match equal(a, b) {
            Some(true) => {}
            other => return other,
        }
    }
    Some(true)
}

fn sets_equal(a: &[Value], b: &[Value]) -> Option<bool> {
    if a.iter().chain(b).any(|v| !v.is_known()) {
        return None;
    }
    Some(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)))
}
