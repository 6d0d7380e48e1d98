//! `lifecycle`: the order of replacements, what is ignored, what may not be destroyed, conditions.

use crate::kit::{Scene, address, problems, steps};

#[test]
fn a_replacement_deletes_dependents_first_and_makes_them_last() {
    let text = |location: &str| {
        format!(
            "resource \"cloud_server\" \"a\" {{ location = \"{location}\" }}\n\
             resource \"terraform_data\" \"b\" {{ triggers_replace = cloud_server.a.id }}"
        )
    };
    let mut scene = Scene::new(&text("fsn1"));
    scene.converge();
    scene.configure(&text("nbg1"));
    assert_eq!(
        scene.listing(),
        "-/+ cloud_server.a id=? ipv4=? location=nbg1 zone=? forced by location because CannotUpdate (Its memory is lost.)\n\
         -/+ terraform_data.b id=? triggers_replace=? forced by triggers_replace because CannotUpdate"
    );
    assert_eq!(
        steps(&scene.plan()),
        "0 delete b-2 terraform_data.b\n\
         1 delete a-1 cloud_server.a after 0\n\
         2 create cloud_server.a after 1\n\
         3 create terraform_data.b after 0 2"
    );
    scene.converge();
}

#[test]
fn create_before_destroy_spreads_to_what_is_needed_and_deletes_the_old_last() {
    let text = |location: &str| {
        format!(
            "resource \"cloud_server\" \"a\" {{ location = \"{location}\" }}\n\
             resource \"terraform_data\" \"b\" {{\n  triggers_replace = cloud_server.a.id\n  \
               lifecycle {{ create_before_destroy = true }}\n}}\n\
             resource \"terraform_data\" \"c\" {{ input = terraform_data.b.id }}"
        )
    };
    let mut scene = Scene::new(&text("fsn1"));
    scene.converge();
    scene.configure(&text("nbg1"));
    let plan = scene.plan();
    assert_eq!(
        steps(&plan),
        "0 depose cloud_server.a\n\
         1 create cloud_server.a after 0\n\
         2 depose terraform_data.b\n\
         3 create terraform_data.b after 1 2\n\
         4 update terraform_data.c after 3\n\
         5 delete b-2 terraform_data.b after 3 4\n\
         6 delete a-1 cloud_server.a after 1 3 5"
    );
    scene.converge();
}

#[test]
fn a_deposed_object_left_over_by_a_crash_is_deleted() {
    let mut scene = Scene::new("resource \"cloud_server\" \"a\" { location = \"fsn1\" }");
    scene.converge();
    scene.configure(
        "resource \"cloud_server\" \"a\" {\n location = \"nbg1\"\n lifecycle { create_before_destroy = true }\n}",
    );
    let mut plan = scene.plan();
    plan.steps.truncate(2);
    scene.apply(&plan);
    let listing = scene.listing();
    assert!(listing.starts_with("- cloud_server.a (deposed "), "{listing}");
    scene.converge();
    assert_eq!(scene.inventory.listings["cloud_server"].objects.len(), 1);
}

#[test]
fn ignored_attributes_keep_what_they_are() {
    let mut scene =
        Scene::new("resource \"cloud_server\" \"a\" {\n location = \"fsn1\"\n tags = { a = \"1\", b = \"1\" }\n}");
    scene.converge();
    let with = |ignored: &str| {
        format!(
            "resource \"cloud_server\" \"a\" {{\n location = \"nbg1\"\n size = \"big\"\n tags = {{ a = \"2\", b = \"2\" }}\n \
             lifecycle {{ ignore_changes = {ignored} }}\n}}"
        )
    };
    scene.configure(&with("[location, size, tags]"));
    assert_eq!(scene.listing(), "");
    scene.configure(&with("all"));
    assert_eq!(scene.listing(), "");
    scene.configure(&with("[location, size, tags[\"a\"]]"));
    assert_eq!(scene.listing(), "~ cloud_server.a tags={\"a\": \"1\", \"b\": \"2\"}");
    scene.configure(&with("[locatoin]"));
    assert!(problems(&scene.plan()).contains("error:5 Unsupported attribute"), "{}", problems(&scene.plan()));
}

