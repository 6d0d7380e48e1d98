//! Google's credentials: which are taken, what is sent with them, what is said when they do not serve.
use std::sync::{Arc, LazyLock, Mutex};

use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use crate::kit::{World, list_by, provider};

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"));

/// What must come up in no error.
const CANARY: &str = "EXAMPLE-canary-1f9c";

/// Stands in for Google: token services, and services that only note who called.
#[derive(Default)]
struct Google {
    /// Path, headers that matter, body.
    asked: Mutex<Vec<(String, Json, String)>>,
    /// How the token service refuses: status and OAuth's code.
    refusal: Mutex<Option<(u16, &'static str)>>,
}

async fn answer(State(google): State<Arc<Google>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    let path = parts.uri.path().to_owned();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let headers = json!({"token": header("authorization"), "payer": header("x-goog-user-project")});
    google.asked.lock().unwrap().push((path.clone(), headers, body));
    let token = json!({"access_token": format!("ya29.{path}"), "expires_in": 3600, "token_type": "Bearer",
                       "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"});
    let is_token = matches!(path.as_str(), "/token" | "/sts");
    let refusal = is_token.then(|| *google.refusal.lock().unwrap()).flatten();
    let (status, answer) = match (refusal, is_token) {
        (Some((status, code)), _) => {
            (status, json!({"error": code, "error_description": format!("you sent {CANARY}")}))
        }
        (None, true) => (200, token),
        (None, false) if path.ends_with(":runQuery") => (200, json!([{"readTime": "2026-01-01T00:00:00Z"}])),
        (None, false) => (200, json!({"kind": "identitytoolkit#DownloadAccountResponse"})),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(answer.to_string())).unwrap()
}

struct Case {
    world: World,
    google: Arc<Google>,
    url: String,
    directory: tempfile::TempDir,
}

impl Case {
    async fn start() -> Case {
        let google = Arc::new(Google::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(google.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Case { world: World::start().await, google, url, directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Lists accounts with credentials of this text or path.
    async fn list(&self, credentials: &str, more: &[(&'static str, &str)]) -> Result<(), ProviderError> {
        let mut given = vec![
            ("google_credentials", credentials),
            ("google_access_token", ""),
            ("identity_toolkit_endpoint", self.url.as_str()),
            ("firestore_endpoint", self.url.as_str()),
        ];
        given.extend(more);
        let provider = provider(&self.world, &given);
        list_by(&provider, self.world.stack(), "ampere_account").await.map(drop)
    }

    async fn refused(&self, credentials: &str) -> ProviderError {
        let error = self.list(credentials, &[]).await.expect_err("it must be refused");
        let told = format!("{error} {error:?}");
        for needle in [CANARY, "PRIVATE KEY", "ya29", "ampere@"] {
            assert!(!told.contains(needle), "{needle} in {told}");
        }
        assert!(error.hint.is_some(), "{error:?}");
        error
    }

    /// The calls that were made to paths which end so, since this was asked last.
    fn asked(&self, end: &str) -> Vec<(Json, String)> {
        let mut asked = self.google.asked.lock().unwrap();
        let found =
            asked.iter().filter(|(path, ..)| path.ends_with(end)).map(|(_, h, b)| (h.clone(), b.clone())).collect();
        asked.retain(|(path, ..)| !path.ends_with(end));
        found
    }

    fn refuse(&self, status: u16, code: &'static str) {
        *self.google.refusal.lock().unwrap() = Some((status, code));
    }
}

fn service_account() -> Json {
    let der: Pkcs8V1Der<'_> = KEY.as_der().unwrap();
    let lines: Vec<String> =
        STANDARD.encode(der.as_ref()).as_bytes().chunks(64).map(|l| String::from_utf8(l.to_vec()).unwrap()).collect();
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    json!({"type": "service_account", "project_id": "demo-ampere", "private_key_id": "k1", "private_key": key,
           "client_email": "ampere@demo-ampere.iam.gserviceaccount.com", "client_id": "1",
           "token_uri": "https://oauth2.googleapis.com/token"})
}

fn user(case: &Case) -> Json {
    json!({"type": "authorized_user", "client_id": "id.apps.example", "client_secret": CANARY,
           "refresh_token": format!("1//{CANARY}"), "token_uri": format!("{}/token", case.url)})
}

fn workload(case: &Case, subject: &str) -> Json {
    json!({"type": "external_account", "token_url": format!("{}/sts", case.url),
           "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/ci",
           "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": subject}})
}

#[tokio::test]
async fn a_service_account_signs_for_itself() {
    let case = Case::start().await;
    let text = service_account().to_string();
    for given in [case.file("key.json", &text), text] {
        case.list(&given, &[]).await.unwrap();
        for end in [":batchGet", ":runQuery"] {
            let (headers, _) = case.asked(end).remove(0);
            let token = headers["token"].as_str().unwrap().strip_prefix("Bearer ").unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key().as_ref());
            public.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).expect("signed by the key");
            let claims = URL_SAFE_NO_PAD.decode(message.split_once('.').unwrap().1).unwrap();
            let claims: Json = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims["iss"], "ampere@demo-ampere.iam.gserviceaccount.com");
            let scope = claims["scope"].as_str().unwrap();
            assert!(scope.contains("auth/identitytoolkit") && scope.contains("auth/datastore"), "{scope}");
            assert_eq!(headers["payer"], Json::Null, "its own project pays");
        }
    }
}

#[tokio::test]
async fn a_persons_sign_in_is_renewed_and_names_who_pays() {
    let case = Case::start().await;
    let mut file = user(&case);
    case.list(&file.to_string(), &[]).await.unwrap();
    let (headers, _) = case.asked(":batchGet").remove(0);
    assert_eq!(headers, json!({"token": "Bearer ya29./token", "payer": "demo-ampere"}));
    assert_eq!(case.asked("/token").len(), 1, "one token serves both services");
    file["quota_project_id"] = json!("of-the-file");
    case.list(&file.to_string(), &[]).await.unwrap();
    assert_eq!(case.asked(":runQuery").pop().unwrap().0["payer"], "of-the-file");
    case.list(&file.to_string(), &[("google_quota_project", "of-the-block")]).await.unwrap();
    assert_eq!(case.asked(":runQuery").pop().unwrap().0["payer"], "of-the-block");
    // With a token that was given, the setting alone says it.
    let given = [("google_access_token", "ya29.EXAMPLE"), ("google_quota_project", "of-the-block")];
    case.list("", &given).await.unwrap();
    let expected = json!({"token": "Bearer ya29.EXAMPLE", "payer": "of-the-block"});
    assert_eq!(case.asked(":runQuery").pop().unwrap().0, expected);

    case.refuse(400, "invalid_grant");
    let error = case.refused(&file.to_string()).await;
    assert_eq!(error.kind, Kind::Unauthenticated);
    assert!(
        error.message.contains("invalid_grant") && error.hint.unwrap().contains("gcloud auth"),
        "{}",
        error.message
    );
    case.refuse(503, "temporarily_unavailable");
    assert_eq!(case.refused(&file.to_string()).await.kind, Kind::Unavailable);
}

#[tokio::test]
async fn a_workload_proves_itself_with_its_own_token() {
    let case = Case::start().await;
    let subject = case.file("subject", &format!("eyJ.{CANARY}.x"));
    let file = workload(&case, &subject).to_string();
    case.list(&file, &[]).await.unwrap();
    assert_eq!(case.asked(":batchGet")[0].0, json!({"token": "Bearer ya29./sts", "payer": null}));
    let (_, exchange) = case.asked("/sts").remove(0);
    assert!(exchange.contains("workloadIdentityPools") && exchange.contains(CANARY), "the token was exchanged");

    case.refuse(400, "invalid_target");
    let error = case.refused(&file).await;
    assert_eq!(error.kind, Kind::Unauthenticated);
    assert!(error.message.contains("invalid_target") && error.hint.unwrap().contains("clock"), "{}", error.message);
    let missing = workload(&case, &format!("{subject}-not-there")).to_string();
    let error = case.refused(&missing).await;
    assert!(error.message.contains("the workload's own token"), "{error:?}");
    assert!(error.hint.unwrap().contains("credential_source"));
}

#[tokio::test]
async fn files_that_do_not_serve_are_told_apart_and_not_quoted() {
    let case = Case::start().await;
    let with = |name: &str, value: Json| {
        let mut file = service_account();
        file[name] = value;
        file.to_string()
    };
    let not_json = case.file("not.json", &format!("{{\"type\": \"service_account\", {CANARY}"));
    let empty = case.file("empty.json", "");
    let missing = case.directory.path().join("missing.json");
    let directory = case.directory.path().to_str().unwrap().to_owned();
    for (credentials, says) in [
        (missing.to_str().unwrap().to_owned(), "is not there"),
        (directory, "is a directory"),
        (not_json, "is not JSON (line 1"),
        (empty, "is not JSON"),
        (with("type", json!(CANARY)), "of no known type"),
        (with("type", Json::Null), "of no known type"),
        (json!({"installed": {"client_secret": CANARY}}).to_string(), "of no known type"),
        (with("client_email", Json::Null), "lacks a field"),
        (with("private_key", json!(CANARY)), "private key"),
        (
            with("private_key", json!(format!("-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"))),
            "private key",
        ),
    ] {
        let error = case.refused(&credentials).await;
        assert_eq!(error.kind, Kind::Unauthenticated, "{says}: {error}");
        assert!(error.message.contains(says), "{says}: {error}");
        let hint = error.hint.unwrap();
        assert!(hint.contains("google_credentials") && hint.contains("GOOGLE_APPLICATION_CREDENTIALS"), "{hint}");
        assert!(matches!(error.cloud, "Firebase Auth" | "Firestore"), "it says which service");
    }
    assert!(case.asked("").is_empty(), "nothing was sent");
}

#[tokio::test]
async fn refusals_of_the_services_say_what_to_set() {
    let case = Case::start().await;
    let world = &case.world;
    let info = |reason: &str| json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
    for (status, code, details, hint) in [
        (401, "UNAUTHENTICATED", info("ACCOUNT_STATE_INVALID"), "clock"),
        (401, "UNAUTHENTICATED", info("ACCESS_TOKEN_EXPIRED"), "GOOGLE_APPLICATION_CREDENTIALS"),
        (403, "PERMISSION_DENIED", json!([]), "Firebase Authentication Admin"),
        (403, "PERMISSION_DENIED", info("SERVICE_DISABLED"), "Enable it"),
        (403, "PERMISSION_DENIED", info("USER_PROJECT_DENIED"), "google_quota_project"),
        (403, "PERMISSION_DENIED", info("CONSUMER_INVALID"), "google_project"),
        (403, "PERMISSION_DENIED", info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "cloud-platform"),
        (400, "PROJECT_NOT_FOUND", json!([]), "GOOGLE_CLOUD_PROJECT"),
        (429, "RESOURCE_EXHAUSTED", json!([]), "-parallelism"),
    ] {
        let body =
            json!({"error": {"code": status, "message": CANARY, "status": code, "details": details}}).to_string();
        let effect = json!({"answer": {"status": status, "headers": {"retry-after": "60"}, "body": body}});
        for cloud in ["identity_toolkit", "firestore"] {
            world.fault(json!({"cloud": cloud, "effect": effect})).await;
            let error = world.try_list("ampere_account").await.unwrap_err();
            let told = error.hint.clone().unwrap_or_default();
            assert!(told.contains(hint), "{cloud} {code} {details}: {error:?}");
            assert!(!error.to_string().contains(CANARY), "{error}");
        }
    }
}
