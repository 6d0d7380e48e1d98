//! Webhooks of Stripe's, signed by its own library.
//!
//! The signatures `BY_STRIPE` and `BY_STRIPE_ROLLED` were made by `stripe.WebhookSignature` of PyPI `stripe` 16.1.0, and
//! `stripe.Webhook.construct_event` took them; `BY_HAND` was made by `openssl dgst -sha256 -hmac whsec_BYHAND`.
use std::sync::{Arc, Mutex};

use ampere_provider::stripe_webhook::{
    Hint, MAX_BODY, NoSecret, Received, SIGNATURE_HEADER, WebhookError, WebhookVerifier,
};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::kit::World;

const SECRET: &str = "whsec_EXAMPLEexampleEXAMPLEexample12";
const ROLLED: &str = "whsec_EXAMPLErolledEXAMPLErolled0000";
const TIME: i64 = 1_795_370_400;
const BODY: &str = r#"{"id":"evt_1Example","object":"event","type":"customer.subscription.deleted","data":{"object":{"id":"sub_1Example","object":"subscription","customer":"cus_Example","metadata":{"note":"Grüße"}}}}"#;
const BY_STRIPE: &str = "d86f5024b61bf201d08488fb962d6eb8052a38405177721f218ab1d97a6a03a7";
const BY_STRIPE_ROLLED: &str = "7b221fc852d3d3fc83b25912b0e2c8534206d88d3e26c8c590e9634b7a970e63";
const BY_HAND: &str = "5e91f101e707177a917a8b466f6b2064f0c488c4e06bf35fe3e5e5ba6c7e42eb";

fn verifier(secrets: &[&str]) -> WebhookVerifier {
    WebhookVerifier::new(secrets.iter().map(|secret| (*secret).to_owned())).unwrap()
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_second(TIME).unwrap() + SignedDuration::from_secs(seconds)
}

fn header(signature: &str) -> String {
    format!("t={TIME},v1={signature},v0={}", "0".repeat(64))
}

fn verify(verifier: &WebhookVerifier, header: &str, seconds: i64) -> Result<Received, WebhookError> {
    verifier.verify(Some(header), BODY.as_bytes(), after(seconds))
}

#[test]
fn what_stripe_signed_is_a_hint_and_no_more() {
    let expected = Hint {
        event: "customer.subscription.deleted".into(),
        object: Some("sub_1Example".into()),
        customer: Some("cus_Example".into()),
    };
    assert_eq!(verify(&verifier(&[SECRET]), &header(BY_STRIPE), 7), Ok(Received::New(expected)));
}

#[test]
fn a_secret_that_is_being_rolled_is_taken_old_and_new() {
    let both = format!("t={TIME},v1={BY_STRIPE_ROLLED},v1={BY_STRIPE}");
    for secrets in [&[SECRET][..], &[ROLLED], &[ROLLED, SECRET]] {
        assert!(matches!(verify(&verifier(secrets), &both, 0), Ok(Received::New(_))), "{secrets:?}");
    }
    assert_eq!(verify(&verifier(&[ROLLED]), &header(BY_STRIPE), 0), Err(WebhookError::Forged));
}

#[test]
fn a_signature_made_by_hand_fits_and_its_body_is_no_event() {
    let signed = format!("t={TIME},v1={BY_HAND}");
    let verify = |body: &[u8]| verifier(&["whsec_BYHAND"]).verify(Some(&signed), body, after(0));
    assert_eq!(verify(b"{}"), Err(WebhookError::Malformed), "signed, and nothing");
    assert_eq!(verify(b"{ }"), Err(WebhookError::Forged), "not what was signed");
}

#[test]
fn what_is_changed_unsigned_or_too_large_is_refused() {
    let verifier = verifier(&[SECRET]);
    let forged = BODY.replace("cus_Example", "cus_Another");
    let refused = |header: Option<&str>, body: &str| verifier.verify(header, body.as_bytes(), after(0)).unwrap_err();
    assert_eq!(refused(Some(&header(BY_STRIPE)), &forged), WebhookError::Forged);
    let later = format!("t={},v1={BY_STRIPE}", TIME + 1);
    assert_eq!(refused(Some(&later), BODY), WebhookError::Forged, "the time is signed, too");
    assert_eq!(refused(None, BODY), WebhookError::Unsigned);
    assert_eq!(refused(Some("v1=1"), BODY), WebhookError::Header);
    for size in [MAX_BODY + 1, 2 << 20] {
        let large = refused(Some(&header(BY_STRIPE)), &" ".repeat(size));
        assert_eq!((large, large.status()), (WebhookError::TooLarge, 413));
    }
    for error in [WebhookError::Forged, WebhookError::Malformed, WebhookError::Header] {
        assert!(!error.to_string().contains("cus_") && error.status() == 400);
    }
}

