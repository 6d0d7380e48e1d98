//! Accounts of Identity Toolkit.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const ACCOUNTS: &str = "/identitytoolkit.googleapis.com/v1/projects/demo/accounts";

async fn lookup(calls: &Calls, wanted: Value) -> Value {
    calls.post(&format!("{ACCOUNTS}:lookup"), wanted).await.ok()
}

#[tokio::test]
async fn an_account_is_made_found_changed_and_deleted() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let wanted = json!({"localId": "ada-1", "email": "Ada@Example.com", "displayName": "Ada"});
    assert_eq!(calls.post(ACCOUNTS, wanted).await.ok()["localId"], "ada-1");
    let claims = r#"{"ampere":{"stack":"s","address":"a"}}"#;
    let change = json!({"localId": "ada-1", "customAttributes": claims, "disableUser": true});
    calls.post(&format!("{ACCOUNTS}:update"), change).await.ok();
    let found = lookup(&calls, json!({"email": ["ada@example.com"]})).await["users"][0].clone();
    assert_eq!(found["customAttributes"], claims);
    assert_eq!((&found["disabled"], &found["displayName"]), (&json!(true), &json!("Ada")));
    calls.post(&format!("{ACCOUNTS}:delete"), json!({"localId": "ada-1"})).await.ok();
    assert!(lookup(&calls, json!({"localId": ["ada-1"]})).await["users"].is_null());
}

#[tokio::test]
async fn errors_bear_the_documented_codes() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let wanted = json!({"localId": "ada", "email": "ada@example.com"});
    calls.post(ACCOUNTS, wanted).await.ok();
    let update = format!("{ACCOUNTS}:update");
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
    for (path, body, code) in [
        (ACCOUNTS, json!({"email": "ADA@example.com"}), "EMAIL_EXISTS"),
        (ACCOUNTS, json!({"localId": "ada"}), "DUPLICATE_LOCAL_ID"),
        (ACCOUNTS, json!({"email": "nobody"}), "INVALID_EMAIL"),
        (&update, json!({"localId": "bob", "displayName": "B"}), "USER_NOT_FOUND"),
        (&update, json!({"localId": "ada", "customAttributes": long}), "CLAIMS_TOO_LARGE"),
        (&format!("{ACCOUNTS}:delete"), json!({"localId": "bob"}), "USER_NOT_FOUND"),
    ] {
        let refused = calls.post(path, body).await.refused(400);
        assert_eq!(refused["error"]["message"], code);
        assert_eq!(refused["error"]["errors"][0]["message"], code);
    }
    let elsewhere = ACCOUNTS.replace("demo", "other");
    calls.post(&elsewhere, json!({"email": "ada@example.com"})).await.ok();
    let url = format!("http://{}{ACCOUNTS}:lookup", sandbox.address());
    let anonymous = calls.send(crate::kit::client().post(url).json(&json!({}))).await;
    assert_eq!(anonymous.refused(401)["error"]["status"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn pages_reach_every_account_of_the_project_once() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for index in 0..7 {
        calls.post(ACCOUNTS, json!({"localId": format!("u{index}")})).await.ok();
    }
    calls.post(&ACCOUNTS.replace("demo", "demo2"), json!({"localId": "foreign"})).await.ok();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{ACCOUNTS}:batchGet?maxResults=3&nextPageToken={token}");
        let page = calls.get(&path).await.ok();
        for user in page["users"].as_array().into_iter().flatten() {
            seen.push(user["localId"].as_str().expect("an id").to_owned());
        }
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4", "u5", "u6"]);
    calls.get(&format!("{ACCOUNTS}:batchGet?maxResults=1001")).await.refused(400);
}

#[tokio::test]
async fn a_bulk_deletion_spares_the_enabled_unless_forced() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for (id, disabled) in [("on", false), ("off", true)] {
        calls.post(ACCOUNTS, json!({"localId": id, "disabled": disabled})).await.ok();
    }
    let path = format!("{ACCOUNTS}:batchDelete");
    let outcome = calls.post(&path, json!({"localIds": ["on", "off", "unknown"]})).await.ok();
    assert_eq!(outcome["errors"][0]["localId"], "on");
    assert_eq!(outcome["errors"].as_array().map(Vec::len), Some(1));
    calls.post(&path, json!({"localIds": ["on"], "force": true})).await.ok();
    let left = calls.get("/_sandbox/objects").await.ok();
    assert_eq!(left["identity_toolkit"]["accounts"], 0);
}
