//! Large configurations: no recursion over their size, and cost that grows with it and not faster.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::kit::{Scene, problems};
use ampere_core::plan::Mode;

/// Room for a debug build on a busy machine; quadratic cost would need minutes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_chain_of_ten_thousand_resources_is_planned_made_and_destroyed() {
    let mut text = String::from("resource \"terraform_data\" \"r0\" {}\n");
    for i in 1..10_000 {
        writeln!(text, "resource \"terraform_data\" \"r{i}\" {{ input = terraform_data.r{}.id }}", i - 1).unwrap();
    }
    let begun = Instant::now();
    let mut scene = Scene::new(&text);
    scene.converge();
    scene.mode(Mode::Destroy);
    let plan = scene.plan();
    assert_eq!(problems(&plan), "");
    assert_eq!(plan.steps.len(), 10_000);
    assert_eq!(plan.steps[0].address.to_string(), "terraform_data.r9999");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn a_fleet_with_references_by_key_costs_what_it_holds() {
    let fleet = |n: u32| {
        format!(
            r#"
            locals {{ customers = {{ for i in range({n}) : "c${{i}}" => "c${{i}}@example.com" }} }}
            resource "terraform_data" "account" {{
              for_each = local.customers
              input    = each.value
            }}
            resource "terraform_data" "subscription" {{
              for_each = local.customers
              input    = terraform_data.account[each.key].id
            }}
            resource "terraform_data" "server" {{
              for_each = local.customers
              input    = [terraform_data.account[each.key].id, terraform_data.subscription[each.key].id]
            }}
            "#
        )
    };
    let begun = Instant::now();
    let mut scene = Scene::new(&fleet(1000));
    scene.converge();
    assert_eq!(scene.snapshot.objects.len(), 3000);
    scene.configure(&fleet(1001));
    let plan = scene.plan();
    assert_eq!(plan.steps.len(), 3, "one more customer is three more objects");
    scene.mode(Mode::Destroy);
    let plan = scene.plan();
    let edges: usize = plan.steps.iter().map(|step| step.after.len()).sum();
    assert_eq!((plan.steps.len(), edges), (3000, 3000));
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}
