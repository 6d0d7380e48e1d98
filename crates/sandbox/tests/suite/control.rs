//! Looking at objects and changing them behind the clients' back; the request log.

use serde_json::json;

use crate::kit::{Calls, sandbox};

#[tokio::test]
async fn a_foreign_object_is_put_in_changed_and_deleted_by_hand() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let objects = "/_sandbox/objects/hetzner/servers";
    let foreign = calls.post(objects, json!({"name": "theirs", "labels": {"a": "b"}})).await.ok();
    let path = format!("/hetzner/v1/servers/{}", foreign["id"]);
    let shown = calls.get(&path).await.ok()["server"].clone();
    assert_eq!((&shown["status"], &shown["image"]["name"]), (&json!("running"), &json!("debian-13")));
    let raw = format!("{objects}/{}", foreign["id"]);
    let patch = json!({"status": "off", "labels": {"a": null}, "server_type": "cx33"});
    calls.call("PATCH", &raw, patch).await.ok();
    let shown = calls.get(&path).await.ok()["server"].clone();
    assert_eq!((&shown["status"], &shown["labels"]), (&json!("off"), &json!({})));
    assert_eq!(shown["server_type"]["name"], "cx33");
    assert_eq!(calls.delete(&raw).await.status, 204);
    calls.get(&path).await.refused(404);
    calls.delete(&raw).await.refused(404);
}

#[tokio::test]
async fn every_cloud_takes_objects_by_hand() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let document = "projects/p/databases/(default)/documents/c/d";
    for (kind, object) in [
        ("hetzner/firewalls", json!({"name": "f"})),
        ("hetzner/ssh_keys", json!({"name": "k"})),
        ("hetzner/volumes", json!({"name": "v"})),
        ("hetzner/primary_ips", json!({"name": "p"})),
        ("stripe/customers", json!({"id": "cus_hand"})),
        ("stripe/subscriptions", json!({"id": "sub_hand", "customer": "cus_hand"})),
        ("stripe/prices", json!({"id": "price_other", "unit_amount": 500})),
        ("identity_toolkit/accounts", json!({"project": "p", "localId": "ada"})),
        ("firestore/documents", json!({"name": document, "fields": {}})),
    ] {
        calls.post(&format!("/_sandbox/objects/{kind}"), object).await.ok();
    }
    for path in ["firewalls", "ssh_keys", "volumes", "primary_ips"] {
        let list = calls.get(&format!("/hetzner/v1/{path}")).await.ok();
        assert_eq!(list["meta"]["pagination"]["total_entries"], 1, "{path}");
    }
    for path in ["customers/cus_hand", "subscriptions/sub_hand", "prices/price_other"] {
        calls.get(&format!("/stripe/v1/{path}")).await.ok();
    }
    let found = calls.get("/identitytoolkit.googleapis.com/v1/projects/p/accounts:batchGet").await.ok();
    assert_eq!(found["users"][0]["localId"], "ada");
    calls.get(&format!("/firestore/v1/{document}")).await.ok();
    assert_eq!(calls.delete("/_sandbox/objects/identity_toolkit/accounts/ada").await.status, 204);
    calls.post("/_sandbox/objects/stripe/nothing", json!({})).await.refused(404);
    calls.post("/_sandbox/objects/firestore/documents", json!({"name": "x"})).await.refused(400);
}

#[tokio::test]
async fn requests_are_counted_and_bodies_kept_only_on_demand() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    calls.form("/stripe/v1/customers", "name=first-body").await.ok();
    calls.get("/hetzner/v1/servers?page=1").await.ok();
    calls.get("/hetzner/v1/servers?page=2").await.ok();
    let log = calls.get("/_sandbox/requests").await.ok();
    let listing = json!({"method": "GET", "path": "/hetzner/v1/servers", "count": 2});
    assert_eq!((&log["total"], &log["requests"][1]), (&json!(3), &listing));
    assert!(!log.to_string().contains("first-body"));
    calls.delete("/_sandbox/requests").await;
    calls.post("/_sandbox/recording", json!({"record_bodies": true})).await.ok();
    calls.form("/stripe/v1/customers", "name=second-body").await.ok();
    let log = calls.get("/_sandbox/requests").await.ok();
    assert_eq!(log["total"], 1);
    assert_eq!(log["recorded"][0]["body"], "name=second-body");
}

#[tokio::test]
async fn nothing_is_answered_where_nothing_is_mounted() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    assert_eq!(calls.get("/").await.status, 404);
    assert_eq!(calls.get("/_sandbox/nothing").await.status, 404);
    assert_eq!(calls.get("/_sandbox/health").await.ok()["status"], "ok");
}
