//! Two runs at once: the second waits, or leaves with 4 and says who is at work.
use std::time::{Duration, Instant};

use serde_json::json;

use super::{ACCOUNT, failed, lab, recovers};

/// A lab in which an apply is under way for about that long.
fn busy(millis: u64) -> (ampere_tests::Lab, ampere_tests::Running) {
    let lab = lab(ACCOUNT);
    lab.cloud().fault(json!({
        "cloud": "identity_toolkit", "method": "POST", "path": "~accounts$", "latency_ms": millis, "effect": null,
    }));
    let first = lab.start("apply -auto-approve");
    let since = Instant::now();
    while !lab.cloud().control("GET", "/requests", None).to_string().contains("accounts:batchGet") {
        assert!(since.elapsed() < Duration::from_secs(20), "the first run does nothing");
        std::thread::sleep(Duration::from_millis(10));
    }
    (lab, first)
}

#[test]
fn the_second_leaves_and_names_the_holder() {
    let (lab, first) = busy(1500);
    for command in ["apply -auto-approve", "plan", "apply -auto-approve -lock-timeout=100ms"] {
        failed(lab.ampere(command), 4, &["Error acquiring the state lock", "(apply)", "since 20", "-lock-timeout"]);
    }
    // Who only looks needs no lock.
    lab.ampere("plan -lock=false").exits(0);
    lab.ampere("state list").exits(0);
    first.end().exits(0);
    recovers(&lab);
}

#[test]
fn the_second_waits_with_a_timeout() {
    let (lab, first) = busy(1000);
    lab.ampere("apply -auto-approve -lock-timeout=30s").exits(0).says("No changes.");
    first.end().exits(0);
    recovers(&lab);
}
