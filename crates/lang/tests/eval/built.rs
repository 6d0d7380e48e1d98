//! Evaluation of trees that were built without text.
use std::collections::BTreeMap;

use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{Nowhere, Repetition, Scope, Subject, evaluate, references};
use ampere_lang::source::Span;
use ampere_lang::syntax::ast::{BinaryOp, Expr, ExprKind, TemplatePart};
use ampere_lang::value::{Marks, Type, Value};

#[derive(Default)]
struct Names {
    values: BTreeMap<Subject, Value>,
    repetition: Option<Repetition>,
}

impl Scope for Names {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        self.values
            .get(subject)
            .cloned()
            .ok_or_else(|| Diagnostic::error("Reference to undeclared thing", format!("No {subject}.")).at(span))
    }

    fn repetition(&self, _: &Subject) -> Repetition {
        self.repetition.unwrap_or(Repetition::Undecided)
    }
}

fn expr(kind: ExprKind) -> Expr {
    Expr::new(kind, Span::BUILT)
}

fn binary(op: BinaryOp, lhs: Expr, rhs: Expr) -> Expr {
    expr(ExprKind::Binary { op, lhs, rhs })
}

fn run(e: &Expr, names: &Names) -> (Value, Diagnostics) {
    evaluate(e, names, &Nowhere)
}

fn summaries(d: &Diagnostics) -> Vec<&str> {
    d.iter().map(|d| d.summary.as_str()).collect()
}

#[test]
fn a_chain_of_ten_thousand_operators_costs_no_stack() {
    let one = || Expr::literal(Value::number(1));
    let sum = (0..10_000).fold(one(), |sum, _| binary(BinaryOp::Add, sum, one()));
    assert!(references(&sum).is_empty());
    let (v, d) = run(&sum, &Names::default());
    assert!(d.is_empty());
    assert_eq!(v.as_number().and_then(|n| n.to_u64()), Some(10_001));
}

#[test]
fn references_are_found_in_branches_not_taken_and_must_resolve() {
    let e = expr(ExprKind::Conditional {
        cond: Expr::literal(Value::bool(true)),
        yes: Expr::literal(Value::number(1)),
        no: Expr::reference("local", ["nope"]),
    });
    assert_eq!(references(&e).len(), 1);
    let (v, d) = run(&e, &Names::default());
    assert!(!v.is_known());
    assert_eq!(summaries(&d), ["Reference to undeclared thing"]);
}

#[test]
fn a_condition_hands_its_marks_on() {
    let cond = Expr::literal(Value::bool(true).with_marks(Marks::SENSITIVE));
    let e = expr(ExprKind::Conditional {
        cond,
        yes: Expr::literal(Value::string("a")),
        no: Expr::literal(Value::string("b").with_marks(Marks::EPHEMERAL)),
    });
    let (v, _) = run(&e, &Names::default());
    assert_eq!(v.as_str(), Some("a"));
    assert_eq!(v.marks(), Marks::SENSITIVE | Marks::EPHEMERAL);
}

#[test]
fn an_unknown_text_remembers_how_it_begins() {
    let parts = vec![
        TemplatePart::Literal("pre-".into()),
        TemplatePart::Interpolation(Expr::literal(Value::unknown(Type::String))),
    ];
    let text = || expr(ExprKind::Template(parts.clone()));
    let is_null = binary(BinaryOp::Equal, text(), Expr::literal(Value::null(Type::Dynamic)));
    assert_eq!(run(&is_null, &Names::default()).0.as_bool(), Some(false));
    let other = binary(BinaryOp::Equal, text(), Expr::literal(Value::string("post-x")));
    assert_eq!(run(&other, &Names::default()).0.as_bool(), Some(false));
    let perhaps = binary(BinaryOp::Equal, text(), Expr::literal(Value::string("pre-x")));
    assert!(!run(&perhaps, &Names::default()).0.is_known());
}

#[test]
fn instance_keys_are_asked_for_where_the_block_repeats() {
    let subject = match &references(&Expr::reference("terraform_data", ["a"]))[..] {
        [r] => r.subject.clone(),
        other => panic!("{other:?}"),
    };
    let instance = Value::object([("id", Value::string("x"))]);
    let mut names = Names { repetition: Some(Repetition::Count), ..Names::default() };
    names.values.insert(subject.clone(), Value::tuple([instance.clone()]));
    let id = Expr::reference("terraform_data", ["a", "id"]);
    let (_, d) = run(&id, &names);
    assert_eq!(summaries(&d), ["Missing resource instance key"]);

    names.repetition = Some(Repetition::Single);
    names.values.insert(subject, instance);
    assert_eq!(run(&id, &names).0.as_str(), Some("x"));
    let (_, d) = run(&Expr::reference("terraform_data", ["a", "nope"]), &names);
    assert_eq!(summaries(&d), ["Unsupported attribute"]);
    let first = expr(ExprKind::Index {
        object: Expr::reference("terraform_data", ["a"]),
        key: Expr::literal(Value::number(0)),
    });
    let (_, d) = run(&first, &names);
    assert_eq!(summaries(&d), ["Unexpected resource instance key"]);
}

#[test]
fn malformed_references_are_found() {
    let names = Names::default();
    for (root, attributes, summary) in [
        ("var", vec![], "Invalid reference"),
        ("data", vec!["x"], "Invalid reference"),
        ("count", vec!["size"], "Invalid \"count\" attribute"),
        ("each", vec!["size"], "Invalid \"each\" attribute"),
        ("template", vec!["x"], "Reserved symbol name"),
        ("ampere_account", vec![], "Invalid reference"),
    ] {
        let (_, d) = run(&Expr::reference(root, attributes), &names);
        assert_eq!(summaries(&d), [summary], "{root}");
    }
}
