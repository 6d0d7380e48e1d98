//! Id tokens: who is let in, and everything that is not.
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use ampere_core::clock::Clock;
use ampere_provider::id_token::{IdTokenError, Revocation, Verifier};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{hmac, rsa};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::kit::{World, settings};

/// Two keys: making one takes a while.
static KEYS: LazyLock<[KeyPair; 2]> =
    LazyLock::new(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).expect("a key")));

const PROJECT: &str = "demo-ampere";
/// When the tests are.
const NOW: i64 = 1_800_000_000;

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn public(key: &rsa::KeyPair) -> (Vec<u8>, Vec<u8>) {
    let public = key.public_key();
    let bytes = |part: aws_lc_rs::io::Positive<'_>| part.big_endian_without_leading_zero().to_vec();
    (bytes(public.modulus()), bytes(public.exponent()))
}

/// A token of these parts, signed by a key.
fn signed(header: &Json, claims: &Json, key: &KeyPair) -> String {
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", encoded(signature))
}

fn header() -> Json {
    json!({"alg": "RS256", "kid": "k0", "typ": "JWT"})
}

fn claims() -> Json {
    json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"), "aud": PROJECT, "sub": "ada-1", "user_id": "ada-1",
        "iat": NOW - 60, "auth_time": NOW - 600, "exp": NOW + 3540,
        "email": "ada@example.com", "email_verified": true,
        "firebase": {"sign_in_provider": "google.com", "identities": {"google.com": ["1"]}},
    })
}

/// A token like Google's, with these claims changed (null takes one away).
fn token(changes: Json) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Json::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    signed(&header(), &claims, &KEYS[0])
}

#[derive(Default)]
struct At(AtomicI64);

