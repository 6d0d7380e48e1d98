//! Households that must go when their last contract has ended (R1, R2, R3).
use ampere_core::inventory::{Observed, Part};
use ampere_core::plan::{self, Action, Mode, Plan};
use ampere_core::retention::{Cause, Tombstone};
use ampere_core::snapshot::{ObjectKey, PendingStep};
use ampere_lang::config::Module;
use ampere_lang::value::Value;

use crate::kit::{Scene, address, household_kinds, marker, now, problems, steps};

const STACK: &str = r#"
variable "customers" { default = { ada = 1, bob = 2 } }
resource "cloud_account" "all" {
  for_each = var.customers
  email    = "${each.key}@example.com"
}
resource "cloud_subscription" "all" {
  for_each = var.customers
  account  = cloud_account.all[each.key].id
}
resource "cloud_secret" "all" {
  for_each = var.customers
  account  = cloud_account.all[each.key].id
  lifecycle { prevent_destroy = true }
}
"#;

fn scene() -> Scene {
    let mut scene = Scene::new(STACK);
    scene.kinds = household_kinds();
    scene.converge();
    scene
}

/// The contract of one of them ended.
fn ended(scene: &mut Scene, who: &str, at: &str) {
    let key = ObjectKey::current(address(&format!("cloud_subscription.all[\"{who}\"]")));
    let id = scene.snapshot.objects[&key].id.0.clone();
    scene.observed(&id).attributes.insert("status".into(), Value::string(at));
}

const MORNING: &str = "2026-11-22T08:00:00Z";

#[test]
fn r2_everything_that_belongs_to_the_account_goes_and_nothing_of_it_comes_back() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    let plan = scene.plan();
    assert_eq!(problems(&plan), "", "prevent_destroy is no match for a promise");
    let deletions: Vec<_> = plan.changes.iter().filter(|c| c.action.destroys()).collect();
    assert_eq!(deletions.len(), 3);
    let deadline = "2026-11-23T08:00:00Z".parse().unwrap();
    assert!(deletions.iter().all(|c| c.address.to_string().contains("ada") && c.deadline == Some(deadline)));
    let text = steps(&plan);
    assert!(text.find("cloud_secret").unwrap() < text.find("cloud_account").unwrap(), "{text}");
    let [departure] = &plan.departures[..] else { panic!("{:?}", plan.departures) };
    assert_eq!((departure.cause, departure.since.to_string().as_str()), (Cause::SubscriptionEnded, MORNING));
    assert_eq!(departure.members.len(), 3);
    assert!(!format!("{departure:?}").contains("all-"), "no uid and no address in what is remembered");

    scene.apply(&plan);
    let again = scene.plan();
    assert_eq!((steps(&again).as_str(), problems(&again).as_str()), ("", ""), "{}", scene.listing());
    assert!(again.departures.is_empty());
    assert_eq!(again.deferred.len(), 3, "{:?}", again.deferred);
    assert!(again.deferred.iter().all(|d| d.ended && d.address.to_string().contains("ada")));
    // A new thing for an account that has left is not made either.
    let more = format!("{STACK}\nresource \"cloud_secret\" \"more\" {{ account = cloud_account.all[\"ada\"].id }}");
    scene.configure(&more);
    let plan = scene.plan();
    assert_eq!((steps(&plan).as_str(), problems(&plan).as_str()), ("", ""));
}

