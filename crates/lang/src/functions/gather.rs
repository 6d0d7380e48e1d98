//! Lists, tuples and sets: what makes new ones of them.
use std::collections::HashMap;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::MAX_PRODUCT;
use crate::value::convert::convert;
use crate::value::unify::unify;
use crate::value::{Marks, Refinement, Type, Value, hash_text};

/// `chunklist compact concat distinct flatten reverse setproduct slice`
pub(super) static FUNCTIONS: &[Function] = &[
    Function::typed(
        "chunklist",
        &[Parameter::list("list").marked(), Parameter::number("size").marked()],
        |a| Ok(Type::list(a[0].ty().clone())),
        chunklist,
    ),
    Function::new("compact", &[Parameter::strings("list")], || Type::list(Type::String), compact),
    Function::typed("concat", &[], concat_type, concat).variadic(&Parameter::any("seqs").marked()),
    Function::typed("distinct", &[Parameter::list("list")], |a| Ok(a[0].ty().clone()), distinct),
    Function::typed("flatten", &[Parameter::any("list").marked()], |a| flatten_type(&a[0]), flatten),
    Function::typed("reverse", &[Parameter::any("list").marked()], reverse_type, reverse),
    Function::typed("setproduct", &[], product_type, product).variadic(&Parameter::any("sets").marked().unknown()),
    Function::typed(
        "slice",
        &[Parameter::any("list").marked(), Parameter::number("start_index"), Parameter::number("end_index")],
        slice_type,
        slice,
    ),
];

fn chunklist(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let size = usize::try_from(a.integer(1)?);
    let size = size.map_err(|_| FunctionError::argument(1, "the size argument must be positive"))?;
    let (items, marks) = (a.elements(0), a[0].marks() | a[1].marks());
    let list = a[0].clone().unmark().0;
    let element = list.ty().element().cloned().unwrap_or(Type::Dynamic);
    let chunks: Vec<Value> = match size {
        _ if items.is_empty() => vec![],
        0 => vec![list.clone()],
        n => items.chunks(n).map(|chunk| Value::list(element.clone(), chunk.iter().cloned())).collect(),
    };
    Ok(Value::list(list.ty().clone(), chunks).with_marks(marks))
}

fn compact(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !a[0].is_wholly_known() {
        return Ok(a.unknown());
    }
    let filled = a.elements(0).iter().filter(|v| v.as_str().is_some_and(|s| !s.is_empty()));
    Ok(Value::list(Type::String, filled.cloned()))
}

/// Lists of one kind make a list, everything else a tuple.
fn concat_type(args: &[Value]) -> Result<Type, FunctionError> {
    if args.is_empty() {
        return Err(FunctionError::new("at least one argument is required"));
    }
    if args.iter().all(|v| matches!(v.ty(), Type::List(_))) {
        let types: Vec<Type> = args.iter().map(|v| v.ty().clone()).collect();
        if let Some(ty) = unify(&types) {
            return Ok(ty);
        }
    }
    let mut types = Vec::new();
    for (i, v) in args.iter().enumerate() {
        match (v.ty(), v.elements()) {
            (Type::Tuple(items), _) => types.extend(items.iter().cloned()),
            (Type::List(_), None) => return Ok(Type::Dynamic),
            (Type::List(element), Some(items)) => {
                types.extend(std::iter::repeat_n(element.as_ref().clone(), items.len()));
            }
            (other, _) => {
                let name = other.friendly_name();
                return Err(FunctionError::argument(i, format!("all arguments must be lists or tuples; got {name}")));
            }
        }
    }
    Ok(Type::tuple(types))
}

fn concat(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let mut marks = Marks::NONE;
    let mut items = Vec::new();
    for (i, v) in a.all().iter().enumerate() {
        marks |= v.marks();
        match &a.ty {
            Type::List(_) => {
                let list = convert(v, &a.ty).map_err(|e| FunctionError::argument(i, e.to_string()))?;
                items.extend(list.elements().unwrap_or_default().iter().cloned());
            }
            _ => items.extend(a.elements(i).iter().cloned()),
        }
    }
    let result = match a.ty.element() {
        Some(element) => Value::list(element.clone(), items),
        None => Value::tuple(items),
    };
    Ok(result.with_marks(marks))
}

