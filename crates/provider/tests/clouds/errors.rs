//! What failures become: by code, never by text, with a hint where a person can do something.
use std::time::Duration;

use ampere_core::provider::{Provider, ProviderError, ProviderErrorKind as Kind};
use ampere_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::kit::{SECRET, Values, World, ephemeral, list_by, provider, string};

/// A cloud, and a call that changes something there.
#[derive(Clone, Copy, Debug)]
enum Place {
    Identity,
    Firestore,
    Stripe,
    Hetzner,
}

const PLACES: [Place; 4] = [Place::Identity, Place::Firestore, Place::Stripe, Place::Hetzner];

impl Place {
    /// Orders that the place's write fails so.
    async fn fail(self, world: &World, effect: Json) {
        let (cloud, path) = match self {
            Place::Identity => ("identity_toolkit", "/v1/projects/*/accounts"),
            Place::Firestore => ("firestore", "/v1/projects/**:commit"),
            Place::Stripe => ("stripe", "/v1/customers"),
            Place::Hetzner => ("hetzner", "/servers"),
        };
        world.fault(json!({"cloud": cloud, "method": "POST", "path": path, "effect": effect})).await;
    }

    /// Makes an object there, and gives the failure.
    async fn create(self, world: &World, uid: &str) -> Result<(), ProviderError> {
        let (kind, config) = match self {
            Place::Identity => ("ampere_account", vec![("email", string("grace@example.com"))]),
            Place::Firestore => (
                "ampere_secret",
                vec![("account", string("u")), ("kind", string("openai")), ("value_wo", ephemeral(SECRET))],
            ),
            Place::Stripe => {
                ("ampere_subscription", vec![("account", string(uid)), ("price", string("price_hosting_monthly"))])
            }
            Place::Hetzner => (
                "ampere_instance",
                vec![
                    ("account", string(uid)),
                    ("subscription", string("sub_1")),
                    ("location", string("nbg1")),
                    ("server_type", string("cx23")),
                    ("model", string("openai/gpt-5.4")),
                ],
            ),
        };
        let after = world.planned(kind, None, &config);
        let secret = matches!(self, Place::Firestore).then_some(SECRET);
        let values = Values { after: Some(&after), secret, key: "k1", ..Values::default() };
        world.create_with(kind, "x", values).await.map(drop)
    }
}

/// The failure of each place's write under an effect.
async fn failures(effect: Json) -> Vec<(Place, ProviderError)> {
    failures_of(&PLACES, effect).await
}

async fn failures_of(places: &[Place], effect: Json) -> Vec<(Place, ProviderError)> {
    let mut failures = Vec::new();
    for place in places.iter().copied() {
        let world = World::start().await;
        let uid = world.account("ada").await;
        place.fail(&world, effect.clone()).await;
        failures.push((place, place.create(&world, &uid).await.expect_err(&format!("{place:?}"))));
    }
    failures
}

fn status(code: u16) -> Json {
    json!({"status": {"code": code}})
}

