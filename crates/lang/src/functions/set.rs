//! Sets.
use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::convert::convert;
use crate::value::unify::unify;
use crate::value::{Type, Value, canonical_cmp};

const fn set(name: &'static str) -> Parameter {
    Parameter::of(name, || Type::set(Type::Dynamic)).dynamic()
}

/// `setintersection setsubtract setunion`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("setintersection", &[set("first_set")], common_type, |a| {
        combine(a, |left, right| left.into_iter().filter(|v| has(&right, v)).collect())
    })
    .variadic(&set("other_sets")),
    Function::typed("setsubtract", &[set("a"), set("b")], common_type, |a| {
        combine(a, |left, right| left.into_iter().filter(|v| !has(&right, v)).collect())
    }),
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

fn combine(a: &Arguments<'_>, operation: fn(Vec<Value>, Vec<Value>) -> Vec<Value>) -> Result<Value, FunctionError> {
    let sets = converted(a)?;
    if !sets.iter().all(Value::is_wholly_known) {
        return Ok(a.unknown());
    }
    let combined = sets.iter().map(|s| s.elements().unwrap_or_default().to_vec()).reduce(operation);
    Ok(Value::set(element(a), combined.unwrap_or_default()))
}

/// Whether a set, whose elements are in order, has an element.
fn has(set: &[Value], wanted: &Value) -> bool {
    let start = set.partition_point(|v| canonical_cmp(v, wanted).is_lt());
    set[start..].iter().take_while(|v| canonical_cmp(v, wanted).is_eq()).any(|v| v.same(wanted))
}
