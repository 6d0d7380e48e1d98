//! Conversions between types, as cty makes them.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::unify::unify_with;
use super::{Data, Number, ObjectType, Path, Refinement, Step, Type, Value, mismatch};

pub use super::defaults::apply_defaults;

/// A value that cannot be converted. The message never contains the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(path))]
pub struct ConversionError {
    /// Where in the value it fails; empty for the value itself.
    pub path: Path,
    /// What is wanted there, e.g. `a number is required`.
    pub message: String,
}

fn place(path: &Path) -> String {
    if path.0.is_empty() { String::new() } else { format!("{path}: ") }
}

/// How far a conversion may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// It succeeds for every value of the type.
    Safe,
    /// It may fail for some values.
    Unsafe,
}

/// Converts a value to a type constraint.
///
/// Parts of the constraint that are `any` take the type of the value there. Attributes of an object that the constraint does
/// not name are dropped; optional ones that are missing become null. Unknown values become unknown values of the type,
/// refined as far as is known. Marks stay where they are.
pub fn convert(v: &Value, ty: &Type) -> Result<Value, ConversionError> {
    if v.ty == *ty || v.ty == ty.without_optional() {
        return Ok(v.clone());
    }
    if !Strength::Unsafe.converts(&v.ty, ty) {
        return Err(ConversionError { path: Path::root(), message: mismatch::message(&v.ty, ty) });
    }
    Conversion { path: Vec::new(), strength: Strength::Unsafe }.apply(v, ty)
}

/// Whether values of one type may be converted to another (for some values it may still fail).
pub fn is_convertible(from: &Type, to: &Type) -> bool {
    from == to || *from == to.without_optional() || Strength::Unsafe.converts(from, to)
}

impl Strength {
    /// Whether there is a conversion.
    pub(super) fn converts(self, from: &Type, to: &Type) -> bool {
        let loose = self == Strength::Unsafe;
        let element = |from: &Type, to: &Type| from == to || self.converts(from, to);
        match (from, to) {
            (_, Type::Dynamic) => true,
            (Type::Dynamic, _) => loose,
            (Type::Number | Type::Bool, Type::String) => true,
            (Type::String, Type::Number | Type::Bool) => loose,
            (Type::Object(a), Type::Object(b)) => {
                b.attributes.iter().all(|(name, want)| match a.attributes.get(name) {
                    Some(have) => element(have, want),
                    None => b.optional.contains(name),
                })
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| element(a, b))
            }
            (Type::List(_), Type::Set(_)) if !loose => false,
            (Type::List(a) | Type::Set(a), Type::List(b) | Type::Set(b)) => element(a, b),
            (Type::Map(a), Type::Map(b)) => element(a, b),
            (Type::Tuple(items), Type::List(b) | Type::Set(b)) => {
                items.is_empty()
                    || self.element_target(items, b).is_some_and(|target| {
                        if target == Type::Dynamic {
                            items.iter().all(|t| *t == Type::Dynamic)
                        } else {
                            items.iter().all(|t| element(t, &target))
                        }
                    })
            }
            (Type::Object(o), Type::Map(b)) => {
                let attributes: Vec<Type> = o.attributes.values().cloned().collect();
                attributes.is_empty()
                    || self
                        .element_target(&attributes, b)
                        .is_some_and(|target| attributes.iter().all(|t| element(t, &target)))
            }
            (Type::Map(a), Type::Object(b)) => {
                loose && b.attributes.iter().all(|(name, want)| element(a, want) || b.optional.contains(name))
            }
            _ => false,
        }
    }

    /// The element type of a collection made of these types: the wanted one, or for `any` what they have in common.
    fn element_target(self, types: &[Type], wanted: &Type) -> Option<Type> {
        if *wanted == Type::Dynamic { unify_with(types, self) } else { Some(wanted.clone()) }
    }
}

struct Conversion {
    path: Vec<Step>,
    strength: Strength,
}

impl Conversion {
    fn fail(&self, message: impl Into<String>) -> ConversionError {
        ConversionError { path: Path(self.path.clone()), message: message.into() }
    }

    /// Converts what lies a step further in.
    fn inside(&mut self, step: Step, v: &Value, ty: &Type) -> Result<Value, ConversionError> {
        self.path.push(step);
        let converted = self.apply(v, ty);
        self.path.pop();
        converted
    }

