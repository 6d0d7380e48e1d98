//! Deletes whatever bears a stack of the suite, by plain calls: also what an Ampere that does not work left behind.
//!
//! The stacks and the email addresses come from the names of the cases, so that no memory of an earlier run is needed.
use std::collections::BTreeSet;
use std::time::Duration;

use ampere_tests_clouds::{Bases, Outside, id_of, vault_of};

/// How often it looks again whether anything is left: what is deleted may take a while to go.
const ROUNDS: u32 = 12;

/// What is left at one cloud.
type Left = Vec<(&'static str, String)>;

/// Deletes all of it and looks again; what was said, and whether anything is left.
pub async fn sweep(bases: &Bases, cases: &[String]) -> (String, bool) {
    let stacks: BTreeSet<String> = cases.iter().map(|case| vault_of(case).stack_id().to_string()).collect();
    let ids: BTreeSet<String> = cases.iter().map(|case| id_of(case)).collect();
    let outside = Outside::new(bases.urls.clone(), bases.access(""), "", vault_of("").stack_id());
    let mut gone = 0;
    for round in 0..ROUNDS {
        let left = left(&outside, &stacks, &ids).await;
        if left.is_empty() {
            return (format!("clean: {gone} objects of earlier cases deleted, nothing is left\n"), false);
        }
        if round > 0 {
            tokio::time::sleep(Duration::from_secs(u64::from(round))).await;
        }
        for (kind, id) in &left {
            gone += usize::from(outside.discard(kind, id).await);
        }
    }
    let left = left(&outside, &stacks, &ids).await;
    let lines: String = left.iter().map(|(kind, id)| format!("  {kind} {id}\n")).collect();
    (format!("error: {} objects of the suite are left, delete them by hand:\n{lines}", left.len()), !left.is_empty())
}

/// Everything that bears one of the stacks, in an order in which it can be deleted.
async fn left(outside: &Outside, stacks: &BTreeSet<String>, ids: &BTreeSet<String>) -> Left {
    let mut left = Left::new();
    for kind in ["servers", "volumes", "primary_ips", "firewalls", "ssh_keys"] {
        for object in outside.everything_of_hetzner(kind).await {
            if object["labels"]["ampere-stack"].as_str().is_some_and(|stack| stacks.contains(stack)) {
                left.push((kind, object["id"].to_string()));
            }
        }
    }
    for customer in outside.every_customer().await {
        let stack = customer["metadata"]["ampere_stack"].as_str();
        if stack.is_some_and(|stack| stacks.contains(stack)) || is_of(&customer["email"], ids) {
            left.push(("customers", customer["id"].as_str().unwrap_or_default().to_owned()));
        }
    }
    for user in outside.every_user().await {
        let claims = user["customAttributes"].as_str().unwrap_or_default();
        if stacks.iter().any(|stack| claims.contains(stack)) || is_of(&user["email"], ids) {
            left.push(("users", user["localId"].as_str().unwrap_or_default().to_owned()));
        }
    }
    for stack in stacks {
        for document in outside.documents_of(stack).await {
            left.push(("documents", document["name"].as_str().unwrap_or_default().to_owned()));
        }
    }
    left
}

/// Whether an email address is one of the suite's.
fn is_of(email: &serde_json::Value, ids: &BTreeSet<String>) -> bool {
    let id = email.as_str().and_then(|email| email.strip_suffix("@example.com")?.rsplit('.').next());
    id.is_some_and(|id| ids.contains(id))
}
