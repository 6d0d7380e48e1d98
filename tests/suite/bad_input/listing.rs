//! Listings that fail or hold something strange: reported, others still planned, deletions of the kind held back.
use serde_json::{Value, json};

use super::{ACCOUNT, failed, lab, recovers};

/// Two accounts, of which the configuration now wants one: the other is to be deleted.
fn one_too_many() -> ampere_tests::Lab {
    let lab = lab(&format!("{ACCOUNT}\n{}", ACCOUNT.replace("ada", "grace")));
    lab.ampere("apply -auto-approve").exits(0);
    lab.write("main.tf", &ACCOUNT.replace("  email", "  name  = \"Ada\"\n  email"));
    lab
}

fn strike(lab: &ampere_tests::Lab, effect: Value) {
    let fault = json!({
        "cloud": "identity_toolkit", "method": "GET", "path": "~accounts:batchGet", "effect": effect, "times": null,
    });
    lab.cloud().fault(fault);
}

fn emails(lab: &ampere_tests::Lab) -> Vec<String> {
    let accounts = lab.cloud().objects("identity_toolkit", "accounts");
    accounts.iter().map(|account| account["email"].as_str().expect("an email").to_owned()).collect()
}

/// Nothing is deleted on the word of such a listing, and afterwards all is well.
fn held_back(effect: Value, says: &[&str]) {
    let lab = one_too_many();
    strike(&lab, effect);
    failed(lab.ampere("plan"), 1, says);
    failed(lab.ampere("apply -auto-approve"), 1, says);
    assert_eq!(emails(&lab).len(), 2, "deleted on the word of an incomplete listing");
    lab.cloud().control("DELETE", "/faults", None);
    recovers(&lab);
    assert_eq!(emails(&lab), ["ada@example.com"]);
}

#[test]
fn a_malformed_object() {
    held_back(
        json!({ "malform": { "index": 1, "field": "localId", "value": 42 } }),
        &[
            "Incomplete listing",
            "localId",
            // The others are planned all the same.
            "ampere_account.ada will be updated in-place",
        ],
    );
}

#[test]
fn a_malformed_object_does_not_lose_the_others() {
    let lab = lab(&format!("{ACCOUNT}\n{}", ACCOUNT.replace("ada", "grace")));
    lab.ampere("apply -auto-approve").exits(0);
    lab.edit("main.tf", "  email = \"ada@", "  name = \"Ada\"\n  email = \"ada@");
    // The strange one is nobody's we know.
    let strange = json!({ "localId": "strange", "email": "zoe@example.com", "customAttributes": "{\"ampere\": 1" });
    lab.cloud().control("POST", "/objects/identity_toolkit/accounts", Some(strange));
    lab.ampere("apply -auto-approve").exits(0).says("0 added, 1 changed, 0 destroyed");
    assert_eq!(emails(&lab).len(), 3);
}

#[test]
fn truncated_json() {
    held_back(json!({ "truncate": { "bytes": 40 } }), &["Firebase Auth", "accounts:batchGet"]);
}

#[test]
fn an_answer_that_is_not_json() {
    let page = json!({ "answer": { "status": 200, "body": "<html>maintenance</html>" } });
    held_back(page, &["Firebase Auth", "accounts:batchGet"]);
}

#[test]
fn a_list_without_its_list() {
    let lab = one_too_many();
    // A list call that answers 404 has not said that there is nothing.
    strike(&lab, json!({ "status": { "code": 404 } }));
    failed(lab.ampere("apply -auto-approve"), 1, &["Firebase Auth"]);
    assert_eq!(emails(&lab).len(), 2);
}