/// A replacement was killed when it had cancelled the subscription and before that was written: nobody has left.
#[test]
fn r1_an_end_of_our_own_doing_is_no_departure() {
    let mut scene = scene();
    let key = "cloud_subscription.all[\"ada\"]";
    let begun = |at: &str| PendingStep {
        key: "step".into(),
        address: key.into(),
        operation: "delete".into(),
        started_at: at.parse().unwrap(),
    };
    ended(&mut scene, "ada", MORNING);
    scene.snapshot.pending = vec![begun("2026-11-22T07:59:59Z")];
    let plan = scene.plan();
    assert!(plan.departures.is_empty() && problems(&plan).is_empty(), "{}", problems(&plan));
    let changed: Vec<_> = plan.changes.iter().filter(|c| c.action != Action::NoOp).collect();
    let [change] = &changed[..] else { panic!("{}", steps(&plan)) };
    assert_eq!((change.address.to_string().as_str(), change.action), (key, Action::DeleteThenCreate));

    // One that had ended before the deletion began is the customer's own end.
    scene.snapshot.pending = vec![begun("2026-11-22T08:30:00Z")];
    assert_eq!(scene.plan().departures.len(), 1);
    // So is one of which another step was begun.
    scene.snapshot.pending = vec![PendingStep { operation: "update".into(), ..begun("2026-11-22T07:59:59Z") }];
    assert_eq!(scene.plan().departures.len(), 1);
}

#[test]
fn r1_one_contract_in_force_keeps_everything() {
    let mut scene = scene();
    let second = "\nresource \"cloud_subscription\" \"second\" { account = cloud_account.all[\"ada\"].id }";
    scene.configure(&format!("{STACK}{second}")).converge();
    ended(&mut scene, "ada", MORNING);
    let plan = scene.plan();
    assert!(plan.departures.is_empty());
    assert!(plan.changes.iter().all(|c| !c.action.destroys()), "{}", scene.listing());
}

#[test]
fn r1_the_24_hours_count_from_the_end_of_the_last_contract() {
    let mut scene = scene();
    let second = "\nresource \"cloud_subscription\" \"second\" { account = cloud_account.all[\"ada\"].id }";
    scene.configure(&format!("{STACK}{second}")).converge();
    ended(&mut scene, "ada", MORNING);
    let id = scene.snapshot.objects[&ObjectKey::current(address("cloud_subscription.second"))].id.0.clone();
    scene.observed(&id).attributes.insert("status".into(), Value::string("2026-11-22T10:00:00Z"));
    assert_eq!(scene.plan().departures[0].since.to_string(), "2026-11-22T10:00:00Z");
}

#[test]
fn without_a_sound_configuration_only_the_departing_go_and_half_listings_do_not_stop_them() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    scene.module = Module::default();
    scene.incomplete("cloud_secret").mode(Mode::Retention);
    let plan = scene.plan();
    assert_eq!(problems(&plan).lines().filter(|line| line.starts_with("error")).count(), 0, "{}", problems(&plan));
    let gone: Vec<_> = plan.changes.iter().filter(|c| c.action.destroys()).map(|c| c.address.to_string()).collect();
    assert_eq!(gone.len(), 3, "{gone:?}");
    assert!(gone.iter().all(|address| address.contains("ada")));
    scene.apply(&plan);
    assert_eq!(scene.snapshot.objects.len(), 3, "bob stays");
}

#[test]
fn an_incomplete_listing_of_contracts_begins_no_departure() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    scene.incomplete("cloud_subscription").mode(Mode::Retention);
    assert!(scene.plan().departures.is_empty());
    assert_eq!(steps(&scene.plan()), "");
}

#[test]
fn r2_what_was_begun_goes_on_though_the_contract_cannot_be_asked_any_more() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    let begun = scene.plan().departures[0].clone();
    scene.snapshot.tombstones.insert(begun.owner.clone(), Tombstone::new(&begun, Some(now())));
    let key = ObjectKey::current(address("cloud_subscription.all[\"ada\"]"));
    let id = scene.snapshot.objects.remove(&key).unwrap().id;
    scene.vanish(&id.0);
    for mode in [Mode::Normal, Mode::Retention] {
        scene.mode(mode);
        let plan = scene.plan();
        let gone: Vec<_> = plan.changes.iter().filter(|c| c.action.destroys()).collect();
        assert_eq!(gone.len(), 2, "{mode:?}");
        assert!(plan.departures.is_empty());
    }
}

