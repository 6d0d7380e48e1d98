//! Form-encoded parameters with brackets: `items[0][price]=…`, `metadata[k]=…`, `expand[]=…`.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use super::error::Refusal;

/// The parameters of a call, nested; every leaf is a text. Lists are objects with numbers for keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Map<String, Value>);

impl Params {
    /// Reads a query or a form body.
    ///
    /// # Errors
    ///
    /// 400 when it is not UTF-8 or a name has unbalanced brackets.
    pub(crate) fn read(text: &[u8]) -> Result<Params, Refusal> {
        let mut params = Map::new();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &b""[..]),
            };
            let wrong = || Refusal::bad("Invalid form encoding in the request.");
            let (name, value) = (decode(name).ok_or_else(wrong)?, decode(value).ok_or_else(wrong)?);
            let path = path_of(&name).ok_or_else(wrong)?;
            insert(&mut params, &path, value);
        }
        Ok(Params(params))
    }

    /// Refuses every parameter that is not among these.
    ///
    /// # Errors
    ///
    /// 400 `parameter_unknown`; also for parameters the real service takes and the sandbox does
    /// not, so that nothing is silently ignored.
    pub(crate) fn allow(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| *name != "expand" && !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Refusal::bad(format!(
                "Received unknown parameter: {name}. (The sandbox knows: {}.)",
                known.join(", ")
            ))
            .code("parameter_unknown")
            .param(name)),
        }
    }

    /// Whether the parameter is there at all, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The parameter, nested as it is.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// A text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    /// A required text.
    ///
    /// # Errors
    ///
    /// 400 `parameter_missing`.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// 400 `parameter_invalid_integer`.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.text(name).map(|text| integer(text, name)).transpose()
    }

    /// A truth value.
    ///
    /// # Errors
    ///
    /// 400 when it is neither `true` nor `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::bad(format!("Invalid boolean: {name}")).param(name)),
        }
    }

    /// One of several words.
    ///
    /// # Errors
    ///
    /// 400 when it is another.
    pub(crate) fn choice(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        if words.contains(&text) {
            return Ok(Some(text));
        }
        Err(Refusal::bad(format!("Invalid {name}: must be one of {}", words.join(", "))).param(name))
    }

    /// The texts of a list parameter, such as `expand[]`.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()).collect()
    }

    /// The metadata after this call: keys are merged, an empty value removes its key, an empty
    /// `metadata` removes all.
    ///
    /// # Errors
    ///
    /// 400 beyond 50 keys, 40 characters of key or 500 characters of value.
    pub(crate) fn metadata(&self, before: &Value) -> Result<Value, Refusal> {
        if !self.has("metadata") {
            return Ok(if before.is_object() { before.clone() } else { json!({}) });
        }
        let mut metadata = before.as_object().cloned().unwrap_or_default();
        let Some(given) = self.get("metadata").as_object() else {
            return Ok(json!({}));
        };
        let wrong = |message: &str| Err(Refusal::bad(message.to_owned()).param("metadata"));
        for (key, value) in given {
            let value = value.as_str().unwrap_or("");
            if key.chars().count() > 40 || value.chars().count() > 500 {
                return wrong("Metadata keys have up to 40 characters, values up to 500.");
            }
            if value.is_empty() {
                metadata.remove(key);
            } else {
                metadata.insert(key.clone(), json!(value));
            }
        }
        if metadata.len() > 50 {
            return wrong("Metadata has up to 50 keys.");
        }
        Ok(Value::Object(metadata))
    }
}

/// A whole number out of a text.
///
/// # Errors
///
/// 400 `parameter_invalid_integer`.
pub(crate) fn integer(text: &str, name: &str) -> Result<i64, Refusal> {
    text.parse()
        .map_err(|_| Refusal::bad(format!("Invalid integer: {name}")).code("parameter_invalid_integer").param(name))
}

fn decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// `a[b][]` as `["a", "b", ""]`.
fn path_of(name: &str) -> Option<Vec<&str>> {
    let Some((first, rest)) = name.split_once('[') else {
        return Some(vec![name]);
    };
    let inner = rest.strip_suffix(']')?;
    let mut path = vec![first];
    path.extend(inner.split("]["));
    (!first.is_empty() && !inner.contains("[[")).then_some(path)
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: String) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    // `[]` takes the next free number.
    let key = if first.is_empty() { format!("{:04}", map.len()) } else { (*first).to_owned() };
    if rest.is_empty() {
        map.insert(key, json!(value));
        return;
    }
    let inner = map.entry(key).or_insert_with(|| json!({}));
    if !inner.is_object() {
        *inner = json!({});
    }
    if let Some(inner) = inner.as_object_mut() {
        insert(inner, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_and_empty_ones_append() {
        let form = b"items[0][price]=p&metadata[a%20b]=c+d&expand[]=x&expand[]=y&email=a%40b.c";
        let params = Params::read(form).expect("a form");
        assert_eq!(params.get("items")["0"]["price"], json!("p"));
        assert_eq!(params.get("metadata")["a b"], json!("c d"));
        assert_eq!(params.list("expand"), ["x", "y"]);
        assert_eq!(params.text("email"), Some("a@b.c"));
    }

    #[test]
    fn metadata_is_merged_and_emptied() {
        let params = Params::read(b"metadata[a]=&metadata[b]=2").expect("a form");
        let merged = params.metadata(&json!({"a": "1", "c": "3"})).expect("valid");
        assert_eq!(merged, json!({"b": "2", "c": "3"}));
        let cleared = Params::read(b"metadata=").expect("a form");
        assert_eq!(cleared.metadata(&json!({"a": "1"})).expect("valid"), json!({}));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for bad in [&b"a[b=1"[..], b"%ff=1", b"[a]=1"] {
            assert!(Params::read(bad).is_err());
        }
        let params = Params::read(b"limit=x&no=maybe").expect("a form");
        assert!(params.integer("limit").is_err() && params.flag("no").is_err());
        assert!(params.allow(&["limit"]).is_err() && params.allow(&["limit", "no"]).is_ok());
    }
}
