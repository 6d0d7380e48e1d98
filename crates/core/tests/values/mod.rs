//! Values of every shape, and equality that sees everything.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ampere_core::clock::{NoRandomness, Random};
use ampere_core::vault::{RootKey, Vault};
use ampere_lang::value::{Data, Marks, Number, Refinement, Type, Value};
use proptest::prelude::*;

/// Bytes that never repeat, the same in every run.
pub struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        blake3::Hasher::new().update(&n.to_be_bytes()).finalize_xof().fill(buffer);
        Ok(())
    }
}

pub fn vault(root: u8, stack: &str) -> Vault {
    Vault::open(&RootKey::from_bytes([root; 32]), stack, &[], Arc::new(Counting(AtomicU64::new(0)))).unwrap()
}

/// Whether two values are the same to the last mark and refinement.
pub fn identical(a: &Value, b: &Value) -> bool {
    let children = |x: &[Value], y: &[Value]| x.len() == y.len() && x.iter().zip(y).all(|(x, y)| identical(x, y));
    a.ty() == b.ty()
        && a.marks() == b.marks()
        && match (a.data(), b.data()) {
            (Data::Unknown(x), Data::Unknown(y)) => x == y,
            (Data::Number(x), Data::Number(y)) => x == y && x.to_string() == y.to_string(),
            (Data::Sequence(x), Data::Sequence(y)) => children(x, y),
            (Data::Mapping(x), Data::Mapping(y)) => {
                x.len() == y.len() && x.iter().zip(y.iter()).all(|((k, x), (l, y))| k == l && identical(x, y))
            }
            _ => a.same(b),
        }
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        "-?[0-9]{1,60}(\\.[0-9]{1,60})?".prop_map(|text| Number::parse(&text).unwrap()),
        "-?[1-9](\\.[0-9]{1,5})?e-?[0-9]{1,3}".prop_map(|text| Number::parse(&text).unwrap()),
        any::<bool>().prop_map(Number::infinity),
        Just(Number::from(1).div(&Number::from(3)).unwrap()),
    ]
}

fn leaf_type() -> impl Strategy<Value = Type> {
    prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)]
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Dynamic), leaf_type()];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::map),
            proptest::collection::btree_map("\\$?[a-z]{1,3}", inner, 0..3).prop_map(Type::object),
        ]
    })
}

fn refinement() -> impl Strategy<Value = (Type, Refinement)> {
    prop_oneof![
        ("[a-z]{1,4}")
            .prop_map(|p| (Type::String, Refinement { prefix: Some(p.as_str().into()), ..Refinement::not_null() })),
        (number(), any::<bool>())
            .prop_map(|(n, i)| (Type::Number, Refinement { minimum: Some((n, i)), ..Refinement::default() })),
        (number(), any::<bool>())
            .prop_map(|(n, i)| (Type::Number, Refinement { maximum: Some((n, i)), ..Refinement::not_null() })),
        (1usize..4).prop_map(|n| (Type::list(Type::String), Refinement::length(n, Some(n + 2)))),
        Just((Type::Bool, Refinement::not_null())),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::bool),
        number().prop_map(Value::number),
        ".{0,12}".prop_map(Value::string),
        any_type().prop_map(Value::null),
        any_type().prop_map(Value::unknown),
        refinement().prop_map(|(ty, r)| Value::refined(ty, r)),
    ]
}

fn primitive(ty: Type) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::Bool => any::<bool>().prop_map(Value::bool).boxed(),
        Type::Number => number().prop_map(Value::number).boxed(),
        _ => "[a-z$]{0,4}".prop_map(Value::string).boxed(),
    };
    prop_oneof![4 => known, 1 => Just(Value::null(ty.clone())), 1 => Just(Value::unknown(ty))].boxed()
}

/// Elements of one type, each perhaps sensitive.
fn alike() -> impl Strategy<Value = (Type, Vec<Value>)> {
    leaf_type().prop_flat_map(|ty| {
        let elements = proptest::collection::vec(marked(primitive(ty.clone()).boxed()), 0..4);
        elements.prop_map(move |items| (ty.clone(), items))
    })
}

fn marked(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    (inner, proptest::bool::weighted(0.25)).prop_map(
        |(v, sensitive)| {
            if sensitive { v.with_marks(Marks::SENSITIVE) } else { v }
        },
    )
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,4}", "\\$[a-z$]{0,8}", Just("$sealed".to_owned()), Just("$type".to_owned()), ".{0,3}"]
}

/// Any value that may be stored.
pub fn value() -> impl Strategy<Value = Value> {
    let collections = alike().prop_flat_map(|(ty, items)| {
        let keyed: Vec<(String, Value)> = items.iter().enumerate().map(|(n, v)| (format!("${n}"), v.clone())).collect();
        prop_oneof![
            Just(Value::list(ty.clone(), items.clone())),
            Just(Value::set(ty.clone(), items)),
            Just(Value::map(ty, keyed)),
        ]
    });
    let leaf = prop_oneof![3 => marked(leaf().boxed()), 1 => marked(collections.boxed())];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let tuple = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple);
        let object = proptest::collection::btree_map(key(), inner.clone(), 0..4).prop_map(Value::object);
        let list = inner.prop_map(|v| Value::list(v.ty().clone(), [v.clone(), Value::null(v.ty().clone()), v]));
        marked(prop_oneof![tuple, object, list].boxed())
    })
}
