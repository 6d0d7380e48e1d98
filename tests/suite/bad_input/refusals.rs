//! Clouds that say no, or fail: what may help is tried again, the rest is told, and nothing is made twice.
use serde_json::json;

use super::{CUSTOMER, failed, lab, recovers};

/// A fault that strikes the call that makes a server.
fn strike(lab: &ampere_tests::Lab, effect: serde_json::Value, times: Option<u32>) {
    let fault = json!({ "cloud": "hetzner", "method": "POST", "path": "/servers", "effect": effect, "times": times });
    lab.cloud().fault(fault);
}

fn one_server(lab: &ampere_tests::Lab) {
    assert_eq!(lab.cloud().objects("hetzner", "servers").len(), 1, "servers");
}

#[test]
fn unauthorized_401() {
    let cases = [
        ("HCLOUD_TOKEN", "invalid-EXAMPLE", "test-token", "Hetzner Cloud"),
        ("STRIPE_API_KEY", "sk_live_EXAMPLE", "sk_test_EXAMPLE", "Stripe"),
    ];
    let mut lab = lab(CUSTOMER);
    for (setting, bad, good, cloud) in cases {
        lab.set(setting, bad);
        failed(lab.ampere("plan").keeps_quiet_about(bad), 1, &[cloud, setting]);
        failed(lab.ampere("apply -auto-approve").keeps_quiet_about(bad), 1, &[cloud]);
        lab.set(setting, good);
    }
    assert!(lab.cloud().ours().is_empty());
    recovers(&lab);
}

#[test]
fn forbidden_403() {
    let mut lab = lab(CUSTOMER);
    lab.set("HCLOUD_TOKEN", "readonly-EXAMPLE");
    let run = lab.ampere("apply -auto-approve").keeps_quiet_about("readonly-EXAMPLE");
    failed(run, 3, &["ampere_instance.ada", "main.tf line 11", "may only read"]);
    lab.set("HCLOUD_TOKEN", "test-token");
    recovers(&lab);
}

#[test]
fn gone_in_the_middle_404() {
    let lab = lab(CUSTOMER);
    lab.ampere("apply -auto-approve").exits(0);
    lab.edit("main.tf", "cx23", "cx33");
    lab.ampere("plan -out=resize.tfplan").exits(0);
    let server = lab.cloud().objects("hetzner", "servers")[0]["id"].to_string();
    lab.cloud().control("DELETE", &format!("/objects/hetzner/servers/{server}"), None);
    let run = lab.ampere("apply resize.tfplan");
    failed(run, 1, &["ampere_instance.ada", "is gone. Run the plan again."]);
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn gone_before_it_is_deleted_404() {
    let lab = lab(CUSTOMER);
    lab.ampere("apply -auto-approve").exits(0);
    lab.ampere("plan -destroy -out=all.tfplan").exits(0);
    let server = lab.cloud().objects("hetzner", "servers")[0]["id"].to_string();
    lab.cloud().control("DELETE", &format!("/objects/hetzner/servers/{server}"), None);
    lab.ampere("apply all.tfplan").exits(0);
    assert!(lab.cloud().ours().is_empty(), "what should be gone is gone");
}

#[test]
fn unprocessable_422() {
    let lab = lab(CUSTOMER);
    strike(&lab, json!({ "status": { "code": 422 } }), Some(1));
    failed(lab.ampere("apply -auto-approve"), 3, &["ampere_instance.ada", "main.tf line 11", "POST /servers"]);
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn too_many_requests_429() {
    let lab = lab(CUSTOMER);
    strike(&lab, json!({ "status": { "code": 429, "retry_after": 1 } }), Some(2));
    // The budget's keeper waits and asks again by itself: nothing failed, so nothing is told.
    lab.ampere("apply -auto-approve").exits(0);
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn server_error_500_that_passes() {
    let lab = lab(CUSTOMER);
    strike(&lab, json!({ "status": { "code": 500 } }), Some(1));
    lab.ampere("apply -auto-approve").exits(0);
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn server_error_500_that_stays() {
    let lab = lab(CUSTOMER);
    strike(&lab, json!({ "status": { "code": 500 } }), None);
    failed(lab.ampere("apply -auto-approve"), 3, &["ampere_instance.ada", "POST /servers"]);
    lab.cloud().control("DELETE", "/faults", None);
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn truncated_json() {
    let lab = lab(CUSTOMER);
    strike(&lab, json!({ "truncate": { "bytes": 40 } }), Some(1));
    // The server was made, but who could know: whatever this run says, the next one finds it.
    let run = lab.ampere("apply -auto-approve");
    assert!([0, 3].contains(&run.code), "{}", run.text());
    recovers(&lab);
    one_server(&lab);
}

#[test]
fn an_answer_that_is_not_json() {
    let lab = lab(CUSTOMER);
    let page = json!({ "answer": { "status": 200, "body": "<html>sk-ant-EXAMPLE-maintenance</html>" } });
    strike(&lab, page, Some(1));
    let run = lab.ampere("apply -auto-approve").keeps_quiet_about("sk-ant-EXAMPLE-maintenance");
    assert!([0, 3].contains(&run.code), "{}", run.text());
    recovers(&lab);
    one_server(&lab);
}
