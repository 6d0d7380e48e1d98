//! What the clouds say against what we remember: drift, orphans, lost answers, incomplete listings.

use crate::kit::{Scene, address, marker, now, problems, steps};
use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Observed, Part};
use ampere_core::plan::Mode;
use ampere_core::snapshot::{ObjectKey, PendingStep};
use ampere_lang::value::Value;

const ACCOUNT: &str = "resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }";

fn made() -> Scene {
    let mut scene = Scene::new(ACCOUNT);
    scene.converge();
    scene
}

#[test]
fn a_configured_attribute_that_was_changed_by_hand_is_repaired() {
    let mut scene = made();
    scene.observed("ada-1").attributes.insert("email".into(), Value::string("eve@example.com"));
    assert_eq!(
        scene.listing(),
        "drift cloud_account.ada email=eve@example.com\n~ cloud_account.ada email=ada@example.com"
    );
    assert_eq!(steps(&scene.plan()), "0 update cloud_account.ada");
    scene.converge();
}

#[test]
fn refresh_only_takes_the_drift_over_and_changes_nothing() {
    let mut scene = made();
    scene.observed("ada-1").attributes.insert("email".into(), Value::string("eve@example.com"));
    scene.mode(Mode::RefreshOnly);
    let plan = scene.plan();
    assert_eq!(scene.listing(), "drift cloud_account.ada email=eve@example.com");
    assert_eq!(steps(&plan), "0 record cloud_account.ada");
    scene.apply(&plan);
    let key = ObjectKey::current(address("cloud_account.ada"));
    assert_eq!(scene.snapshot.objects[&key].attributes.get("email").unwrap().as_str(), Some("eve@example.com"));
    assert_eq!(steps(&scene.plan()), "");
}

#[test]
fn what_a_cloud_alone_decides_is_recorded_without_a_call() {
    let mut scene = Scene::new("resource \"cloud_server\" \"a\" { location = \"fsn1\" }");
    scene.converge();
    scene.observed("a-1").attributes.insert("ipv4".into(), Value::string("192.0.2.9"));
    assert_eq!(scene.listing(), "drift cloud_server.a ipv4=192.0.2.9");
    assert_eq!(steps(&scene.plan()), "0 record cloud_server.a");
    scene.converge();
}

#[test]
fn an_object_deleted_behind_our_back_is_made_again() {
    let mut scene = made();
    scene.vanish("ada-1");
    assert_eq!(
        scene.listing(),
        "drift cloud_account.ada gone\n+ cloud_account.ada email=ada@example.com id=? because Missing"
    );
    scene.converge();
}

#[test]
fn an_object_deleted_behind_our_back_and_from_the_configuration_is_only_forgotten() {
    let mut scene = made();
    scene.vanish("ada-1").configure("");
    assert_eq!(steps(&scene.plan()), "0 forget cloud_account.ada");
    scene.converge();
    assert!(scene.snapshot.objects.is_empty());
}

#[test]
fn without_a_refresh_the_state_is_believed() {
    let mut scene = made();
    scene.vanish("ada-1");
    scene.options.refreshed = false;
    assert_eq!(scene.listing(), "");
}

#[test]
fn missing_parts_are_repaired_by_an_update_even_if_no_attribute_differs() {
    let mut scene = made();
    scene.observed("ada-1").missing = vec!["document"];
    assert_eq!(scene.listing(), "~ cloud_account.ada because parts missing: document");
    assert_eq!(steps(&scene.plan()), "0 update cloud_account.ada");
    scene.converge();
}

#[test]
fn an_object_with_our_marker_that_nobody_knows_is_deleted_and_what_refers_to_it_first() {
    let mut scene = Scene::new("");
    scene.cloud("cloud_account.old", "acc-1", "{ email = \"x@example.com\" }");
    scene.cloud("cloud_subscription.old", "sub-1", "{ account = \"acc-1\" }");
    scene.cloud("cloud_server.old", "srv-1", "{ subscription = \"sub-1\", location = \"fsn1\" }");
    assert_eq!(
        scene.listing(),
        "- cloud_account.(orphan)[\"acc-1\"] because Orphan\n\
         - cloud_server.(orphan)[\"srv-1\"] because Orphan (Its memory is lost.)\n\
         - cloud_subscription.(orphan)[\"sub-1\"] because Orphan"
    );
    assert_eq!(
        steps(&scene.plan()),
        "0 delete srv-1 cloud_server.(orphan)[\"srv-1\"]\n\
         1 delete sub-1 cloud_subscription.(orphan)[\"sub-1\"] after 0\n\
         2 delete acc-1 cloud_account.(orphan)[\"acc-1\"] after 1"
    );
    scene.converge();
}

