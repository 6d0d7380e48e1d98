//! What may exist only while a subscription is in order (R2).

use crate::kit::{Scene, problems, steps};
use ampere_core::plan::Mode;
use ampere_lang::value::Value;

const STACK: &str = r#"
resource "cloud_account" "ada" { email = "ada@example.com" }
resource "cloud_subscription" "ada" { account = cloud_account.ada.id }
resource "cloud_server" "ada" {
  subscription = cloud_subscription.ada.id
  location     = "fsn1"
}
resource "terraform_data" "dns" { input = cloud_server.ada.ipv4 }
output "ip" { value = cloud_server.ada.ipv4 }
"#;

fn with_status(status: &str) -> Scene {
    let mut scene = Scene::new(STACK);
    scene.converge();
    scene.observed("ada-2").attributes.insert("status".into(), Value::string(status));
    scene
}

#[test]
fn a_target_known_only_at_apply_becomes_a_precondition_of_the_step() {
    let scene = Scene::new(STACK);
    assert_eq!(
        steps(&scene.plan()),
        "0 create cloud_account.ada\n\
         1 create cloud_subscription.ada after 0\n\
         2 create cloud_server.ada after 1 if\n\
         3 create terraform_data.dns after 2"
    );
    let guard = scene.plan().steps[2].precondition.clone().unwrap();
    assert_eq!(
        (&*guard.attribute, &*guard.kind, &*guard.target_attribute),
        ("subscription", "cloud_subscription", "status")
    );
}

#[test]
fn a_server_that_waits_for_a_payment_is_deferred_with_all_that_needs_it() {
    let mut scene = Scene::new(STACK);
    scene.target(&["cloud_subscription.ada"]);
    let plan = scene.plan();
    scene.apply(&plan);
    scene.options.targets.clear();
    scene.observed("ada-2").attributes.insert("status".into(), Value::string("unpaid"));
    assert_eq!(
        scene.listing(),
        "drift cloud_subscription.ada status=unpaid\n\
         wait cloud_server.ada: It waits for a payment. https://pay.example\n\
         wait terraform_data.dns: It needs cloud_server.ada, which is not there yet: It waits for a payment. \
         https://pay.example"
    );
    assert_eq!(problems(&scene.plan()), "");
    assert_eq!(steps(&scene.plan()), "0 record cloud_subscription.ada");
}

#[test]
fn a_server_that_is_there_is_not_deleted_for_a_late_payment() {
    let scene = with_status("unpaid");
    assert_eq!(scene.listing(), "drift cloud_subscription.ada status=unpaid");
}

#[test]
fn an_ended_subscription_deletes_the_server_with_reason_and_deadline_and_never_makes_it_again() {
    let mut scene = with_status("ended");
    assert_eq!(
        scene.listing(),
        "drift cloud_subscription.ada status=ended\n\
         - cloud_server.ada because ended: The subscription has ended. until 2026-11-23T12:00:00Z (Its memory is lost.)\n\
         ~ terraform_data.dns input=null output=null\n\
         ~ output.ip = null"
    );
    let plan = scene.plan();
    assert_eq!(problems(&plan), "");
    scene.apply(&plan);
    let again = scene.listing();
    assert_eq!(again, "wait cloud_server.ada: The subscription has ended.");
    assert_eq!(steps(&scene.plan()), "");
    scene.observed("ada-2").attributes.insert("status".into(), Value::string("active"));
    assert!(scene.listing().contains("+ cloud_server.ada"), "{}", scene.listing());
}

#[test]
fn destroy_goes_against_the_references() {
    let mut scene = with_status("active");
    scene.mode(Mode::Destroy);
    assert_eq!(
        steps(&scene.plan()),
        "0 delete dns-4 terraform_data.dns\n\
         1 delete ada-3 cloud_server.ada after 0\n\
         2 delete ada-2 cloud_subscription.ada after 1\n\
         3 delete ada-1 cloud_account.ada after 2"
    );
    let plan = scene.plan();
    scene.apply(&plan);
    assert!(scene.snapshot.objects.is_empty() && scene.snapshot.outputs.is_empty());
    assert!(scene.inventory.listings.values().all(|listing| listing.objects.is_empty()));
}

#[test]
fn what_has_vanished_and_waits_is_forgotten_once() {
    for status in ["unpaid", "ended"] {
        let mut scene = with_status(status);
        scene.vanish("ada-3");
        let plan = scene.plan();
        assert_eq!(problems(&plan), "");
        assert!(steps(&plan).contains("forget cloud_server.ada"), "{}", steps(&plan));
        scene.apply(&plan);
        assert!(scene.plan().drift.is_empty(), "{}", scene.listing());
        assert_eq!(steps(&scene.plan()), "");
    }
}
