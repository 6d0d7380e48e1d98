//! Stripe's webhooks: signature header and body, parted by the first line end.
#![no_main]
use ampere_provider::stripe_webhook::WebhookVerifier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let (header, body) = bytes.split_at(at);
    let verifier = WebhookVerifier::new(["whsec_EXAMPLE".to_owned()]).expect("a secret is given");
    let now = jiff::Timestamp::from_second(1_795_370_400).expect("in range");
    assert!(verifier.verify(std::str::from_utf8(header).ok(), body, now).is_err(), "nobody can sign here");
    ampere_provider::fuzzing::event(body);
});
