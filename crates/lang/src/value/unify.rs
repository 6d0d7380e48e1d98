//! One type for several: what the branches of a conditional, or the elements of a list, have in common.
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Type;
use super::convert::Strength;

/// The one type that values of all these types can be converted to, or none.
///
/// Tuples of one length and objects with the same attributes unify piece by piece, other tuples become a list and other
/// objects a map; a string beats a number and a bool. A conversion may fail for some values (a set from a list drops
/// repeats), which is what conditionals and the collection functions of Terraform allow.
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_with(types, Strength::Unsafe)
}

/// Like [`unify`], but only by conversions that cannot fail.
pub fn unify_safe(types: &[Type]) -> Option<Type> {
    unify_with(types, Strength::Safe)
}

pub(super) fn unify_with(types: &[Type], strength: Strength) -> Option<Type> {
    let types = &distinct(types)[..];
    let (first, rest) = types.split_first()?;
    if rest.is_empty() {
        return Some(first.clone());
    }
    let all = |f: fn(&Type) -> bool| types.iter().all(|t| f(t) || *t == Type::Dynamic);
    let any = |f: fn(&Type) -> bool| types.iter().any(f);
    let dynamic = types.contains(&Type::Dynamic);
    let special = if any(is_map) && all(is_map) {
        return unify_elements(types, dynamic, Type::map, strength);
    } else if any(is_list) && all(is_list) {
        return unify_elements(types, dynamic, Type::list, strength);
    } else if any(is_set) && all(is_set) {
        return unify_elements(types, dynamic, Type::set, strength);
    } else if any(is_map) && all(|t| is_map(t) || is_object(t)) {
        unify_mixed(types, is_object, objects_as_map, is_map, strength)
    } else if any(is_list) && all(|t| is_list(t) || is_tuple(t)) {
        unify_mixed(types, is_tuple, tuples_as_list, is_list, strength)
    } else if any(is_object) && all(is_object) {
        return if dynamic { Some(Type::Dynamic) } else { unify_objects(types, strength) };
    } else if any(is_tuple) && all(is_tuple) {
        return if dynamic { Some(Type::Dynamic) } else { unify_tuples(types, strength) };
    } else if any(is_object) && any(is_tuple) {
        return None;
    } else {
        None
    };
    special.or_else(|| preferred(types, strength))
}

fn is_map(t: &Type) -> bool {
    matches!(t, Type::Map(_))
}

fn is_list(t: &Type) -> bool {
    matches!(t, Type::List(_))
}

fn is_set(t: &Type) -> bool {
    matches!(t, Type::Set(_))
}

fn is_object(t: &Type) -> bool {
    matches!(t, Type::Object(_))
}

fn is_tuple(t: &Type) -> bool {
    matches!(t, Type::Tuple(_))
}

/// Every type once, in order of first appearance: long lists are mostly of one type.
fn distinct(types: &[Type]) -> Vec<Type> {
    let mut seen = BTreeSet::new();
    types.iter().filter(|t| seen.insert(*t)).cloned().collect()
}

fn unify_elements(types: &[Type], dynamic: bool, make: fn(Type) -> Type, strength: Strength) -> Option<Type> {
    if dynamic {
        return Some(Type::Dynamic);
    }
    let elements: Vec<Type> = types.iter().filter_map(Type::element).cloned().collect();
    reachable(types, make(unify_with(&elements, strength)?), strength)
}

/// Replaces the structural types by the collection they make, then unifies that with the others.
fn unify_mixed(
    types: &[Type],
    structural: fn(&Type) -> bool,
    gather: fn(&[Type], Strength) -> Option<Type>,
    wanted: fn(&Type) -> bool,
    strength: Strength,
) -> Option<Type> {
    let structures: Vec<Type> = types.iter().filter(|t| structural(t)).cloned().collect();
    let gathered = gather(&structures, strength)?;
    let replaced: Vec<Type> = types.iter().map(|t| if structural(t) { gathered.clone() } else { t.clone() }).collect();
    unify_with(&replaced, strength).filter(wanted)
}

fn unify_objects(types: &[Type], strength: Strength) -> Option<Type> {
    let objects: Vec<_> = types.iter().filter_map(|t| if let Type::Object(o) = t { Some(o) } else { None }).collect();
    let (first, rest) = objects.split_first()?;
    if rest.iter().any(|o| !o.attributes.keys().eq(first.attributes.keys())) {
        return objects_as_map(types, strength);
    }
    let mut attributes: Vec<(Arc<str>, Type)> = Vec::new();
    for name in first.attributes.keys() {
        let across: Vec<Type> = objects.iter().filter_map(|o| o.attributes.get(name)).cloned().collect();
        attributes.push((name.clone(), unify_with(&across, strength)?));
    }
    reachable(types, Type::object(attributes), strength).or_else(|| objects_as_map(types, strength))
}