fn distinct(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !a[0].is_wholly_known() {
        return Ok(a.unknown());
    }
    let element = a.ty.element().cloned().unwrap_or(Type::Dynamic);
    let mut seen: HashMap<String, Vec<&Value>> = HashMap::new();
    let first = a.elements(0).iter().filter(|v| {
        let alike = seen.entry(hash_text(v)).or_default();
        let new = !alike.iter().any(|other| other.same(v));
        if new {
            alike.push(v);
        }
        new
    });
    Ok(Value::list(element, first.cloned()))
}

fn flatten_type(list: &Value) -> Result<Type, FunctionError> {
    if !list.is_wholly_known() {
        return Ok(Type::Dynamic);
    }
    if !is_sequence(list) {
        return Err(FunctionError::new("can only flatten lists, sets and tuples"));
    }
    let mut flat = Flat::default();
    flat.take(list);
    Ok(Type::tuple(flat.items.iter().map(|v| v.ty().clone())))
}

fn is_sequence(v: &Value) -> bool {
    matches!(v.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_))
}

/// What `flatten` found so far. The marks of every sequence that was taken apart go to the whole.
#[derive(Default)]
struct Flat {
    items: Vec<Value>,
    marks: Marks,
    unknown: bool,
}

impl Flat {
    fn take(&mut self, sequence: &Value) {
        self.marks |= sequence.marks();
        let (minimum, maximum) = sequence.length_bounds();
        if maximum != Some(minimum) {
            self.unknown = true;
            return;
        }
        for v in sequence.elements().unwrap_or_default() {
            self.unknown |= !v.is_known() && *v.ty() == Type::Dynamic;
            match v {
                v if v.is_null() || !is_sequence(v) => self.items.push(v.clone()),
                v if v.is_known() => self.take(v),
                v => {
                    self.unknown = true;
                    self.marks |= v.marks();
                }
            }
        }
    }
}

fn flatten(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    if !is_sequence(&a[0]) {
        return Err(FunctionError::new("can only flatten lists, sets and tuples"));
    }
    let mut flat = Flat::default();
    flat.take(&a[0]);
    Ok(if flat.unknown { Value::unknown(Type::Dynamic) } else { Value::tuple(flat.items) }.with_marks(flat.marks))
}

fn reverse_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::Tuple(items) => Ok(Type::tuple(items.iter().rev().cloned())),
        Type::List(element) | Type::Set(element) => Ok(Type::list(element.as_ref().clone())),
        other => {
            let name = other.friendly_name();
            Err(FunctionError::argument(0, format!("can only reverse list or tuple values, not {name}")))
        }
    }
}

fn reverse(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let items = a.elements(0).iter().rev().cloned();
    let result = match a.ty.element() {
        Some(element) => Value::list(element.clone(), items),
        None => Value::tuple(items),
    };
    Ok(result.with_marks(a[0].marks()))
}

/// Lists and tuples only make a list, one set makes it a set.
fn product_type(args: &[Value]) -> Result<Type, FunctionError> {
    if args.len() < 2 {
        return Err(FunctionError::new("at least two arguments are required"));
    }
    let mut elements = Vec::with_capacity(args.len());
    for (i, v) in args.iter().enumerate() {
        elements.push(match v.ty() {
            Type::Set(element) | Type::List(element) => element.as_ref().clone(),
            Type::Tuple(items) if items.is_empty() => Type::Dynamic,
            Type::Tuple(items) => {
                unify(items).ok_or_else(|| FunctionError::argument(i, "all elements must be of the same type"))?
            }
            _ => return Err(FunctionError::argument(i, "a set or a list is required")),
        });
    }
    let tuple = Type::tuple(elements);
    let ordered = args.iter().all(|v| !matches!(v.ty(), Type::Set(_)));
    Ok(if ordered { Type::list(tuple) } else { Type::set(tuple) })
}

