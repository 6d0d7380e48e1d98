//! JSON syntax says the same as native syntax.
use ampere_lang::config::{self, IgnoreChanges, Module};
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::syntax::ast::ExprKind;
use ampere_lang::value::{Type, Value};

fn load(text: &str) -> (Module, Diagnostics) {
    config::load(vec![("main.tf.json".into(), text.into())])
}

fn errors(text: &str) -> Vec<(String, u32)> {
    let (_, findings) = load(text);
    findings.iter().map(|d| (d.summary.clone(), d.subject.map_or(0, |s| s.start.line))).collect()
}

#[test]
fn blocks_are_properties_as_deep_as_their_labels() {
    let (module, findings) = load(
        r#"{"//": "a comment", "resource": {"t": {
            "a": {"//": "another", "input": "${var.v}", "depends_on": ["t.b"], "lifecycle": {"ignore_changes": ["input"]}},
            "b": [{"count": "${1 + 1}"}]}},
          "variable": {"v": {"type": "list(string)", "default": [1], "description": "not ${a} template"}},
          "locals": [{"x": 1}, {"y": "%{ if true }z%{ endif }"}]}"#,
    );
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(module.resources.keys().map(ToString::to_string).collect::<Vec<_>>(), ["t.a", "t.b"]);
    let a = module.resources.values().next().expect("the first one");
    assert_eq!(a.config.attributes.len(), 1);
    assert!(matches!(&*a.config.attributes[0].value.kind, ExprKind::Template(_)));
    assert_eq!(a.depends_on.len(), 1);
    assert!(matches!(&a.lifecycle.ignore_changes, IgnoreChanges::Paths(paths) if paths.len() == 1));
    let v = &module.variables["v"];
    assert_eq!(v.ty, Type::list(Type::String));
    assert_eq!(v.description.as_deref(), Some("not ${a} template"));
    assert!(v.default.as_ref().is_some_and(|d| d.same(&Value::tuple([Value::number(1)]))));
    assert!(matches!(&*module.locals["y"].value.kind, ExprKind::Template(_)));
}

#[test]
fn findings_have_their_lines() {
    assert_eq!(errors("{\n\"output\": {\n\"x\": {}}}"), [("Missing required argument".into(), 3)]);
    assert_eq!(errors("{\n\"nonsense\": {}}"), [("Extraneous JSON object property".into(), 2)]);
    assert_eq!(errors("{\n\"locals\": {\"a\": 1,}}"), [("Trailing comma in object".into(), 2)]);
    assert_eq!(errors("{\n\"output\": {\n\"x\": 1"), [("Unclosed object".into(), 2)]);
    assert_eq!(errors("{\"locals\": {\n\"a\": \"${\"}}"), [("Missing expression".into(), 2)]);
    assert_eq!(errors("{} 1"), [("Extraneous data after value".into(), 1)]);
    assert_eq!(errors("{\"locals\": {\"a\": 1, \"a\": 2}}"), [("Duplicate attribute definition".into(), 1)]);
    assert_eq!(errors(""), [("Missing JSON value".into(), 1)]);
}
