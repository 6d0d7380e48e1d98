//! A canary: tokens, secrets and what a cloud echoes come up in no error, no `Debug` and no log.
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::kit::{SECRET, Values, World, ephemeral, provider, string};

const TOKENS: [&str; 3] = ["hc-EXAMPLE-canary", "sk_test_EXAMPLE_canary", "ya29.EXAMPLE-canary"];

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn s1_nothing_secret_comes_up_in_errors_or_logs_at_trace_level() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).init();
    let mut world = World::start().await;
    world.provider = provider(
        &world,
        &[("hcloud_token", TOKENS[0]), ("stripe_api_key", TOKENS[1]), ("google_access_token", TOKENS[2])],
    );
    let mut texts = vec![format!("{:?}", world.provider)];

    let config = [("account", string("u")), ("kind", string("anthropic")), ("value_wo", ephemeral(SECRET))];
    let after = world.planned("ampere_secret", None, &config);
    let values = Values { after: Some(&after), secret: Some(SECRET), key: "k1", ..Values::default() };
    let echo = format!("you sent {SECRET} with {} {} {}", TOKENS[0], TOKENS[1], TOKENS[2]);
    let google = json!({"error": {"code": 400, "message": echo, "status": "INVALID_ARGUMENT"}}).to_string();
    for effect in [
        json!({"answer": {"status": 400, "body": google}}),
        json!({"answer": {"status": 400, "body": echo}}),
        json!({"status": {"code": 500}}),
        json!("lose_response"),
    ] {
        world.fault(json!({"path": "/v1/projects/**:commit", "effect": effect})).await;
        let error = world.create_with("ampere_secret", "key", values).await.unwrap_err();
        texts.push(format!("{error} {error:?}"));
    }
    let made = world.create_with("ampere_secret", "key", values).await.unwrap();
    texts.push(format!("{:?}", made.attributes));

    let hetzner = json!({"error": {"code": "invalid_input", "message": echo,
        "details": {"fields": [{"name": echo, "messages": [echo]}]}}});
    let stripe = json!({"error": {"type": "invalid_request_error", "code": echo, "param": echo, "message": echo}});
    for (kind, body) in [("ampere_instance", hetzner), ("ampere_subscription", stripe)] {
        let effect = json!({"answer": {"status": 422, "body": body.to_string()}});
        let cloud = if kind == "ampere_instance" { "hetzner" } else { "stripe" };
        world.fault(json!({"cloud": cloud, "times": null, "effect": effect})).await;
        let error = world.try_list(kind).await.unwrap_err();
        texts.push(format!("{error} {error:?}"));
    }

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("called") && logged.contains("TRACE"), "the log was really taken");
    texts.push(logged);
    for text in texts {
        for needle in TOKENS.iter().chain([&SECRET]) {
            assert!(!text.contains(needle), "{needle} in {}", excerpt(&text, needle));
        }
    }
}

fn excerpt<'a>(text: &'a str, needle: &str) -> &'a str {
    let at = text.find(needle).unwrap_or(0);
    let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
    &text[line..at]
}
