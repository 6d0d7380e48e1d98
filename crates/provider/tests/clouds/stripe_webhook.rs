//! Webhooks of Stripe's, signed by its own library.
//!
//! The signatures `BY_STRIPE` and `BY_STRIPE_ROLLED` were made by `stripe.WebhookSignature` of PyPI `stripe` 16.1.0, and
//! `stripe.Webhook.construct_event` took them; `BY_HAND` was made by `openssl dgst -sha256 -hmac whsec_BYHAND`.
use ampere_provider::stripe_webhook::{Hint, MAX_BODY, NoSecret, Received, WebhookError, WebhookVerifier};
use jiff::{SignedDuration, Timestamp};

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
