//! Addresses that come, go and move: `count`, `for_each`, `moved`, `removed`, `import`, `-target`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kit::{Scene, address, hcl, marker, problems, steps};
use ampere_core::identity::{AddressHash, ExternalId, Marker, StackId};
use ampere_core::inventory::Observed;

#[test]
fn growth_and_shrinkage_touch_only_what_comes_and_goes() {
    let text = |count: u32| format!("resource \"terraform_data\" \"a\" {{\n count = {count}\n input = count.index\n}}");
    let mut scene = Scene::new(&text(2));
    scene.converge();
    scene.configure(&text(3));
    assert_eq!(scene.listing(), "+ terraform_data.a[2] id=? input=2 output=?");
    scene.configure(&text(1));
    assert_eq!(scene.listing(), "- terraform_data.a[1] because CountIndex");
    scene.configure("resource \"terraform_data\" \"a\" {\n for_each = { x = 1 }\n input = each.value\n}");
    assert_eq!(
        scene.listing(),
        "- terraform_data.a[0] because WrongRepetition\n- terraform_data.a[1] because WrongRepetition\n\
         + terraform_data.a[\"x\"] id=? input=1 output=?"
    );
    scene.converge();
    scene.configure("resource \"terraform_data\" \"a\" {\n for_each = toset([\"y\"])\n}");
    assert!(scene.listing().starts_with("- terraform_data.a[\"x\"] because EachKey"));
}

#[test]
fn instances_that_need_only_their_own_key_stay_independent() {
    let mut scene = Scene::new(
        r#"
        resource "cloud_account" "all" {
          for_each = toset(["a", "b"])
          email    = "${each.key}@example.com"
        }
        resource "cloud_subscription" "all" {
          for_each = cloud_account.all
          account  = cloud_account.all[each.key].id
        }
        "#,
    );
    assert_eq!(problems(&scene.plan()), "",);
    let plan = scene.plan();
    assert_eq!(
        steps(&plan).lines().filter(|l| l.contains("subscription")).collect::<Vec<_>>(),
        ["2 create cloud_subscription.all[\"a\"] after 0 1", "3 create cloud_subscription.all[\"b\"] after 0 1"],
        "for_each over the whole resource needs all of it"
    );
    scene.configure(
        r#"
        locals { names = toset(["a", "b"]) }
        resource "cloud_account" "all" {
          for_each = local.names
          email    = "${each.key}@example.com"
        }
        resource "cloud_subscription" "all" {
          for_each = local.names
          account  = cloud_account.all[each.key].id
        }
        "#,
    );
    assert_eq!(
        steps(&scene.plan()).lines().filter(|l| l.contains("subscription")).collect::<Vec<_>>(),
        ["2 create cloud_subscription.all[\"a\"] after 0", "3 create cloud_subscription.all[\"b\"] after 1"]
    );
    scene.converge();
    scene.mode(ampere_core::plan::Mode::Destroy);
    assert_eq!(
        steps(&scene.plan()).lines().filter(|l| l.contains("account")).collect::<Vec<_>>(),
        ["1 delete all-1 cloud_account.all[\"a\"] after 0", "3 delete all-2 cloud_account.all[\"b\"] after 2"]
    );
}

#[test]
fn many_that_wait_for_many_wait_for_one_join() {
    let mut scene = Scene::new(
        "resource \"terraform_data\" \"a\" {\n count = 20\n}\n\
         resource \"terraform_data\" \"b\" {\n count = 20\n input = terraform_data.a[*].id\n}",
    );
    let plan = scene.plan();
    assert_eq!(plan.steps.len(), 41);
    assert!(plan.steps.iter().filter(|s| &*s.address.resource.name == "b").all(|s| s.after == [20]));
    scene.converge();
    scene.mode(ampere_core::plan::Mode::Destroy);
    let plan = scene.plan();
    let edges: usize = plan.steps.iter().map(|s| s.after.len()).sum();
    assert!(plan.steps.len() == 41 && edges == 40, "{}", steps(&plan));
}

