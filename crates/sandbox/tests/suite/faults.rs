//! Faults of each kind, as a client meets them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const SERVERS: &str = "/hetzner/v1/servers";

fn server() -> Value {
    json!({"name": "box", "server_type": "cx23", "image": "debian-13"})
}

async fn servers(calls: &Calls) -> usize {
    let list = calls.get("/_sandbox/objects/hetzner/servers").await.ok();
    list.as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_status_comes_with_the_clouds_own_body_and_nothing_is_done() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let effect = json!({"status": {"code": 429, "retry_after": 2}});
    calls.fault(json!({"cloud": "hetzner", "method": "POST", "path": "/servers", "effect": effect})).await;
    let refused = calls.post(SERVERS, server()).await;
    assert_eq!(refused.headers["retry-after"], "2");
    assert_eq!(refused.headers["ratelimit-remaining"], "0");
    assert_eq!(refused.refused(429)["error"]["code"], "rate_limit_exceeded");
    assert_eq!(servers(&calls).await, 0);
    calls.post(SERVERS, server()).await.ok();

    calls.fault(json!({"effect": {"status": {"code": 503}}, "times": 3})).await;
    let stripe = calls.get("/stripe/v1/customers").await.refused(503);
    assert_eq!(stripe["error"]["type"], "api_error");
    let path = "/firestore/v1/projects/p/databases/(default)/documents/c/d";
    assert_eq!(calls.get(path).await.refused(503)["error"]["status"], "UNAVAILABLE");
    let path = "/identitytoolkit.googleapis.com/v1/projects/p/accounts:batchGet";
    assert_eq!(calls.get(path).await.refused(503)["error"]["code"], 503);
    calls.get(path).await.ok();
}

#[tokio::test]
async fn connections_are_cut_before_and_after_the_effect() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for (effect, made) in [("reset", 0), ("reset_after", 1), ("lose_response", 2)] {
        calls.fault(json!({"method": "POST", "path": "/servers", "effect": effect})).await;
        let mut wanted = server();
        wanted["name"] = json!(effect.replace('_', "-"));
        let outcome = calls.request("POST", SERVERS).json(&wanted).send().await;
        assert!(outcome.is_err(), "{effect} was answered");
        assert_eq!(servers(&calls).await, made, "{effect}");
    }
}

#[tokio::test]
async fn answers_are_replaced_cut_and_malformed() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    calls.post(SERVERS, server()).await.ok();
    let order = |effect: Value| json!({"method": "GET", "path": "/servers", "effect": effect});
    let text = async || {
        let response = calls.request("GET", SERVERS).send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a body"))
    };
    calls.fault(order(json!({"answer": {"status": 502, "body": "<html>Bad Gateway</html>"}}))).await;
    assert_eq!(text().await, (502, "<html>Bad Gateway</html>".to_owned()));
    calls.fault(order(json!({"truncate": {"bytes": 40}}))).await;
    let (status, cut) = text().await;
    assert_eq!((status, cut.len()), (200, 40));
    assert!(serde_json::from_str::<Value>(&cut).is_err());
    calls.fault(order(json!({"malform": {"field": "server_type", "value": 42}}))).await;
    let list = calls.get(SERVERS).await.ok();
    assert_eq!((&list["servers"][0]["server_type"], &list["servers"][0]["name"]), (&json!(42), &json!("box")));
    assert_eq!(calls.get(SERVERS).await.ok()["servers"][0]["server_type"]["name"], "cx23");
}

#[tokio::test]
async fn latency_delays_and_faults_are_counted_and_forgotten() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    calls.fault(json!({"path": "/servers", "nth": 2, "latency_ms": 150})).await;
    let timed = async || {
        let start = Instant::now();
        calls.get(SERVERS).await.ok();
        start.elapsed()
    };
    timed().await;
    assert!(timed().await >= Duration::from_millis(150));
    let ordered = calls.get("/_sandbox/faults").await.ok();
    assert_eq!(ordered["faults"][0]["struck"], 1);
    calls.fault(json!({"path": "/servers", "times": null, "effect": {"status": {"code": 500}}})).await;
    calls.get(SERVERS).await.refused(500);
    calls.get(SERVERS).await.refused(500);
    calls.delete("/_sandbox/faults").await;
    calls.get(SERVERS).await.ok();
    calls.post("/_sandbox/faults", json!({"effect": "explode"})).await.refused(400);
    calls.post("/_sandbox/faults", json!({"path": "~("})).await.refused(400);
}

#[tokio::test]
async fn stripe_replays_a_500_and_a_lost_answer_to_the_same_key() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let keyed = |key: &'static str| {
        let request = calls.form_request("/stripe/v1/customers", "name=Ada");
        request.header("idempotency-key", key)
    };
    calls.fault(json!({"cloud": "stripe", "effect": {"status": {"code": 500}}})).await;
    calls.send(keyed("a")).await.refused(500);
    let again = calls.send(keyed("a")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    again.refused(500);
    calls.fault(json!({"cloud": "stripe", "effect": "lose_response"})).await;
    assert!(keyed("b").send().await.is_err());
    let found = calls.send(keyed("b")).await;
    assert_eq!(found.headers["idempotent-replayed"], "true");
    found.ok();
    let counts = calls.get("/_sandbox/objects").await.ok();
    assert_eq!(counts["stripe"]["customers"], 1);
}
