//! Custom tokens, id tokens and refresh tokens, and what Firestore makes of who bears one.

use ampere_sandbox::{Config, Sandbox};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::kit::{Answer, Calls, client, sandbox};

const MAILBOX: &str = "projects/demo/databases/(default)/documents/ampere/box";
const AUDIENCE: &str = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";

async fn now(calls: &Calls) -> i64 {
    let clock = calls.get("/_sandbox/clock").await.ok();
    clock["now"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).expect("a time").as_second()
}

/// A custom token of 15 minutes that nobody signed.
async fn custom(calls: &Calls, uid: &str) -> String {
    let now = now(calls).await;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"aud": AUDIENCE, "uid": uid, "iat": now, "exp": now + 900});
    format!("{}.{}.", part(json!({"alg": "none"})), part(claims))
}

async fn sign_in(calls: &Calls, token: &str) -> Answer {
    let body = json!({"token": token, "returnSecureToken": true});
    calls.post("/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=EXAMPLE", body).await
}

async fn renew(calls: &Calls, refresh_token: &Value) -> Answer {
    let token = refresh_token.as_str().expect("a refresh token");
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    calls.form("/securetoken.googleapis.com/v1/token?key=EXAMPLE", &form).await
}

/// A call of Firestore with another token than an administrator's, or with none.
async fn as_person(sandbox: &Sandbox, token: Option<&str>, method: &str, path: &str, body: Option<Value>) -> Answer {
    let url = format!("http://{}/firestore/v1/{path}", sandbox.address());
    let mut request = client().request(method.parse().expect("a method"), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    Calls::new(sandbox).send(request).await
}

async fn mailbox(calls: &Calls) {
    let until = jiff::Timestamp::from_second(now(calls).await + 900).expect("a time").to_string();
    let fields = json!({"ampereKind": {"stringValue": "mailbox"}, "enrolUntil": {"timestampValue": until}});
    calls.call("PATCH", &format!("/firestore/v1/{MAILBOX}"), json!({"fields": fields})).await.ok();
}

#[tokio::test]
async fn tokens_end_by_the_sandboxs_clock() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    mailbox(&calls).await;
    let token = custom(&calls, "box").await;
    let signed_in = sign_in(&calls, &token).await.ok();
    assert_eq!(signed_in["isNewUser"], true);
    let id_token = signed_in["idToken"].as_str().expect("an id token");
    let read = as_person(&sandbox, Some(id_token), "GET", MAILBOX, None).await;
    let date = read.headers["date"].to_str().expect("a date").to_owned();
    read.ok();
    calls.advance(901).await;
    let refused = sign_in(&calls, &token).await.refused(400);
    assert_eq!(refused["error"]["message"], "INVALID_CUSTOM_TOKEN : Token expired");
    // The time to enrol is over as well.
    let key = json!({"fields": {"enrolment": {"stringValue": "key"}}});
    let enrol = format!("{MAILBOX}?updateMask.fieldPaths=enrolment");
    let refused = as_person(&sandbox, Some(id_token), "PATCH", &enrol, Some(key)).await.refused(403);
    assert_eq!(refused["error"]["status"], "PERMISSION_DENIED");
    calls.advance(3600).await;
    let late = as_person(&sandbox, Some(id_token), "GET", MAILBOX, None).await;
    assert_ne!(late.headers["date"].to_str().expect("a date"), date, "the answers tell the sandbox's time");
    assert_eq!(late.refused(401)["error"]["status"], "UNAUTHENTICATED");
    let renewed = renew(&calls, &signed_in["refreshToken"]).await.ok();
    let id_token = renewed["id_token"].as_str().expect("an id token");
    as_person(&sandbox, Some(id_token), "GET", MAILBOX, None).await.ok();
}