    fn apply(&mut self, v: &Value, ty: &Type) -> Result<Value, ConversionError> {
        if v.ty == *ty || *ty == Type::Dynamic {
            return Ok(v.clone());
        }
        if !self.strength.converts(&v.ty, ty) {
            return Err(self.fail(mismatch::message(&v.ty, ty)));
        }
        let converted = match &v.data {
            Data::Null => Value::null(settled(&v.ty, ty)),
            Data::Unknown(refinement) => unknown(&v.ty, settled(&v.ty, ty), refinement.as_deref()),
            Data::Bool(b) => Value::string(b.to_string()),
            Data::Number(n) => Value::string(n.to_string()),
            Data::String(s) => self.parse(s, ty)?,
            Data::Sequence(items) => self.sequence(&v.ty, items, ty)?,
            Data::Mapping(items) => self.mapping(&v.ty, items, ty)?,
        };
        Ok(converted.with_marks(v.marks))
    }

    fn parse(&self, s: &str, ty: &Type) -> Result<Value, ConversionError> {
        match (ty, s) {
            (Type::Number, _) => Ok(Value::number(Number::parse(s).ok_or_else(|| self.fail("a number is required"))?)),
            (_, "true" | "1") => Ok(Value::bool(true)),
            (_, "false" | "0") => Ok(Value::bool(false)),
            _ => Err(self.fail(match s.to_lowercase().as_str() {
                "true" => "a bool is required; to convert from string, use lowercase \"true\"",
                "false" => "a bool is required; to convert from string, use lowercase \"false\"",
                _ => "a bool is required",
            })),
        }
    }

    fn sequence(&mut self, from: &Type, items: &[Value], to: &Type) -> Result<Value, ConversionError> {
        let element = match to {
            Type::Tuple(types) => {
                let mut converted = Vec::with_capacity(items.len());
                for (i, (v, ty)) in items.iter().zip(types.iter()).enumerate() {
                    converted.push(self.inside(Step::Index(i), v, ty)?);
                }
                return Ok(Value::tuple(converted));
            }
            Type::List(element) | Type::Set(element) => element,
            _ => return Err(self.fail(mismatch::message(from, to))),
        };
        let target = self.target(from, element, || items.iter().map(|v| v.ty.clone()).collect())?;
        let mut converted = Vec::with_capacity(items.len());
        for (i, v) in items.iter().enumerate() {
            converted.push(self.inside(Step::Index(i), v, &target)?);
        }
        let element = self.common(&mut converted, &target, Step::Index)?;
        Ok(if matches!(to, Type::List(_)) { Value::list(element, converted) } else { Value::set(element, converted) })
    }

    fn mapping(&mut self, from: &Type, items: &BTreeMap<Arc<str>, Value>, to: &Type) -> Result<Value, ConversionError> {
        match to {
            Type::Object(want) if matches!(from, Type::Object(_)) => self.object(items, want),
            Type::Object(want) => self.object_from_map(items, want),
            Type::Map(element) => {
                let target = self.target(from, element, || items.values().map(|v| v.ty.clone()).collect())?;
                let mut converted = Vec::with_capacity(items.len());
                for (k, v) in items {
                    converted.push(self.inside(Step::Key(k.clone()), v, &target)?);
                }
                let keys: Vec<&Arc<str>> = items.keys().collect();
                let element = self.common(&mut converted, &target, |i| Step::Key(keys[i].clone()))?;
                Ok(Value::map(element, items.keys().cloned().zip(converted)))
            }
            _ => Err(self.fail(mismatch::message(from, to))),
        }
    }

    fn object(&mut self, items: &BTreeMap<Arc<str>, Value>, want: &ObjectType) -> Result<Value, ConversionError> {
        let mut converted: Vec<(Arc<str>, Value)> = Vec::with_capacity(want.attributes.len());
        for (name, ty) in &want.attributes {
            let value = match items.get(name) {
                Some(v) => self.inside(Step::Attribute(name.clone()), v, ty)?,
                None => Value::null(ty.without_optional()),
            };
            converted.push((name.clone(), value));
        }
        Ok(Value::object(converted))
    }

    fn object_from_map(
        &mut self,
        items: &BTreeMap<Arc<str>, Value>,
        want: &ObjectType,
    ) -> Result<Value, ConversionError> {
        let mut converted: Vec<(Arc<str>, Value)> = Vec::with_capacity(want.attributes.len());
        for (name, ty) in &want.attributes {
            let value = match items.get(name) {
                Some(v) if v.ty == *ty || self.strength.converts(&v.ty, ty) => {
                    self.inside(Step::Key(name.clone()), v, ty)?
                }
                Some(v) => {
                    let reason = mismatch::message(&v.ty, ty);
                    return Err(
                        self.fail(format!("map element type is incompatible with attribute {name:?}: {reason}"))
                    );
                }
                None if want.optional.contains(name) => Value::null(ty.without_optional()),
                None => return Err(self.fail(format!("map has no element for required attribute {name:?}"))),
            };
            converted.push((name.clone(), value));
        }
        Ok(Value::object(converted))
    }

