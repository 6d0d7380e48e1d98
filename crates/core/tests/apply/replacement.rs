//! Replacements, in both orders.
use ampere_core::provider::ProviderErrorKind;

use crate::kit::{Fault, Stack};

fn server(location: &str, first: bool) -> String {
    format!(
        "resource \"cloud_server\" \"a\" {{\n  location = \"{location}\"\n  lifecycle {{ create_before_destroy = {first} }}\n}}\n"
    )
}

async fn replace(first: bool) -> Stack {
    let mut stack = Stack::new(&server("fsn1", first));
    stack.converge().await;
    stack.configure(&server("nbg1", first));
    stack
}

fn since(stack: &Stack, n: usize) -> Vec<String> {
    stack.cloud.calls().split_off(n)
}

#[tokio::test(start_paused = true)]
async fn the_old_one_goes_first_unless_said_otherwise() {
    let stack = replace(false).await;
    let outcome = stack.converge().await;
    assert_eq!(since(&stack, 1), ["delete cloud_server.a", "create cloud_server.a"]);
    assert_eq!((outcome.done.added, outcome.done.destroyed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_new_one_comes_first_where_asked_for() {
    let stack = replace(true).await;
    let outcome = stack.converge().await;
    let calls = since(&stack, 1);
    assert_eq!(calls, ["update cloud_server.a", "create cloud_server.a", "delete cloud_server.a"]);
    assert_eq!((outcome.done.added, outcome.done.changed, outcome.done.destroyed), (1, 0, 1));
    let there = stack.cloud.things();
    assert_eq!(there.len(), 1);
    let server = there.values().next().unwrap();
    assert_eq!(server.attributes.get("location").unwrap().as_str(), Some("nbg1"));
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_cannot_be_made_leaves_the_old_one_for_the_next_run() {
    let stack = replace(true).await;
    stack.cloud.fault("create cloud_server.a", Fault::Refused(ProviderErrorKind::Invalid));
    let outcome = stack.run().await;
    assert_eq!((outcome.failed, outcome.skipped, outcome.done.destroyed), (1, 1, 0));
    assert_eq!(stack.cloud.things().len(), 1);
    let rows = stack.store.rows();
    assert!(rows.objects.iter().all(|row| !row.deposed.is_empty()) && rows.objects.len() == 1);
    stack.converge().await;
    assert_eq!(stack.cloud.things().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_killed_at_any_call_ends_with_one_server() {
    for first in [false, true] {
        for call in ["update cloud_server.a", "create cloud_server.a", "delete cloud_server.a"] {
            if !first && call.starts_with("update") {
                continue;
            }
            for fault in [Fault::NoReturn, Fault::NeverSent] {
                let stack = replace(first).await;
                stack.cloud.fault(call, fault);
                stack.run_until_killed().await;
                stack.converge().await;
                let there = stack.cloud.things();
                assert_eq!(there.len(), 1, "killed in {call}, new one first: {first}");
                let server = there.values().next().unwrap();
                assert_eq!(server.attributes.get("location").unwrap().as_str(), Some("nbg1"));
                assert_eq!(stack.store.rows().objects.len(), 1);
            }
        }
    }
}