#[test]
fn adding_count_moves_the_object_and_its_marker() {
    let mut scene = Scene::new("resource \"cloud_account\" \"a\" { email = \"a@example.com\" }");
    scene.converge();
    scene.configure("resource \"cloud_account\" \"a\" {\n count = 1\n email = \"a@example.com\"\n}");
    assert_eq!(scene.listing(), "= cloud_account.a[0] from cloud_account.a");
    assert_eq!(
        steps(&scene.plan()),
        "0 record (was cloud_account.a) cloud_account.a[0]\n1 update cloud_account.a[0] after 0"
    );
    scene.converge();
    assert_eq!(scene.observed("a-1").marker, marker(&address("cloud_account.a[0]")));
    scene.configure("resource \"cloud_account\" \"a\" { email = \"a@example.com\" }");
    assert_eq!(scene.listing(), "= cloud_account.a from cloud_account.a[0]");
    scene.converge();
}

#[test]
fn moves_are_followed_through_chains_and_keys() {
    let mut scene = Scene::new("resource \"terraform_data\" \"a\" {\n count = 2\n input = count.index\n}");
    scene.converge();
    scene.configure(
        r#"
        resource "terraform_data" "c" {
          for_each = { x = 0, y = 1 }
          input    = each.value
        }
        moved {
          from = terraform_data.b
          to   = terraform_data.c
        }
        moved {
          from = terraform_data.a[0]
          to   = terraform_data.b["x"]
        }
        moved {
          from = terraform_data.a[1]
          to   = terraform_data.b["y"]
        }
        "#,
    );
    assert_eq!(
        scene.listing(),
        "= terraform_data.c[\"x\"] from terraform_data.a[0]\n= terraform_data.c[\"y\"] from terraform_data.a[1]"
    );
    scene.converge();
}

#[test]
fn a_move_to_where_something_is_does_not_happen() {
    let mut scene = Scene::new("resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}");
    scene.converge();
    scene.configure(
        "resource \"terraform_data\" \"b\" {}\nmoved {\n from = terraform_data.a\n to = terraform_data.b\n}",
    );
    assert_eq!(
        scene.listing(),
        "- terraform_data.a because NoResourceConfig\nwarning Unresolved resource instance address changes"
    );
}

#[test]
fn contradictory_moves_are_findings() {
    let problems_of = |text: &str| problems(&Scene::new(text).plan());
    let a = "resource \"terraform_data\" \"a\" {}\n";
    assert_eq!(
        problems_of(&format!("{a}moved {{\n from = terraform_data.a\n to = terraform_data.b\n}}")),
        "error:2 Moved object still exists"
    );
    assert_eq!(
        problems_of(
            "moved {\n from = terraform_data.x\n to = terraform_data.y\n}\nmoved {\n from = terraform_data.y\n to = terraform_data.x\n}"
        ),
        "error:1 Cyclic dependency in move statements"
    );
    assert_eq!(
        problems_of(
            "moved {\n from = terraform_data.x\n to = terraform_data.y\n}\nmoved {\n from = terraform_data.x\n to = terraform_data.z\n}"
        ),
        "error:5 Ambiguous move statements"
    );
}

#[test]
fn a_removed_block_forgets_or_destroys() {
    let mut scene = Scene::new("resource \"cloud_account\" \"a\" { email = \"a@example.com\" }");
    scene.converge();
    scene.configure("removed {\n from = cloud_account.a\n lifecycle { destroy = true }\n}");
    assert_eq!(scene.listing(), "- cloud_account.a because NoResourceConfig");
    scene.configure("removed {\n from = cloud_account.a\n lifecycle { destroy = false }\n}");
    assert_eq!(scene.listing(), ". cloud_account.a");
    assert_eq!(steps(&scene.plan()), "0 forget cloud_account.a");
}

fn foreign(id: &str, attributes: &str) -> Observed {
    Observed {
        id: Some(ExternalId::from(id)),
        marker: Marker { stack: StackId("".into()), address: AddressHash("".into()) },
        attributes: hcl(attributes).entries().cloned().unwrap_or_default(),
        parts: Vec::new(),
        missing: Vec::new(),
    }
}