#[test]
fn r2_an_object_that_only_the_cloud_knows_goes_with_its_household() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    let account = scene.snapshot.objects[&ObjectKey::current(address("cloud_account.all[\"ada\"]"))].id.clone();
    let lost = format!("{{ id = \"s-9\", account = \"{account}\" }}");
    scene.cloud("cloud_secret.lost", "s-9", &lost).mode(Mode::Retention);
    assert!(steps(&scene.plan()).contains("delete s-9"), "{}", steps(&scene.plan()));
    let member = marker(&address("cloud_secret.lost")).address;
    assert!(scene.plan().departures[0].members.contains(&member));
}

#[test]
fn r2_parts_that_a_killed_deletion_left_behind_go_while_the_configuration_still_names_them() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    let begun = scene.plan().departures[0].clone();
    scene.snapshot.tombstones.insert(begun.owner.clone(), Tombstone::new(&begun, Some(now())));
    let at = address("cloud_secret.all[\"ada\"]");
    let id = scene.snapshot.objects.remove(&ObjectKey::current(at.clone())).unwrap().id;
    scene.vanish(&id.0);
    let part = Part { what: "firewall", id: "part-7".into() };
    let left =
        Observed { id: None, marker: marker(&at), attributes: Default::default(), parts: vec![part], missing: vec![] };
    scene.observe("cloud_secret", left);
    for mode in [Mode::Normal, Mode::Retention] {
        scene.mode(mode);
        assert!(steps(&scene.plan()).contains("delete part-7"), "{mode:?}: {}", steps(&scene.plan()));
    }
}

#[test]
fn the_guard_holds_a_household_as_it_is() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    scene.options.hold_departures = true;
    let plan = scene.plan();
    assert!(plan.departures.is_empty());
    assert!(plan.changes.iter().all(|c| !c.action.destroys()));
    assert_eq!(problems(&plan), "");
    scene.mode(Mode::Retention);
    assert_eq!(steps(&scene.plan()), "");
    // What has begun is not held any more, nor is what its owner wants.
    let id = scene.snapshot.objects[&ObjectKey::current(address("cloud_account.all[\"bob\"]"))].id.clone();
    let owner = plan::owner(scene.input().fingerprint, &id.0);
    let wish = ampere_core::retention::Departure {
        owner: owner.clone(),
        members: Vec::new(),
        cause: Cause::ErasureRequested,
        since: now(),
    };
    scene.snapshot.tombstones.insert(owner, Tombstone::new(&wish, Some(now())));
    let plan = scene.plan();
    assert_eq!(plan.changes.iter().filter(|c| c.action.destroys()).count(), 3);
    assert!(steps(&plan).contains("bob") && !steps(&plan).contains("delete all-1"), "{}", steps(&plan));
}

#[test]
fn another_customers_object_at_an_address_of_those_who_left_stays() {
    let mut scene = scene();
    ended(&mut scene, "ada", MORNING);
    let plan = scene.plan();
    scene.apply(&plan);
    let moved = ["cloud_account", "cloud_subscription", "cloud_secret"]
        .map(|kind| format!("moved {{\n  from = {kind}.all[\"bob\"]\n  to = {kind}.all[\"ada\"]\n}}\n"));
    scene.configure(&format!("{}\n{}", STACK.replace("ada = 1, bob = 2", "ada = 1"), moved.concat()));
    let plan = scene.plan();
    assert_eq!(problems(&plan), "");
    assert!(plan.changes.iter().all(|c| !c.action.destroys()), "{}", scene.listing());
}

