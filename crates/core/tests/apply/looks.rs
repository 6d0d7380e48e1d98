//! What is asked of the clouds before a plan: how deep, by list or one by one.
use ampere_core::plan::{Mode, Plan, Target};
use ampere_lang::value::Value;

use crate::kit::{Fault, Stack};

/// So many customers by one map.
fn fleet(n: usize) -> String {
    format!(
        r#"
locals {{ customers = {{ for i in range({n}) : "c${{i}}" => "c${{i}}@example.com" }} }}
resource "cloud_account" "all" {{
  for_each = local.customers
  email    = each.value
}}
resource "cloud_subscription" "all" {{
  for_each = local.customers
  account  = cloud_account.all[each.key].id
}}
resource "cloud_server" "all" {{
  for_each     = local.customers
  subscription = cloud_subscription.all[each.key].id
  location     = "fsn1"
}}
"#
    )
}

async fn stack(n: usize) -> Stack {
    let mut stack = Stack::new(&fleet(n));
    stack.parallelism = 100;
    stack.converge().await;
    stack.cloud.looks();
    stack
}

fn target(stack: &mut Stack, names: &[&str]) {
    let parsed = names.iter().map(|name| match ampere_lang::config::parse_resource_address(name).unwrap() {
        (resource, None) => Target::Resource(resource),
        (resource, key) => Target::Instance(ampere_core::address::Address { resource, key }),
    });
    stack.options.targets = parsed.collect();
}

fn changed(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{:?} {}", step.operation, step.address)).collect()
}

const OBJECTS: &str = "list Objects cloud_account cloud_secret cloud_server cloud_subscription";
const PARTS: &str = "list Parts cloud_account cloud_secret cloud_server cloud_subscription";

#[tokio::test(start_paused = true)]
async fn parts_of_a_large_stack_are_listed_once_an_hour() {
    let stack = stack(60).await;
    stack.plan().await;
    assert_eq!(stack.cloud.looks(), [OBJECTS]);
    stack.clock.wait(59);
    stack.run().await;
    assert_eq!(stack.cloud.looks(), [OBJECTS]);
    stack.clock.wait(1);
    stack.plan().await;
    stack.run().await;
    assert_eq!(stack.cloud.looks(), [PARTS, PARTS], "a plan that is not applied leaves no mark");
    stack.clock.wait(59);
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks(), [OBJECTS]);
    assert_eq!(plan.looked.parts_at.unwrap().to_string(), "2026-11-22T13:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_small_stack_is_always_looked_at_wholly() {
    let stack = stack(49).await;
    stack.plan().await;
    assert_eq!(stack.cloud.looks(), [PARTS]);
}

#[tokio::test(start_paused = true)]
async fn destruction_and_whoever_asks_look_at_everything() {
    let mut stack = stack(60).await;
    stack.options.thorough = true;
    stack.plan().await;
    stack.options.thorough = false;
    for mode in [Mode::Destroy, Mode::RefreshOnly] {
        stack.options.mode = mode;
        stack.plan().await;
    }
    assert_eq!(stack.cloud.looks(), [PARTS, PARTS, PARTS]);
}

#[tokio::test(start_paused = true)]
async fn a_step_without_an_end_is_looked_into() {
    let mut stack = stack(60).await;
    stack.configure(&fleet(61));
    stack.cloud.fault("create cloud_account.all[\"c60\"]", Fault::NoReturn);
    stack.run_until_killed().await;
    stack.cloud.looks();
    stack.plan().await;
    assert_eq!(stack.cloud.looks(), [PARTS]);
    // It may be there although the state knows nothing of it: one by one it could not be found.
    target(&mut stack, &["cloud_account.all[\"c60\"]"]);
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks(), ["list Parts cloud_account"]);
    assert!(changed(&plan)[0].starts_with("Record"), "{:?}", changed(&plan));
    target(&mut stack, &["cloud_account.all[\"c1\"]"]);
    stack.plan().await;
    assert_eq!(stack.cloud.looks(), ["list Parts cloud_account"], "no cheaper one by one");
}

