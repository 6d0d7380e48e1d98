//! What a function takes and gives.
use super::call::Arguments;
use crate::value::{Type, Value};

/// A function: its name, its parameters, the type of its result, and its body.
#[derive(Debug)]
pub struct Function {
    /// The name it is called by.
    pub name: &'static str,
    /// The parameters every call must fill.
    pub params: &'static [Parameter],
    /// The parameter that all further arguments belong to; without one there may be none.
    pub variadic: Option<&'static Parameter>,
    pub(super) returns: Returns,
    /// Whether the result may be null; if not, an unknown result is known not to be.
    pub(super) nullable: bool,
    pub(super) body: Body,
}

/// The body of a function: called with arguments that fit its parameters.
pub(super) type Body = fn(&Arguments<'_>) -> Result<Value, FunctionError>;

/// What a function takes in one place.
#[derive(Debug)]
pub struct Parameter {
    /// The name, as messages call it.
    pub name: &'static str,
    /// The type that arguments are converted to; `any` leaves them as they are.
    pub ty: fn() -> Type,
    /// Whether it may be null.
    pub allow_null: bool,
    /// Whether the function itself deals with an unknown argument (else its result is then unknown).
    pub allow_unknown: bool,
    /// Whether it may be of a type that is not known yet (else the type of the result is then not known).
    pub allow_dynamic: bool,
    /// Whether the function itself deals with marks (else they are taken off, and put on the result).
    pub allow_marked: bool,
}

/// The type of a function's result.
#[derive(Clone, Copy, Debug)]
pub(super) enum Returns {
    /// Always this one.
    Fixed(fn() -> Type),
    /// It depends on the arguments.
    Of(fn(&[Value]) -> Result<Type, FunctionError>),
}

/// A call that has no result. The message never contains a value that is marked sensitive or ephemeral.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// Which argument is at fault, from 0, if one is.
    pub argument: Option<usize>,
    /// What is wrong, in words without a capital and without a period.
    pub message: String,
}

impl FunctionError {
    /// The call as a whole fails.
    pub(super) fn new(message: impl Into<String>) -> FunctionError {
        FunctionError { argument: None, message: message.into() }
    }

    /// An argument is at fault.
    pub(super) fn argument(index: usize, message: impl Into<String>) -> FunctionError {
        FunctionError { argument: Some(index), message: message.into() }
    }
}

impl Function {
    /// A function whose result has one type whatever its arguments, and is never null.
    pub(super) const fn new(
        name: &'static str,
        params: &'static [Parameter],
        returns: fn() -> Type,
        body: Body,
    ) -> Function {
        Function { name, params, variadic: None, returns: Returns::Fixed(returns), nullable: false, body }
    }

    /// A function whose result has a type that depends on its arguments, and is never null.
    pub(super) const fn typed(
        name: &'static str,
        params: &'static [Parameter],
        returns: fn(&[Value]) -> Result<Type, FunctionError>,
        body: Body,
    ) -> Function {
        Function { name, params, variadic: None, returns: Returns::Of(returns), nullable: false, body }
    }

    /// The same function with a parameter for all further arguments.
    pub(super) const fn variadic(mut self, parameter: &'static Parameter) -> Function {
        self.variadic = Some(parameter);
        self
    }

    /// The same function, its result possibly null.
    pub(super) const fn nullable(mut self) -> Function {
        self.nullable = true;
        self
    }

    /// The parameter an argument belongs to.
    pub fn parameter(&self, index: usize) -> Option<&'static Parameter> {
        self.params.get(index).or(self.variadic)
    }
}

impl Parameter {
    /// A parameter of a type: never null, unknown or marked.
    pub(super) const fn of(name: &'static str, ty: fn() -> Type) -> Parameter {
        Parameter { name, ty, allow_null: false, allow_unknown: false, allow_dynamic: false, allow_marked: false }
    }

    /// A parameter of any type.
    pub(super) const fn any(name: &'static str) -> Parameter {
        Parameter::of(name, || Type::Dynamic)
    }

    /// A string.
    pub(super) const fn string(name: &'static str) -> Parameter {
        Parameter::of(name, || Type::String)
    }

    /// A number.
    pub(super) const fn number(name: &'static str) -> Parameter {
        Parameter::of(name, || Type::Number)
    }

    /// A list of any one type.
    pub(super) const fn list(name: &'static str) -> Parameter {
        Parameter::of(name, || Type::list(Type::Dynamic))
    }

    /// A list of strings.
    pub(super) const fn strings(name: &'static str) -> Parameter {
        Parameter::of(name, || Type::list(Type::String))
    }

    /// The same parameter, which may be null.
    pub(super) const fn null(mut self) -> Parameter {
        self.allow_null = true;
        self
    }

    /// The same parameter, which may be unknown.
    pub(super) const fn unknown(mut self) -> Parameter {
        self.allow_unknown = true;
        self
    }

    /// The same parameter, which may be of a type not known yet.
    pub(super) const fn dynamic(mut self) -> Parameter {
        self.allow_dynamic = true;
        self
    }

    /// The same parameter, which may be marked.
    pub(super) const fn marked(mut self) -> Parameter {
        self.allow_marked = true;
        self
    }
}