impl At {
    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// Google's key server: which keys it shows, whether it answers, how often it was asked.
#[derive(Default)]
struct KeyServer {
    shown: Mutex<Vec<(&'static str, usize)>>,
    is_down: AtomicBool,
    asked: AtomicU32,
}

impl KeyServer {
    fn show(&self, keys: &[(&'static str, usize)]) {
        *self.shown.lock().unwrap() = keys.to_vec();
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }
}

async fn answer(State(server): State<Arc<KeyServer>>) -> impl IntoResponse {
    server.asked.fetch_add(1, Ordering::Relaxed);
    let status = if server.is_down.load(Ordering::Relaxed) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let keys = server.shown.lock().unwrap().clone();
    let keys = keys.iter().map(|(kid, index)| {
        let (n, e) = public(&KEYS[*index]);
        json!({"kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": encoded(n), "e": encoded(e)})
    });
    let body = json!({"keys": keys.collect::<Vec<_>>()}).to_string();
    (status, [(header::CACHE_CONTROL, "public, max-age=21600, must-revalidate")], body)
}

struct Gate {
    world: World,
    clock: Arc<At>,
    server: Arc<KeyServer>,
    verifier: Verifier,
}

impl Gate {
    async fn open() -> Gate {
        let world = World::start().await;
        let server = Arc::new(KeyServer::default());
        server.show(&[("k0", 0)]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Arc::new(At::default());
        clock.set(NOW);
        let verifier = Verifier::new(&settings(&world, &[("id_token_keys_url", &url)]), clock.clone()).unwrap();
        Gate { world, clock, server, verifier }
    }

    async fn verify(&self, token: &str) -> Result<String, IdTokenError> {
        self.verifier.verify(token, Revocation::Unchecked).await.map(|person| person.uid)
    }

    async fn refuse(&self, token: &str) -> IdTokenError {
        let error = self.verify(token).await.expect_err("it must be refused");
        assert!(error.is_refusal());
        let told = format!("{error} {error:?}");
        assert!(!told.contains("ada") && !told.contains("eyJ"), "{told}");
        error
    }
}

#[tokio::test]
async fn u2_a_token_of_google_names_its_bearer() {
    let gate = Gate::open().await;
    let person = gate.verifier.verify(&token(json!({})), Revocation::Unchecked).await.unwrap();
    assert_eq!((person.uid.as_str(), person.email.as_deref()), ("ada-1", Some("ada@example.com")));
    assert_eq!((person.email_verified, person.sign_in_provider.as_deref()), (true, Some("google.com")));
    assert_eq!(person.signed_in_at.as_second(), NOW - 600);
    assert_eq!(format!("{person:?}"), "Person { uid: \"ada-1\", .. }");
    // A person without an email address (who signed in by telephone) is one, too.
    let person =
        gate.verifier.verify(&token(json!({"email": null, "email_verified": null})), Revocation::Unchecked).await;
    assert_eq!(person.map(|person| (person.email, person.email_verified)), Ok((None, false)));
    assert_eq!(gate.server.asked(), 1, "the keys are remembered");
}

#[tokio::test]
async fn u2_claims_that_do_not_hold_are_refused() {
    let gate = Gate::open().await;
    use IdTokenError::{Audience, Expired, Issuer, Malformed, NotYetValid, Subject, Tenant};
    for (changes, error) in [
        (json!({"aud": "another-project"}), Audience),
        (json!({"aud": null}), Malformed),
        (json!({"aud": [PROJECT]}), Malformed),
        (json!({"aud": [PROJECT, "another-project"]}), Malformed),
        (json!({"iss": "https://securetoken.google.com/another-project"}), Issuer),
        (json!({"iss": "https://accounts.google.com"}), Issuer),
        (json!({"iss": format!("https://securetoken.google.com/{PROJECT}/")}), Issuer),
        (json!({"iss": null}), Malformed),
        (json!({"exp": NOW - 31}), Expired),
        (json!({"exp": null}), Malformed),
        (json!({"exp": "tomorrow"}), Malformed),
        (json!({"exp": i64::MAX}), Malformed),
        (json!({"iat": NOW + 31}), NotYetValid),
        (json!({"iat": null}), Malformed),
        (json!({"auth_time": NOW + 31}), NotYetValid),
        (json!({"auth_time": null}), Malformed),
        (json!({"sub": ""}), Subject),
        (json!({"sub": "x".repeat(129)}), Subject),
        (json!({"sub": null}), Malformed),
        (json!({"sub": 7}), Malformed),
        (json!({"firebase": {"sign_in_provider": "google.com", "tenant": "t1"}}), Tenant),
    ] {
        assert_eq!(gate.refuse(&token(changes.clone())).await, error, "{changes}");
    }
    for changes in
        [json!({"exp": NOW - 29}), json!({"iat": NOW + 29, "auth_time": NOW + 29}), json!({"sub": "x".repeat(128)})]
    {
        gate.verify(&token(changes.clone())).await.unwrap_or_else(|error| panic!("{changes}: {error}"));
    }
}

#[tokio::test]
async fn u2_forged_and_mangled_tokens_are_refused() {
    let gate = Gate::open().await;
    let good = token(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let [_, payload, signature] = parts[..] else { panic!("three parts") };

    // Unsigned, as the Auth emulator issues them.
    for alg in ["none", "None", "NONE"] {
        let head = encoded(json!({"alg": alg, "kid": "k0"}).to_string());
        for end in ["", signature] {
            assert_eq!(gate.refuse(&format!("{head}.{payload}.{end}")).await, IdTokenError::Malformed, "{alg}");
        }
    }
    // A MAC whose secret is the public key.
    let (n, e) = public(&KEYS[0]);
    for secret in [n.clone(), encoded(&n).into_bytes(), [n, e].concat()] {
        let head = encoded(json!({"alg": "HS256", "kid": "k0"}).to_string());
        let message = format!("{head}.{payload}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        assert_eq!(gate.refuse(&format!("{message}.{}", encoded(tag))).await, IdTokenError::Algorithm);
    }
    // Another algorithm of the same key, another key of the same name, a key brought along.
    let other = signed(&json!({"alg": "RS384", "kid": "k0"}), &claims(), &KEYS[0]);
    assert_eq!(gate.refuse(&other).await, IdTokenError::Algorithm);
    assert_eq!(gate.refuse(&signed(&header(), &claims(), &KEYS[1])).await, IdTokenError::Signature);
    let (n, e) = public(&KEYS[1]);
    let own = json!({"kty": "RSA", "n": encoded(n), "e": encoded(e)});
    let own = json!({"alg": "RS256", "kid": "k0", "jwk": own, "jku": "http://127.0.0.1:9/keys"});
    assert_eq!(gate.refuse(&signed(&own, &claims(), &KEYS[1])).await, IdTokenError::Signature);
    // Other claims under the same signature.
    let mut admin = claims();
    admin["sub"] = json!("root");
    assert_eq!(gate.refuse(&good.replace(payload, &encoded(admin.to_string()))).await, IdTokenError::Signature);
    let without_key = signed(&json!({"alg": "RS256"}), &claims(), &KEYS[0]);
    assert_eq!(gate.refuse(&without_key).await, IdTokenError::UnknownKey);

    let huge = token(json!({"email": "x".repeat(1 << 20)}));
    let bytes = format!("{good}\0");
    for mangled in ["", ".", "..", "a.b", "a.b.c", "....", &good[1..], &good[..good.len() / 2], &huge, &bytes, "ä.ö.ü"]
    {
        gate.refuse(mangled).await;
    }
    assert_eq!(gate.server.asked(), 1);
}

#[tokio::test]
async fn u2_keys_are_renewed_when_they_change_and_a_flood_of_unknown_ones_asks_once_a_minute() {
    let gate = Gate::open().await;
    gate.verify(&token(json!({}))).await.unwrap();
    let strange = |n: u32| signed(&json!({"alg": "RS256", "kid": format!("x{n}")}), &claims(), &KEYS[0]);
    for n in 0..50 {
        assert_eq!(gate.refuse(&strange(n)).await, IdTokenError::UnknownKey);
    }
    assert_eq!(gate.server.asked(), 1, "the keys are a moment old");
    gate.clock.set(NOW + 61);
    let flood = (0..50).map(strange).collect::<Vec<_>>();
    futures::future::join_all(flood.iter().map(|token| gate.refuse(token))).await;
    assert_eq!(gate.server.asked(), 2);

    // Google signs with a new key from now on, and later takes the old one back.
    gate.clock.set(NOW + 200);
    gate.server.show(&[("k0", 0), ("k1", 1)]);
    let new = signed(&json!({"alg": "RS256", "kid": "k1"}), &claims(), &KEYS[1]);
    gate.verify(&new).await.unwrap();
    gate.verify(&token(json!({}))).await.unwrap();
    assert_eq!(gate.server.asked(), 3);
    gate.server.show(&[("k1", 1)]);
    gate.clock.set(NOW + 200 + 21_600);
    let later = json!({"iat": NOW + 21_700, "exp": NOW + 25_000});
    assert_eq!(gate.refuse(&token(later)).await, IdTokenError::UnknownKey);
}

#[tokio::test]
async fn u2_remembered_keys_serve_while_the_server_is_down_until_they_expire() {
    let gate = Gate::open().await;
    let lasting = token(json!({"exp": NOW + 1_000_000}));
    gate.server.set_down(true);
    let error = gate.verify(&lasting).await.unwrap_err();
    assert!(matches!(error, IdTokenError::KeysUnavailable(_)) && !error.is_refusal());
    for _ in 0..10 {
        assert!(!gate.verify(&lasting).await.unwrap_err().is_refusal());
    }
    assert_eq!(gate.server.asked(), 1, "a server that is down is left alone for a minute");
    gate.server.set_down(false);
    gate.clock.set(NOW + 100);
    gate.verify(&lasting).await.unwrap();

    // They are due at three quarters of their time, and count until its end.
    gate.server.set_down(true);
    gate.clock.set(NOW + 100 + 21_000);
    gate.verify(&lasting).await.unwrap();
    assert_eq!(gate.server.asked(), 3);
    gate.clock.set(NOW + 100 + 21_601);
    assert!(!gate.verify(&lasting).await.unwrap_err().is_refusal());
    gate.server.set_down(false);
    gate.clock.set(NOW + 100 + 21_700);
    gate.verify(&lasting).await.unwrap();
}

#[tokio::test]
async fn u2_a_revoked_disabled_or_deleted_user_is_refused_at_once() {
    let gate = Gate::open().await;
    let token = token(json!({}));
    let look = || gate.verifier.verify(&token, Revocation::Checked);
    assert_eq!(look().await.unwrap_err(), IdTokenError::NoSuchUser);
    let user = json!({"localId": "ada-1", "email": "ada@example.com", "validSince": (NOW - 600).to_string()});
    gate.world.insert("identity_toolkit", "accounts", user).await;
    assert_eq!(look().await.unwrap().uid, "ada-1");
    let patch = |patch: Json| gate.world.patch("identity_toolkit", "accounts", "ada-1", patch);
    patch(json!({"disabled": true})).await;
    assert_eq!(look().await.unwrap_err(), IdTokenError::Disabled);
    patch(json!({"disabled": false, "validSince": (NOW - 599).to_string()})).await;
    assert_eq!(look().await.unwrap_err(), IdTokenError::Revoked);
    patch(json!({"validSince": (NOW - 700).to_string()})).await;
    look().await.unwrap();
    gate.world.fault(json!({"cloud": "identity_toolkit", "times": null, "effect": {"status": {"code": 403}}})).await;
    let error = look().await.unwrap_err();
    assert!(matches!(error, IdTokenError::Lookup(_)) && !error.is_refusal(), "{error:?}");
}
