//! The values of a configuration: references, repetition, cycles.

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_core::address::{Address, InstanceKey, ResourceName};
use ampere_core::evaluate::{Node, World};
use ampere_core::kind::Kinds;
use ampere_lang::config::{Lifecycle, Local, Module, Resource};
use ampere_lang::eval::Nowhere;
use ampere_lang::eval::{Scope, Subject};
use ampere_lang::source::Span;
use ampere_lang::syntax::ast::{Body, Expr, ExprKind};
use ampere_lang::value::Value;

fn local(value: Expr) -> Local {
    Local { value, span: Span::BUILT }
}

fn resource(resource_type: &str, name: &str) -> Resource {
    Resource {
        name: ResourceName { resource_type: resource_type.into(), name: name.into() },
        config: Body::default(),
        count: None,
        for_each: None,
        provider: None,
        depends_on: Vec::new(),
        lifecycle: Lifecycle::default(),
        span: Span::BUILT,
    }
}

fn with_locals(locals: Vec<(String, Expr)>) -> Module {
    let locals = locals.into_iter().map(|(name, value)| (Arc::from(name), local(value))).collect();
    Module { locals, ..Module::default() }
}

fn lookup(module: &Module, subject: Subject) -> Result<Value, String> {
    let (variables, kinds) = (BTreeMap::new(), Kinds::new());
    let world = World::new(module, &variables, &kinds, &Nowhere);
    world.lookup(&subject, Span::BUILT).map_err(|d| format!("{}: {}", d.summary, d.detail))
}

#[test]
fn a_cycle_is_named_as_a_path_in_the_direction_of_need() {
    let module = with_locals(vec![
        ("a".into(), Expr::reference("local", ["b"])),
        ("b".into(), Expr::reference("local", ["c"])),
        ("c".into(), Expr::reference("local", ["a"])),
        ("d".into(), Expr::reference("local", ["a"])),
    ]);
    let (variables, kinds) = (BTreeMap::new(), Kinds::new());
    let world = World::new(&module, &variables, &kinds, &Nowhere);
    let findings = world.order().unwrap_err();
    let finding = findings.iter().next().unwrap();
    assert_eq!(findings.len(), 1);
    assert!(finding.detail.starts_with("local.a → local.b → local.c → local.a: "), "{}", finding.detail);
}

#[test]
fn a_chain_of_ten_thousand_locals_needs_no_deep_stack() {
    let mut locals = vec![("l0".to_string(), Expr::literal(Value::string("end")))];
    locals.extend((1..10_000).map(|i| (format!("l{i}"), Expr::reference("local", [&*format!("l{}", i - 1)]))));
    let value = lookup(&with_locals(locals), Subject::Local("l9999".into())).unwrap();
    assert_eq!(value.as_str(), Some("end"));
}

#[test]
fn an_undeclared_name_comes_with_the_near_one() {
    let mut module = with_locals(vec![("region".into(), Expr::literal(Value::string("x")))]);
    let account = resource("ampere_account", "ada");
    module.resources.insert(account.name.clone(), account);
    let message = lookup(&module, Subject::Local("regoin".into())).unwrap_err();
    assert!(message.ends_with("has not been declared. Did you mean \"region\"?"), "{message}");
    let wanted = ResourceName { resource_type: "ampere_account".into(), name: "adda".into() };
    let message = lookup(&module, Subject::Resource(wanted)).unwrap_err();
    assert!(message.ends_with("Did you mean ampere_account.ada?"), "{message}");
    let message = lookup(&module, Subject::Variable("x".into())).unwrap_err();
    assert!(message.ends_with("declared with a variable \"x\" {} block."), "{message}");
}

#[test]
fn a_keyed_resource_is_an_object_of_its_instances_and_an_instance_sees_its_own_key() {
    let each = Expr::literal(Value::map(
        ampere_lang::value::Type::String,
        [("a", Value::string("1")), ("b", Value::string("2"))],
    ));
    let mut module = Module::default();
    let mut accounts = resource("terraform_data", "account");
    accounts.for_each = Some(each);
    module.resources.insert(accounts.name.clone(), accounts.clone());
    let (variables, kinds) = (BTreeMap::new(), Kinds::new());
    let world = World::new(&module, &variables, &kinds, &Nowhere);
    let keys = world.expand(&accounts.name).unwrap();
    assert_eq!(keys.len(), 2);
    let a = Address { resource: accounts.name.clone(), key: Some(InstanceKey::Key("a".into())) };
    world.set(&a, Value::object([("id", Value::string("7"))]));
    let whole = world.lookup(&Subject::Resource(accounts.name.clone()), Span::BUILT).unwrap();
    assert_eq!(whole.get("a").unwrap().get("id").unwrap().as_str(), Some("7"));
    assert!(!whole.get("b").unwrap().is_known());
    let inside = world.inside(&a);
    assert_eq!(inside.lookup(&Subject::EachValue, Span::BUILT).unwrap().as_str(), Some("1"));
    assert!(world.lookup(&Subject::EachKey, Span::BUILT).is_err());
}

#[test]
fn order_puts_a_resource_after_the_locals_it_refers_to() {
    let mut module = with_locals(vec![("x".into(), Expr::reference("terraform_data", ["b", "id"]))]);
    let mut a = resource("terraform_data", "a");
    a.depends_on = vec![Expr::new(ExprKind::Parens(Expr::reference("local", ["x"])), Span::BUILT)];
    let b = resource("terraform_data", "b");
    for r in [a, b] {
        module.resources.insert(r.name.clone(), r);
    }
    let (variables, kinds) = (BTreeMap::new(), Kinds::new());
    let world = World::new(&module, &variables, &kinds, &Nowhere);
    let order: Vec<String> = world.order().unwrap().iter().map(Node::to_string).collect();
    assert_eq!(order, ["terraform_data.b", "local.x", "terraform_data.a"]);
}
