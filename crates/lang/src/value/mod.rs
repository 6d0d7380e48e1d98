//! Values of the language: typed, possibly null, possibly unknown, possibly marked.
//!
//! The model is cty's (the value system of Terraform): a value has a [`Type`]; it may be null or *unknown* (known only after
//! apply, perhaps with a [`Refinement`]); and it carries [`Marks`] (*sensitive*, *ephemeral*) which every operation hands on.
mod decimal;
mod defaults;
mod display;
mod marks;
mod mismatch;
mod number;
mod order;
mod refine;
mod ty;

pub mod convert;
pub mod equality;
pub mod json;
pub mod path;
pub mod unify;

pub(crate) use decimal::zeros_after;
pub use marks::Marks;
pub use number::Number;
pub use order::canonical_cmp;
pub(crate) use order::{hash_text, write_quoted};

pub use path::{Path, Step};
pub use refine::{Refinement, safe_prefix};
pub use ty::{ObjectType, Type};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::NODE_BYTES;

/// A value. Clones are cheap: collections and strings are shared.
///
/// `Debug` never prints what is marked sensitive or ephemeral.
#[derive(Clone)]
pub struct Value {
    ty: Type,
    data: Data,
    marks: Marks,
    /// Levels inside it.
    depth: u16,
    /// About the bytes it takes, if nothing in it is shared; as many as fit.
    weight: u32,
}

/// What a value holds, marks and type aside.
#[derive(Clone)]
pub enum Data {
    /// `null` of the value's type.
    Null,
    /// Known only later.
    Unknown(Option<Arc<Refinement>>),
    /// A bool.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string in Unicode NFC.
    String(Arc<str>),
    /// The elements of a list, a tuple, or a set (a set's in its canonical order, without repeats).
    Sequence(Arc<[Value]>),
    /// The elements of a map or the attributes of an object.
    Mapping(Arc<BTreeMap<Arc<str>, Value>>),
}

impl Data {
    /// Weight and depth.
    fn measure(&self) -> (u32, u16) {
        let text = |s: &str| u32::try_from(s.len()).unwrap_or(u32::MAX);
        let add = |(weight, depth): (u32, u16), v: &Value| (weight.saturating_add(v.weight), depth.max(v.depth));
        let (weight, depth) = match self {
            Data::String(s) => return (text(s).saturating_add(NODE_BYTES), 0),
            Data::Sequence(items) => items.iter().fold((NODE_BYTES, 0), add),
            Data::Mapping(items) => items.iter().fold((NODE_BYTES, 0), |sum, (k, v)| {
                let (weight, depth) = add(sum, v);
                (weight.saturating_add(text(k)), depth)
            }),
            _ => return (NODE_BYTES, 0),
        };
        (weight, depth.saturating_add(1))
    }
}

impl Value {
    /// A value from its parts; the caller vouches that they agree.
    pub(crate) fn raw(ty: Type, data: Data) -> Value {
        let (weight, depth) = data.measure();
        Value { ty, data, marks: Marks::NONE, depth, weight }
    }

