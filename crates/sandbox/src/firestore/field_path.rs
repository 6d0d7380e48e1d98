//! Field paths: dotted names, with back quotes around what is no simple name
//! (<https://cloud.google.com/firestore/docs/reference/rest/Shared.Types/DocumentMask>).

use serde_json::{Map, Value, json};

use super::error::Refusal;

/// A path to a field inside nested maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath(Vec<String>);

impl FieldPath {
    /// Parses a path.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` when a segment is empty or a quote is not closed.
    pub(crate) fn parse(text: &str) -> Result<FieldPath, Refusal> {
        let wrong = || Refusal::invalid("Invalid property path.");
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let (segment, after) = if let Some(quoted) = rest.strip_prefix('`') {
                quoted_segment(quoted).ok_or_else(wrong)?
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            };
            if segment.is_empty() {
                return Err(wrong());
            }
            segments.push(segment);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(FieldPath(segments)),
                None => return Err(wrong()),
            }
        }
    }

    /// The value at the path, in the `fields` of a document.
    pub(crate) fn get<'v>(&self, fields: &'v Value) -> Option<&'v Value> {
        let (last, parents) = self.0.split_last()?;
        let mut map = fields;
        for parent in parents {
            map = &map.get(parent)?["mapValue"]["fields"];
        }
        map.get(last)
    }

    /// Writes (or removes) the value at the path, making the maps that lead to it.
    pub(crate) fn set(&self, fields: &mut Map<String, Value>, value: Option<Value>) {
        set(&self.0, fields, value);
    }
}

fn set(path: &[String], fields: &mut Map<String, Value>, value: Option<Value>) {
    match (path, value) {
        ([last], Some(value)) => {
            fields.insert(last.clone(), value);
        }
        ([last], None) => {
            fields.remove(last);
        }
        ([first, rest @ ..], value) => {
            if fields.get(first).is_none_or(|inner| !inner["mapValue"].is_object()) {
                if value.is_none() {
                    return;
                }
                fields.insert(first.clone(), json!({"mapValue": {"fields": {}}}));
            }
            let inner = fields.get_mut(first).map(|inner| &mut inner["mapValue"]["fields"]);
            if let Some(inner) = inner {
                if inner.is_null() {
                    *inner = json!({});
                }
                if let Some(inner) = inner.as_object_mut() {
                    set(rest, inner, value);
                }
            }
        }
        ([], _) => {}
    }
}

fn quoted_segment(text: &str) -> Option<(String, &str)> {
    let mut segment = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '`' => return Some((segment, &text[index + 1..])),
            '\\' => segment.push(characters.next()?.1),
            other => segment.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_dots() {
        let path = FieldPath::parse("a.`b.c\\``.d").expect("a path");
        assert_eq!(path.0, ["a", "b.c`", "d"]);
        for bad in ["", "a.", ".a", "`a", "`a`b", "a..b"] {
            assert!(FieldPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_nested_field_is_set_found_and_removed() {
        let path = FieldPath::parse("a.b").expect("a path");
        let mut fields = Map::new();
        path.set(&mut fields, Some(json!({"stringValue": "x"})));
        let stored = Value::Object(fields.clone());
        assert_eq!(path.get(&stored), Some(&json!({"stringValue": "x"})));
        path.set(&mut fields, None);
        assert_eq!(path.get(&Value::Object(fields)), None);
    }
}
