//! Ctrl-C in the middle: what was begun is finished, nothing new begins, and the next run goes on from there.
use std::time::{Duration, Instant};

use serde_json::json;

use super::{CUSTOMER, lab, recovers};

/// Waits until the cloud was asked this.
fn asked(lab: &ampere_tests::Lab, what: &str) {
    let since = Instant::now();
    while !lab.cloud().control("GET", "/requests", None).to_string().contains(what) {
        assert!(since.elapsed() < Duration::from_secs(20), "nobody asked for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn slow_account(millis: u64) -> ampere_tests::Lab {
    let lab = lab(CUSTOMER);
    lab.cloud().fault(json!({
        "cloud": "identity_toolkit", "method": "POST", "path": "~accounts$", "latency_ms": millis, "effect": null,
    }));
    lab
}

#[test]
fn once() {
    let lab = slow_account(1000);
    let run = lab.start("apply -auto-approve");
    asked(&lab, "/accounts\"");
    run.interrupt();
    let run = run.end().exits(3).says("Interrupt received").says("Press Ctrl-C again to leave at once");
    run.says("ampere_account.ada: Creation complete").says("Stopped. Resources: 1 added").says("next plan");
    assert!(lab.cloud().objects("stripe", "subscriptions").is_empty(), "something new was begun");
    lab.ampere("state list").exits(0).says("ampere_account.ada");
    lab.ampere("audit verify").exits(0);
    recovers(&lab);
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts").len(), 1);
}

#[test]
fn by_who_stops_the_service() {
    let lab = slow_account(1000);
    let run = lab.start("apply -auto-approve");
    asked(&lab, "/accounts\"");
    run.terminate();
    let run = run.end().exits(3).says("Interrupt received").says("ampere_account.ada: Creation complete");
    run.says("Stopped. Resources: 1 added");
    assert!(lab.cloud().objects("stripe", "subscriptions").is_empty(), "something new was begun");
    recovers(&lab);
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts").len(), 1);
}

#[test]
fn twice() {
    let lab = slow_account(3000);
    let run = lab.start("apply -auto-approve");
    asked(&lab, "/accounts\"");
    run.interrupt();
    std::thread::sleep(Duration::from_millis(200));
    run.interrupt();
    let run = run.end().exits(3).says("leaving at once").says("unfinished: ampere_account.ada (creating)");
    run.says("The journal knows of them");
    // The call may still arrive; what became of it is found by looking.
    std::thread::sleep(Duration::from_millis(200));
    recovers(&lab);
    assert_eq!(lab.cloud().objects("identity_toolkit", "accounts").len(), 1, "made twice, or not at all");
    lab.ampere("audit verify").exits(0);
}
