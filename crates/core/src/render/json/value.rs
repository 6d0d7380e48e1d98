//! A value in three parallel JSON documents, as Terraform's plan format has it: what is known, what is unknown, what is
//! sensitive.
use ampere_lang::value::{Data, Path, Step, Type, Value, json};
use serde_json::{Map, Value as Json};

/// What to do with a value that is marked sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitive {
    /// It is written, and marked in the document beside it (as Terraform does).
    Written,
    /// `null` stands in its place.
    Withheld,
}

/// The known parts: an unknown attribute or map element is left out, an unknown element of a sequence is `null`.
/// `None` if nothing at all is known. Ephemeral values are never written.
pub fn known(value: &Value, sensitive: Sensitive) -> Option<Json> {
    let marks = value.marks();
    if !value.is_known() {
        return None;
    }
    if marks.ephemeral() || marks.sensitive() && sensitive == Sensitive::Withheld {
        return Some(Json::Null);
    }
    Some(match value.data() {
        Data::Sequence(items) => {
            Json::Array(items.iter().map(|item| known(item, sensitive).unwrap_or(Json::Null)).collect())
        }
        Data::Mapping(items) => {
            let entries = items.iter().filter_map(|(key, item)| Some((key.to_string(), known(item, sensitive)?)));
            Json::Object(entries.collect())
        }
        // An infinity has no JSON form; it cannot be in a state, and in a plan it is shown as nothing.
        _ => json::to_json(&value.clone().unmark().0).unwrap_or(Json::Null),
    })
}

/// `true` where the value is unknown. Objects and maps name only what has an unknown inside.
pub fn unknown(value: &Value) -> Json {
    match value.data() {
        Data::Unknown(_) => Json::Bool(true),
        Data::Sequence(items) => Json::Array(items.iter().map(unknown).collect()),
        Data::Mapping(items) => object_of(items.iter().map(|(key, item)| (key, unknown(item)))),
        _ => Json::Bool(false),
    }
}

/// `true` where the value is sensitive. Objects and maps name only what has a sensitive part inside.
pub fn sensitive(value: &Value) -> Json {
    if value.marks().sensitive() {
        return Json::Bool(true);
    }
    match value.data() {
        Data::Sequence(items) => Json::Array(items.iter().map(sensitive).collect()),
        Data::Mapping(items) => object_of(items.iter().map(|(key, item)| (key, sensitive(item)))),
        Data::Unknown(_) => match value.ty() {
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => Json::Array(Vec::new()),
            Type::Map(_) | Type::Object(_) => Json::Object(Map::new()),
            _ => Json::Bool(false),
        },
        _ => Json::Bool(false),
    }
}

fn object_of<'a>(entries: impl Iterator<Item = (&'a std::sync::Arc<str>, Json)>) -> Json {
    Json::Object(entries.filter(|(_, v)| *v != Json::Bool(false)).map(|(k, v)| (k.to_string(), v)).collect())
}

/// A path as a list of names, indexes and keys.
pub fn path(path: &Path) -> Json {
    let steps = path.0.iter().map(|step| match step {
        Step::Attribute(name) | Step::Key(name) => Json::from(name.as_ref()),
        Step::Index(n) => Json::from(*n),
    });
    Json::Array(steps.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_lang::value::Marks;
    use serde_json::json;

    fn example() -> Value {
        Value::object([
            ("a", Value::tuple([Value::number(1), Value::unknown(Type::String)])),
            ("b", Value::unknown(Type::String)),
            ("c", Value::string("secret").with_marks(Marks::SENSITIVE)),
            ("d", Value::object([("e", Value::null(Type::String))])),
        ])
    }

    #[test]
    fn three_documents_tell_it_all() {
        let value = example();
        assert_eq!(known(&value, Sensitive::Written), Some(json!({"a": [1, null], "c": "secret", "d": {"e": null}})));
        assert_eq!(unknown(&value), json!({"a": [false, true], "b": true, "d": {}}));
        assert_eq!(sensitive(&value), json!({"a": [false, false], "c": true, "d": {}}));
    }

    #[test]
    fn what_is_withheld_is_null() {
        let json = known(&example(), Sensitive::Withheld).unwrap();
        assert_eq!(json["c"], Json::Null);
        let ephemeral = Value::string("token").with_marks(Marks::EPHEMERAL);
        assert_eq!(known(&ephemeral, Sensitive::Written), Some(Json::Null));
    }
}
