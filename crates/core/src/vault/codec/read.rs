//! JSON to values.
use ampere_lang::value::json::type_from_json;
use ampere_lang::value::{Marks, Number, Path, Refinement, Step, Type, Value};
use serde_json::{Map, Value as Json};

use super::{CodecError, Conceal};
use crate::vault::{SealError, Sealed};

/// The value of a document.
///
/// # Errors
/// It is not one, or a sealed part does not open.
pub(crate) fn read(document: &Json, conceal: &dyn Conceal) -> Result<Value, CodecError> {
    Reader { conceal, path: Path::root() }.document(document)
}

struct Reader<'a> {
    conceal: &'a dyn Conceal,
    path: Path,
}

impl Reader<'_> {
    fn damaged(&self) -> CodecError {
        CodecError::Damaged { path: self.path.clone() }
    }

    fn document(&mut self, document: &Json) -> Result<Value, CodecError> {
        let (Some(ty), Some(node)) = (document.get("type"), document.get("value")) else { return Err(self.damaged()) };
        let ty = type_from_json(ty).map_err(|_| self.damaged())?;
        self.node(node, &ty)
    }

    fn node(&mut self, node: &Json, ty: &Type) -> Result<Value, CodecError> {
        if let Some(items) = node.as_object()
            && let Some(name) = items.keys().find(|k| k.starts_with('$') && !k.starts_with("$$"))
        {
            return self.special(name, items, ty);
        }
        Ok(match (node, ty) {
            (Json::Null, ty) => Value::null(ty.clone()),
            (Json::Bool(b), Type::Bool) => Value::bool(*b),
            (Json::Number(n), Type::Number) => {
                Value::number(Number::parse(&n.to_string()).ok_or_else(|| self.damaged())?)
            }
            (Json::String(s), Type::String) => Value::string(s),
            (Json::Array(items), Type::List(e)) => Value::list(e.as_ref().clone(), self.elements(items, e)?),
            (Json::Array(items), Type::Set(e)) => Value::set(e.as_ref().clone(), self.elements(items, e)?),
            (Json::Array(items), Type::Tuple(types)) if items.len() == types.len() => {
                let pairs = items.iter().zip(types.iter()).enumerate();
                let values = pairs.map(|(i, (item, ty))| self.inside(Step::Index(i), |r| r.node(item, ty)));
                Value::tuple(values.collect::<Result<Vec<_>, _>>()?)
            }
            (Json::Object(items), Type::Map(e)) => {
                let values = items.iter().map(|(key, item)| {
                    let key = unescaped(key);
                    Ok((key, self.inside(Step::Key(key.into()), |r| r.node(item, e))?))
                });
                Value::map(e.as_ref().clone(), values.collect::<Result<Vec<_>, CodecError>>()?)
            }
            (Json::Object(items), Type::Object(object)) if items.len() == object.attributes.len() => {
                let values = items.iter().map(|(key, item)| {
                    let key = unescaped(key);
                    let ty = object.attributes.get(key).ok_or_else(|| self.damaged())?;
                    Ok((key, self.inside(Step::Attribute(key.into()), |r| r.node(item, ty))?))
                });
                Value::object(values.collect::<Result<Vec<_>, CodecError>>()?)
            }
            _ => return Err(self.damaged()),
        })
    }

    fn elements(&mut self, items: &[Json], ty: &Type) -> Result<Vec<Value>, CodecError> {
        let nodes = items.iter().enumerate();
        nodes.map(|(i, item)| self.inside(Step::Index(i), |r| r.node(item, ty))).collect()
    }

    fn special(&mut self, name: &str, items: &Map<String, Json>, ty: &Type) -> Result<Value, CodecError> {
        let content = &items[name];
        match (name, content.as_str()) {
            ("$unknown", _) => self.unknown(content, ty),
            ("$infinity", Some(sign @ ("+" | "-"))) => Ok(Value::number(Number::infinity(sign == "-"))),
            ("$type" | "$value", _) => {
                let (Some(ty), Some(node)) = (items.get("$type"), items.get("$value")) else {
                    return Err(self.damaged());
                };
                let ty = type_from_json(ty).map_err(|_| self.damaged())?;
                self.node(node, &ty)
            }
            ("$sensitive", _) => {
                let mut inner = Reader { conceal: self.conceal, path: self.path.clone() };
                Ok(inner.document(content)?.with_marks(Marks::SENSITIVE))
            }
            ("$private", _) => Ok(self.node(content, ty)?.unmark().0),
            ("$sealed", Some(text)) => {
                let document = match self.conceal.reveal(&self.path, &Sealed(text.into())) {
                    Ok(document) => document,
                    // Its account was deleted, and the key with it: that is what the key is for. The rest stays readable.
                    Err(SealError::NoKey) => return Ok(Value::null(ty.clone()).with_marks(Marks::SENSITIVE)),
                    Err(source) => return Err(CodecError::Seal { path: self.path.clone(), source }),
                };
                // Parts inside a sealed part are marked, not sealed again; errors must not tell where inside they are.
                let inner = super::read(&document, &super::Marking).map_err(|_| self.damaged())?;
                Ok(inner.with_marks(Marks::SENSITIVE))
            }
            _ => Err(self.damaged()),
        }
    }

    fn unknown(&self, known: &Json, ty: &Type) -> Result<Value, CodecError> {
        let known = known.as_object().ok_or_else(|| self.damaged())?;
        if known.is_empty() {
            return Ok(Value::unknown(ty.clone()));
        }
        let number = |name: &str| match known.get(name) {
            None => Ok(None),
            Some(bound) => {
                let n = bound.get(0).and_then(Json::as_str).and_then(Number::parse);
                n.zip(bound.get(1).and_then(Json::as_bool)).map(Some).ok_or_else(|| self.damaged())
            }
        };
        let length = |name: &str| known.get(name).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let refinement = Refinement {
            not_null: known.get("not_null").and_then(Json::as_bool).unwrap_or(false),
            prefix: known.get("prefix").and_then(Json::as_str).map(Into::into),
            minimum: number("minimum")?,
            maximum: number("maximum")?,
            minimum_length: length("minimum_length"),
            maximum_length: length("maximum_length"),
        };
        Ok(Value::refined(ty.clone(), refinement))
    }

    fn inside<T>(&mut self, step: Step, f: impl FnOnce(&mut Self) -> T) -> T {
        self.path.0.push(step);
        let result = f(self);
        self.path.0.pop();
        result
    }
}

fn unescaped(key: &str) -> &str {
    if key.starts_with("$$") { &key[1..] } else { key }
}
