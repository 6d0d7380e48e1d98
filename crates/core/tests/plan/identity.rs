//! The same input makes the same plan, and a plan's id covers what it says.

use std::sync::Arc;

use crate::kit::Scene;
use ampere_core::inventory::Inventory;
use ampere_core::plan::PlanInput;
use ampere_lang::config;

const BLOCKS: [&str; 6] = [
    "resource \"cloud_account\" \"a\" { email = \"a@example.com\" }\n",
    "resource \"cloud_account\" \"b\" { email = \"b@example.com\" }\n",
    "resource \"terraform_data\" \"x\" { input = [cloud_account.a.id, cloud_account.b.id] }\n",
    "locals { l = terraform_data.x.output }\n",
    "output \"l\" { value = local.l }\n",
    "resource \"terraform_data\" \"many\" {\n for_each = toset([\"q\", \"p\"])\n input = local.l\n}\n",
];

/// Everything a plan says, but for the places of findings.
fn text(scene: &Scene) -> String {
    format!("{:?}", scene.plan())
}

fn scene() -> Scene {
    let mut scene = Scene::new("");
    for (name, id) in [("a", "acc-1"), ("x", "acc-2"), ("y", "acc-3"), ("y", "acc-4")] {
        scene.cloud(&format!("cloud_account.{name}"), id, "{ email = \"old@example.com\" }");
    }
    scene.state("terraform_data.gone", "g-1", "{ id = \"g-1\", input = 1, output = 1 }");
    scene
}

#[test]
fn the_order_in_which_things_come_does_not_matter() {
    let mut scene = scene();
    scene.configure(&BLOCKS.concat());
    let first = text(&scene);
    let listings = scene.inventory.listings.clone();
    for turn in 1..BLOCKS.len() {
        let mut blocks = BLOCKS;
        blocks.rotate_left(turn);
        blocks.swap(0, turn / 2);
        let sources = blocks.iter().enumerate().map(|(i, text)| (format!("{i}.tf"), (*text).to_owned())).collect();
        let (module, findings) = config::load(sources);
        assert!(findings.is_empty());
        scene.module = module;
        let mut shuffled = listings.clone();
        for listing in shuffled.values_mut() {
            let middle = turn % listing.objects.len().max(1);
            listing.objects.rotate_left(middle);
        }
        scene.inventory = Inventory { listings: shuffled, ..Inventory::default() };
        assert_eq!(text(&scene), first);
    }
}

#[test]
fn an_id_changes_with_what_the_plan_says_and_keys_with_the_id() {
    let mut scene = scene();
    scene.configure(&BLOCKS.concat());
    let plan = scene.plan();
    assert_eq!(plan.id.len(), 64);
    let mut keys: Vec<&str> = plan.steps.iter().map(|s| &*s.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), plan.steps.len(), "no two steps share a key");
    scene.snapshot.serial += 1;
    assert_ne!(scene.plan().id, plan.id, "another base is another plan");
    scene.snapshot.serial -= 1;
    scene.configure(&BLOCKS.concat().replace("a@example.com", "c@example.com"));
    assert_ne!(scene.plan().id, plan.id);
    assert_ne!(scene.plan().steps[0].key, plan.steps[0].key);
}

#[test]
fn a_plan_made_later_is_the_same_plan_with_other_keys() {
    let mut scene = scene();
    scene.configure(&BLOCKS.concat());
    let early = scene.plan();
    let later = scene.input().now + jiff::SignedDuration::from_secs(1);
    let late = ampere_core::plan::plan(&PlanInput { now: later, ..scene.input() });
    assert_eq!(late.id, early.id);
    assert_ne!(late.steps[0].key, early.steps[0].key, "a cloud would take its calls for repetitions");
}

#[test]
fn a_sensitive_value_goes_into_the_id_only_under_the_key() {
    let mut scene = Scene::new(
        "variable \"v\" {\n sensitive = true\n default = \"1\"\n}\nresource \"terraform_data\" \"a\" { input = var.v }",
    );
    let one = scene.plan().id;
    scene.variables.insert(
        Arc::from("v"),
        ampere_lang::value::Value::string("2").with_marks(ampere_lang::value::Marks::SENSITIVE),
    );
    assert_ne!(scene.plan().id, one);
}