#[tokio::test]
async fn statuses_mean_the_same_at_every_cloud() {
    for (code, kind) in [
        (401, Kind::Unauthenticated),
        (403, Kind::Forbidden),
        (404, Kind::NotFound),
        (429, Kind::RateLimited { retry_after: Some(Duration::from_secs(3)) }),
        (500, Kind::Unavailable),
        (503, Kind::Unavailable),
    ] {
        let retry_after = if code == 429 { json!(3) } else { Json::Null };
        // Hetzner's budget is waited for (see `budget.rs`).
        let places = if code == 429 { &PLACES[..3] } else { &PLACES };
        for (place, error) in failures_of(places, json!({"status": {"code": code, "retry_after": retry_after}})).await {
            assert_eq!(error.kind, kind, "{place:?} {code}: {error}");
            if matches!(code, 401 | 403) {
                assert!(error.hint.is_some(), "{place:?} {code}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn refused_requests_are_never_worth_repeating() {
    for code in [400, 422] {
        for (place, error) in failures(status(code)).await {
            assert_eq!(error.kind, Kind::Invalid, "{place:?} {code}: {error}");
        }
    }
}

#[tokio::test]
async fn pages_of_proxies_are_no_answers() {
    for (code, kind) in [(502, Kind::Unknown), (504, Kind::Unknown), (403, Kind::Forbidden), (200, Kind::Malformed)] {
        let page = json!({"answer": {"status": code, "body": "<html>no, says the proxy</html>"}});
        for (place, error) in failures(page).await {
            assert_eq!(error.kind, kind, "{place:?} {code}: {error}");
            assert!(!error.to_string().contains("proxy"), "{error}");
        }
    }
}

/// Every kind's listing, under a fault of its cloud that does not end.
async fn listing_error(effect: Json) -> Vec<ProviderError> {
    let world = World::start().await;
    world.fault(json!({"times": null, "effect": effect})).await;
    let mut errors = Vec::new();
    for kind in world.provider.kinds().keys() {
        errors.push(world.try_list(kind).await.expect_err(kind));
    }
    errors
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_an_error_and_not_an_empty_list() {
    for (effect, kinds) in [
        (json!({"truncate": {"bytes": 20}}), &[Kind::Malformed, Kind::Unknown][..]),
        (json!({"answer": {"body": "nonsense"}}), &[Kind::Malformed]),
        (json!({"answer": {"body": "{}"}}), &[Kind::Malformed]),
        (json!({"answer": {"body": ""}}), &[Kind::Malformed]),
        (json!("reset"), &[Kind::Unknown]),
        (status(401), &[Kind::Unauthenticated]),
    ] {
        for error in listing_error(effect.clone()).await {
            assert!(kinds.contains(&error.kind), "{effect}: {error} ({:?})", error.kind);
        }
    }
}

#[tokio::test]
async fn reads_are_repeated_and_the_pause_a_cloud_asks_for_is_kept() {
    let world = World::start().await;
    world.account("ada").await;
    let fault = json!({"method": "GET", "path": "/v1/projects/*/accounts:batchGet", "times": 2,
                       "effect": {"status": {"code": 429, "retry_after": 1}}});
    world.fault(fault).await;
    let begun = std::time::Instant::now();
    assert_eq!(world.list("ampere_account").await.objects.len(), 1);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_404_in_the_middle_of_a_change_says_what_is_gone() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    let ghost = Value::object([("id", string("4711"))]);
    for (kind, config) in [
        ("ampere_instance", vec![("location", "nbg1"), ("server_type", "cx23"), ("model", "openai/gpt-5.4")]),
        ("ampere_subscription", vec![("price", "price_hosting_monthly")]),
    ] {
        let mut config: Vec<_> = config.into_iter().map(|(name, text)| (name, string(text))).collect();
        config.push(("account", string(&uid)));
        if kind == "ampere_instance" {
            config.push(("subscription", string("sub_1")));
        }
        let after = world.planned(kind, None, &config);
        let error = world.update(kind, "x", &ghost, &after, "k").await.unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{error}");
        assert!(error.to_string().contains("4711") && error.hint.is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_sent_nothing_and_a_tls_failure_is_a_matter_of_configuration() {
    let world = World::start().await;
    let port = world.sandbox.address().port();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (endpoint, kind) in
        [(format!("http://{closed}"), Kind::Unavailable), (format!("https://127.0.0.1:{port}"), Kind::Connection)]
    {
        let all = ["hcloud_endpoint", "stripe_api_base", "identity_toolkit_endpoint", "firestore_endpoint"];
        let given: Vec<_> = all.iter().map(|name| (*name, endpoint.as_str())).collect();
        let provider = provider(&world, &given);
        for name in provider.kinds().keys() {
            let error = list_by(&provider, world.stack(), name).await.unwrap_err();
            assert_eq!(error.kind, kind, "{name} {endpoint}: {error}");
            assert!(error.hint.is_some());
        }
    }
}

#[tokio::test]
async fn wrong_and_read_only_tokens_are_told_apart() {
    let world = World::start().await;
    let wrong = provider(&world, &[("hcloud_token", "invalid-EXAMPLE"), ("stripe_api_key", "invalid-EXAMPLE")]);
    for kind in ["ampere_instance", "ampere_subscription"] {
        let error = list_by(&wrong, world.stack(), kind).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unauthenticated);
        assert!(error.hint.is_some_and(|hint| hint.contains("provider block")));
    }
}

/// What Stripe says, and what becomes of it: kind, and words that a person needs to find in message or hint.
#[tokio::test]
async fn stripes_refusals_name_the_setting_or_the_attribute() {
    let error =
        |kind: &str, code: &str, message: &str| json!({"error": {"type": kind, "code": code, "message": message}});
    let bad = "invalid_request_error";
    let other_mode = "No such subscription: 'sub_1'; a similar object exists in live mode, but a test mode key was used to \
                      make this request.";
    for (status, body, kind, words) in [
        (
            401,
            error(bad, "api_key_expired", "Expired API Key provided: sk_test_****"),
            Kind::Unauthenticated,
            "expired stripe_api_key",
        ),
        (
            401,
            json!({"error": {"type": bad, "message": "Invalid API Key provided: sk_test_****"}}),
            Kind::Unauthenticated,
            "stripe_api_key STRIPE_API_KEY",
        ),
        (
            401,
            error(bad, "secret_key_required", "This API call cannot be made with a publishable API key."),
            Kind::Unauthenticated,
            "publishable stripe_api_key",
        ),
        (404, error(bad, "resource_missing", other_mode), Kind::Unauthenticated, "mode stripe_api_key"),
        (400, error(bad, "resource_missing", other_mode), Kind::Unauthenticated, "mode stripe_api_key"),
        (
            403,
            json!({"error": {"type": bad, "message": "The provided key does not have the required permissions"}}),
            Kind::Forbidden,
            "restricted",
        ),
        (
            429,
            error(bad, "rate_limit", "Request rate limit exceeded."),
            Kind::RateLimited { retry_after: None },
            "parallelism",
        ),
        (429, error(bad, "lock_timeout", "This object cannot be accessed right now"), Kind::Unavailable, "again"),
        (
            409,
            error("idempotency_error", "idempotency_key_in_use", "There is currently another in-progress request"),
            Kind::Unavailable,
            "again",
        ),
        (
            400,
            error("idempotency_error", "", "Keys for idempotent requests can only be used with"),
            Kind::Conflict,
            "plan",
        ),
        (402, error("card_error", "card_declined", "Your card was declined."), Kind::Invalid, "declined payment_url"),
        (400, error(bad, "email_invalid", "Invalid email address: ada@example.com"), Kind::Invalid, "email"),
    ] {
        let world = World::start().await;
        let uid = world.account("ada").await;
        let answer = json!({"answer": {"status": status, "body": body.to_string()}});
        Place::Stripe.fail(&world, answer).await;
        let refused = Place::Stripe.create(&world, &uid).await.unwrap_err();
        let said = format!("{refused} {}", refused.hint.as_deref().unwrap_or(""));
        assert_eq!(refused.kind, kind, "{body}: {said}");
        assert!(words.split(' ').all(|word| said.contains(word)), "{words}: {said}");
        assert!(said.starts_with("Stripe: ") && !said.contains("****") && !said.contains("ada@"), "{said}");
    }
}

#[tokio::test]
async fn a_key_of_the_other_mode_does_not_make_subscriptions_look_lost() {
    let world = World::start().await;
    let message = "No such subscription: 'sub_1'; a similar object exists in live mode, but a test mode key was used";
    let body = json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "message": message}});
    let answer = json!({"answer": {"status": 404, "body": body.to_string()}});
    world.fault(json!({"cloud": "stripe", "path": "/v1/subscriptions/sub_1", "effect": answer})).await;
    let read = world.provider.read("ampere_subscription", &"sub_1".into()).await.unwrap_err();
    assert_eq!(read.kind, Kind::Unauthenticated, "{read}");
}
