//! The filters of a query.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::error::Refusal;
use super::field_path::FieldPath;
use super::query::Field;
use super::value::{check, compare, items, number, rank};

/// A filter over documents.
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Field { field: Field, operator: Operator, value: Value },
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    ArrayContains,
    ArrayContainsAny,
    In,
    NotIn,
    IsNan,
    IsNotNan,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` when an operator is unknown or a value has no type.
    pub(crate) fn read(filter: &Value) -> Result<Filter, Refusal> {
        if filter["compositeFilter"].is_object() {
            let composite = &filter["compositeFilter"];
            let parts = composite["filters"].as_array().into_iter().flatten();
            let parts = parts.map(Filter::read).collect::<Result<Vec<_>, _>>()?;
            return match composite["op"].as_str() {
                Some("AND") => Ok(Filter::All(parts)),
                Some("OR") => Ok(Filter::Any(parts)),
                _ => Err(Refusal::invalid("A composite filter has no known operator.")),
            };
        }
        if filter["unaryFilter"].is_object() {
            return unary(&filter["unaryFilter"]);
        }
        let plain = &filter["fieldFilter"];
        let operator = operator(plain["op"].as_str().unwrap_or(""))
            .ok_or_else(|| Refusal::invalid("A field filter has no known operator."))?;
        let mut value = plain["value"].clone();
        check(&mut value, 0)?;
        Ok(Filter::Field { field: Field::read(&plain["field"])?, operator, value })
    }

    /// Whether a document passes.
    pub(crate) fn holds(&self, document: &Value) -> bool {
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.holds(document)),
            Filter::Any(parts) => parts.iter().any(|part| part.holds(document)),
            Filter::Field { field, operator, value } => {
                field.of(document).is_some_and(|found| operator.holds(&found, value))
            }
        }
    }

    /// The first field that is compared by an inequality: it orders the result.
    pub(crate) fn inequality(&self) -> Option<&FieldPath> {
        use Operator::{Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, NotIn};
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().find_map(Filter::inequality),
            Filter::Field { field: Field::Path(path), operator, .. } => {
                let unequal = [NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, NotIn];
                unequal.contains(operator).then_some(path)
            }
            Filter::Field { .. } => None,
        }
    }
}

impl Operator {
    fn holds(self, found: &Value, wanted: &Value) -> bool {
        let ordering = compare(found, wanted);
        let equal = |item: &Value| compare(item, found) == Ordering::Equal;
        // An inequality never holds between values of different types.
        let comparable = rank(found) == rank(wanted);
        match self {
            Operator::Equal => ordering == Ordering::Equal,
            Operator::NotEqual => ordering != Ordering::Equal && rank(found) != 0,
            Operator::Less => comparable && ordering == Ordering::Less,
            Operator::LessOrEqual => comparable && ordering != Ordering::Greater,
            Operator::Greater => comparable && ordering == Ordering::Greater,
            Operator::GreaterOrEqual => comparable && ordering != Ordering::Less,
            Operator::ArrayContains => contains(found, wanted),
            Operator::ArrayContainsAny => items(wanted).iter().any(|item| contains(found, item)),
            Operator::In => items(wanted).iter().any(equal),
            Operator::NotIn => rank(found) != 0 && !items(wanted).iter().any(equal),
            Operator::IsNan => rank(found) == 2 && number(found).is_nan(),
            Operator::IsNotNan => rank(found) != 2 || !number(found).is_nan(),
        }
    }
}

fn contains(list: &Value, wanted: &Value) -> bool {
    items(list).iter().any(|item| compare(item, wanted) == Ordering::Equal)
}

fn unary(filter: &Value) -> Result<Filter, Refusal> {
    let operator = match filter["op"].as_str() {
        Some("IS_NULL") => Operator::Equal,
        Some("IS_NOT_NULL") => Operator::NotEqual,
        Some("IS_NAN") => Operator::IsNan,
        Some("IS_NOT_NAN") => Operator::IsNotNan,
        _ => return Err(Refusal::invalid("A unary filter has no known operator.")),
    };
    let value = json!({"nullValue": null});
    Ok(Filter::Field { field: Field::read(&filter["field"])?, operator, value })
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "EQUAL" => Operator::Equal,
        "NOT_EQUAL" => Operator::NotEqual,
        "LESS_THAN" => Operator::Less,
        "LESS_THAN_OR_EQUAL" => Operator::LessOrEqual,
        "GREATER_THAN" => Operator::Greater,
        "GREATER_THAN_OR_EQUAL" => Operator::GreaterOrEqual,
        "ARRAY_CONTAINS" => Operator::ArrayContains,
        "ARRAY_CONTAINS_ANY" => Operator::ArrayContainsAny,
        "IN" => Operator::In,
        "NOT_IN" => Operator::NotIn,
        _ => return None,
    })
}