fn product(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let marks = a.all().iter().fold(Marks::NONE, |marks, v| marks | v.marks());
    let known = a.all().iter().all(|v| {
        let (minimum, maximum) = v.length_bounds();
        v.is_known() && maximum == Some(minimum)
    });
    if !known {
        return Ok(Value::refined(a.ty.clone(), product_bounds(a.all())).with_marks(marks));
    }
    let tuple = a.ty.element().cloned().unwrap_or(Type::Dynamic);
    let Type::Tuple(types) = &tuple else { return Ok(a.unknown().with_marks(marks)) };
    let total = (0..a.len()).try_fold(1usize, |n, i| n.checked_mul(a.elements(i).len()).filter(|n| *n <= MAX_PRODUCT));
    let total = total.ok_or_else(|| FunctionError::new(format!("more than {MAX_PRODUCT} combinations")))?;
    let mut columns = Vec::with_capacity(a.len());
    for (i, ty) in types.iter().enumerate() {
        let column: Result<Vec<Value>, _> = a.elements(i).iter().map(|v| convert(v, ty)).collect();
        columns.push(column.map_err(|e| FunctionError::argument(i, e.to_string()))?);
    }
    let mut rows = Vec::with_capacity(total);
    for n in 0..total {
        // The last column turns fastest.
        let mut rest = n;
        let mut row: Vec<Value> = Vec::with_capacity(columns.len());
        for column in columns.iter().rev() {
            row.push(column[rest % column.len()].clone());
            rest /= column.len();
        }
        row.reverse();
        rows.push(Value::tuple(row));
    }
    let result = if matches!(a.ty, Type::List(_)) { Value::list(tuple, rows) } else { Value::set(tuple, rows) };
    Ok(result.with_marks(marks))
}

/// How long a product may get whose factors are not all known; beyond these limits nothing is said (as in Terraform).
fn product_bounds(factors: &[Value]) -> Refinement {
    const FACTOR_LIMIT: usize = 1024;
    const PRODUCT_LIMIT: usize = 2048;
    let mut maximum = 1usize;
    for v in factors {
        match v.length_bounds().1 {
            Some(n) if n <= FACTOR_LIMIT => maximum *= n,
            _ => return Refinement::not_null(),
        }
        if maximum > PRODUCT_LIMIT {
            return Refinement::not_null();
        }
    }
    Refinement::length(maximum.min(1), Some(maximum))
}

/// The indexes as far as they are known.
fn bounds(args: &[Value]) -> Result<(Option<usize>, Option<usize>), FunctionError> {
    let (minimum, maximum) = args[0].length_bounds();
    let length = maximum.filter(|n| *n == minimum);
    let check = |i: usize, name: &str| -> Result<Option<usize>, FunctionError> {
        let Some(n) = args[i].as_number() else { return Ok(None) };
        let n = n
            .to_i64()
            .ok_or_else(|| FunctionError::argument(i, format!("invalid {name} index: not a whole number")))?;
        let n = usize::try_from(n)
            .map_err(|_| FunctionError::argument(i, format!("{name} index must not be less than zero")))?;
        if length.is_some_and(|length| n > length) {
            let message = format!("{name} index must not be greater than the length of the list");
            return Err(FunctionError::argument(i, message));
        }
        Ok(Some(n))
    };
    let (start, end) = (check(1, "start")?, check(2, "end")?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(FunctionError::argument(1, "start index must not be greater than end index"));
    }
    Ok((start, end))
}

fn slice_type(args: &[Value]) -> Result<Type, FunctionError> {
    match args[0].ty() {
        Type::Set(_) => Err(FunctionError::argument(
            0,
            "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the ordering of the result is not important",
        )),
        Type::List(_) => bounds(args).map(|_| args[0].ty().clone()),
        Type::Tuple(items) => Ok(match bounds(args)? {
            (Some(start), Some(end)) => Type::tuple(items[start..end].iter().cloned()),
            _ => Type::Dynamic,
        }),
        _ => Err(FunctionError::argument(0, "must be a list or tuple value")),
    }
}

fn slice(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let (Some(start), Some(end)) = bounds(a.all())? else { return Ok(a.unknown()) };
    let items = a.elements(0).get(start..end).unwrap_or_default().iter().cloned();
    let result = match a.ty.element() {
        Some(element) => Value::list(element.clone(), items),
        None => Value::tuple(items),
    };
    Ok(result.with_marks(a[0].marks()))
}
