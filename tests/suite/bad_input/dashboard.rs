//! What people do at the clouds' dashboards, and what is wrong with a token, a price, a quota.
use ampere_tests::{Cloud, Lab};
use serde_json::{Value, json};

use super::{ACCOUNT, CUSTOMER, failed, lab, recovers};

/// A customer who is there.
fn applied() -> Lab {
    let lab = lab(CUSTOMER);
    lab.ampere("apply -auto-approve").exits(0);
    lab
}

/// The only object of a kind, and its path in the control API.
fn only(cloud: &Cloud, of: &str, kind: &str) -> (Value, String) {
    let objects = cloud.objects(of, kind);
    let [object] = &objects[..] else { panic!("{} {kind}", objects.len()) };
    let id = ["id", "localId", "name"].iter().find_map(|name| object.get(name)).expect("an id");
    let id = id.as_str().map_or_else(|| id.to_string(), |id| id.replace('/', "%2F"));
    (object.clone(), format!("/objects/{of}/{kind}/{id}"))
}

#[test]
fn an_expired_token_of_google_names_service_and_setting() {
    let mut lab = lab(CUSTOMER);
    lab.set("GOOGLE_OAUTH_ACCESS_TOKEN", "invalid-EXAMPLE");
    let run = lab.ampere("apply -auto-approve").keeps_quiet_about("invalid-EXAMPLE");
    // Firebase Auth or Firestore: both are asked at once.
    failed(run, 1, &["Fire", "GOOGLE_OAUTH_ACCESS_TOKEN"]);
    assert!(lab.cloud().ours().is_empty());
    lab.set("GOOGLE_OAUTH_ACCESS_TOKEN", "owner");
    recovers(&lab);
}

#[test]
fn an_archived_price_is_told_as_such() {
    let lab = lab(CUSTOMER);
    let price = "/objects/stripe/prices/price_hosting_monthly";
    lab.cloud().control("PATCH", price, Some(json!({ "active": false })));
    failed(lab.ampere("apply -auto-approve"), 3, &["archived", "main.tf line 7"]);
    assert!(lab.cloud().objects("stripe", "subscriptions").is_empty());
    lab.cloud().control("PATCH", price, Some(json!({ "active": true })));
    recovers(&lab);
}

#[test]
fn a_used_up_quota_of_servers_is_told_with_what_to_do() {
    let lab = lab(CUSTOMER);
    lab.cloud().control("POST", "/limits", Some(json!({ "servers": 0 })));
    failed(lab.ampere("apply -auto-approve"), 3, &["ampere_instance.ada", "limit is reached", "under Limits"]);
    lab.cloud().control("POST", "/limits", Some(json!({ "servers": 10 })));
    recovers(&lab);
}

#[test]
fn an_email_that_somebody_else_has_takes_nothing_from_them() {
    let lab = lab(ACCOUNT);
    let theirs = json!({ "localId": "somebody", "email": "ada@example.com", "displayName": "Somebody" });
    lab.cloud().control("POST", "/objects/identity_toolkit/accounts", Some(theirs));
    let (before, _) = only(lab.cloud(), "identity_toolkit", "accounts");
    failed(lab.ampere("apply -auto-approve"), 1, &["another user", "main.tf line 2", "import"]);
    assert_eq!(only(lab.cloud(), "identity_toolkit", "accounts").0, before);
    lab.edit("main.tf", "ada@example.com", "ada.b@example.com");
    recovers(&lab);
    assert!(lab.cloud().objects("identity_toolkit", "accounts").contains(&before), "theirs was changed");
}

#[test]
fn s4_a_firewall_rule_added_by_hand_is_seen_and_taken_away() {
    let lab = applied();
    let (_, path) = only(lab.cloud(), "hetzner", "firewalls");
    let rule = json!({ "direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"] });
    lab.cloud().control("PATCH", &path, Some(json!({ "rules": [rule] })));
    lab.ampere("plan -detailed-exitcode").exits(2).says("ampere_instance.ada").says("firewall");
    recovers(&lab);
    let (firewall, _) = only(lab.cloud(), "hetzner", "firewalls");
    assert_eq!(firewall["rules"], json!([]));
}

#[test]
fn a_server_deleted_by_hand_is_made_again() {
    let lab = applied();
    let (server, path) = only(lab.cloud(), "hetzner", "servers");
    lab.cloud().control("DELETE", &path, None);
    lab.ampere("plan -detailed-exitcode").exits(2).says("ampere_instance.ada");
    recovers(&lab);
    assert_ne!(only(lab.cloud(), "hetzner", "servers").0["id"], server["id"]);
}

#[test]
fn an_account_of_which_nothing_is_left_comes_back_and_nothing_else_changes() {
    let lab = applied();
    let (user, of_user) = only(lab.cloud(), "identity_toolkit", "accounts");
    let (_, of_document) = only(lab.cloud(), "firestore", "documents");
    let (server, _) = only(lab.cloud(), "hetzner", "servers");
    let (subscription, _) = only(lab.cloud(), "stripe", "subscriptions");
    lab.cloud().control("DELETE", &of_user, None);
    lab.cloud().control("DELETE", &of_document, None);
    let plan = lab.ampere("plan -detailed-exitcode").exits(2);
    plan.says("ampere_account.ada will be created").says("1 to add, 0 to change, 0 to destroy");
    recovers(&lab);
    assert_eq!(only(lab.cloud(), "identity_toolkit", "accounts").0["localId"], user["localId"]);
    assert_eq!(only(lab.cloud(), "hetzner", "servers").0["id"], server["id"]);
    assert_eq!(only(lab.cloud(), "stripe", "subscriptions").0["id"], subscription["id"]);
}

#[test]
fn a_document_of_a_foreign_shape_is_put_right() {
    let lab = applied();
    let (_, path) = only(lab.cloud(), "firestore", "documents");
    let shape = json!({ "fields": { "sealedEmail": { "arrayValue": { "values": [{ "integerValue": "7" }] } } } });
    lab.cloud().control("PATCH", &path, Some(json!({ "fields": { "sealedEmail": null } })));
    lab.cloud().control("PATCH", &path, Some(shape));
    lab.ampere("plan -detailed-exitcode").exits(2).says("ampere_account.ada").keeps_quiet_about("panicked");
    recovers(&lab);
}
