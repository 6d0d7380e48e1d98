//! Maps and objects.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::convert::{convert, is_convertible};
use crate::value::equality::equal;
use crate::value::unify::unify;
use crate::value::{Marks, Type, Value};

/// `keys lookup matchkeys merge transpose values zipmap`, and `list` and `map`, which only say what took their place
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("keys", &[Parameter::any("inputMap").unknown().marked()], keys_type, keys),
    Function::typed("list", &[], |_| Err(retired("list", "tolist([ ... ])", "list")), |a| Ok(a.unknown()))
        .variadic(&VALS),
    Function::typed(
        "lookup",
        &[Parameter::any("inputMap").marked().unknown(), Parameter::string("key").marked().unknown()],
        lookup_type,
        lookup,
    )
    .variadic(&Parameter::any("default").unknown().dynamic().null().marked())
    .nullable(),
    Function::typed("map", &[], |_| Err(retired("map", "tomap({ ... })", "map")), |a| Ok(a.unknown())).variadic(&VALS),
    Function::typed(
        "matchkeys",
        &[Parameter::list("values"), Parameter::list("keys"), Parameter::list("searchset")],
        matchkeys_type,
        matchkeys,
    ),
    Function::typed("merge", &[], merge_type, merge).variadic(&Parameter::any("maps").dynamic().null().marked()),
    Function::new("transpose", &[Parameter::of("values", strings_by_key)], strings_by_key, transpose),
    Function::typed("values", &[Parameter::any("mapping").marked()], values_type, values),
    Function::typed(
        "zipmap",
        &[Parameter::strings("keys").marked(), Parameter::any("values").marked()],
        zipmap_type,
        zipmap,
    ),
];

const VALS: Parameter = Parameter::any("vals").unknown().dynamic().null();

fn strings_by_key() -> Type {
    Type::map(Type::list(Type::String))
}

fn retired(name: &str, instead: &str, what: &str) -> FunctionError {
    FunctionError::new(format!(
        "the {name:?} function was deprecated in Terraform v0.12 and is no longer available; use {instead} syntax to write a literal {what}"
    ))
}

fn keys_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(o) => Ok(Type::tuple(o.attributes.keys().map(|_| Type::String))),
        _ => Err(FunctionError::argument(0, "must have map or object type")),
    }
}

/// The attribute names of an object are known even if the object is not.
fn keys(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let result = match (a[0].ty(), a[0].entries()) {
        (Type::Object(o), _) => Value::tuple(o.attributes.keys().map(Value::string)),
        (_, Some(items)) => Value::list(Type::String, items.keys().map(Value::string)),
        (_, None) => a.unknown(),
    };
    Ok(result.with_marks(a[0].marks()))
}

fn values_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::Map(element) => Ok(Type::list(element.as_ref().clone())),
        Type::Object(o) => Ok(Type::tuple(o.attributes.values().cloned())),
        _ => Err(FunctionError::new("values() requires a map as the first argument")),
    }
}

fn values(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let items = a[0].entries().into_iter().flat_map(BTreeMap::values).cloned();
    let result = match a.ty.element() {
        Some(element) => Value::list(element.clone(), items),
        None => Value::tuple(items),
    };
    Ok(result.with_marks(a[0].marks()))
}

fn lookup_type(args: &[Value]) -> Result<Type, FunctionError> {
    if args.len() > 3 {
        return Err(FunctionError::new(format!("lookup() takes two or three arguments, got {}", args.len())));
    }
    match args[0].ty() {
        Type::Object(o) => match args[1].as_str() {
            None => Ok(Type::Dynamic),
            Some(key) => match (o.attributes.get(key), args.get(2)) {
                (Some(ty), _) => Ok(ty.clone()),
                (None, Some(default)) => Ok(default.ty().clone()),
                (None, None) => Err(no_attribute(&args[1], key)),
            },
        },
        Type::Map(element) => {
            let fits = args
                .get(2)
                .is_none_or(|default| is_convertible(default.ty(), element) && convert(default, element).is_ok());
            if !fits {
                let message = "the default value must have the same type as the map elements";
                return Err(FunctionError::argument(2, message));
            }
            Ok(element.as_ref().clone())
        }
        _ => Err(FunctionError::argument(0, "lookup() requires a map as the first argument")),
    }
}

fn no_attribute(key: &Value, name: &str) -> FunctionError {
    let shown = if key.marks().is_empty() { format!("{name:?}") } else { "with the given (concealed) name".into() };
    FunctionError::argument(0, format!("the given object has no attribute {shown}"))
}

fn lookup(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let marks = a[0].marks() | a[1].marks();
    let (Some(items), Some(key)) = (a[0].entries(), a[1].as_str()) else { return Ok(a.unknown().with_marks(marks)) };
    if let Some(found) = items.get(key) {
        return Ok(found.clone().with_marks(marks));
    }
    let Some(default) = a.all().get(2) else {
        let shown = a.shown(1, key);
        return Err(FunctionError::new(format!("lookup failed to find key {shown}")));
    };
    let default = convert(default, &a.ty).map_err(|e| FunctionError::argument(2, e.to_string()))?;
    Ok(default.with_marks(marks))
}

fn matchkeys_common(args: &[Value]) -> Result<Type, FunctionError> {
    let common = unify(&[args[1].ty().clone(), args[2].ty().clone()]);
    common.ok_or_else(|| FunctionError::new("keys and searchset must be of the same type"))
}

