//! What is wrong with a configuration, all of it at once.

use ampere_lang::eval::Nowhere;

use crate::kit::{Scene, problems};
use ampere_core::plan::validate;
use ampere_lang::diagnostic::Severity;

fn validated(text: &str) -> Vec<String> {
    let scene = Scene::new(text);
    let findings = validate(&scene.module, &scene.kinds, &Nowhere);
    findings
        .iter()
        .map(|d| {
            let line = d.subject.map_or(String::new(), |s| format!("{}: ", s.start.line));
            let severity = if d.severity == Severity::Warning { "warning " } else { "" };
            format!("{line}{severity}{}. {}", d.summary, d.detail)
        })
        .collect()
}

#[test]
fn arguments_are_checked_against_the_schema_all_at_once() {
    let found = validated(
        r#"resource "cloud_server" "a" {
  locatoin = "fsn1"
  tags     = [1]
  ipv4     = "192.0.2.1"
  disk {}
}
resource "cloud_serve" "b" {}
output "x" { value = local.missing }
"#,
    );
    assert_eq!(
        found,
        [
            "1: Missing required argument. The argument \"location\" is required, but no definition was found.",
            "2: Unsupported argument. An argument named \"locatoin\" is not expected here. Did you mean \"location\"?",
            "3: Incorrect attribute value type. Inappropriate value for attribute \"tags\": map of string required.",
            "4: Value for unconfigurable attribute. Can't configure a value for \"ipv4\": its value will be decided \
             automatically based on the result of applying this configuration.",
            "5: Unsupported block type. Blocks of type \"disk\" are not expected here.",
            "7: Invalid resource type. The provider cloud does not support resource type \"cloud_serve\". Did you mean \
             \"cloud_server\"?",
            "8: Reference to undeclared local value. A local value with the name \"missing\" has not been declared.",
        ]
    );
}

#[test]
fn self_count_and_each_are_refused_where_they_mean_nothing() {
    let found = validated(
        r#"resource "terraform_data" "a" { input = self.id }
resource "terraform_data" "b" { input = count.index }
resource "terraform_data" "c" { input = each.key }
resource "terraform_data" "d" {
  count = 1
  input = count.index
}
output "o" { value = each.value }
output "d" { value = terraform_data.d.id }
output "i" { value = terraform_data.a[0].id }
"#,
    );
    let summaries: Vec<&str> = found.iter().map(|line| line.split_once(". ").unwrap().0).collect();
    assert_eq!(
        summaries,
        [
            "1: Invalid \"self\" reference",
            "2: Reference to \"count\" in non-counted context",
            "3: Reference to \"each\" in context without for_each",
            "8: Reference to \"each\" in context without for_each",
            "9: Missing resource instance key",
            "10: Unexpected resource instance key",
        ]
    );
}

#[test]
fn an_ephemeral_value_may_go_into_a_write_only_argument_and_nowhere_else() {
    let text = |argument: &str, value: &str| {
        format!(
            "variable \"token\" {{\n ephemeral = true\n default = \"sk-EXAMPLE\"\n}}\n\
             resource \"cloud_account\" \"a\" {{ email = \"a@example.com\" }}\n\
             resource \"cloud_secret\" \"s\" {{\n account = cloud_account.a.id\n {argument} = {value}\n}}"
        )
    };
    let mut scene = Scene::new(&text("value_wo", "var.token"));
    let plan = scene.plan();
    assert_eq!(problems(&plan), "");
    let secret = plan.changes.iter().find(|c| c.address.kind() == "cloud_secret").unwrap();
    let after = secret.after.as_ref().unwrap();
    assert!(after.get("value_wo").unwrap().is_null(), "a write-only value is never in a plan");
    assert_eq!(after.get("fingerprint").unwrap().as_str().unwrap().len(), 16);
    assert!(!format!("{plan:?}").contains("sk-EXAMPLE"));
    scene.converge();
    let misused = Scene::new(&text("value_wo", "\"sk-EXAMPLE\"")).plan();
    assert_eq!(problems(&misused), "error:8 Secret written out");
    let finding = misused.diagnostics.iter().next().unwrap();
    assert!(finding.conceal_source, "the line with the secret must not be shown");
    assert_eq!(finding.address.as_deref(), Some("cloud_secret.s"));
    let stored = Scene::new(&text("version", "var.token")).plan();
    assert_eq!(problems(&stored), "error:8 Invalid use of ephemeral value");
}

