//! Lists, tuples and sets: what looks into them.
use super::call::Arguments;
use super::grapheme;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::convert::{convert, is_convertible};
use crate::value::equality::equal;
use crate::value::unify::unify;
use crate::value::{Data, Number, Refinement, Type, Value};

const LIST: Parameter = Parameter::any("list");

/// `alltrue anytrue coalesce coalescelist contains element index length one sum`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("alltrue", &[BOOLS], || Type::Bool, alltrue),
    Function::new("anytrue", &[BOOLS], || Type::Bool, anytrue),
    Function::typed("coalesce", &[], coalesce_type, coalesce)
        .variadic(&Parameter::any("vals").unknown().dynamic().null()),
    Function::typed("coalescelist", &[], coalescelist_type, coalescelist)
        .variadic(&Parameter::any("vals").unknown().dynamic().null()),
    Function::new("contains", &[LIST, Parameter::any("value")], || Type::Bool, contains),
    Function::typed("element", &[Parameter::any("list").marked(), Parameter::number("index")], element_type, element)
        .nullable(),
    Function::new("index", &[LIST, Parameter::any("value")], || Type::Number, index),
    Function::typed("length", &[Parameter::any("value").dynamic().unknown().marked()], length_type, length),
    Function::typed("one", &[LIST], |a| one_type(&a[0]), one).nullable(),
    Function::new("sum", &[LIST], || Type::Number, sum),
];

const BOOLS: Parameter = Parameter::of("list", || Type::list(Type::Bool));

fn is_sequence(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
}

/// False as soon as an element before any unknown one is false or null.
fn alltrue(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    for v in a.elements(0) {
        if !v.is_known() {
            return Ok(a.unknown());
        }
        if v.as_bool() != Some(true) {
            return Ok(Value::bool(false));
        }
    }
    Ok(Value::bool(true))
}

fn anytrue(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if a.elements(0).iter().any(|v| v.as_bool() == Some(true)) {
        return Ok(Value::bool(true));
    }
    if a.elements(0).iter().any(|v| !v.is_known()) {
        return Ok(a.unknown());
    }
    Ok(Value::bool(false))
}

fn coalesce_type(args: &[Value]) -> Result<Type, FunctionError> {
    let types: Vec<Type> = args.iter().map(|v| v.ty().clone()).collect();
    unify(&types).ok_or_else(|| FunctionError::new("all arguments must have the same type"))
}

fn coalesce(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    for (i, v) in a.all().iter().enumerate() {
        let v = convert(v, &a.ty).map_err(|e| FunctionError::argument(i, e.to_string()))?;
        if !v.is_known() {
            return Ok(a.unknown());
        }
        if !v.is_null() && v.as_str() != Some("") {
            return Ok(v);
        }
    }
    Err(FunctionError::new("no non-null, non-empty-string arguments"))
}

fn coalescelist_type(args: &[Value]) -> Result<Type, FunctionError> {
    let Some(first) = args.first() else { return Err(FunctionError::new("at least one argument is required")) };
    for v in args {
        if !v.is_known() {
            return Ok(Type::Dynamic);
        }
        if !matches!(v.ty(), Type::List(_) | Type::Tuple(_)) {
            return Err(FunctionError::new("coalescelist arguments must be lists or tuples"));
        }
    }
    Ok(if args.iter().all(|v| v.ty() == first.ty()) { first.ty().clone() } else { Type::Dynamic })
}

fn coalescelist(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    for v in a.all() {
        if !v.is_known() {
            return Ok(a.unknown());
        }
        if v.elements().is_some_and(|items| !items.is_empty()) {
            return Ok(v.clone());
        }
    }
    Err(FunctionError::new("no non-null arguments"))
}

fn contains(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !is_sequence(a[0].ty()) {
        return Err(FunctionError::new("argument must be list, tuple, or set"));
    }
    let mut unknown = false;
    for v in a.elements(0) {
        match equal(&a[1], v) {
            Some(true) => return Ok(Value::bool(true)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { a.unknown() } else { Value::bool(false) })
}

fn element_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::List(element) => Ok(element.as_ref().clone()),
        Type::Tuple(items) => match args[1].as_number() {
            Some(n) => Ok(items[tuple_index(n, items.len())?].clone()),
            None => Ok(Type::Dynamic),
        },
        other => Err(FunctionError::new(format!("cannot read elements from {}", other.friendly_name()))),
    }
}

fn whole(n: &Number) -> Result<i64, FunctionError> {
    n.to_i64().ok_or_else(|| FunctionError::argument(1, "invalid index: value must be a whole number"))
}

