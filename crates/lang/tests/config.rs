//! Configurations are read whole: every finding at once, each at its place.
use ampere_lang::config::{self, Module};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics, Severity};

fn load(files: &[(&str, &str)]) -> (Module, Diagnostics) {
    config::load(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

/// `file:line summary` of every error.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let (module, findings) = load(files);
    let place = |d: &Diagnostic| {
        let span = d.subject.expect("every finding of a configuration has a place");
        let file = module.sources.get(span.file).expect("its file is known");
        format!("{}:{}", file.name, span.start.line)
    };
    let errors = findings.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{} {}", place(d), d.summary)).collect()
}

fn main_errors(text: &str) -> Vec<String> {
    errors(&[("main.tf", text)])
}

#[test]
fn findings_of_all_files_at_once() {
    let found = errors(&[
        ("a.tf", "locals {\n  x = 'a'\n  y = \n  z = 1\n}\n\nresource \"t\" {\n}\n\nnonsense {\n}\n"),
        ("b.tf", "variable {\n}\n\nlocals {\n  z = 2\n}\n"),
    ]);
    assert_eq!(
        found,
        [
            "a.tf:2 Invalid character",
            "a.tf:3 Invalid expression",
            "a.tf:7 Missing name for resource",
            "a.tf:10 Unsupported block type",
            "b.tf:1 Missing name for variable",
            "b.tf:5 Duplicate local value definition",
        ]
    );
}

#[test]
fn files_that_are_no_configuration_are_left_aside() {
    let (module, findings) =
        load(&[("notes.md", "{{{"), (".hidden.tf", "{{{"), ("main.tf~", "{{{"), ("a.tf", "locals {\n  a = 1\n}\n")]);
    assert!(findings.is_empty());
    assert_eq!(module.locals.len(), 1);
}

#[test]
fn meta_arguments_are_taken_out_of_a_resource() {
    let (module, findings) = load(&[(
        "main.tf",
        "resource \"t\" \"n\" {\n  for_each = var.x\n  provider = p.q\n  depends_on = [t.o]\n  name = \"x\"\n  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [tags[\"a\"], name]\n  }\n  nested {\n    a = 1\n  }\n}\n",
    )]);
    assert!(findings.is_empty(), "{findings:?}");
    let resource = module.resources.values().next().expect("one resource");
    let names: Vec<_> = resource.config.attributes.iter().map(|a| &*a.name).collect();
    assert_eq!(names, ["name"]);
    assert_eq!(resource.config.blocks.len(), 1);
    assert!(resource.for_each.is_some() && resource.provider.is_some() && resource.lifecycle.prevent_destroy);
    assert_eq!(resource.depends_on.len(), 1);
}

#[test]
fn count_and_for_each_exclude_each_other() {
    let found = main_errors("resource \"t\" \"n\" {\n  count = 1\n  for_each = {}\n}\n");
    assert_eq!(found, ["main.tf:3 Invalid combination of \"count\" and \"for_each\""]);
}

#[test]
fn a_condition_must_check_something() {
    let found = main_errors(
        "variable \"v\" {\n  validation {\n    condition = length([for x in [1] : x]) > 0\n    error_message = \"no\"\n  }\n  validation {\n    condition = local.a\n    error_message = \"no\"\n  }\n}\n",
    );
    assert_eq!(found, ["main.tf:3 Invalid validation expression", "main.tf:7 Invalid variable validation condition"]);
}

#[test]
fn what_cannot_work_here_is_refused_with_a_reason() {
    let found = main_errors(
        "terraform {\n  cloud {\n  }\n  required_version = \"< 1.0\"\n}\n\nresource \"t\" \"n\" {\n  provisioner \"local-exec\" {\n    command = \"x\"\n  }\n}\n",
    );
    assert_eq!(
        found,
        [
            "main.tf:4 Unsupported Terraform Core version",
            "main.tf:2 The cloud block is not supported",
            "main.tf:8 Provisioners are not supported",
        ]
    );
}
