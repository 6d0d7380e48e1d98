//! Creation, change, replacement, deletion: `terraform_data` and a make-believe cloud.

use crate::kit::{Scene, steps};

#[test]
fn a_resource_is_made_once_and_then_left_alone() {
    let mut scene = Scene::new("resource \"terraform_data\" \"a\" { input = 1 }");
    assert_eq!(scene.listing(), "+ terraform_data.a id=? input=1 output=?");
    scene.converge();
    assert_eq!(scene.listing(), "");
}

#[test]
fn a_changed_input_is_an_update_and_a_changed_trigger_a_replacement() {
    let text = |input: u32, trigger: u32| {
        format!("resource \"terraform_data\" \"a\" {{\n  input = {input}\n  triggers_replace = {trigger}\n}}")
    };
    let mut scene = Scene::new(&text(1, 1));
    scene.converge();
    scene.configure(&text(2, 1));
    assert_eq!(scene.listing(), "~ terraform_data.a input=2 output=?");
    scene.converge();
    scene.configure(&text(2, 2));
    let expected =
        "-/+ terraform_data.a id=? output=? triggers_replace=2 forced by triggers_replace because CannotUpdate";
    assert_eq!(scene.listing(), expected);
    assert_eq!(steps(&scene.plan()), "0 delete a-1 terraform_data.a\n1 create terraform_data.a after 0");
    scene.converge();
    scene.configure("");
    assert_eq!(scene.listing(), "- terraform_data.a because NoResourceConfig");
    scene.converge();
}

#[test]
fn creation_goes_with_the_references_and_deletion_against_them() {
    let mut scene = Scene::new(
        r#"
        resource "terraform_data" "c" { input = local.b }
        resource "terraform_data" "b" { input = terraform_data.a.id }
        resource "terraform_data" "a" {}
        locals { b = terraform_data.b.output }
        output "c" { value = terraform_data.c.output }
        "#,
    );
    let plan = scene.plan();
    assert_eq!(
        steps(&plan),
        "0 create terraform_data.a\n1 create terraform_data.b after 0\n2 create terraform_data.c after 1"
    );
    scene.converge();
    assert_eq!(scene.snapshot.outputs["c"].value.as_str(), Some("a-1"));
    scene.mode(ampere_core::plan::Mode::Destroy);
    assert_eq!(
        steps(&scene.plan()),
        "0 delete c-3 terraform_data.c\n1 delete b-2 terraform_data.b after 0\n2 delete a-1 terraform_data.a after 1"
    );
    assert_eq!(scene.listing(), "- terraform_data.a\n- terraform_data.b\n- terraform_data.c\n- output.c = null");
}