#[test]
fn a_rotated_secret_is_an_update_that_shows_a_fingerprint_alone() {
    let text = |token: &str| {
        format!(
            "variable \"token\" {{\n ephemeral = true\n default = \"{token}\"\n}}\n\
             resource \"cloud_secret\" \"s\" {{\n account = \"acc-1\"\n value_wo = var.token\n}}"
        )
    };
    let mut scene = Scene::new(&text("sk-EXAMPLE-1"));
    scene.converge();
    scene.configure(&text("sk-EXAMPLE-2"));
    let listing = scene.listing();
    assert!(listing.starts_with("~ cloud_secret.s fingerprint=") && !listing.contains("sk-"), "{listing}");
    scene.converge();
}

#[test]
fn outputs_say_when_they_are_sensitive_and_are_never_ephemeral() {
    let problem = |text: &str| {
        problems(&Scene::new(&format!("variable \"s\" {{\n sensitive = true\n default = \"x\"\n}}\nvariable \"e\" {{\n ephemeral = true\n default = \"x\"\n}}\n{text}")).plan())
    };
    assert_eq!(problem("output \"o\" { value = var.s }"), "error:9 Output refers to sensitive values");
    assert_eq!(problem("output \"o\" {\n value = var.s\n sensitive = true\n}"), "");
    assert_eq!(problem("output \"o\" { value = var.e }"), "error:9 Ephemeral value not allowed");
    assert_eq!(problem("output \"o\" {\n value = 1\n ephemeral = true\n}"), "error:9 Ephemeral output not allowed");
}

#[test]
fn a_change_of_sensitivity_alone_is_an_update() {
    let text = |more: &str| {
        format!(
            "variable \"p\" {{\n default = \"pw\"\n {more}\n}}\nresource \"terraform_data\" \"a\" {{ input = {{ k = var.p }} }}"
        )
    };
    let mut scene = Scene::new(&text(""));
    scene.converge();
    scene.configure(&text("sensitive = true"));
    assert_eq!(scene.listing().split(' ').take(2).collect::<Vec<_>>(), ["~", "terraform_data.a"]);
    scene.converge();
}

#[test]
fn null_outputs_are_no_change_and_removed_ones_are_deleted() {
    let mut scene = Scene::new("output \"n\" { value = null }\noutput \"a\" { value = 1 }");
    assert_eq!(scene.listing(), "+ output.a = 1");
    scene.converge();
    assert!(!scene.snapshot.outputs.contains_key("n"));
    scene.configure("output \"a\" { value = null }");
    assert_eq!(scene.listing(), "~ output.a = null");
    scene.converge();
    assert!(scene.snapshot.outputs.is_empty());
    scene.configure("output \"a\" { value = 1 }").converge();
    scene.configure("");
    assert_eq!(scene.listing(), "- output.a = null");
    scene.converge();
}

#[test]
fn a_cycle_is_told_as_a_path_with_its_place() {
    let found = validated(
        "resource \"terraform_data\" \"a\" { input = local.l }\nlocals { l = terraform_data.b.id }\n\
         resource \"terraform_data\" \"b\" { depends_on = [terraform_data.a] }\n",
    );
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(
            "2: Cycle: local.l, terraform_data.b, terraform_data.a. local.l → terraform_data.b → terraform_data.a → local.l: "
        ),
        "{}",
        found[0]
    );
}

#[test]
fn what_this_version_does_not_carry_out_is_refused_and_not_left_out() {
    let found = validated(
        "module \"m\" { source = \"./m\" }\ndata \"terraform_remote_state\" \"s\" { backend = \"local\" }\n\
         resource \"terraform_data\" \"a\" { input = 1 }\n",
    );
    let summaries: Vec<_> = found.iter().map(|f| f.split('.').next().unwrap_or_default()).collect();
    assert_eq!(summaries, ["1: Modules are not supported", "2: Invalid data source"]);
}
