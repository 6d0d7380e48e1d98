//! `deploy/firebase/firestore.rules`: what a customer may do with Firestore, tried with tokens of Firebase Auth; on Google's emulator
//! with the shipped file, and on our sandbox, which knows no other rules.
use ampere_tests_clouds::{Backend, Case, Given, World, ephemeral, string};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{GOOGLE_EMULATED, PERSONS, Run};

const fn case(name: &'static str, on: &'static [Backend], run: Run) -> Case {
    Case { kind: "firestore.rules", name, on, run }
}

pub const CASES: &[Case] = &[
    case("a customer reads their own document, and no other", GOOGLE_EMULATED, |w| Box::pin(reads(w))),
    case("a customer writes nothing, and lists nothing", GOOGLE_EMULATED, |w| Box::pin(writes(w))),
    case("without these rules they could: the rules are what holds them", PERSONS, |w| Box::pin(open(w))),
];

/// The shipped rules.
pub const RULES: &str = include_str!("../../../deploy/firebase/firestore.rules");
/// What nobody should have.
const OPEN: &str = "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { match /{p=**} { allow read, \
                    write: if request.auth != null; } } }";

/// Two customers with an account and a secret each, and a document of another program.
pub struct Town {
    pub world: World,
    pub ada: Customer,
    pub grace: Customer,
}

pub struct Customer {
    pub uid: String,
    /// The id of the document of their secret.
    pub secret: String,
    /// An id token.
    pub token: String,
}

impl Town {
    pub async fn new(world: World, rules: &str) -> Town {
        let project = &world.outside.access().project;
        if world.backend == Backend::Firebase {
            load(&world, rules).await;
        }
        let (ada, grace) = (customer(&world, "ada").await, customer(&world, "grace").await);
        let name = format!("projects/{project}/databases/(default)/documents/notes/one");
        world.outside.write_documents(&[(name, json!({"text": {"stringValue": "of another program"}}))]).await;
        Town { world, ada, grace }
    }