    /// The type the elements are converted to: the wanted one, or for `any` what the elements have in common.
    fn target(
        &self,
        from: &Type,
        wanted: &Type,
        elements: impl FnOnce() -> Vec<Type>,
    ) -> Result<Type, ConversionError> {
        match (wanted, from.element()) {
            (Type::Dynamic, Some(have)) => Ok(have.clone()),
            (Type::Dynamic, None) => {
                let elements = elements();
                if elements.is_empty() {
                    return Ok(Type::Dynamic);
                }
                unify_with(&elements, self.strength)
                    .ok_or_else(|| self.fail("cannot find a common base type for all elements"))
            }
            _ => Ok(wanted.clone()),
        }
    }

    /// Brings converted elements to one type: where the target says `any` inside, they may still differ.
    fn common(
        &mut self,
        items: &mut [Value],
        target: &Type,
        step: impl Fn(usize) -> Step,
    ) -> Result<Type, ConversionError> {
        let target = target.without_optional();
        if !target.has_dynamic() || items.is_empty() {
            return Ok(target);
        }
        let types: Vec<Type> = items.iter().map(|v| v.ty.clone()).collect();
        let unified = unify_with(&types, self.strength)
            .ok_or_else(|| self.fail("cannot find a common base type for all elements"))?;
        for (i, item) in items.iter_mut().enumerate() {
            *item = self.inside(step(i), item, &unified)?;
        }
        if unified == Type::Dynamic && types.iter().any(|t| *t != Type::Dynamic) {
            return Err(self.fail("all elements must have the same type"));
        }
        Ok(unified)
    }
}

/// The type an unknown or null value of type `from` has after conversion to `to`: `any` is filled from `from`.
fn settled(from: &Type, to: &Type) -> Type {
    let element = |from: &Type, to: &Type| match from {
        Type::List(t) | Type::Set(t) | Type::Map(t) => settled(t, to),
        Type::Tuple(items) => settled(&unify_with(items, Strength::Unsafe).unwrap_or(Type::Dynamic), to),
        Type::Object(o) => {
            let types: Vec<Type> = o.attributes.values().cloned().collect();
            settled(&unify_with(&types, Strength::Unsafe).unwrap_or(Type::Dynamic), to)
        }
        _ => to.clone(),
    };
    match (from, to) {
        (Type::Dynamic, _) => to.without_optional(),
        (_, Type::Dynamic) => from.clone(),
        (_, Type::List(t)) => Type::list(element(from, t)),
        (_, Type::Set(t)) => Type::set(element(from, t)),
        (_, Type::Map(t)) => Type::map(element(from, t)),
        (Type::Tuple(a), Type::Tuple(b)) => Type::tuple(a.iter().zip(b.iter()).map(|(a, b)| settled(a, b))),
        (Type::Object(a), Type::Object(b)) => Type::object(b.attributes.iter().map(|(name, ty)| {
            (name.clone(), a.attributes.get(name).map_or_else(|| ty.without_optional(), |have| settled(have, ty)))
        })),
        (Type::Map(a), Type::Object(b)) => {
            Type::object(b.attributes.iter().map(|(name, ty)| (name.clone(), settled(a, ty))))
        }
        _ => to.without_optional(),
    }
    .without_optional()
}

/// An unknown value of the target type, with what remains known of it.
fn unknown(from: &Type, to: Type, known: Option<&Refinement>) -> Value {
    let not_null = known.is_some_and(|r| r.not_null);
    let (minimum, maximum) = known.map_or((None, None), |r| (r.minimum_length, r.maximum_length));
    let length = match (from, &to) {
        (Type::Object(o), Type::Map(_)) => Some((o.attributes.len(), Some(o.attributes.len()))),
        (Type::Tuple(items), Type::List(_)) => Some((items.len(), Some(items.len()))),
        (Type::Tuple(items), Type::Set(_)) => Some((items.len().min(1), Some(items.len()))),
        (from, Type::Set(_)) if from.is_collection() => Some((minimum.unwrap_or(0).min(1), maximum)),
        (from, to) if from.is_collection() && to.is_collection() => Some((minimum.unwrap_or(0), maximum)),
        _ => None,
    };
    let mut refinement = Refinement { not_null, ..Refinement::default() };
    if let Some((minimum, maximum)) = length {
        refinement.minimum_length = Some(minimum).filter(|n| *n > 0);
        refinement.maximum_length = maximum;
    }
    Value::refined(to, refinement)
}
