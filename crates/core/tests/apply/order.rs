//! What runs when: branches, deferrals, cancellation.
use std::time::Duration;

use ampere_core::apply::EventKind;
use ampere_core::provider::ProviderErrorKind;

use crate::kit::{CUSTOMER, Fault, Stack};

const TWO: &str = r#"
resource "cloud_account" "ada" { email = "ada@example.com" }
resource "cloud_account" "eve" { email = "eve@example.com" }
resource "cloud_subscription" "ada" { account = cloud_account.ada.id }
resource "cloud_subscription" "eve" { account = cloud_account.eve.id }
resource "cloud_server" "ada" {
  subscription = cloud_subscription.ada.id
  location     = "fsn1"
}
"#;

#[tokio::test(start_paused = true)]
async fn one_failure_stops_what_needs_it_and_nothing_else() {
    let stack = Stack::new(TWO);
    stack.cloud.fault("create cloud_account.ada", Fault::Refused(ProviderErrorKind::Invalid));
    let outcome = stack.run().await;
    assert_eq!((outcome.done.added, outcome.failed, outcome.skipped, outcome.cancelled), (2, 1, 2, false));
    assert_eq!(outcome.deferred, []);
    let mut calls = stack.cloud.calls();
    calls.sort();
    assert_eq!(calls, ["create cloud_account.ada", "create cloud_account.eve", "create cloud_subscription.eve"]);
    stack.converge().await;
    assert_eq!(stack.cloud.things().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn steps_that_need_nothing_of_each_other_run_together_but_not_more_than_allowed() {
    let mut stack = Stack::new(TWO);
    stack.parallelism = 1;
    stack.converge().await;
    assert_eq!(stack.cloud.most_at_once(), 1);
    let stack = Stack::new(TWO);
    stack.converge().await;
    assert_eq!(stack.cloud.most_at_once(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_payment_is_put_off_with_all_that_needs_it() {
    let text = CUSTOMER.to_owned() + "resource \"terraform_data\" \"dns\" { input = cloud_server.ada.ipv4 }\n";
    let stack = Stack::new(&text);
    stack.cloud.status("unpaid");
    let outcome = stack.run().await;
    assert!(outcome.is_complete(), "a deferral is no failure: {outcome:?}");
    assert_eq!((outcome.done.added, outcome.failed, outcome.skipped), (3, 0, 0));
    let mut waiting: Vec<_> = outcome.deferred.iter().map(|d| (d.address.to_string(), d.url.as_deref())).collect();
    waiting.sort();
    let expected =
        [("cloud_server.ada".to_owned(), Some("https://pay.example/1")), ("terraform_data.dns".to_owned(), None)];
    assert_eq!(waiting, expected);
    assert!(!stack.cloud.calls().contains(&"create cloud_server.ada".to_owned()));
    assert!(stack.store.rows().pending.is_empty());
    let events = stack.events.lock().unwrap();
    assert!(events.iter().any(|e| matches!(&e.kind, EventKind::Deferred { url: Some(_), .. })));
}

#[tokio::test(start_paused = true)]
async fn a_provider_may_put_a_step_off_too() {
    let stack = Stack::new(CUSTOMER);
    stack.cloud.fault("create cloud_subscription.ada", Fault::Refused(ProviderErrorKind::Deferred));
    let outcome = stack.run().await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let mut waiting: Vec<_> = outcome.deferred.iter().map(|d| d.address.to_string()).collect();
    waiting.sort();
    assert_eq!(waiting, ["cloud_server.ada", "cloud_subscription.ada"]);
    stack.converge().await;
    assert_eq!(stack.cloud.things().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_lets_running_steps_end_and_begins_none() {
    let stack = Stack::new(TWO);
    let cancel = stack.cancel.clone();
    stack.cloud.during(move |call| {
        if call == "create cloud_account.eve" {
            cancel.cancel();
        }
    });
    let outcome = stack.run().await;
    assert!(outcome.cancelled && !outcome.is_complete());
    assert_eq!((outcome.done.added, outcome.failed, outcome.skipped), (2, 0, 3));
    let mut calls = stack.cloud.calls();
    calls.sort();
    assert_eq!(calls, ["create cloud_account.ada", "create cloud_account.eve"]);
    let rows = stack.store.rows();
    assert!(rows.pending.is_empty());
    assert_eq!(rows.objects.len(), 2, "what ran is remembered");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_that_comes_after_the_last_step_cancels_nothing() {
    let stack = Stack::new("resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }");
    let cancel = stack.cancel.clone();
    stack.cloud.during(move |_| cancel.cancel());
    let outcome = stack.run().await;
    assert!(outcome.is_complete() && !outcome.cancelled, "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn long_work_gives_signs_of_life() {
    let mut stack = Stack::new("resource \"cloud_account\" \"ada\" { email = \"ada@example.com\" }");
    let cloud = std::sync::Arc::get_mut(&mut stack.cloud).unwrap();
    cloud.slowness = Duration::from_secs(35);
    stack.converge().await;
    let events = stack.events.lock().unwrap();
    assert_eq!(events.iter().filter(|e| e.kind == EventKind::Progress(None)).count(), 3);
    assert_eq!(events.first().map(|e| &e.kind), Some(&EventKind::Started));
    assert_eq!(events.last().map(|e| &e.kind), Some(&EventKind::Succeeded));
}
