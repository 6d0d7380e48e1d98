//! Override files change what primary files say, in the order of their names.
use ampere_lang::config::{self, IgnoreChanges, Module};
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::syntax::ast::ExprKind;
use ampere_lang::value::Type;

fn load(files: &[(&str, &str)]) -> (Module, Diagnostics) {
    config::load(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

fn literal(module: &Module, output: &str) -> Option<String> {
    match &*module.outputs[output].value.kind {
        ExprKind::Literal(value) => value.as_str().map(str::to_owned),
        _ => None,
    }
}

#[test]
fn the_last_file_wins() {
    let (module, findings) = load(&[
        ("override.tf", "output \"o\" {\n  value = \"plain\"\n}\n"),
        ("b_override.tf.json", r#"{"output": {"o": {"value": "b"}}}"#),
        ("a_override.tf", "output \"o\" {\n  value = \"a\"\n  sensitive = true\n}\n"),
        ("main.tf", "output \"o\" {\n  value = \"base\"\n  description = \"d\"\n}\n"),
    ]);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(literal(&module, "o").as_deref(), Some("plain"));
    assert!(module.outputs["o"].sensitive);
    assert_eq!(module.outputs["o"].description.as_deref(), Some("d"));
}

#[test]
fn resources_merge_by_argument_and_by_type_of_block() {
    let (module, findings) = load(&[
        (
            "main.tf",
            "resource \"t\" \"n\" {\n  a = 1\n  b = 1\n  x {\n  }\n  x {\n  }\n  y {\n  }\n  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [a]\n  }\n}\nvariable \"v\" {\n  default = \"1\"\n}\n",
        ),
        (
            "override.tf",
            "resource \"t\" \"n\" {\n  b = 2\n  c = 3\n  x {\n  }\n  lifecycle {\n    ignore_changes = all\n  }\n}\nvariable \"v\" {\n  type = number\n}\n",
        ),
    ]);
    assert!(findings.is_empty(), "{findings:?}");
    let resource = module.resources.values().next().expect("one resource");
    let names: Vec<_> = resource.config.attributes.iter().map(|a| &*a.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let blocks: Vec<_> = resource.config.blocks.iter().map(|b| &*b.block_type).collect();
    assert_eq!(blocks, ["y", "x"]);
    assert!(resource.lifecycle.prevent_destroy);
    assert!(matches!(resource.lifecycle.ignore_changes, IgnoreChanges::All));
    assert_eq!(module.variables["v"].ty, Type::Number);
}

#[test]
fn what_is_not_there_cannot_be_overridden() {
    let (_, findings) = load(&[
        ("main.tf", "locals {\n  a = 1\n}\nvariable \"v\" {\n  default = \"x\"\n}\n"),
        (
            "override.tf",
            "locals {\n  z = 2\n}\noutput \"o\" {\n  value = 1\n}\nresource \"t\" \"n\" {\n}\nvariable \"v\" {\n  type = number\n}\nmoved {\n  from = t.a\n  to = t.b\n}\n",
        ),
    ]);
    let found: Vec<_> = findings.iter().map(|d| (d.summary.as_str(), d.subject.map_or(0, |s| s.start.line))).collect();
    assert_eq!(
        found,
        [
            ("Missing base local value definition to override", 2),
            ("Missing base output definition to override", 4),
            ("Missing resource to override", 7),
            ("Cannot override 'moved' blocks", 12),
            ("Invalid default value for variable", 9),
        ]
    );
}
