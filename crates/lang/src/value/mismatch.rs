//! Why a type is not the one that is wanted, in words. Types only: a value never appears.
use super::convert::Strength;
use super::{ObjectType, Type};

/// What is wrong with `got` where `want` is required.
pub(super) fn message(got: &Type, want: &Type) -> String {
    match (got, want) {
        (Type::Object(got), Type::Object(want)) => objects(got, want),
        (Type::Tuple(_), Type::List(e)) if **e == Type::Dynamic => "all list elements must have the same type".into(),
        (Type::Tuple(_), Type::Set(e)) if **e == Type::Dynamic => "all set elements must have the same type".into(),
        (Type::Object(_), Type::Map(e)) if **e == Type::Dynamic => "all map elements must have the same type".into(),
        (Type::Tuple(items), Type::List(e) | Type::Set(e)) => {
            let unfit = items.iter().enumerate().find(|(_, t)| !fits(t, e));
            unfit.map_or_else(|| all_elements(e), |(i, t)| format!("element {i}: {}", message(t, e)))
        }
        (Type::Object(o), Type::Map(e)) => {
            let unfit = o.attributes.iter().find(|(_, t)| !fits(t, e));
            unfit.map_or_else(|| all_elements(e), |(name, t)| format!("element {name:?}: {}", message(t, e)))
        }
        (Type::List(g) | Type::Set(g), Type::List(e)) => format!("incorrect list element type: {}", message(g, e)),
        (Type::List(g) | Type::Set(g), Type::Set(e)) => format!("incorrect set element type: {}", message(g, e)),
        (Type::Map(g), Type::Map(e)) => format!("incorrect map element type: {}", message(g, e)),
        _ => format!("{} required", want.friendly_name()),
    }
}

fn fits(got: &Type, want: &Type) -> bool {
    got == want || Strength::Unsafe.converts(got, want)
}

fn all_elements(want: &Type) -> String {
    format!("all elements must be {}", want.friendly_name())
}

fn objects(got: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<String> = want
        .attributes
        .keys()
        .filter(|name| !got.attributes.contains_key(*name) && !want.optional.contains(*name))
        .map(|name| format!("{name:?}"))
        .collect();
    match &missing[..] {
        [] => {}
        [one] => return format!("attribute {one} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [most @ .., last] => return format!("attributes {}, and {last} are required", most.join(", ")),
    }
    let unfit = want.attributes.iter().find_map(|(name, want)| {
        let got = got.attributes.get(name)?;
        (!fits(got, want)).then(|| format!("attribute {name:?}: {}", message(got, want)))
    });
    unfit.unwrap_or_else(|| "incorrect object attributes".into())
}