fn matchkeys_type(args: &[Value]) -> Result<Type, FunctionError> {
    matchkeys_common(args)?;
    Ok(args[0].ty().clone())
}

fn matchkeys(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if a.elements(0).len() != a.elements(1).len() {
        return Err(FunctionError::new("length of keys and values should be equal"));
    }
    let common = matchkeys_common(a.all())?;
    let bring = |i: usize| convert(&a[i], &common).map_err(|e| FunctionError::argument(i, e.to_string()));
    let (keys, searched) = (bring(1)?, bring(2)?);
    let searched = searched.elements().unwrap_or_default();
    let element = a.ty.element().cloned().unwrap_or(Type::Dynamic);
    let known = a[0].is_wholly_known() && keys.is_wholly_known();
    if !known && !searched.is_empty() {
        return Ok(a.unknown());
    }
    let mut found = Vec::new();
    for (key, value) in keys.elements().unwrap_or_default().iter().zip(a.elements(0)) {
        let mut matched = false;
        for search in searched {
            match equal(key, search) {
                Some(true) => matched = true,
                Some(false) => continue,
                // As in Terraform: an undecided comparison empties the whole result.
                None => return Ok(Value::list(element, [])),
            }
            break;
        }
        if matched {
            found.push(value.clone());
        }
    }
    Ok(Value::list(element, found))
}

/// Arguments of one type keep it; else the result is an object of all the attributes.
fn merge_type(args: &[Value]) -> Result<Type, FunctionError> {
    let mut attributes: BTreeMap<Arc<str>, Type> = BTreeMap::new();
    let mut known = true;
    for v in args {
        match (v.ty(), v.entries()) {
            (Type::Dynamic, _) => return Ok(Type::Dynamic),
            (Type::Object(o), _) if !v.is_null() => {
                attributes.extend(o.attributes.iter().map(|(k, t)| (k.clone(), t.clone())));
            }
            (Type::Map(element), Some(items)) => {
                attributes.extend(items.keys().map(|k| (k.clone(), element.as_ref().clone())));
            }
            (Type::Map(_), None) => known &= v.is_null(),
            (Type::Object(_), _) => {}
            (other, _) => {
                let name = other.friendly_name();
                return Err(FunctionError::new(format!("arguments must be maps or objects, got {name:?}")));
            }
        }
    }
    Ok(match args.split_first() {
        None => Type::object::<Arc<str>>([]),
        Some((first, rest)) if rest.iter().all(|v| v.ty() == first.ty()) => first.ty().clone(),
        Some(_) if !known => Type::Dynamic,
        Some(_) => Type::object(attributes),
    })
}

fn merge(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let mut marks = Marks::NONE;
    let mut merged: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for v in a.all().iter().filter(|v| !v.is_null()) {
        marks |= v.marks();
        merged.extend(v.entries().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())));
    }
    let result = match &a.ty {
        Type::Map(element) => Value::map(element.as_ref().clone(), merged),
        _ => Value::object(merged),
    };
    Ok(result.with_marks(marks))
}

fn transpose(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !a[0].is_wholly_known() {
        return Ok(a.unknown());
    }
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, list) in a[0].entries().into_iter().flatten() {
        let items = list.elements().ok_or_else(|| FunctionError::new("input must not contain null list"))?;
        for item in items {
            let text = item.as_str().ok_or_else(|| FunctionError::new("input list must not contain null string"))?;
            turned.entry(text.into()).or_default().push(Value::string(key));
        }
    }
    let lists = turned.into_iter().map(|(k, items)| (k, Value::list(Type::String, items)));
    Ok(Value::map(Type::list(Type::String), lists))
}

fn count_mismatch(keys: usize, values: usize) -> FunctionError {
    FunctionError::new(format!("number of keys ({keys}) does not match number of values ({values})"))
}

fn zipmap_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[1].ty() {
        Type::List(element) => Ok(Type::map(element.as_ref().clone())),
        Type::Tuple(types) => {
            if !args[0].is_wholly_known() {
                return Ok(Type::Dynamic);
            }
            let keys = args[0].elements().unwrap_or_default();
            if keys.len() != types.len() {
                return Err(count_mismatch(keys.len(), types.len()));
            }
            let mut attributes: Vec<(Arc<str>, Type)> = Vec::with_capacity(keys.len());
            for (i, (key, ty)) in keys.iter().zip(types.iter()).enumerate() {
                attributes.push((key_text(key, i)?.into(), ty.clone()));
            }
            Ok(Type::object(attributes))
        }
        _ => Err(FunctionError::new("values argument must be a list or tuple value")),
    }
}

fn key_text(key: &Value, index: usize) -> Result<&str, FunctionError> {
    key.as_str().ok_or_else(|| FunctionError::new(format!("keys list has null value at index {index}")))
}

fn zipmap(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let mut marks = a[0].marks() | a[1].marks();
    if !a[0].is_wholly_known() {
        return Ok(a.unknown().with_marks(marks));
    }
    let (keys, values) = (a.elements(0), a.elements(1));
    if keys.len() != values.len() {
        return Err(count_mismatch(keys.len(), values.len()));
    }
    let mut items: Vec<(Arc<str>, Value)> = Vec::with_capacity(keys.len());
    for (i, (key, value)) in keys.iter().zip(values).enumerate() {
        marks |= key.marks();
        items.push((key_text(key, i)?.into(), value.clone()));
    }
    let result = match &a.ty {
        Type::Map(element) => Value::map(element.as_ref().clone(), items),
        _ => Value::object(items),
    };
    Ok(result.with_marks(marks))
}