/// A tuple does not wrap around below its first element: its elements differ in type.
fn tuple_index(n: &Number, length: usize) -> Result<usize, FunctionError> {
    let wrapped = whole(n)? % checked_length(length)?;
    usize::try_from(wrapped).map_err(|_| FunctionError::argument(1, "invalid index: must not be negative"))
}

fn checked_length(length: usize) -> Result<i64, FunctionError> {
    match length {
        0 => Err(FunctionError::new("cannot use element function with an empty list")),
        n => Ok(n as i64),
    }
}

fn element(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let items = a.elements(0);
    let position = whole(a.number(1)?)?.rem_euclid(checked_length(items.len())?);
    Ok(items[position as usize].clone().with_marks(a[0].marks()))
}

fn index(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !matches!(a[0].ty(), Type::List(_) | Type::Tuple(_)) {
        return Err(FunctionError::new("argument must be a list or tuple"));
    }
    if a.elements(0).is_empty() {
        return Err(FunctionError::new("cannot search an empty list"));
    }
    for (i, v) in a.elements(0).iter().enumerate() {
        match equal(v, &a[1]) {
            Some(true) => return Ok(Value::number(i)),
            Some(false) => {}
            None => return Ok(a.unknown()),
        }
    }
    Err(FunctionError::new("item not found"))
}

fn length_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::Bool | Type::Number => {
            Err(FunctionError::new("argument must be a string, a collection type, or a structural type"))
        }
        _ => Ok(Type::Number),
    }
}

/// Characters of a string, elements of anything else. The marks of the elements stay with the elements.
fn length(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let marks = if *a[0].ty() == Type::String { a[0].deep_marks() } else { a[0].marks() };
    let bounds = |minimum: usize, maximum: Option<usize>| {
        Value::refined(
            Type::Number,
            Refinement {
                not_null: true,
                minimum: Some((Number::from(minimum), true)),
                maximum: maximum.map(|n| (Number::from(n), true)),
                ..Refinement::default()
            },
        )
    };
    let count = match (a[0].data(), a[0].ty()) {
        (_, Type::Dynamic) => a.unknown(),
        (Data::String(s), _) => Value::number(grapheme::count(s)),
        (_, Type::String) => {
            let prefix = a[0].refinement().and_then(|r| r.prefix.as_deref()).unwrap_or_default();
            bounds(grapheme::count(prefix), None)
        }
        _ => {
            let (minimum, maximum) = a[0].length_bounds();
            bounds(minimum, maximum)
        }
    };
    Ok(count.with_marks(marks))
}

fn not_one() -> FunctionError {
    FunctionError::argument(0, "must be a list, set, or tuple value with either zero or one elements")
}

fn one_type(list: &Value) -> Result<Type, FunctionError> {
    match list.ty() {
        Type::List(element) | Type::Set(element) => Ok(element.as_ref().clone()),
        Type::Tuple(items) if items.is_empty() => Ok(Type::Dynamic),
        Type::Tuple(items) if items.len() == 1 => Ok(items[0].clone()),
        _ => Err(not_one()),
    }
}

fn one(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (minimum, maximum) = a[0].length_bounds();
    match (maximum == Some(minimum), a.elements(0)) {
        (false, _) => Ok(a.unknown()),
        (true, []) => Ok(Value::null(a.ty.clone())),
        (true, [one]) => Ok(one.clone()),
        _ => Err(not_one()),
    }
}

fn sum(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let unfit = || FunctionError::argument(0, "argument must be list, set, or tuple of number values");
    if !is_sequence(a[0].ty()) {
        let name = a[0].ty().friendly_name();
        return Err(FunctionError::argument(0, format!("argument must be list, set, or tuple. Received {name}")));
    }
    if a.elements(0).is_empty() {
        return Err(FunctionError::argument(0, "cannot sum an empty list"));
    }
    if !a[0].is_wholly_known() {
        return Ok(a.unknown());
    }
    let mut total: Option<Number> = None;
    for v in a.elements(0) {
        if v.is_null() || !is_convertible(v.ty(), &Type::Number) {
            return Err(unfit());
        }
        let v = convert(v, &Type::Number).map_err(|_| unfit())?;
        let number = v.as_number().ok_or_else(unfit)?;
        total = Some(match total {
            None => number.clone(),
            Some(sum) => {
                sum.add(number).ok_or_else(|| FunctionError::new("can't compute sum of opposing infinities"))?
            }
        });
    }
    total.map(Value::number).ok_or_else(unfit)
}