#[test]
fn a_wrong_clock_is_told_in_both_directions() {
    for (seconds, error) in [
        (300, None),
        (-300, None),
        (301, Some(WebhookError::Stale { seconds: 301 })),
        (-301, Some(WebhookError::Early { seconds: 301 })),
    ] {
        assert_eq!(verify(&verifier(&[SECRET]), &header(BY_STRIPE), seconds).err(), error, "{seconds}");
        assert!(error.is_none_or(|error| error.to_string().contains("clock")));
    }
}

#[test]
fn a_replay_is_no_news() {
    let verifier = verifier(&[SECRET]);
    assert!(matches!(verify(&verifier, &header(BY_STRIPE), 0), Ok(Received::New(_))));
    for seconds in [1, 60] {
        assert_eq!(verify(&verifier, &header(BY_STRIPE), seconds), Ok(Received::Repeated));
    }
    assert!(verify(&verifier, &header(BY_STRIPE), 4_000).is_err(), "and later it is not even that");
}

#[test]
fn without_a_secret_nothing_is_checked() {
    assert_eq!(WebhookVerifier::new([]).err(), Some(NoSecret));
    assert_eq!(WebhookVerifier::new([String::new()]).err(), Some(NoSecret));
}

/// Deliveries as they reach a listener, oldest first.
type Arrived = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A listener that keeps what comes; gives its URL.
async fn listener(arrived: Arrived) -> String {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/stripe", socket.local_addr().unwrap());
    let keep = move |headers: HeaderMap, body: Bytes| async move {
        let signature = headers[SIGNATURE_HEADER].to_str().unwrap().to_owned();
        arrived.lock().unwrap().push((signature, body.to_vec()));
    };
    tokio::spawn(async move { axum::serve(socket, Router::new().route("/stripe", post(keep))).await });
    url
}

/// What a listener makes of the deliveries of one cancelled subscription that go wrong in a way.
async fn delivered(effect: Option<&str>) -> Vec<Result<Received, WebhookError>> {
    let world = World::start().await;
    let arrived = Arrived::default();
    let url = listener(arrived.clone()).await;
    let form = format!("url={url}&enabled_events[]=customer.subscription.*");
    let endpoint = world.stripe("/v1/webhook_endpoints", &form).await;
    let verifier = verifier(&[endpoint["secret"].as_str().unwrap()]);
    if let Some(effect) = effect {
        world.order_webhooks(json!({"effect": effect})).await;
    }
    let subscription = json!({"id": "sub_1", "customer": "cus_1"});
    world.insert("stripe", "subscriptions", subscription).await;
    for event in ["cancel_at_period_end", "end"] {
        world.event("sub_1", event).await;
    }
    world.webhooks_settled(if effect == Some("duplicate") { 4 } else { 2 }).await;
    let arrived = std::mem::take(&mut *arrived.lock().unwrap());
    arrived.iter().map(|(header, body)| verifier.verify(Some(header), body, Timestamp::now())).collect()
}

fn events(received: &[Result<Received, WebhookError>]) -> Vec<&str> {
    let hints = received.iter().filter_map(|received| match received {
        Ok(Received::New(hint)) => Some(hint.event.as_str()),
        _ => None,
    });
    hints.collect()
}

#[tokio::test]
async fn deliveries_are_hints_however_they_go_wrong() {
    let [updated, deleted] = ["customer.subscription.updated", "customer.subscription.deleted"];
    let mut well = delivered(None).await;
    well.sort_by_key(|received| format!("{received:?}"));
    assert_eq!(events(&well), [deleted, updated]);
    assert!(delivered(Some("lose")).await.is_empty());
    assert_eq!(events(&delivered(Some("hold")).await), [deleted, updated], "out of order");
    let twice = delivered(Some("duplicate")).await;
    assert_eq!((events(&twice).len(), twice.len()), (2, 4));
    assert!(delivered(Some("forge")).await.iter().all(|received| *received == Err(WebhookError::Forged)));
    let stale = delivered(Some("stale")).await;
    assert!(stale.iter().all(|received| matches!(received, Err(WebhookError::Stale { .. }))), "{stale:?}");
    assert_eq!(stale.len(), 2);
}
