//! Attribute access and indexing.
use crate::diagnostic::Diagnostic;
use crate::value::convert::convert;
use crate::value::{Data, Marks, Number, Type, Value};

use super::render::type_name;

/// `object.name`
///
/// # Errors
/// Terraform's finding, without a place.
pub(super) fn attribute(object: &Value, name: &str) -> Result<Value, Diagnostic> {
    if object.is_null() {
        return Err(Diagnostic::error(
            "Attempt to get attribute from null value",
            "This value is null, so it does not have any attributes.",
        ));
    }
    let unknown = |ty: &Type| Ok(Value::unknown(ty.clone()).with_marks(object.marks()));
    match object.ty() {
        Type::Object(ty) => match ty.attributes.get(name) {
            None => Err(unsupported(format!("This object does not have an attribute named \"{name}\"."))),
            Some(ty) => object.get(name).map_or_else(|| unknown(ty), Ok),
        },
        Type::Map(element) if !object.is_known() => unknown(element),
        Type::Map(_) => object.get(name).ok_or_else(|| {
            let detail = format!("This map does not have an element with the key \"{name}\".");
            Diagnostic::error("Missing map element", detail)
        }),
        Type::Dynamic => unknown(&Type::Dynamic),
        other => Err(unsupported(no_attributes(other, name))),
    }
}

fn unsupported(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("Unsupported attribute", detail)
}

/// Why a value of that type has no attributes.
fn no_attributes(ty: &Type, name: &str) -> String {
    match ty {
        Type::List(element) => match &**element {
            Type::Object(object) if object.attributes.contains_key(name) => format!(
                "Can't access attributes on a list of objects. Did you mean to access attribute \"{name}\" for a specific \
                 element of the list, or across all elements of the list?"
            ),
            Type::Object(_) => "Can't access attributes on a list of objects. Did you mean to access an attribute for a \
                                specific element of the list, or across all elements of the list?"
                .to_owned(),
            _ => "This value does not have any attributes.".to_owned(),
        },
        Type::Set(element) if matches!(&**element, Type::Object(_)) => {
            "Can't access attributes on a set of objects. Did you mean to access an attribute across all elements of the set?"
                .to_owned()
        }
        ty if ty.is_primitive() => {
            format!("Can't access attributes on a primitive-typed value ({}).", type_name(ty))
        }
        _ => "This value does not have any attributes.".to_owned(),
    }
}

/// `collection[key]`; `concealing` are marks that the findings must respect beside the key's own.
///
/// # Errors
/// Terraform's finding, without a place.
pub(super) fn index(collection: &Value, key: &Value, concealing: Marks) -> Result<Value, Diagnostic> {
    if collection.is_null() {
        return Err(Diagnostic::error(
            "Attempt to index null value",
            "This value is null, so it does not have any indices.",
        ));
    }
    if key.is_null() {
        return Err(invalid("Can't use a null value as an indexing key."));
    }
    if *key.ty() == Type::Dynamic || *collection.ty() == Type::Dynamic {
        return Ok(Value::unknown(Type::Dynamic).with_marks(collection.marks()));
    }
    match collection.ty() {
        Type::List(element) => sequence(collection, key, Some(element), concealing),
        Type::Tuple(_) => sequence(collection, key, None, concealing),
        Type::Map(element) => map(collection, key, element, concealing),
        Type::Object(_) => object(collection, key, concealing),
        Type::Set(_) => Err(invalid(
            "Elements of a set are identified only by their value and don't have any separate index or key to select with, \
             so it's only possible to perform operations across all elements of the set.",
        )),
        _ => Err(invalid("This value does not have any indices.")),
    }
}

fn invalid(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("Invalid index", detail)
}

fn no_element(reason: &str) -> Diagnostic {
    let separator = if reason.is_empty() { "" } else { ": " };
    invalid(format!("The given key does not identify an element in this collection value{separator}{reason}."))
}

fn converted(key: &Value, ty: &Type, concealing: Marks) -> Result<Value, Diagnostic> {
    if key.ty() == ty {
        return Ok(key.clone());
    }
    let marked = key.clone().with_marks(concealing);
    let (value, _) = convert(&marked, ty).map_err(|e| no_element(&e.to_string()))?.unmark();
    Ok(value.with_marks(key.marks()))
}

fn sequence(collection: &Value, key: &Value, element: Option<&Type>, concealing: Marks) -> Result<Value, Diagnostic> {
    let key = converted(key, &Type::Number, concealing)?;
    let marks = collection.marks() | key.marks();
    let Some(number) = key.as_number() else {
        return Ok(Value::unknown(element.cloned().unwrap_or(Type::Dynamic)).with_marks(marks));
    };
    let position = number.to_usize();
    let found = match (collection.data(), collection.ty()) {
        (Data::Sequence(items), _) => position.and_then(|i| items.get(i)).cloned(),
        (_, Type::Tuple(types)) => position.and_then(|i| types.get(i)).map(|ty| Value::unknown(ty.clone())),
        _ => Some(Value::unknown(element.cloned().unwrap_or(Type::Dynamic))),
    };
    match found {
        Some(value) => Ok(value.with_marks(marks)),
        None => Err(out_of_range(collection, number)),
    }
}

fn out_of_range(collection: &Value, number: &Number) -> Diagnostic {
    let length = match (collection.data(), collection.ty()) {
        (Data::Sequence(items), _) => items.len(),
        (_, Type::Tuple(types)) => types.len(),
        _ => 0,
    };
    if !number.is_integer() {
        no_element("indexing a sequence requires a whole number, but the given index has a fractional part")
    } else if number.is_negative() {
        no_element("a negative number is not a valid index for a sequence")
    } else if !collection.marks().is_empty() {
        no_element("")
    } else if length == 0 {
        no_element("the collection has no elements")
    } else {
        no_element("the given index is greater than or equal to the length of the collection")
    }
}

fn map(collection: &Value, key: &Value, element: &Type, concealing: Marks) -> Result<Value, Diagnostic> {
    let key = converted(key, &Type::String, concealing)?;
    let marks = collection.marks() | key.marks();
    match (key.as_str(), collection.is_known()) {
        (Some(name), true) => match collection.get(name) {
            Some(value) => Ok(value.with_marks(marks)),
            None => Err(no_element("")),
        },
        _ => Ok(Value::unknown(element.clone()).with_marks(marks)),
    }
}

/// As in Terraform, the marks of the key stay behind: the attribute itself says whether it is sensitive.
fn object(collection: &Value, key: &Value, concealing: Marks) -> Result<Value, Diagnostic> {
    let was_number = *key.ty() == Type::Number;
    let key = converted(key, &Type::String, concealing)?;
    let Some(name) = key.as_str().filter(|_| collection.is_known()) else {
        return Ok(Value::unknown(Type::Dynamic).with_marks(collection.marks()));
    };
    collection.get(name).ok_or_else(|| {
        let hint = if was_number {
            " An object only supports looking up attributes by name, not by numeric index."
        } else {
            ""
        };
        invalid(format!("The given key does not identify an element in this collection value.{hint}"))
    })
}
