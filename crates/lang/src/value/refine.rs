//! What is known of an unknown value.
use std::sync::Arc;

use super::{Data, Number, Type, Value};

/// Bounds on a value that is not known yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refinement {
    /// It is known not to be null.
    pub not_null: bool,
    /// A string is known to begin so.
    pub prefix: Option<Arc<str>>,
    /// A number is at least this (`true`: the bound itself included).
    pub minimum: Option<(Number, bool)>,
    /// A number is at most this (`true`: the bound itself included).
    pub maximum: Option<(Number, bool)>,
    /// A collection has at least so many elements.
    pub minimum_length: Option<usize>,
    /// A collection has at most so many elements.
    pub maximum_length: Option<usize>,
}

/// Longest list of unknown elements that takes the place of an unknown list (a bound against absurd refinements).
const MAX_RESOLVED_LENGTH: usize = 10_000;

impl Refinement {
    /// Known not to be null, and nothing else.
    pub fn not_null() -> Refinement {
        Refinement { not_null: true, ..Refinement::default() }
    }

    /// Known not to be null, and with a length between two bounds.
    pub fn length(minimum: usize, maximum: Option<usize>) -> Refinement {
        Refinement { not_null: true, minimum_length: Some(minimum), maximum_length: maximum, ..Refinement::default() }
    }
}

/// The value a refinement describes: known, where only one is left.
pub(super) fn resolve(ty: Type, refinement: Refinement) -> Value {
    if ty == Type::Dynamic {
        return Value::unknown(ty);
    }
    if refinement.not_null {
        if let (Some((low, true)), Some((high, true))) = (&refinement.minimum, &refinement.maximum)
            && low == high
        {
            return Value::raw(ty, Data::Number(low.clone()));
        }
        if let Some(length) = refinement.maximum_length
            && refinement.minimum_length.unwrap_or(0) == length
        {
            match &ty {
                Type::List(_) | Type::Set(_) if length == 0 => return Value::raw(ty, Data::Sequence([].into())),
                Type::Map(_) if length == 0 => return Value::raw(ty, Data::Mapping(Arc::default())),
                Type::List(element) if length <= MAX_RESOLVED_LENGTH => {
                    let element = element.as_ref().clone();
                    return Value::list(element.clone(), std::iter::repeat_n(Value::unknown(element), length));
                }
                Type::Set(element) if length == 1 => {
                    let element = element.as_ref().clone();
                    return Value::set(element.clone(), [Value::unknown(element)]);
                }
                _ => {}
            }
        }
    }
    let refinement = if refinement == Refinement::default() { None } else { Some(Arc::new(refinement)) };
    Value::raw(ty, Data::Unknown(refinement))
}

/// As much of a text's beginning as stays whatever comes after it: NFC could merge its last character with the next, so a
/// last character that may take part in a cluster is left off.
pub fn safe_prefix(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_segmentation::UnicodeSegmentation;
    let text: String = text.nfc().collect();
    let last = text.graphemes(true).next_back().unwrap_or_default();
    let closed = last.len() == 1
        && (last == "\t" || last == " " || last.as_bytes()[0].is_ascii_punctuation())
        && !matches!(last, "<" | ">" | "=" | "`");
    if closed { text } else { text[..text.len() - last.len()].into() }
}