#[tokio::test]
async fn a_token_that_was_changed_or_is_for_another_project_is_none() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    mailbox(&calls).await;
    let signed_in = sign_in(&calls, &custom(&calls, "box").await).await.ok();
    let id_token = signed_in["idToken"].as_str().expect("an id token");
    let parts: Vec<&str> = id_token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64");
    let other = String::from_utf8(claims).expect("text").replace("\"box\"", "\"owner\"");
    let forged = [parts[0], &URL_SAFE_NO_PAD.encode(&other), parts[2]].join(".");
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(&other));
    for bad in [&forged, &unsigned] {
        as_person(&sandbox, Some(bad), "GET", MAILBOX, None).await.refused(401);
    }
    let elsewhere = MAILBOX.replace("projects/demo", "projects/other");
    as_person(&sandbox, Some(id_token), "GET", &elsewhere, None).await.refused(401);
    as_person(&sandbox, Some("invalid"), "GET", MAILBOX, None).await.refused(401);
    as_person(&sandbox, None, "GET", MAILBOX, None).await.refused(403);
}

#[tokio::test]
async fn a_client_shows_an_api_key() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let token = custom(&calls, "box").await;
    let path = "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken";
    calls.post(path, json!({"token": token})).await.refused(403);
    calls.post(&format!("{path}?key=invalid"), json!({"token": token})).await.refused(400);
    let short = calls.post(&format!("{path}?key=EXAMPLE"), json!({"token": token})).await.ok();
    assert!(short["idToken"].is_string() && short["refreshToken"].is_null(), "{short}");
    calls.form("/securetoken.googleapis.com/v1/token", "grant_type=refresh_token&refresh_token=x").await.refused(403);
}

#[tokio::test]
async fn a_project_is_known_by_the_call_the_token_the_key_or_by_being_the_only_one() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let users = async |project: &str| {
        let path = format!("/identitytoolkit.googleapis.com/v1/projects/{project}/accounts:batchGet");
        let found = calls.get(&path).await.ok();
        found["users"].as_array().map_or(0, Vec::len)
    };
    sign_in(&calls, &custom(&calls, "a").await).await.ok();
    assert_eq!(users("demo-ampere").await, 1, "where there is none at all");
    sign_in(&calls, r#"{"uid": "b", "iss": "ampere@acme-prod.iam.gserviceaccount.com"}"#).await.ok();
    assert_eq!(users("acme-prod").await, 1);
    sign_in(&calls, &custom(&calls, "c").await).await.refused(400);
    let path = "/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=acme-prod";
    calls.post(path, json!({"token": custom(&calls, "c").await})).await.ok();
    assert_eq!(users("acme-prod").await, 2);
    let mixed =
        json!({"token": r#"{"uid": "b", "iss": "x@other.iam.gserviceaccount.com"}"#, "targetProjectId": "acme-prod"});
    let refused = calls.post(path, mixed).await.refused(400);
    assert_eq!(refused["error"]["message"], "CREDENTIAL_MISMATCH");
}

#[tokio::test]
async fn a_refresh_token_outlives_the_process_and_not_its_user() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = || Config { directory: Some(directory.path().to_owned()), ..Config::default() };
    let sandbox = Sandbox::start(config()).await.expect("it starts");
    let calls = Calls::new(&sandbox);
    let signed_in = sign_in(&calls, &custom(&calls, "box").await).await.ok();
    sandbox.stop().await.expect("it stops");
    let journal = std::fs::read_to_string(directory.path().join("journal.jsonl")).expect("a journal");
    assert!(!journal.contains(signed_in["refreshToken"].as_str().expect("a token")), "only its hash is kept");

    let sandbox = Sandbox::start(config()).await.expect("it starts again");
    let calls = Calls::new(&sandbox);
    let token = &signed_in["refreshToken"];
    renew(&calls, token).await.ok();
    let accounts = "/identitytoolkit.googleapis.com/v1/projects/demo-ampere/accounts";
    calls.post(&format!("{accounts}:delete"), json!({"localId": "box"})).await.ok();
    assert_eq!(renew(&calls, token).await.refused(400)["error"]["message"], "USER_NOT_FOUND");
    // Another user of the same id is somebody else.
    calls.advance(10).await;
    sign_in(&calls, &custom(&calls, "box").await).await.ok();
    assert_eq!(renew(&calls, token).await.refused(400)["error"]["message"], "USER_NOT_FOUND");
}
