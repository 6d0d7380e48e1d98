//! Conversions that are asked for: `tostring` and its like.
use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::value::convert::{convert, is_convertible};
use crate::value::{Type, Value};

const fn to(name: &'static str, returns: fn(&[Value]) -> Result<Type, FunctionError>) -> Function {
    const V: &[Parameter] = &[Parameter::any("v").null().marked().dynamic().unknown()];
    Function::typed(name, V, returns, body).nullable()
}

/// `tobool tolist tomap tonumber toset tostring`
pub(super) static FUNCTIONS: &[Function] = &[
    to("tobool", |a| check(a, Type::Bool)),
    to("tolist", |a| check(a, list())),
    to("tomap", |a| check(a, map())),
    to("tonumber", |a| check(a, Type::Number)),
    to("toset", |a| check(a, set())),
    to("tostring", |a| check(a, Type::String)),
];

fn list() -> Type {
    Type::list(Type::Dynamic)
}

fn set() -> Type {
    Type::set(Type::Dynamic)
}

fn map() -> Type {
    Type::map(Type::Dynamic)
}

fn check(args: &[Value], wanted: Type) -> Result<Type, FunctionError> {
    if is_convertible(args[0].ty(), &wanted) { Ok(wanted) } else { Err(cannot(args[0].ty(), &wanted)) }
}

fn cannot(from: &Type, to: &Type) -> FunctionError {
    FunctionError::argument(0, format!("cannot convert {} to {}", from.friendly_name(), to.friendly_name()))
}

fn body(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    convert(&a[0], &a.ty).map_err(|_| match (a[0].as_str(), &a.ty) {
        (Some(text), Type::Bool) => {
            let shown = a.shown(0, text);
            let message = format!("cannot convert {shown} to bool; only the strings \"true\" or \"false\" are allowed");
            FunctionError::argument(0, message)
        }
        (Some(text), Type::Number) => {
            let shown = a.shown(0, text);
            let message = "given string must be a decimal representation of a number";
            FunctionError::argument(0, format!("cannot convert {shown} to number; {message}"))
        }
        _ => cannot(a[0].ty(), &a.ty),
    })
}