#[test]
fn prevent_destroy_stops_deletion_and_replacement() {
    let text = |location: &str| {
        format!(
            "resource \"cloud_server\" \"a\" {{\n location = \"{location}\"\n lifecycle {{ prevent_destroy = true }}\n}}"
        )
    };
    let mut scene = Scene::new(&text("fsn1"));
    scene.converge();
    scene.mode(ampere_core::plan::Mode::Destroy);
    assert_eq!(problems(&scene.plan()), "error:1 Instance cannot be destroyed");
    scene.mode(ampere_core::plan::Mode::Normal).configure(&text("nbg1"));
    assert_eq!(problems(&scene.plan()), "error:1 Instance cannot be destroyed");
}

#[test]
fn replace_triggered_by_fires_on_updates_of_a_resource_and_on_changes_of_an_attribute() {
    let text = |input: u32, trigger: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{ input = {input} }}\n\
             resource \"terraform_data\" \"b\" {{\n lifecycle {{ replace_triggered_by = [{trigger}] }}\n}}"
        )
    };
    let mut scene = Scene::new(&text(1, "terraform_data.a"));
    scene.converge();
    scene.configure(&text(2, "terraform_data.a"));
    assert!(scene.listing().ends_with("-/+ terraform_data.b id=? because Triggered"), "{}", scene.listing());
    scene.configure(&text(2, "terraform_data.a.input"));
    assert!(scene.listing().ends_with("because Triggered"));
    scene.configure(&text(2, "terraform_data.a.id"));
    assert!(!scene.listing().contains("Triggered"));
}

#[test]
fn replacement_on_request_and_of_what_is_tainted() {
    let mut scene = Scene::new("resource \"terraform_data\" \"a\" {}");
    scene.converge();
    scene.options.replace = vec![address("terraform_data.a")];
    assert_eq!(scene.listing(), "-/+ terraform_data.a id=? because Requested");
    scene.options.replace.clear();
    scene.snapshot.objects.values_mut().for_each(|o| o.tainted = true);
    assert_eq!(scene.listing(), "-/+ terraform_data.a id=? because Tainted");
    scene.converge();
}

#[test]
fn conditions_stop_the_plan_and_checks_only_warn() {
    let scene = Scene::new(
        r#"
        variable "n" { default = 1 }
        resource "terraform_data" "a" {
          input = var.n
          lifecycle {
            precondition {
              condition     = var.n < 10
              error_message = "Too many."
            }
            postcondition {
              condition     = self.input == 2
              error_message = "Not two."
            }
          }
        }
        check "later" {
          assert {
            condition     = terraform_data.a.output == 1
            error_message = "x"
          }
        }
        check "now" {
          assert {
            condition     = var.n == 3
            error_message = "Not three."
          }
        }
        "#,
    );
    let plan = scene.plan();
    assert_eq!(
        problems(&plan),
        "warning:24 Check block assertion failed\nerror:11 Resource postcondition failed\n\
         warning:18 Check block assertion known after apply"
    );
    let checks: Vec<String> = plan.checks.iter().map(|(name, status)| format!("{name} {status:?}")).collect();
    assert_eq!(checks, ["check.later Unknown", "check.now Fail", "terraform_data.a Fail"]);
}

#[test]
fn an_invalid_variable_stops_the_plan_before_anything_else() {
    let scene = Scene::new(
        r#"
        variable "region" {
          default = "mars"
          validation {
            condition     = contains(["fsn1", "nbg1"], var.region)
            error_message = "No such region: ${var.region}."
          }
        }
        resource "cloud_server" "a" { location = var.region }
        "#,
    );
    let plan = scene.plan();
    assert_eq!(problems(&plan), "error:2 Invalid value for variable");
    assert!(plan.diagnostics.iter().next().unwrap().detail.starts_with("No such region: mars."));
    assert!(plan.changes.is_empty() && plan.steps.is_empty());
}
