//! The state is lost: `ampere recover` learns from the objects' marks whose they are, and touches none of them.
use ampere_tests::Lab;
use serde_json::Value;

/// The fleet, applied, its state deleted.
fn without_state() -> Lab {
    let lab = Lab::new().with_example("fleet");
    lab.ampere("apply -auto-approve").exits(0);
    lab.remove(".ampere/state.db*");
    lab.cloud().requests();
    lab
}

/// Requests since the last time that change something. Queries are POST calls too.
fn changing(lab: &Lab) -> Vec<String> {
    let requests = lab.cloud().requests().into_iter().map(|(call, _)| call);
    requests
        .filter(|call| !call.starts_with("GET ") && !call.contains(":runQuery") && !call.contains("/token"))
        .collect()
}

fn without_times(holdings: impl IntoIterator<Item = (String, Vec<Value>)>) -> Vec<(String, Vec<String>)> {
    let ids = |objects: Vec<Value>| {
        let mut ids: Vec<_> = objects.iter().map(|o| format!("{}{}{}", o["id"], o["localId"], o["name"])).collect();
        ids.sort();
        ids
    };
    holdings.into_iter().map(|(kind, objects)| (kind, ids(objects))).collect()
}

#[test]
fn every_object_is_found_and_none_is_touched() {
    let lab = without_state();
    let before = lab.cloud().holdings();
    let run =
        lab.ampere("recover -auto-approve").exits(0).says("12 to recover").says("ampere_instance.customer[\"ada\"]");
    assert_eq!(changing(&lab), [] as [&str; 0], "{}", run.text());
    assert_eq!(lab.cloud().holdings(), before);
    lab.ampere("audit verify").exits(0);
    lab.ampere("recover").exits(0).says("Nothing to recover");

    // What only the state knew is made anew in place; no object is lost for it.
    let run = lab.ampere("apply -auto-approve").exits(0).says("0 added").says("0 destroyed");
    run.keeps_quiet_about("sk-ant-EXAMPLE");
    assert_eq!(without_times(lab.cloud().holdings()), without_times(before));
    lab.ampere("plan -detailed-exitcode").exits(0).says("No changes.");
    lab.ampere("destroy -auto-approve").exits(0);
    assert_eq!(lab.cloud().ours(), [] as [Value; 0]);
}

#[test]
fn a_secret_that_nobody_can_open_any_more_is_sealed_anew() {
    let lab = without_state();
    lab.ampere("recover -auto-approve").exits(0);
    let run = lab.ampere("plan").exits(0);
    run.says("ampere_secret.model[\"ada\"] will be updated in-place").says("version = 1 -> 2").says("6 to change");
}

#[test]
fn whose_block_is_missing_is_named_and_left_alone() {
    let lab = without_state();
    lab.edit("customers.auto.tfvars", "ada", "adele");
    let run = lab.ampere("recover -auto-approve").exits(0).says("8 to recover").says("Objects that no block names");
    run.says("The next plan would delete them").says("ampere_instance 1040");
    assert_eq!(changing(&lab), [] as [&str; 0]);
    // The values are put back, and it is found after all.
    lab.edit("customers.auto.tfvars", "adele", "ada");
    lab.ampere("recover -auto-approve").exits(0).says("4 to recover").keeps_quiet_about("no block names");
}

#[test]
fn without_the_root_key_nothing_is_found_and_none_is_made() {
    let lab = without_state();
    std::fs::rename(lab.path().join(".ampere/key"), lab.path().join("key")).expect("moved");
    lab.ampere("recover -auto-approve").exits(1).says("Nothing can be found without the root key");
    assert!(!lab.path().join(".ampere/key").exists() && !lab.path().join(".ampere/state.db").exists());
    std::fs::rename(lab.path().join("key"), lab.path().join(".ampere/key")).expect("moved");
    lab.ampere("recover -auto-approve").exits(0).says("12 to recover");
}

#[test]
fn where_a_cloud_cannot_be_listed_nothing_is_written() {
    let lab = without_state();
    lab.cloud().fault(serde_json::json!({
        "cloud": "stripe", "method": "GET", "path": "~subscriptions", "effect": { "status": { "code": 403 } }, "times": 1000,
    }));
    lab.ampere("recover -auto-approve").exits(1).says("ampere_subscription could not be read from Stripe");
    assert_eq!(changing(&lab), [] as [&str; 0]);
    lab.cloud().control("DELETE", "/faults", None);
    lab.ampere("recover -auto-approve").exits(0).says("12 to recover");
}
