//! Values to JSON.
use std::sync::Arc;

use ampere_lang::value::json::type_to_json;
use ampere_lang::value::{Data, Path, Refinement, Step, Type, Value};
use serde_json::{Map, Value as Json, json};

use super::{CodecError, Conceal, MAX_DEPTH, Marking};

/// The document of a value.
///
/// # Errors
/// Ephemeral parts, absurd depth, or a failure to seal.
pub(crate) fn write(value: &Value, conceal: &dyn Conceal) -> Result<Json, CodecError> {
    let mut sensitive = Vec::new();
    if conceal.conceals_repeats() {
        collect_sensitive(value, &mut sensitive);
    }
    Writer { conceal, path: Path::root(), concealed: false, sensitive, depth: 0 }.document(value)
}

/// The sensitive parts of a value that say something (a bool or nothing at all repeats by chance), without marks.
fn collect_sensitive(value: &Value, found: &mut Vec<Value>) {
    if value.marks().sensitive() {
        let telling = match value.data() {
            Data::Null | Data::Unknown(_) | Data::Bool(_) => false,
            Data::String(text) => !text.is_empty(),
            Data::Number(_) => true,
            Data::Sequence(items) => !items.is_empty(),
            Data::Mapping(items) => !items.is_empty(),
        };
        found.extend(telling.then(|| value.clone().unmark_deep().0));
        return;
    }
    match value.data() {
        Data::Sequence(items) => items.iter().for_each(|item| collect_sensitive(item, found)),
        Data::Mapping(items) => items.values().for_each(|item| collect_sensitive(item, found)),
        _ => {}
    }
}

struct Writer<'a> {
    conceal: &'a dyn Conceal,
    path: Path,
    /// Inside a sensitive part the path goes no further: a key in it may be sensitive, too.
    concealed: bool,
    /// Sensitive parts of the whole value: what repeats one is concealed, too.
    sensitive: Vec<Value>,
    depth: usize,
}

impl Writer<'_> {
    fn document(&mut self, value: &Value) -> Result<Json, CodecError> {
        let ty = shown_type(value);
        Ok(json!({ "type": type_to_json(&ty), "value": self.node(value, &ty)? }))
    }

    /// The node of a value where the type of the document says `expected`.
    fn node(&mut self, value: &Value, expected: &Type) -> Result<Json, CodecError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(CodecError::TooDeep { limit: MAX_DEPTH });
        }
        let node = if value.marks().ephemeral() {
            Err(CodecError::Ephemeral { path: self.path.clone() })
        } else if value.marks().sensitive() {
            self.sensitive(value)
        } else if self.sensitive.iter().any(|sensitive| sensitive.same(&value.clone().unmark_deep().0)) {
            self.sensitive(value).map(|node| json!({ "$private": node }))
        } else if fits(value, expected) {
            self.plain(value, expected)
        } else {
            self.depth += 1;
            let ty = shown_type(value);
            let node = self.plain(value, &ty);
            self.depth -= 1;
            node.map(|node| json!({ "$type": type_to_json(&ty), "$value": node }))
        };
        self.depth -= 1;
        node
    }

    fn sensitive(&mut self, value: &Value) -> Result<Json, CodecError> {
        let (value, _) = value.clone().unmark();
        let mut inner = Writer {
            conceal: &Marking,
            path: self.path.clone(),
            concealed: true,
            sensitive: Vec::new(),
            depth: self.depth + 2,
        };
        let document = inner.document(&value)?;
        self.conceal
            .conceal(&self.path, document)
            .map_err(|source| CodecError::Seal { path: self.path.clone(), source })
    }

    fn plain(&mut self, value: &Value, expected: &Type) -> Result<Json, CodecError> {
        Ok(match (value.data(), expected) {
            (Data::Null, _) => Json::Null,
            (Data::Unknown(refinement), _) => json!({ "$unknown": known_of(refinement.as_deref()) }),
            (Data::Bool(b), _) => Json::Bool(*b),
            (Data::Number(n), _) if n.is_infinite() => {
                json!({ "$infinity": if n.is_negative() { "-" } else { "+" } })
            }
            (Data::Number(n), _) => Json::Number(serde_json::Number::from_string_unchecked(n.to_string())),
            (Data::String(s), _) => Json::String(s.to_string()),
            (Data::Sequence(items), expected) => {
                let nodes = items.iter().enumerate().map(|(i, item)| {
                    let expected = match expected {
                        Type::Tuple(types) => &types[i],
                        collection => element(collection),
                    };
                    self.inside(Step::Index(i), |w| w.node(item, expected))
                });
                Json::Array(nodes.collect::<Result<_, _>>()?)
            }
            (Data::Mapping(items), Type::Object(object)) => {
                self.mapping(items.iter(), |name| (&object.attributes[name], Step::Attribute(name.clone())))?
            }
            (Data::Mapping(items), expected) => {
                self.mapping(items.iter(), |key| (element(expected), Step::Key(key.clone())))?
            }
        })
    }

    fn mapping<'v, 't>(
        &mut self,
        items: impl Iterator<Item = (&'v Arc<str>, &'v Value)>,
        of: impl Fn(&Arc<str>) -> (&'t Type, Step),
    ) -> Result<Json, CodecError> {
        let mut nodes = Map::new();
        for (key, item) in items {
            let (expected, step) = of(key);
            let node = self.inside(step, |w| w.node(item, expected))?;
            let key = if key.starts_with('$') { format!("${key}") } else { key.to_string() };
            nodes.insert(key, node);
        }
        Ok(Json::Object(nodes))
    }

    fn inside<T>(&mut self, step: Step, f: impl FnOnce(&mut Self) -> T) -> T {
        if self.concealed {
            return f(self);
        }
        self.path.0.push(step);
        let result = f(self);
        self.path.0.pop();
        result
    }
}

