//! Firestore's typed values: which are valid, and how they are ordered
//! (<https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering>).

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::Refusal;

/// The deepest nesting of maps and lists.
const DEEPEST: usize = 20;

/// Checks the fields of a document, and writes integers as the text they are answered as.
///
/// # Errors
///
/// `INVALID_ARGUMENT` when a value has no or an unknown type; no content is repeated.
pub(crate) fn check_fields(fields: &mut Map<String, Value>) -> Result<(), Refusal> {
    check_map(fields, 0)
}

fn check_map(fields: &mut Map<String, Value>, depth: usize) -> Result<(), Refusal> {
    if depth > DEEPEST {
        return Err(Refusal::invalid("The value is nested too deeply."));
    }
    for (name, value) in fields.iter_mut() {
        if name.is_empty() {
            return Err(Refusal::invalid("A field has no name."));
        }
        check(value, depth)?;
    }
    Ok(())
}

/// Checks one value; see [`check_fields`].
///
/// # Errors
///
/// As [`check_fields`].
pub(crate) fn check(value: &mut Value, depth: usize) -> Result<(), Refusal> {
    let wrong = || Refusal::invalid("Invalid value: it must have exactly one known type.");
    let fields = value.as_object_mut().ok_or_else(wrong)?;
    if fields.len() != 1 {
        return Err(wrong());
    }
    let (kind, inner) = fields.iter_mut().next().ok_or_else(wrong)?;
    let valid = match kind.as_str() {
        "nullValue" => inner.is_null() || *inner == json!("NULL_VALUE"),
        "booleanValue" => inner.is_boolean(),
        "integerValue" => {
            if let Some(number) = inner.as_i64() {
                *inner = json!(number.to_string());
            }
            inner.as_str().is_some_and(|text| text.parse::<i64>().is_ok())
        }
        "doubleValue" => inner.is_number() || matches!(inner.as_str(), Some("NaN" | "Infinity" | "-Infinity")),
        "timestampValue" => inner.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        "stringValue" | "bytesValue" | "referenceValue" => inner.is_string(),
        "geoPointValue" => inner.is_object(),
        "arrayValue" => {
            for item in inner.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten() {
                check(item, depth + 1)?;
            }
            inner.is_object()
        }
        "mapValue" => {
            if let Some(map) = inner.get_mut("fields").and_then(Value::as_object_mut) {
                check_map(map, depth + 1)?;
            }
            inner.is_object()
        }
        _ => false,
    };
    if valid { Ok(()) } else { Err(wrong()) }
}

/// Where a value's type stands among the types.
pub(crate) fn rank(value: &Value) -> u8 {
    let kind = value.as_object().and_then(|fields| fields.keys().next()).map(String::as_str);
    match kind {
        Some("nullValue") => 0,
        Some("booleanValue") => 1,
        Some("integerValue" | "doubleValue") => 2,
        Some("timestampValue") => 3,
        Some("stringValue") => 4,
        Some("bytesValue") => 5,
        Some("referenceValue") => 6,
        Some("geoPointValue") => 7,
        Some("arrayValue") => 8,
        _ => 9,
    }
}

/// Firestore's order of two values of any type.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    let ranks = rank(left).cmp(&rank(right));
    if ranks != Ordering::Equal {
        return ranks;
    }
    match rank(left) {
        0 => Ordering::Equal,
        1 => left["booleanValue"].as_bool().cmp(&right["booleanValue"].as_bool()),
        2 => compare_numbers(left, right),
        3 => timestamp(left).cmp(&timestamp(right)),
        8 => compare_lists(items(left), items(right)),
        9 => compare_maps(&left["mapValue"]["fields"], &right["mapValue"]["fields"]),
        _ => only(left).cmp(&only(right)),
    }
}

fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    let integer = |value: &Value| value["integerValue"].as_str().and_then(|text| text.parse::<i64>().ok());
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return left.cmp(&right);
    }
    let (left, right) = (number(left), number(right));
    // NaN stands before every number.
    match (left.is_nan(), right.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
    }
}

/// A number as a double.
pub(crate) fn number(value: &Value) -> f64 {
    if let Some(text) = value["integerValue"].as_str() {
        return text.parse().unwrap_or(f64::NAN);
    }
    match value["doubleValue"].as_str() {
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(_) => f64::NAN,
        None => value["doubleValue"].as_f64().unwrap_or(f64::NAN),
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    value["timestampValue"].as_str()?.parse().ok()
}

/// The items of a list value.
pub(crate) fn items(value: &Value) -> &[Value] {
    value["arrayValue"]["values"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn only(value: &Value) -> Option<String> {
    let inner = value.as_object()?.values().next()?;
    Some(inner.as_str().map_or_else(|| inner.to_string(), str::to_owned))
}

fn compare_lists(left: &[Value], right: &[Value]) -> Ordering {
    left.iter()
        .zip(right)
        .map(|(left, right)| compare(left, right))
        .find(|ordering| *ordering != Ordering::Equal)
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn compare_maps(left: &Value, right: &Value) -> Ordering {
    let sorted = |value: &Value| -> Vec<(String, Value)> {
        let mut fields: Vec<_> =
            value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        fields
    };
    let (left, right) = (sorted(left), sorted(right));
    left.iter()
        .zip(&right)
        .map(|(left, right)| left.0.cmp(&right.0).then_with(|| compare(&left.1, &right.1)))
        .find(|ordering| *ordering != Ordering::Equal)
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_by_type_and_then_by_content() {
        let ordered = [
            json!({"nullValue": null}),
            json!({"booleanValue": false}),
            json!({"booleanValue": true}),
            json!({"doubleValue": "NaN"}),
            json!({"integerValue": "-3"}),
            json!({"doubleValue": 2.5}),
            json!({"integerValue": "10"}),
            json!({"timestampValue": "2026-01-01T00:00:00Z"}),
            json!({"stringValue": "10"}),
            json!({"stringValue": "9"}),
            json!({"arrayValue": {"values": [{"integerValue": "1"}]}}),
            json!({"arrayValue": {"values": [{"integerValue": "1"}, {"nullValue": null}]}}),
            json!({"mapValue": {"fields": {"a": {"integerValue": "1"}}}}),
        ];
        for (index, left) in ordered.iter().enumerate() {
            for (other, right) in ordered.iter().enumerate() {
                assert_eq!(compare(left, right), index.cmp(&other), "{left} {right}");
            }
        }
        let (one, float) = (json!({"integerValue": "1"}), json!({"doubleValue": 1.0}));
        assert_eq!(compare(&one, &float), Ordering::Equal);
    }

    #[test]
    fn a_value_has_exactly_one_known_type() {
        let mut integer = json!({"integerValue": 7});
        assert!(check(&mut integer, 0).is_ok());
        assert_eq!(integer, json!({"integerValue": "7"}));
        for mut bad in [json!("x"), json!({}), json!({"text": "x"}), json!({"integerValue": "x"})] {
            assert!(check(&mut bad, 0).is_err(), "{bad}");
        }
        let mut inside = json!({"arrayValue": {"values": [{"nope": 1}]}});
        assert!(check(&mut inside, 0).is_err());
    }
}