fn objects_as_map(types: &[Type], strength: Strength) -> Option<Type> {
    let attributes: Vec<Type> = types
        .iter()
        .filter_map(|t| if let Type::Object(o) = t { Some(o) } else { None })
        .flat_map(|o| o.attributes.values().cloned())
        .collect();
    reachable(types, Type::map(unify_with(&attributes, strength)?), strength)
}

fn unify_tuples(types: &[Type], strength: Strength) -> Option<Type> {
    let tuples: Vec<_> =
        types.iter().filter_map(|t| if let Type::Tuple(items) = t { Some(items) } else { None }).collect();
    let (first, rest) = tuples.split_first()?;
    if rest.iter().any(|t| t.len() != first.len()) {
        return tuples_as_list(types, strength);
    }
    let mut elements = Vec::with_capacity(first.len());
    for i in 0..first.len() {
        let across: Vec<Type> = tuples.iter().map(|t| t[i].clone()).collect();
        elements.push(unify_with(&across, strength)?);
    }
    reachable(types, Type::tuple(elements), strength).or_else(|| tuples_as_list(types, strength))
}

fn tuples_as_list(types: &[Type], strength: Strength) -> Option<Type> {
    let elements: Vec<Type> = types
        .iter()
        .filter_map(|t| if let Type::Tuple(items) = t { Some(items) } else { None })
        .flat_map(|items| items.iter().cloned())
        .collect();
    reachable(types, Type::list(unify_with(&elements, strength)?), strength)
}

/// The target, if every type converts to it.
fn reachable(types: &[Type], target: Type, strength: Strength) -> Option<Type> {
    types.iter().all(|t| *t == target || strength.converts(t, &target)).then_some(target)
}

/// The most general of the types that all others convert to.
fn preferred(types: &[Type], strength: Strength) -> Option<Type> {
    preference_order(types)
        .into_iter()
        .map(|i| &types[i])
        .find(|want| types.iter().all(|t| t == *want || strength.converts(t, want)))
        .cloned()
}

/// Indexes of the types, the more general before the less general, else in the order given.
fn preference_order(types: &[Type]) -> Vec<usize> {
    let count = types.len();
    let mut waits_for = vec![0usize; count];
    let mut followers = vec![Vec::new(); count];
    for i in 0..count {
        for j in i + 1..count {
            match generality(&types[i], &types[j]) {
                n if n < 0 => (followers[i].push(j), waits_for[j] += 1).1,
                n if n > 0 => (followers[j].push(i), waits_for[i] += 1).1,
                _ => {}
            }
        }
    }
    let mut order: Vec<usize> = (0..count).filter(|i| waits_for[*i] == 0).collect();
    let mut next = 0;
    while next < order.len() {
        for &j in &followers[order[next]] {
            waits_for[j] -= 1;
            if waits_for[j] == 0 {
                order.push(j);
            }
        }
        next += 1;
    }
    order
}

/// Negative if `a` is the more general type, positive if `b` is, 0 if neither.
fn generality(a: &Type, b: &Type) -> i8 {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => 0,
        (Type::Dynamic, _) => 1,
        (_, Type::Dynamic) => -1,
        (Type::String, Type::Number | Type::Bool) => -1,
        (Type::Number | Type::Bool, Type::String) => 1,
        (Type::List(x), Type::List(y)) | (Type::Set(x), Type::Set(y)) | (Type::Map(x), Type::Map(y)) => {
            generality(x, y)
        }
        (Type::Tuple(_) | Type::List(_), Type::Set(_)) | (Type::List(_), Type::Tuple(_)) => -1,
        (Type::Set(_), Type::Tuple(_) | Type::List(_)) | (Type::Tuple(_), Type::List(_)) => 1,
        (Type::Map(_), Type::Object(_)) => -1,
        (Type::Object(_), Type::Map(_)) => 1,
        (Type::Object(x), Type::Object(y)) if x.attributes.keys().eq(y.attributes.keys()) => {
            balance(x.attributes.values().zip(y.attributes.values()))
        }
        (Type::Tuple(x), Type::Tuple(y)) if x.len() == y.len() => balance(x.iter().zip(y.iter())),
        _ => 0,
    }
}

fn balance<'a>(pairs: impl Iterator<Item = (&'a Type, &'a Type)>) -> i8 {
    let (mut left, mut right) = (false, false);
    for (a, b) in pairs {
        match generality(a, b) {
            n if n < 0 => left = true,
            n if n > 0 => right = true,
            _ => {}
        }
    }
    i8::from(right) - i8::from(left)
}
