//! Marks that are put on and taken off by hand.
use std::sync::Arc;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::{Data, Marks, Type, Value};

const VALUE: Parameter = Parameter::any("value").unknown().null().marked().dynamic();

/// `ephemeralasnull issensitive nonsensitive sensitive`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed("ephemeralasnull", &[VALUE], own_type, |a| Ok(without_ephemeral(&a[0]))).nullable(),
    Function::new("issensitive", &[VALUE], || Type::Bool, issensitive).nullable(),
    Function::typed("nonsensitive", &[VALUE], own_type, nonsensitive).nullable(),
    Function::typed("sensitive", &[VALUE], own_type, |a| Ok(a[0].clone().with_marks(Marks::SENSITIVE))).nullable(),
];

fn own_type(args: &[Value]) -> Result<Type, FunctionError> {
    Ok(args[0].ty().clone())
}

fn nonsensitive(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (value, marks) = a[0].clone().unmark();
    Ok(value.with_marks(marks.without(Marks::SENSITIVE)))
}

/// What is not known yet may still turn out to be sensitive.
fn issensitive(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    Ok(match (a[0].marks().sensitive(), a[0].is_known()) {
        (true, _) => Value::bool(true),
        (false, true) => Value::bool(false),
        (false, false) => a.unknown(),
    })
}

/// The value with null for every ephemeral part of it.
fn without_ephemeral(v: &Value) -> Value {
    let marks = v.marks();
    if marks.ephemeral() {
        return Value::null(v.ty().clone()).with_marks(marks.without(Marks::EPHEMERAL));
    }
    if !v.deep_marks().ephemeral() {
        return v.clone();
    }
    let data = match v.data() {
        Data::Sequence(items) => Data::Sequence(items.iter().map(without_ephemeral).collect()),
        Data::Mapping(items) => {
            Data::Mapping(Arc::new(items.iter().map(|(k, v)| (k.clone(), without_ephemeral(v))).collect()))
        }
        other => other.clone(),
    };
    Value::raw(v.ty().clone(), data).with_marks(marks)
}