    /// What Firestore answers to a person: the status; `path` is below the documents.
    pub async fn asked(&self, token: Option<&str>, method: Method, path: &str, body: Option<Json>) -> (u16, String) {
        let project = &self.world.outside.access().project;
        let path = format!("/v1/projects/{project}/databases/(default)/documents{path}");
        let request = self.world.outside.as_person(token, "firestore", method, &path, body);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    pub async fn reads(&self, token: Option<&str>, id: &str) -> u16 {
        self.asked(token, Method::GET, &format!("/{id}"), None).await.0
    }

    /// The full name of a document in our collection.
    pub fn name(&self, id: &str) -> String {
        format!("projects/{}/databases/(default)/documents/ampere/{id}", self.world.outside.access().project)
    }

    /// Writes a document of our collection as we do it.
    pub async fn write(&self, id: &str, fields: Json) {
        self.world.outside.write_documents(&[(self.name(id), fields)]).await;
    }

    /// The fields of a document of our collection as we see it.
    pub async fn stored(&self, id: &str) -> Json {
        let path = format!("/v1/{}", self.name(id));
        self.world.outside.call("firestore", Method::GET, &path, None).await["fields"].take()
    }
}

async fn customer(world: &World, name: &str) -> Customer {
    let uid = world.account(name).await;
    let config = [("account", string(&uid)), ("kind", string("openai")), ("value_wo", ephemeral("sk-EXAMPLE"))];
    let after = world.planned("ampere_secret", None, &config);
    let given = Given { after: Some(&after), secret: Some("sk-EXAMPLE"), ..Given::default() };
    let secret = world.create("ampere_secret", name, given).await.unwrap().id.to_string();
    let token = sign_in(world, &uid).await;
    Customer { uid, secret, token }
}

/// Gives Google's emulator rules.
async fn load(world: &World, rules: &str) {
    let file = json!({"rules": {"files": [{"name": "firestore.rules", "content": rules}]}});
    let path = format!("/emulator/v1/projects/{}:securityRules", world.outside.access().project);
    world.outside.call("firestore", Method::PUT, &path, Some(file)).await;
}

/// What Identity Toolkit answers to a custom token of a user, as Ampere makes it for a box; one claim can be another.
pub async fn sign_in_with(world: &World, uid: &str, other: Option<(&str, Json)>) -> (u16, Json) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let audience = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit";
    let account = "firebase-auth-emulator@example.com";
    let mut claims = json!({"aud": audience, "iss": account, "sub": account, "uid": uid, "iat": now, "exp": now + 900});
    if let Some((claim, value)) = other {
        claims[claim] = value;
    }
    let part = |value: Json| URL_SAFE_NO_PAD.encode(value.to_string());
    // Nobody signed it: emulators take it so.
    let token = format!("{}.{}.", part(json!({"alg": "none", "typ": "JWT"})), part(claims));
    let project = &world.outside.access().project;
    let body = json!({"token": token, "returnSecureToken": true, "targetProjectId": project});
    let path = "/v1/accounts:signInWithCustomToken?key=EXAMPLE";
    let request = world.outside.as_person(Some("owner"), "identity_toolkit", Method::POST, path, Some(body));
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// What somebody gets who signs in with a custom token.
pub async fn token_of(world: &World, uid: &str) -> Json {
    let (status, answer) = sign_in_with(world, uid, None).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// An id token of a user, as a browser would have it.
async fn sign_in(world: &World, uid: &str) -> String {
    token_of(world, uid).await["idToken"].as_str().expect("an id token").to_owned()
}

async fn reads(world: World) {
    let town = Town::new(world, RULES).await;
    let (ada, grace) = (&town.ada, &town.grace);
    let own = town.asked(Some(&ada.token), Method::GET, &format!("/ampere/{}", ada.uid), None).await;
    assert!(own.0 == 200 && own.1.contains("sealedEmail"), "{own:?}");
    assert!(!own.1.contains("@example.com"), "S1: even that is sealed");
    for id in [&grace.uid, &ada.secret, &grace.secret] {
        assert_eq!(town.reads(Some(&ada.token), &format!("ampere/{id}")).await, 403, "{id}");
    }
    assert_eq!(town.reads(Some(&ada.token), "notes/one").await, 403);
    assert_eq!(town.reads(Some(&ada.token), &format!("ampere/{}/below/x", ada.uid)).await, 403);
    for token in [None, Some(grace.token.as_str())] {
        assert_eq!(town.reads(token, &format!("ampere/{}", ada.uid)).await, 403);
    }
    // Somebody whose uid is the id of a secret is no customer.
    let sly = sign_in(&town.world, &ada.secret).await;
    assert_eq!(town.reads(Some(&sly), &format!("ampere/{}", ada.secret)).await, 403);
    assert_eq!(town.world.list("ampere_account").await.objects.len(), 2, "Ampere itself is held back by no rule");
}

async fn writes(world: World) {
    let town = Town::new(world, RULES).await;
    let (token, uid) = (Some(town.ada.token.as_str()), &town.ada.uid);
    let fields = json!({"fields": {"ampereKind": {"stringValue": "account"}}});
    let from = json!([{"collectionId": "ampere"}]);
    let mine = json!({"fieldFilter": {"field": {"fieldPath": "ampereKind"}, "op": "EQUAL", "value": {"stringValue": "account"}}});
    let own = format!("/ampere/{uid}");
    for (method, path, body) in [
        (Method::PATCH, own.as_str(), Some(fields.clone())),
        (Method::DELETE, own.as_str(), None),
        (Method::POST, "/ampere?documentId=new", Some(fields.clone())),
        (Method::POST, "/notes?documentId=new", Some(fields)),
        (Method::GET, "/ampere", None),
        (Method::POST, ":runQuery", Some(json!({"structuredQuery": {"from": from}}))),
        (Method::POST, ":runQuery", Some(json!({"structuredQuery": {"from": from, "where": mine}}))),
    ] {
        for token in [token, None] {
            let answer = town.asked(token, method.clone(), path, body.clone()).await;
            assert_eq!(answer.0, 403, "{method} {path}: {answer:?}");
        }
    }
    assert!(town.world.list("ampere_account").await.objects.iter().all(|account| account.missing.is_empty()));
}

async fn open(world: World) {
    let town = Town::new(world, OPEN).await;
    assert_eq!(town.reads(Some(&town.ada.token), &format!("ampere/{}", town.grace.uid)).await, 200);
    assert_eq!(town.reads(None, &format!("ampere/{}", town.grace.uid)).await, 403);
}
