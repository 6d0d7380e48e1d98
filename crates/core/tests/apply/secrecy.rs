//! What is sensitive leaves an apply sealed or not at all (S1).
use ampere_lang::value::Value;

use crate::kit::{CUSTOMER, Stack};

const CANARY: &str = "sk-ant-EXAMPLE-canary";

const SENSITIVE: &str = r#"
variable "label" {
  sensitive = true
  default   = "sk-ant-EXAMPLE-canary"
}
resource "cloud_account" "ada" {
  email = "ada@example.com"
  name  = var.label
}
resource "cloud_server" "ada" {
  location = "fsn1"
  tags     = { label = var.label }
}
output "label" {
  value     = { nested = [cloud_account.ada.name] }
  sensitive = true
}
"#;

/// Everything that a store, a log and a listener were given, as text.
fn everything(stack: &Stack) -> String {
    let rows = stack.store.rows();
    let commits = stack.store.commits();
    let events = stack.events.lock().unwrap();
    format!("{rows:?} {commits:?} {events:?}")
}

#[tokio::test(start_paused = true)]
async fn no_sensitive_value_stands_in_a_row_a_log_entry_or_an_event() {
    let stack = Stack::new(SENSITIVE);
    stack.converge().await;
    let text = everything(&stack);
    assert!(text.contains("ada@example.com"), "the rows are there to be searched");
    assert!(!text.contains(CANARY), "{text}");
    let snapshot = stack.engine().snapshot().await.unwrap();
    let label = snapshot.outputs["label"].value.get("nested").unwrap();
    assert!(label.deep_marks().sensitive() || snapshot.outputs["label"].value.marks().sensitive());
    let there = stack.cloud.things();
    let account = there.values().find(|t| t.kind == "cloud_account").unwrap();
    assert_eq!(account.attributes.get("name").as_ref().and_then(Value::as_str), Some(CANARY), "the cloud has it");
}

#[tokio::test(start_paused = true)]
async fn a_write_only_value_travels_to_the_cloud_and_stays_nowhere() {
    let stack = Stack::new(CUSTOMER);
    let outcome = stack.converge().await;
    let text = format!("{} {outcome:?} {:?}", everything(&stack), stack.plan().await);
    assert!(!text.contains(CANARY));
    let snapshot = stack.engine().snapshot().await.unwrap();
    let secret = snapshot.objects.values().find(|o| o.sealed.is_some()).expect("the sealed secret is remembered");
    assert!(secret.attributes.get("value_wo").unwrap().is_null());
}

#[tokio::test(start_paused = true)]
async fn events_carry_no_value_of_the_configuration() {
    let stack = Stack::new(SENSITIVE);
    stack.converge().await;
    let events = format!("{:?}", stack.events.lock().unwrap());
    for value in [CANARY, "ada@example.com", "fsn1"] {
        assert!(!events.contains(value), "{value} in {events}");
    }
}
