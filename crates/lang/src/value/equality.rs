//! Equality as the language has it.
use super::{Data, Type, Value};

/// Whether two values are equal, marks left aside; none if that is not known yet.
///
/// It never converts: values of different types are unequal, but nulls of any type are equal to one another.
pub fn equal(a: &Value, b: &Value) -> Option<bool> {
    if a.is_null() && b.is_definitely_not_null() || b.is_null() && a.is_definitely_not_null() {
        return Some(false);
    }
    match (a.is_known(), b.is_known()) {
        (true, true) => known_equal(a, b),
        (false, true) if excludes(a, b) => Some(false),
        (true, false) if excludes(b, a) => Some(false),
        _ => None,
    }
}

fn known_equal(a: &Value, b: &Value) -> Option<bool> {
    match (a.is_null(), b.is_null()) {
        (true, true) => return Some(true),
        (false, false) => {}
        _ => return Some(false),
    }
    if a.ty.has_dynamic() || b.ty.has_dynamic() {
        if !may_be(&a.ty, &b.ty) {
            return Some(false);
        }
        if is_open(a) || is_open(b) {
            return None;
        }
    } else if a.ty != b.ty {
        return Some(false);
    }
    match (&a.data, &b.data) {
        (Data::Sequence(x), Data::Sequence(y)) if matches!(a.ty, Type::Set(_)) => sets_equal(x, y),
        (Data::Sequence(x), Data::Sequence(y)) if x.len() == y.len() => all_equal(x.iter().zip(y.iter())),
        (Data::Mapping(x), Data::Mapping(y)) if x.keys().eq(y.keys()) => all_equal(x.values().zip(y.values())),
        (Data::Sequence(_), _) | (Data::Mapping(_), _) => Some(false),
        _ => Some(a.same(b)),
    }
}

/// The first pair that is not known to be equal decides.
fn all_equal<'v>(mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    pairs.find_map(|(a, b)| Some(equal(a, b)).filter(|equal| *equal != Some(true))).unwrap_or(Some(true))
}

fn sets_equal(a: &[Value], b: &[Value]) -> Option<bool> {
    if !a.iter().chain(b).all(Value::is_wholly_known) {
        return None;
    }
    Some(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)))
}

/// Whether a value of one type may turn out to have the other, once every `any` in them is decided.
fn may_be(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => may_be(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_be(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.keys().eq(b.attributes.keys())
                && a.attributes.values().zip(b.attributes.values()).all(|(a, b)| may_be(a, b))
        }
        (a, b) => a == b,
    }
}

/// Whether a part of the value is of no decided type yet (a null of no type is decided).
fn is_open(v: &Value) -> bool {
    v.ty.has_dynamic()
        && match &v.data {
            Data::Unknown(_) => true,
            Data::Sequence(items) => items.iter().any(is_open),
            Data::Mapping(items) => items.values().any(is_open),
            _ => false,
        }
}

/// Whether what is known of an unknown value rules a known one out.
fn excludes(unknown: &Value, known: &Value) -> bool {
    if known.is_null() {
        return unknown.is_definitely_not_null();
    }
    if !may_be(&unknown.ty, &known.ty) {
        return true;
    }
    let Some(r) = unknown.refinement() else { return false };
    match &known.data {
        Data::String(s) => r.prefix.as_deref().is_some_and(|prefix| !s.starts_with(prefix)),
        Data::Number(n) => {
            let below = |(bound, included): &(super::Number, bool)| {
                n.compare(bound).is_lt() || !included && n.compare(bound).is_eq()
            };
            let above = |(bound, included): &(super::Number, bool)| {
                n.compare(bound).is_gt() || !included && n.compare(bound).is_eq()
            };
            r.minimum.as_ref().is_some_and(below) || r.maximum.as_ref().is_some_and(above)
        }
        Data::Sequence(_) | Data::Mapping(_) => {
            let (shortest, longest) = known.length_bounds();
            r.minimum_length.is_some_and(|minimum| longest.is_some_and(|longest| longest < minimum))
                || r.maximum_length.is_some_and(|maximum| shortest > maximum)
        }
        _ => false,
    }
}