#[test]
fn r2_what_is_half_made_and_says_itself_of_nobody_goes_with_the_account_that_is_configured() {
    let mut scene = scene();
    let server =
        "\nresource \"cloud_server\" \"ada\" {\n  account = cloud_account.all[\"ada\"].id\n  location = \"fsn1\"\n}";
    scene.configure(&format!("{STACK}{server}"));
    scene.cloud("cloud_server.ada", "s-9", "{ id = \"s-9\", location = \"fsn1\" }");
    ended(&mut scene, "ada", MORNING);
    let plan = scene.plan();
    assert_eq!(problems(&plan), "");
    assert!(steps(&plan).contains("delete s-9 cloud_server.ada"), "{}", steps(&plan));
    let hash = marker(&address("cloud_server.ada")).address;
    assert!(plan.departures[0].members.contains(&hash));
    scene.apply(&plan);
    assert_eq!((steps(&scene.plan()).as_str(), problems(&scene.plan()).as_str()), ("", ""));
}

#[test]
fn an_account_that_vanished_is_made_again_as_the_same_one() {
    let mut scene = scene();
    let id = scene.snapshot.objects[&ObjectKey::current(address("cloud_account.all[\"ada\"]"))].id.0.clone();
    scene.vanish(&id);
    let plan = scene.plan();
    assert_eq!(steps(&plan), "0 create cloud_account.all[\"ada\"]", "what depends on it does not change");
    let change = plan.changes.iter().find(|change| change.action == Action::Create).unwrap();
    let wanted = change.after.as_ref().unwrap().get("id").unwrap();
    assert_eq!(wanted.as_str(), Some(&*id));
    scene.apply(&plan);
    scene.converge();
}

#[test]
fn r2_an_account_that_vanished_and_must_go_does_not_come_back_under_its_old_id() {
    let mut scene = scene();
    let id = scene.snapshot.objects[&ObjectKey::current(address("cloud_account.all[\"ada\"]"))].id.0.clone();
    ended(&mut scene, "ada", MORNING);
    scene.vanish(&id);
    let made = |plan: &Plan| plan.changes.iter().filter(|c| c.action == Action::Create).count();
    let plan = scene.plan();
    assert_eq!((made(&plan), problems(&plan).as_str()), (0, ""), "its contract has just ended");
    let begun = plan.departures[0].clone();
    // As `ampere erase` writes it, which may know less of the addresses.
    let bare = ampere_core::retention::Departure { members: Vec::new(), ..begun };
    scene.snapshot.tombstones.insert(bare.owner.clone(), Tombstone::new(&bare, Some(now())));
    assert_eq!(made(&scene.plan()), 0, "its departure has begun");
    scene.snapshot.tombstones.clear();
    scene.apply(&plan);
    assert_eq!(made(&scene.plan()), 0, "it has gone");
}

#[test]
fn r2_what_is_half_made_goes_without_a_configuration_too() {
    let mut scene = scene();
    let account = scene.snapshot.objects[&ObjectKey::current(address("cloud_account.all[\"ada\"]"))].id.clone();
    let at = marker(&address("cloud_subscription.second"));
    let part = Part { what: "customer", id: "part-7".into() };
    let half = Observed {
        id: None,
        marker: at.clone(),
        attributes: Default::default(),
        parts: vec![part],
        missing: vec!["subscription"],
    };
    scene.observe("cloud_subscription", half);
    let owner = plan::owner(scene.input().fingerprint, &account.0);
    scene.module = Module::default();
    scene.mode(Mode::Retention);
    ended(&mut scene, "ada", MORNING);
    assert!(!steps(&scene.plan()).contains("part-7"), "nobody knows whose it is");
    scene.snapshot.marks.insert(format!("made_for.{}", at.address).into(), owner.to_string().into());
    let plan = scene.plan();
    assert!(steps(&plan).contains("delete part-7"), "{}", steps(&plan));
    assert!(plan.departures[0].members.contains(&at.address));
    // As `ampere erase` writes it, which may know less of the addresses.
    let bare = ampere_core::retention::Departure { members: Vec::new(), ..plan.departures[0].clone() };
    scene.snapshot.tombstones.insert(owner, Tombstone::new(&bare, Some(now())));
    assert!(steps(&scene.plan()).contains("delete part-7"), "{}", steps(&scene.plan()));
}