    /// About the bytes it takes in memory if nothing in it is shared (see [`crate::limits`]); `u32::MAX` for all above.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// How many levels of collections it has, itself included; 0 for what is none.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    fn remeasured(mut self) -> Value {
        (self.weight, self.depth) = self.data.measure();
        self
    }

    /// `null` of a type.
    pub fn null(ty: Type) -> Value {
        Value::raw(ty, Data::Null)
    }

    /// An unknown value of a type.
    pub fn unknown(ty: Type) -> Value {
        Value::raw(ty, Data::Unknown(None))
    }

    /// An unknown value of which something is known; a known one, if so much is known that only one value is left
    /// (a list of known length has unknown elements).
    pub fn refined(ty: Type, refinement: Refinement) -> Value {
        refine::resolve(ty, refinement)
    }

    /// A string; it is brought to NFC.
    pub fn string(s: impl AsRef<str>) -> Value {
        use unicode_normalization::{UnicodeNormalization, is_nfc};
        let s = s.as_ref();
        let s: Arc<str> = if is_nfc(s) { s.into() } else { s.nfc().collect::<String>().into() };
        Value::raw(Type::String, Data::String(s))
    }

    /// A bool.
    pub fn bool(b: bool) -> Value {
        Value::raw(Type::Bool, Data::Bool(b))
    }

    /// A number.
    pub fn number(n: impl Into<Number>) -> Value {
        Value::raw(Type::Number, Data::Number(n.into()))
    }

    /// A tuple; its type comes from its elements.
    pub fn tuple(items: impl IntoIterator<Item = Value>) -> Value {
        let items: Arc<[Value]> = items.into_iter().collect();
        let ty = Type::Tuple(items.iter().map(|v| v.ty.clone()).collect());
        Value::raw(ty, Data::Sequence(items))
    }

    /// An object; its type comes from its attributes.
    pub fn object<K: Into<Arc<str>>>(items: impl IntoIterator<Item = (K, Value)>) -> Value {
        let items: BTreeMap<Arc<str>, Value> = items.into_iter().map(|(k, v)| (k.into(), v)).collect();
        let ty = Type::object(items.iter().map(|(k, v)| (k.clone(), v.ty.clone())));
        Value::raw(ty, Data::Mapping(Arc::new(items)))
    }

    /// A list whose elements are all of type `element` (the caller converted them).
    pub fn list(element: Type, items: impl IntoIterator<Item = Value>) -> Value {
        Value::raw(Type::List(Arc::new(element)), Data::Sequence(items.into_iter().collect()))
    }

    /// A map whose elements are all of type `element` (the caller converted them).
    pub fn map<K: Into<Arc<str>>>(element: Type, items: impl IntoIterator<Item = (K, Value)>) -> Value {
        let items = items.into_iter().map(|(k, v)| (k.into(), v)).collect();
        Value::raw(Type::Map(Arc::new(element)), Data::Mapping(Arc::new(items)))
    }

    /// The type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// What it holds, whatever its marks. Whoever looks must hand the marks on.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The marks on this value itself (not those deeper inside).
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// The same value with further marks.
    pub fn with_marks(mut self, marks: Marks) -> Value {
        self.marks |= marks;
        self
    }

    /// The same value, its own marks taken off, and those marks.
    pub fn unmark(mut self) -> (Value, Marks) {
        let marks = std::mem::replace(&mut self.marks, Marks::NONE);
        (self, marks)
    }

    /// The same value without any mark, at any depth, and all the marks there were.
    pub fn unmark_deep(self) -> (Value, Marks) {
        let marks = self.deep_marks();
        if marks.is_empty() {
            return (self, marks);
        }
        let data = match self.data {
            Data::Sequence(items) => Data::Sequence(items.iter().map(|v| v.clone().unmark_deep().0).collect()),
            Data::Mapping(items) => {
                Data::Mapping(Arc::new(items.iter().map(|(k, v)| (k.clone(), v.clone().unmark_deep().0)).collect()))
            }
            plain => plain,
        };
        (Value::raw(self.ty, data), marks)
    }

    /// What is known of it, if it is unknown.
    pub fn refinement(&self) -> Option<&Refinement> {
        match &self.data {
            Data::Unknown(refinement) => refinement.as_deref(),
            _ => None,
        }
    }

    /// The least and the greatest number of elements a list, set, tuple, map or object may have, as far as is known.
    ///
    /// A set with unknown elements may turn out smaller, for two of them may be equal.
    pub fn length_bounds(&self) -> (usize, Option<usize>) {
        match (&self.data, &self.ty) {
            (_, Type::Tuple(items)) => (items.len(), Some(items.len())),
            (_, Type::Object(o)) => (o.attributes.len(), Some(o.attributes.len())),
            (Data::Sequence(items), Type::Set(_)) if !items.iter().all(Value::is_wholly_known) => {
                (items.len().min(1), Some(items.len()))
            }
            (Data::Sequence(items), _) => (items.len(), Some(items.len())),
            (Data::Mapping(items), _) => (items.len(), Some(items.len())),
            (Data::Unknown(Some(known)), _) => (known.minimum_length.unwrap_or(0), known.maximum_length),
            _ => (0, None),
        }
    }

    /// Whether it is known not to be null.
    pub fn is_definitely_not_null(&self) -> bool {
        match &self.data {
            Data::Null => false,
            Data::Unknown(refinement) => refinement.as_ref().is_some_and(|r| r.not_null),
            _ => true,
        }
    }

    /// The same value, and if it is unknown, then known not to be null.
    pub fn refine_not_null(self) -> Value {
        let Data::Unknown(refinement) = &self.data else { return self };
        let refinement = Refinement { not_null: true, ..refinement.as_deref().cloned().unwrap_or_default() };
        Value::refined(self.ty, refinement).with_marks(self.marks)
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Whether it is itself known (its elements may not be).
    pub fn is_known(&self) -> bool {
        !matches!(self.data, Data::Unknown(_))
    }

    /// The text, if it is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(s) => Some(s),
            _ => None,
        }
    }

    /// The truth, if it is a known bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The number, if it is a known number.
    pub fn as_number(&self) -> Option<&Number> {
        match &self.data {
            Data::Number(n) => Some(n),
            _ => None,
        }
    }

    /// The elements of a known list, tuple or set.
    pub fn elements(&self) -> Option<&[Value]> {
        match &self.data {
            Data::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The elements of a known map or the attributes of a known object.
    pub fn entries(&self) -> Option<&BTreeMap<Arc<str>, Value>> {
        match &self.data {
            Data::Mapping(items) => Some(items),
            _ => None,
        }
    }

    /// The attribute or map element of that name, with this value's own marks added; none if there is no such one.
    pub fn get(&self, name: &str) -> Option<Value> {
        Some(self.entries()?.get(name)?.clone().with_marks(self.marks))
    }

    /// The same mapping (type and marks kept) with other values under its names; they must be of the types they replace.
    pub fn with_entries(mut self, entries: BTreeMap<Arc<str>, Value>) -> Value {
        self.data = Data::Mapping(Arc::new(entries));
        self.remeasured()
    }

    /// The same sequence (type and marks kept) with other elements; they must be of the types they replace.
    pub fn with_elements(mut self, elements: Arc<[Value]>) -> Value {
        self.data = Data::Sequence(elements);
        self.remeasured()
    }

    /// Whether the value and everything inside is known.
    pub fn is_wholly_known(&self) -> bool {
        match &self.data {
            Data::Unknown(_) => false,
            Data::Sequence(items) => items.iter().all(Value::is_wholly_known),
            Data::Mapping(items) => items.values().all(Value::is_wholly_known),
            _ => true,
        }
    }

    /// All marks on the value and on everything inside.
    pub fn deep_marks(&self) -> Marks {
        let inner = match &self.data {
            Data::Sequence(items) => items.iter().fold(Marks::NONE, |m, v| m | v.deep_marks()),
            Data::Mapping(items) => items.values().fold(Marks::NONE, |m, v| m | v.deep_marks()),
            _ => Marks::NONE,
        };
        self.marks | inner
    }

    /// Same type, same content, marks left aside; an unknown equals no other value, but equals an unknown of its type.
    ///
    /// This is identity for the planner and for tests; the operator `==` of the language is in [`crate::eval`].
    pub fn same(&self, other: &Value) -> bool {
        self.ty == other.ty
            && match (&self.data, &other.data) {
                (Data::Null, Data::Null) | (Data::Unknown(_), Data::Unknown(_)) => true,
                (Data::Bool(a), Data::Bool(b)) => a == b,
                (Data::Number(a), Data::Number(b)) => a == b,
                (Data::String(a), Data::String(b)) => a == b,
                (Data::Sequence(a), Data::Sequence(b)) => {
                    Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
                }
                (Data::Mapping(a), Data::Mapping(b)) => {
                    Arc::ptr_eq(a, b)
                        || a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && a.same(b))
                }
                _ => false,
            }
    }
}