#[test]
fn an_import_takes_an_object_over_and_marks_it() {
    let mut scene = Scene::new(
        r#"
        import {
          for_each = { a = "acc-7" }
          to       = cloud_account.all[each.key]
          id       = each.value
        }
        resource "cloud_account" "all" {
          for_each = toset(["a"])
          email    = "ada@example.com"
        }
        "#,
    );
    assert!(problems(&scene.plan()).contains("Cannot import non-existent remote object"));
    let key = (Arc::from("cloud_account"), ExternalId::from("acc-7"));
    let there = foreign("acc-7", "{ id = \"acc-7\", email = \"ada@example.com\" }");
    scene.imported = BTreeMap::from([(key, there.clone())]);
    assert_eq!(scene.listing(), "= cloud_account.all[\"a\"] import acc-7");
    assert_eq!(
        steps(&scene.plan()),
        "0 record cloud_account.all[\"a\"]\n1 update cloud_account.all[\"a\"] after 0",
        "the update writes our marker"
    );
    scene.observe("cloud_account", there);
    scene.converge();
    assert_eq!(scene.observed("acc-7").marker, marker(&address("cloud_account.all[\"a\"]")));
}

#[test]
fn an_import_without_a_block_to_go_to_is_an_error() {
    let scene = Scene::new(
        "import {\n to = terraform_data.a[1]\n id = \"x\"\n}\nresource \"terraform_data\" \"a\" {\n count = 1\n}",
    );
    assert_eq!(problems(&scene.plan()), "error:1 Configuration for import target does not exist");
}

#[test]
fn a_target_brings_what_it_needs_and_nothing_else() {
    let mut scene = Scene::new(
        r#"
        resource "terraform_data" "a" {}
        resource "terraform_data" "b" { input = terraform_data.a.id }
        resource "terraform_data" "c" { input = terraform_data.b.id }
        resource "terraform_data" "d" {}
        output "b" { value = terraform_data.b.id }
        output "d" { value = terraform_data.d.id }
        "#,
    );
    scene.target(&["terraform_data.b"]);
    assert_eq!(
        scene.listing(),
        "+ terraform_data.a id=?\n+ terraform_data.b id=? input=? output=?\n+ output.b = ?\n\
         warning Resource targeting is in effect"
    );
    scene.options.targets.clear();
    scene.converge();
    scene.mode(ampere_core::plan::Mode::Destroy).target(&["terraform_data.b"]);
    assert_eq!(
        scene.listing(),
        "- terraform_data.b\n- terraform_data.c\nwarning Resource targeting is in effect",
        "what needs the target cannot outlive it"
    );
}

#[test]
fn repetition_that_cannot_be_known_is_an_error_at_its_place() {
    let problem = |text: &str| {
        problems(
            &Scene::new(&format!(
                "resource \"terraform_data\" \"z\" {{}}\nresource \"terraform_data\" \"a\" {{\n{text}\n}}"
            ))
            .plan(),
        )
    };
    assert_eq!(problem("count = length(terraform_data.z.id)"), "error:3 Invalid count argument");
    assert_eq!(problem("count = -1"), "error:3 Invalid count argument");
    assert_eq!(problem("count = 1.5"), "error:3 Invalid count argument");
    assert_eq!(problem("count = null"), "error:3 Invalid count argument");
    assert_eq!(problem("for_each = toset([terraform_data.z.id])"), "error:3 Invalid for_each argument");
    assert_eq!(problem("for_each = sensitive({ a = 1 })"), "error:3 Invalid for_each argument");
    assert_eq!(problem("for_each = [1]"), "error:3 Invalid for_each argument");
    assert_eq!(problem("count = sensitive(2)"), "");
    assert_eq!(problem("count = length(terraform_data.a)"), "error:3 Self-referential block");
}

#[test]
fn a_resource_without_instances_is_an_empty_value_at_apply_too() {
    let mut scene = Scene::new(
        r#"
        resource "terraform_data" "none" { count = 0 }
        resource "terraform_data" "a" { input = length(terraform_data.none) }
        output "n" { value = [for x in terraform_data.none : x.id] }
        "#,
    );
    scene.converge();
    assert_eq!(scene.snapshot.outputs["n"].value.elements().map(<[_]>::len), Some(0));
}

#[test]
fn a_replacement_asked_for_without_a_key_names_the_keys() {
    let mut scene = Scene::new("resource \"terraform_data\" \"a\" {\n count = 1\n}");
    scene.converge();
    scene.options.replace = vec![address("terraform_data.a")];
    assert_eq!(scene.listing(), "warning Incompletely-matched force-replace resource instance");
    let detail = scene.plan().diagnostics.iter().next().unwrap().detail.clone();
    assert!(detail.ends_with("  -replace=\"terraform_data.a[0]\""), "{detail}");
}
