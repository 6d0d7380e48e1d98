//! One object of each cloud, made and read back.

use crate::kit::{Calls, sandbox};
use serde_json::json;

#[tokio::test]
async fn each_cloud_makes_an_object_and_answers_it_again() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let server = json!({"name": "box", "server_type": "cx23", "image": "debian-13"});
    let made = calls.post("/hetzner/v1/servers", server).await.ok();
    let id = &made["server"]["id"];
    let read = calls.get(&format!("/hetzner/v1/servers/{id}")).await.ok();
    assert_eq!(read["server"]["status"], "running");

    let customer = calls.form("/stripe/v1/customers", "email=ada@example.com").await.ok();
    let path = format!("/stripe/v1/customers/{}", customer["id"].as_str().expect("an id"));
    assert_eq!(calls.get(&path).await.ok()["email"], "ada@example.com");

    let accounts = "/identitytoolkit.googleapis.com/v1/projects/demo/accounts";
    let made = calls.post(accounts, json!({"email": "ada@example.com"})).await.ok();
    let wanted = json!({"localId": [made["localId"]]});
    let found = calls.post(&format!("{accounts}:lookup"), wanted).await.ok();
    assert_eq!(found["users"][0]["email"], "ada@example.com");

    let document = "/firestore/v1/projects/demo/databases/(default)/documents/accounts/ada";
    let fields = json!({"fields": {"name": {"stringValue": "Ada"}}});
    calls.call("PATCH", document, fields.clone()).await.ok();
    assert_eq!(calls.get(document).await.ok()["fields"], fields["fields"]);
    sandbox.stop().await.expect("it stops");
}