/// The type as the document shows it: `dynamic` in the place of sensitive parts, for attribute names may come from data.
fn shown_type(value: &Value) -> Type {
    if value.marks().sensitive() {
        return Type::Dynamic;
    }
    match (value.ty(), value.data()) {
        (Type::Tuple(_), Data::Sequence(items)) => Type::Tuple(items.iter().map(shown_type).collect()),
        (Type::Object(_), Data::Mapping(items)) => {
            Type::object(items.iter().map(|(name, item)| (name.clone(), shown_type(item))))
        }
        (ty, _) => ty.clone(),
    }
}

/// Whether the type alone tells the reader how to read the node.
fn fits(value: &Value, expected: &Type) -> bool {
    match (value.data(), expected) {
        (Data::Null | Data::Unknown(_), _) => value.ty() == expected,
        (Data::Bool(_), Type::Bool) | (Data::Number(_), Type::Number) | (Data::String(_), Type::String) => true,
        (Data::Sequence(_), Type::List(_)) => matches!(value.ty(), Type::List(_)),
        (Data::Sequence(_), Type::Set(_)) => matches!(value.ty(), Type::Set(_)),
        (Data::Sequence(items), Type::Tuple(types)) => {
            matches!(value.ty(), Type::Tuple(_)) && items.len() == types.len()
        }
        (Data::Mapping(_), Type::Map(_)) => matches!(value.ty(), Type::Map(_)),
        (Data::Mapping(items), Type::Object(object)) => {
            matches!(value.ty(), Type::Object(_))
                && items.len() == object.attributes.len()
                && items.keys().zip(object.attributes.keys()).all(|(a, b)| a == b)
        }
        _ => false,
    }
}

fn element(collection: &Type) -> &Type {
    match collection {
        Type::List(element) | Type::Set(element) | Type::Map(element) => element,
        _ => &Type::Dynamic,
    }
}

/// What is known of an unknown value; numbers as texts.
fn known_of(refinement: Option<&Refinement>) -> Json {
    let mut known = Map::new();
    let Some(r) = refinement else { return Json::Object(known) };
    if r.not_null {
        known.insert("not_null".into(), true.into());
    }
    if let Some(prefix) = &r.prefix {
        known.insert("prefix".into(), prefix.to_string().into());
    }
    for (name, bound) in [("minimum", &r.minimum), ("maximum", &r.maximum)] {
        if let Some((n, included)) = bound {
            known.insert(name.into(), json!([n.to_string(), included]));
        }
    }
    for (name, bound) in [("minimum_length", r.minimum_length), ("maximum_length", r.maximum_length)] {
        if let Some(n) = bound {
            known.insert(name.into(), n.into());
        }
    }
    Json::Object(known)
}
