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

/// Signs somebody in with Google.
async fn sign_in(calls: &Calls, google: Value) -> crate::kit::Answer {
    let body = json!({"postBody": format!("id_token={google}&providerId=google.com"), "requestUri": "http://localhost",
                      "returnSecureToken": true, "targetProjectId": "demo"});
    calls.post("/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp?key=EXAMPLE", body).await
}

#[tokio::test]
async fn a_person_signs_in_with_google_into_one_account() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let ada = json!({"sub": "g-1", "email": "Ada@example.com", "name": "Ada"});
    let first = sign_in(&calls, ada.clone()).await.ok();
    let again = sign_in(&calls, ada.clone()).await.ok();
    assert_eq!((&first["isNewUser"], &again["isNewUser"]), (&json!(true), &json!(false)));
    assert_eq!(first["localId"], again["localId"]);
    let uid = first["localId"].as_str().expect("a uid");
    let user = lookup(&calls, json!({"localId": [uid]})).await["users"][0].clone();
    assert_eq!((&user["email"], &user["emailVerified"]), (&json!("ada@example.com"), &json!(true)));
    assert_eq!(user["providerUserInfo"][0]["providerId"], "google.com");
    // Another address keeps the link: the person is known by Google's id.
    let change = json!({"localId": uid, "email": "ada.l@example.com", "password": "secret1"});
    calls.post(&format!("{ACCOUNTS}:update"), change).await.ok();
    assert_eq!(sign_in(&calls, ada.clone()).await.ok()["localId"], uid);
    let user = lookup(&calls, json!({"localId": [uid]})).await["users"][0].clone();
    assert_eq!(user["providerUserInfo"].as_array().map(Vec::len), Some(2), "{user}");
    // An account that was made before for the same address is the person's.
    calls.post(ACCOUNTS, json!({"localId": "grace", "email": "grace@example.com"})).await.ok();
    let grace = json!({"sub": "g-2", "email": "grace@example.com"});
    assert_eq!(sign_in(&calls, grace.clone()).await.ok()["localId"], "grace");
    calls.post(&format!("{ACCOUNTS}:update"), json!({"localId": "grace", "disableUser": true})).await.ok();
    assert_eq!(sign_in(&calls, grace).await.refused(400)["error"]["message"], "USER_DISABLED");
    sign_in(&calls, json!({"email": "nobody@example.com"})).await.refused(400);
}

#[tokio::test]
async fn the_keys_of_id_tokens_are_public_and_the_same_while_it_runs() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let path = "/identitytoolkit.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    let keys = calls.get(path).await.ok();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&json!("RSA"), &json!("RS256")));
    let token = sign_in(&calls, json!({"sub": "g-1"})).await.ok()["idToken"].as_str().expect("a token").to_owned();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(calls.get(path).await.ok(), keys);
}