#[test]
fn leftover_parts_without_a_main_object_are_deleted_by_their_marker() {
    let mut scene = Scene::new("");
    let marker = marker(&address("cloud_server.old"));
    let parts = vec![Part { what: "firewall", id: ExternalId::from("fw-1") }];
    let attributes = Default::default();
    scene.observe("cloud_server", Observed { id: None, marker, attributes, parts, missing: vec!["server"] });
    assert_eq!(steps(&scene.plan()), "0 delete fw-1 cloud_server.(orphan)[\"fw-1\"]");
}

#[test]
fn leftover_parts_of_a_configured_address_are_left_to_its_create() {
    let mut scene = Scene::new(ACCOUNT);
    let marker = marker(&address("cloud_account.ada"));
    let parts = vec![Part { what: "document", id: ExternalId::from("doc-1") }];
    let attributes = Default::default();
    scene.observe("cloud_account", Observed { id: None, marker, attributes, parts, missing: vec!["user"] });
    assert_eq!(steps(&scene.plan()), "0 create cloud_account.ada");
}

/// A call of a run that was killed took effect after the next run had made the object anew.
#[test]
fn a_part_that_came_too_late_is_deleted_and_what_lacks_one_takes_it_over() {
    let mut scene = Scene::new(ACCOUNT);
    scene.converge();
    let marker = marker(&address("cloud_account.ada"));
    let parts = vec![Part { what: "document", id: ExternalId::from("doc-1") }];
    let attributes = Default::default();
    scene.observe("cloud_account", Observed { id: None, marker, attributes, parts, missing: vec!["user"] });
    assert_eq!(steps(&scene.plan()), "0 delete doc-1 cloud_account.(orphan)[\"doc-1\"]");

    let id = scene.snapshot.objects.values().next().unwrap().id.0.clone();
    scene.observed(&id).missing = vec!["document"];
    assert_eq!(steps(&scene.plan()), "0 update cloud_account.ada");

    scene.observed(&id).missing.clear();
    scene.incomplete("cloud_account");
    assert_eq!(steps(&scene.plan()), "", "nothing is certain");
}

#[test]
fn a_create_whose_answer_was_lost_is_adopted_not_repeated() {
    let mut scene = Scene::new(ACCOUNT);
    scene.cloud("cloud_account.ada", "acc-7", "{ id = \"acc-7\", email = \"ada@example.com\" }");
    let plan = scene.plan();
    assert_eq!(scene.listing(), "");
    assert_eq!(steps(&plan), "0 record cloud_account.ada");
    scene.converge();
}

#[test]
fn an_adopted_object_that_differs_is_remembered_as_its_update_makes_it() {
    let mut scene = Scene::new(ACCOUNT);
    scene.cloud("cloud_account.ada", "acc-7", "{ id = \"acc-7\", email = \"old@example.com\" }");
    assert_eq!(scene.listing(), "~ cloud_account.ada email=ada@example.com");
    // A row of what is half known, written before, would have the next run replace it for what the clouds do not tell.
    assert_eq!(steps(&scene.plan()), "0 update cloud_account.ada");
    scene.converge();
}

#[test]
fn of_two_objects_with_one_marker_the_remembered_one_stays() {
    let mut scene = made();
    scene.cloud("cloud_account.ada", "acc-9", "{ id = \"acc-9\", email = \"ada@example.com\" }");
    assert_eq!(scene.listing(), "- cloud_account.(orphan)[\"acc-9\"] because Orphan");
    scene.converge();
}

#[test]
fn an_incomplete_listing_concludes_nothing_and_deletes_nothing() {
    let mut scene = made();
    scene.vanish("ada-1").incomplete("cloud_account");
    assert_eq!(scene.listing(), "warning Incomplete listing");
    scene.configure("");
    assert_eq!(scene.listing(), "- cloud_account.ada because NoResourceConfig\nerror Incomplete listing");
    let mut scene = Scene::new("");
    scene.cloud("cloud_account.old", "acc-1", "{ email = \"x@example.com\" }").incomplete("cloud_account");
    assert!(problems(&scene.plan()).contains("error Incomplete listing"));
}

#[test]
fn a_create_of_unknown_outcome_is_not_repeated_blindly() {
    let mut scene = Scene::new(ACCOUNT);
    scene.snapshot.pending.push(PendingStep {
        key: "k".into(),
        address: "cloud_account.ada".into(),
        operation: "create".into(),
        started_at: now(),
    });
    assert_eq!(problems(&scene.plan()), "", "a complete listing decides");
    scene.incomplete("cloud_account");
    assert!(problems(&scene.plan()).contains("error Unknown outcome of an earlier create"));
}
