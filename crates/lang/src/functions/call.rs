//! Calling a function: what is alike for all of them.
use std::ops::Index;

use super::signature::{Function, FunctionError, Parameter, Returns};
use crate::eval::Host;
use crate::limits::{MAX_DECODED_BYTES, MAX_TEXT_BYTES};
use crate::value::convert::convert;
use crate::value::{Marks, Number, Type, Value, write_quoted};

/// The arguments of one call, converted; what a parameter does not allow is not there.
pub struct Arguments<'a> {
    values: Vec<Value>,
    marks: Vec<Marks>,
    /// The type the result must have.
    pub(super) ty: Type,
    /// The world.
    pub(super) host: &'a dyn Host,
}

/// Calls a function.
///
/// Arguments are converted to the types of the parameters. Null where it is not allowed is an error. An unknown argument
/// makes the result unknown (but typed, and known not to be null where the function never gives null), and marks of the
/// arguments are put on the result, unless the function says that it deals with them itself.
///
/// # Errors
/// Wrong number of arguments, an argument of a wrong type, or whatever the function itself objects to.
pub fn call(f: &Function, args: &[Value], host: &dyn Host) -> Result<Value, FunctionError> {
    check_count(f, args.len())?;
    let mut taken = Vec::with_capacity(args.len());
    let (mut unknown, mut untyped) = (false, false);
    let (mut result_marks, mut marks) = (Marks::NONE, Vec::with_capacity(args.len()));
    for (i, arg) in args.iter().enumerate() {
        let Some(parameter) = f.parameter(i) else { continue };
        let arg = convert(arg, &(parameter.ty)()).map_err(|e| FunctionError::argument(i, e.to_string()))?;
        if arg.is_null() && !parameter.allow_null {
            return Err(FunctionError::argument(i, "argument must not be null"));
        }
        let own = arg.deep_marks();
        marks.push(own);
        let arg = if parameter.allow_marked {
            arg
        } else {
            result_marks |= own;
            arg.unmark_deep().0
        };
        unknown |= !arg.is_known() && !parameter.allow_unknown;
        untyped |= *arg.ty() == Type::Dynamic && !parameter.allow_dynamic;
        taken.push(arg);
    }
    if untyped {
        return Ok(Value::unknown(Type::Dynamic).with_marks(result_marks));
    }
    let ty = match f.returns {
        Returns::Fixed(ty) => ty(),
        Returns::Of(ty) => ty(&taken)?,
    };
    let result = if unknown { Value::unknown(ty) } else { (f.body)(&Arguments { values: taken, marks, ty, host })? };
    let result = if f.nullable { result } else { result.refine_not_null() };
    Ok(result.with_marks(result_marks))
}

fn check_count(f: &Function, given: usize) -> Result<(), FunctionError> {
    let names = |params: &[Parameter]| params.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
    let required = f.params.len();
    if given < required {
        let missing = &f.params[given].name;
        let all = names(f.params);
        return Err(FunctionError::new(format!("takes ({all}), and the argument for {missing:?} is missing")));
    }
    if given > required && f.variadic.is_none() {
        let all = names(f.params);
        return Err(FunctionError::new(match required {
            0 => format!("takes no argument, but {given} are given"),
            _ => format!("takes only ({all}), but {given} arguments are given"),
        }));
    }
    Ok(())
}

impl<'a> Arguments<'a> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Value] {
        &self.values
    }

    /// The text of a string argument.
    pub(super) fn string(&self, index: usize) -> &str {
        self.values.get(index).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number argument.
    ///
    /// # Errors
    /// There is no such argument, or it is not a known number.
    pub(super) fn number(&self, index: usize) -> Result<&Number, FunctionError> {
        let number = self.values.get(index).and_then(Value::as_number);
        number.ok_or_else(|| FunctionError::argument(index, "a number is required"))
    }

    /// A number argument that must be whole and fit into 64 bits.
    ///
    /// # Errors
    /// It is not such a number.
    pub(super) fn integer(&self, index: usize) -> Result<i64, FunctionError> {
        let number = self.number(index)?;
        number
            .to_i64()
            .ok_or_else(|| FunctionError::argument(index, "value must be a whole number that fits into 64 bits"))
    }

    /// The elements of a list, tuple or set argument.
    pub(super) fn elements(&self, index: usize) -> &[Value] {
        self.values.get(index).and_then(Value::elements).unwrap_or_default()
    }

    /// Refuses to make a text of so many bytes if that is too long.
    ///
    /// # Errors
    /// It is.
    pub(super) fn check_text(&self, length: usize) -> Result<(), FunctionError> {
        if length <= MAX_TEXT_BYTES {
            return Ok(());
        }
        Err(FunctionError::new(format!("the result would be longer than {} MiB", MAX_TEXT_BYTES >> 20)))
    }

    /// The text of an argument that is decoded: a byte of it may become a hundred.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn encoded(&self, index: usize) -> Result<&str, FunctionError> {
        let text = self.string(index);
        if text.len() <= MAX_DECODED_BYTES {
            return Ok(text);
        }
        Err(FunctionError::argument(index, format!("is longer than {} MiB", MAX_DECODED_BYTES >> 20)))
    }

    /// The text as a message may show it: in quotes, or not at all when the argument was marked.
    pub(super) fn shown(&self, index: usize, text: &str) -> String {
        let marks = self.marks.get(index).copied().unwrap_or_default();
        match (marks.ephemeral(), marks.sensitive()) {
            (true, true) => "(ephemeral sensitive value)".into(),
            (true, false) => "(ephemeral value)".into(),
            (false, true) => "(sensitive value)".into(),
            (false, false) => {
                let mut quoted = String::new();
                write_quoted(text, &mut quoted);
                quoted
            }
        }
    }

    /// An unknown value of the result's type.
    pub(super) fn unknown(&self) -> Value {
        Value::unknown(self.ty.clone())
    }
}

impl Index<usize> for Arguments<'_> {
    type Output = Value;

    fn index(&self, index: usize) -> &Value {
        &self.values[index]
    }
}
