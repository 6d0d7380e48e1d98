//! References: what is found, and what is refused.
use ampere_lang::eval::{InstanceKey, references, references_in_body};
use ampere_lang::source::FileId;
use ampere_lang::syntax::{parse_expression, parse_native};

use crate::kit::{prints, refuses};

fn found(text: &str) -> Vec<String> {
    references(&parse_expression(FileId(0), text).0)
        .into_iter()
        .map(|r| {
            let key = r.key.as_ref().map(InstanceKey::to_string).unwrap_or_default();
            let attributes: String = r.attributes.iter().map(|a| format!(".{a}")).collect();
            format!("{}{key}{attributes}", r.subject)
        })
        .collect()
}

#[test]
fn all_references_are_found_in_order() {
    assert_eq!(found("var.a + local.b.c"), ["var.a", "local.b.c"]);
    assert_eq!(found("true ? x.y[\"k\"].z : data.t.n[0].v"), ["x.y[\"k\"].z", "data.t.n[0].v"]);
    assert_eq!(found("x.y[each.key].id"), ["x.y", "each.key"]);
    assert_eq!(found("\"%{ for v in var.l }${v}${local.w}%{ endfor }\""), ["var.l", "local.w"]);
    assert_eq!(found("{ (var.k) = 1, a = self.id }"), ["var.k", "self.id"]);
    assert_eq!(found("resource.t.n.id"), ["t.n.id"]);
    assert_eq!(found("module.m.out"), ["module.m.out"]);
}

#[test]
fn names_bound_by_for_are_no_references() {
    assert_eq!(found("[for v in var.l : v.id if v.ok]"), ["var.l"]);
    assert_eq!(found("{ for k, v in v.w : k => [for w in v : w.x] }"), ["v.w"]);
    assert_eq!(found("[for v in [1] : v] + v.w"), ["v.w"]);
}

#[test]
fn the_iterator_of_a_dynamic_block_is_no_reference() {
    let text = "a = var.a\ndynamic \"port\" {\n  for_each = var.ports\n  content {\n    number = port.value\n    host = local.host\n  }\n}\n";
    let (body, findings) = parse_native(FileId(0), text);
    assert!(findings.is_empty(), "{findings:?}");
    let subjects: Vec<String> = references_in_body(&body).iter().map(|r| r.subject.to_string()).collect();
    assert_eq!(subjects, ["var.a", "var.ports", "local.host"]);
}

#[test]
fn instances_are_reached_by_their_key() {
    prints(&[
        ("terraform_data.one.id", "\"1\""),
        ("terraform_data.counted[1].id", "\"c1\""),
        ("terraform_data.counted[*].id", "[\n  \"c0\",\n  \"c1\",\n]"),
        ("terraform_data.keyed[each.key].id", "\"kb\""),
        ("[for k, v in terraform_data.keyed : v.id]", "[\n  \"ka\",\n  \"kb\",\n]"),
    ]);
    refuses(&[
        ("terraform_data.counted.id", "Missing resource instance key", "terraform_data.counted[count.index]"),
        ("terraform_data.keyed.id", "Missing resource instance key", "terraform_data.keyed[each.key]"),
        ("terraform_data.one[0].id", "Unexpected resource instance key", "Remove the bracketed index"),
        (
            "try(terraform_data.one.nope, 1)",
            "Unsupported attribute",
            "nested block, or exported attribute named \"nope\"",
        ),
    ]);
}

#[test]
fn a_reference_must_resolve_wherever_it_stands() {
    refuses(&[
        ("true ? 1 : var.nope", "Reference to undeclared thing", "var.nope"),
        ("try(var.nope, 1)", "Reference to undeclared thing", "var.nope"),
        ("can(var)", "Invalid reference", "cannot be accessed directly"),
        ("var[0]", "Invalid reference", "does not support this operation"),
        ("data.x", "Invalid reference", "followed by two attribute names"),
        ("ephemeral.a.b", "Reference to undeclared resource", "\"a\" \"b\""),
        ("lazy.x", "Reserved symbol name", "resource."),
    ]);
}
