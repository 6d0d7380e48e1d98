//! Input variables: precedence, how text becomes a value, what is refused, and that no value is repeated.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::variables::{Argument, Sources, Values, VarFile, answer, collect, finish};
use ampere_lang::config::{Module, load};
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::{Marks, Type, Value};

fn module(text: &str) -> Module {
    let (module, findings) = load(vec![("main.tf".into(), text.into())]);
    assert!(findings.is_empty(), "{findings:?}");
    module
}

fn file(name: &str, text: &str, automatic: bool) -> VarFile {
    VarFile { name: name.into(), text: text.into(), automatic }
}

fn var(name: &str, value: &str) -> Argument {
    Argument::Var { name: name.into(), value: value.into() }
}

fn values(module: &mut Module, sources: &Sources) -> (Values, Diagnostics) {
    let (raw, mut findings) = collect(module, sources);
    let (values, more) = finish(module, &raw);
    findings.extend(more);
    (values, findings)
}

#[test]
fn the_last_source_wins() {
    let mut module = module("variable \"v\" {\n}\n");
    let mut sources = Sources::default();
    let mut expect = |sources: &Sources, wanted: &str| {
        let (values, findings) = values(&mut module, sources);
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(values.values["v"].as_str(), Some(wanted));
    };
    sources.environment.push(("v".into(), "env".into()));
    expect(&sources, "env");
    sources.files.push(file("terraform.tfvars", "v = \"auto\"\n", true));
    expect(&sources, "auto");
    sources.files.push(file("x.auto.tfvars.json", r#"{"v": "${json}"}"#, true));
    expect(&sources, "${json}");
    sources.files.push(file("named.tfvars", "v = \"named\"", false));
    sources.arguments = vec![var("v", "cli"), Argument::File(2)];
    expect(&sources, "named");
    sources.arguments = vec![Argument::File(2), var("v", "cli")];
    expect(&sources, "cli");
}

#[test]
fn text_is_literal_unless_the_type_wants_an_expression() {
    let mut module = module(
        "variable \"untyped\" {\n}\nvariable \"n\" {\n  type = number\n}\nvariable \"any\" {\n  type = any\n}\nvariable \"l\" {\n  type = list(string)\n}\n",
    );
    let arguments = vec![var("untyped", "null"), var("n", "5"), var("any", "[1, 2]"), var("l", "[1]")];
    let (values, findings) = values(&mut module, &Sources { arguments, ..Sources::default() });
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(values.values["untyped"].as_str(), Some("null"));
    assert!(values.values["n"].same(&Value::number(5)));
    assert!(values.values["any"].same(&Value::tuple([Value::number(1), Value::number(2)])));
    assert!(values.values["l"].same(&Value::list(Type::String, [Value::string("1")])));
}

#[test]
fn defaults_nulls_and_marks() {
    let mut module = module(
        "variable \"d\" {\n  type = object({ a = string, b = optional(number, 1) })\n  default = { a = 2 }\n  sensitive = true\n}\nvariable \"n\" {\n  default = \"x\"\n  nullable = false\n}\nvariable \"missing\" {\n  ephemeral = true\n}\n",
    );
    let files = vec![file("a.auto.tfvars", "n = null\n", true)];
    let (found, findings) = values(&mut module, &Sources { files, ..Sources::default() });
    assert!(findings.is_empty(), "{findings:?}");
    let d = &found.values["d"];
    assert_eq!(d.marks(), Marks::SENSITIVE);
    assert_eq!(d.get("a").as_ref().and_then(Value::as_str), Some("2"));
    assert!(d.get("b").is_some_and(|b| b.same(&Value::number(1))));
    assert_eq!(found.values["n"].as_str(), Some("x"));
    assert_eq!(found.missing, [Arc::<str>::from("missing")]);
    let answered = answer(&mut module, "missing", "yes").expect("any text will do");
    let raw = BTreeMap::from([(Arc::from("missing"), answered)]);
    let (found, _) = finish(&module, &raw);
    assert_eq!(found.values["missing"].marks(), Marks::EPHEMERAL);
    assert!(found.missing.is_empty());
}

#[test]
fn unknown_names_and_bad_values_are_refused_without_repeating_them() {
    const KEY: &str = "sk-ant-EXAMPLE-key";
    let mut module = module("variable \"n\" {\n  type = number\n}\nvariable \"l\" {\n  type = list(string)\n}\n");
    let sources = Sources {
        environment: vec![("ignored".into(), KEY.into())],
        files: vec![file(
            "t.tfvars",
            &format!("u1 = \"{KEY}\"\nu2 = 1\nu3 = 1\nu4 = '{KEY}'\nn = \"{KEY}\"\nb {{\n}}\n"),
            true,
        )],
        arguments: vec![var("u", KEY), var("l", &format!("[{KEY}"))],
    };
    let (found, findings) = values(&mut module, &sources);
    let summaries: Vec<_> = findings.iter().map(|d| d.summary.as_str()).collect();
    assert_eq!(
        summaries,
        [
            "Value for undeclared variable",
            "Value for undeclared variable",
            "Invalid character",
            "Unexpected \"b\" block",
            "Value for undeclared variable",
            "Unterminated tuple constructor expression",
            "Values for undeclared variables",
            "Invalid value for input variable",
        ]
    );
    assert!(!format!("{findings:?}{:?}{:?}", module.sources, found).contains("EXAMPLE"));
    assert!(findings.iter().filter(|d| d.subject.is_some()).all(|d| d.conceal_source));
    assert_eq!(found.missing, [Arc::<str>::from("l")]);
}