#[tokio::test(start_paused = true)]
async fn what_a_vanished_object_left_behind_is_looked_for() {
    let stack = stack(60).await;
    let id = stack.cloud.things().into_iter().find(|(_, thing)| thing.kind == "cloud_server").unwrap().0;
    stack.cloud.lose(&id.0);
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks(), [OBJECTS, "list Parts cloud_server"]);
    assert_eq!((plan.steps.len(), plan.drift.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_customer_of_many_is_read_and_not_listed() {
    let mut stack = stack(500).await;
    let things = stack.cloud.things();
    let emails = |text: &str| {
        let found = things.iter().find(|(_, t)| t.attributes.get("email").is_some_and(|v| v.as_str() == Some(text)));
        found.unwrap().0.clone()
    };
    let (seventh, eighth) = (emails("c7@example.com"), emails("c8@example.com"));
    stack.cloud.change(&seventh, "email", Value::string("eve@example.com"));
    stack.cloud.change(&eighth, "email", Value::string("eve@example.com"));
    target(&mut stack, &["cloud_server.all[\"c7\"]"]);
    let plan = stack.plan().await;
    let looks = stack.cloud.looks();
    assert_eq!(looks.len(), 3, "{looks:?}");
    assert!(looks.contains(&format!("read {seventh}")), "{looks:?}");
    let addresses: Vec<String> = plan.changes.iter().map(|c| c.address.to_string()).collect();
    let want = ["cloud_account.all[\"c7\"]", "cloud_server.all[\"c7\"]", "cloud_subscription.all[\"c7\"]"];
    assert_eq!(addresses, want);
    assert_eq!((plan.steps.len(), plan.drift.len()), (1, 1), "the change of the eighth is no business of this plan");
    stack.apply(&plan).await.unwrap();
    assert_eq!(stack.cloud.things()[&seventh].attributes.get("email").unwrap().as_str(), Some("c7@example.com"));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_gone_is_seen_to_be_gone() {
    let mut stack = stack(500).await;
    let id = stack.cloud.things().into_iter().find(|(_, thing)| thing.kind == "cloud_account").unwrap().0;
    stack.cloud.lose(&id.0);
    let rows = stack.engine().snapshot().await.unwrap();
    let (key, _) = rows.objects.iter().find(|(_, object)| object.id == id).unwrap();
    target(&mut stack, &[&key.address.to_string()]);
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks(), [format!("read {id}")]);
    assert_eq!(plan.drift.len(), 1);
    assert!(matches!(plan.steps[0].operation, ampere_core::plan::Operation::Create), "{:?}", plan.steps);
}

#[tokio::test(start_paused = true)]
async fn a_new_target_needs_no_look() {
    let mut stack = stack(500).await;
    stack.configure(&fleet(501));
    target(&mut stack, &["cloud_account.all[\"c500\"]"]);
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks(), Vec::<String>::new());
    assert_eq!(plan.steps.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn destroying_one_customer_reads_what_depends_on_it_too() {
    let mut stack = stack(500).await;
    target(&mut stack, &["cloud_account.all[\"c7\"]"]);
    stack.options.mode = Mode::Destroy;
    let plan = stack.plan().await;
    assert_eq!(stack.cloud.looks().len(), 3);
    let addresses: Vec<String> = plan.steps.iter().map(|step| step.address.to_string()).collect();
    let want = ["cloud_server.all[\"c7\"]", "cloud_subscription.all[\"c7\"]", "cloud_account.all[\"c7\"]"];
    assert_eq!(addresses, want);
}

#[tokio::test(start_paused = true)]
async fn many_targets_are_listed() {
    let mut stack = stack(500).await;
    target(&mut stack, &["cloud_account.all"]);
    stack.plan().await;
    assert_eq!(stack.cloud.looks(), ["list Objects cloud_account"]);
}
