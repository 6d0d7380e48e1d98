//! Sets.
use std::collections::HashMap;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::convert::convert;
use crate::value::unify::unify;
use crate::value::{Type, Value, hash_text};

const fn set(name: &'static str) -> Parameter {
    Parameter::of(name, || Type::set(Type::Dynamic)).dynamic()
}

/// `setintersection setsubtract setunion`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("setintersection", &[set("first_set")], common_type, |a| combine(a, |found| found))
        .variadic(&set("other_sets")),
    Function::typed("setsubtract", &[set("a"), set("b")], common_type, |a| combine(a, |found| !found)),
    Function::typed("setunion", &[set("first_set")], common_type, union).variadic(&set("other_sets")),
];

/// The set type that all arguments convert to; an empty set of no decided type has no say.
fn common_type(args: &[Value]) -> Result<Type, FunctionError> {
    let types: Vec<Type> = args
        .iter()
        .filter(|v| !v.elements().is_some_and(<[Value]>::is_empty) || v.ty().element() != Some(&Type::Dynamic))
        .map(|v| v.ty().element().cloned().unwrap_or(Type::Dynamic))
        .collect();
    if types.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    let element = unify(&types);
    let element = element.ok_or_else(|| FunctionError::new("given sets must all have compatible element types"))?;
    Ok(Type::set(element))
}

/// The elements of every argument, after conversion to the common type.
fn converted(a: &Arguments<'_>) -> Result<Vec<Value>, FunctionError> {
    let sets = a.all().iter().enumerate();
    sets.map(|(i, v)| convert(v, &a.ty).map_err(|e| FunctionError::argument(i, e.to_string()))).collect()
}

fn element(a: &Arguments<'_>) -> Type {
    a.ty.element().cloned().unwrap_or(Type::Dynamic)
}

fn union(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let sets = converted(a)?;
    Ok(Value::set(element(a), sets.iter().flat_map(|s| s.elements().unwrap_or_default()).cloned()))
}

/// The elements of the first set that are to be kept, by whether each further set has them.
fn combine(a: &Arguments<'_>, keep: fn(bool) -> bool) -> Result<Value, FunctionError> {
    let sets = converted(a)?;
    if !sets.iter().all(Value::is_wholly_known) {
        return Ok(a.unknown());
    }
    let (first, others) = match sets.split_first() {
        Some((first, others)) => (first.elements().unwrap_or_default(), others),
        None => return Ok(a.unknown()),
    };
    let others: Vec<HashMap<String, Vec<&Value>>> = others.iter().map(by_content).collect();
    let kept = first.iter().filter(|v| {
        let text = hash_text(v);
        others.iter().all(|set| keep(set.get(&text).is_some_and(|alike| alike.iter().any(|other| other.same(v)))))
    });
    Ok(Value::set(element(a), kept.cloned()))
}

/// The elements of a set by a text form of their content.
fn by_content(set: &Value) -> HashMap<String, Vec<&Value>> {
    let mut found: HashMap<String, Vec<&Value>> = HashMap::new();
    for v in set.elements().unwrap_or_default() {
        found.entry(hash_text(v)).or_default().push(v);
    }
    found
}
