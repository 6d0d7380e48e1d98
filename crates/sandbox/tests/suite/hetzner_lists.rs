//! Pages, selectors, filters and the rate limit.

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox};

const FIREWALLS: &str = "/hetzner/v1/firewalls";

async fn names(calls: &Calls, query: &str) -> Vec<String> {
    let list = calls.get(&format!("{FIREWALLS}?{query}")).await.ok();
    let firewalls = list["firewalls"].as_array().expect("a list");
    firewalls.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn every_object_stands_on_exactly_one_page() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for index in 0..53 {
        calls.post(FIREWALLS, json!({"name": format!("fw-{index:02}")})).await.ok();
    }
    let first = calls.get(FIREWALLS).await.ok();
    let expected = json!({
        "page": 1, "per_page": 25, "previous_page": null, "next_page": 2, "last_page": 3,
        "total_entries": 53,
    });
    assert_eq!(first["meta"]["pagination"], expected);
    let mut seen = Vec::new();
    for page in 1..=3 {
        seen.extend(names(&calls, &format!("page={page}")).await);
    }
    let all: Vec<String> = (0..53).map(|index| format!("fw-{index:02}")).collect();
    assert_eq!(seen, all);
    assert_eq!(names(&calls, "per_page=50").await.len(), 50);
    assert!(names(&calls, "page=9").await.is_empty());
    assert_eq!(names(&calls, "sort=name:desc&per_page=1").await, ["fw-52"]);
    for query in ["per_page=51", "per_page=0", "page=x", "sort=rules", "label_selector=a%20b"] {
        let refused = calls.get(&format!("{FIREWALLS}?{query}")).await.refused(422);
        assert_eq!(refused["error"]["code"], "invalid_input", "{query}");
    }
}

#[tokio::test]
async fn a_selector_is_applied_by_the_server() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for (name, labels) in [
        ("ours", json!({"ampere-stack": "prod", "ampere-address": "abc"})),
        ("theirs", json!({"ampere-stack": "test"})),
        ("foreign", json!({})),
    ] {
        calls.post(FIREWALLS, json!({"name": name, "labels": labels})).await.ok();
    }
    assert_eq!(names(&calls, "label_selector=ampere-stack%3Dprod").await, ["ours"]);
    assert_eq!(names(&calls, "label_selector=ampere-stack").await, ["ours", "theirs"]);
    assert_eq!(names(&calls, "label_selector=!ampere-stack").await, ["foreign"]);
    let several = "label_selector=ampere-stack%20in%20(prod,test),ampere-address!%3Dabc";
    assert_eq!(names(&calls, several).await, ["theirs"]);
    assert_eq!(names(&calls, "name=theirs").await, ["theirs"]);
}

#[tokio::test]
async fn several_actions_are_read_in_one_call_and_never_all() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let server = json!({"name": "box", "server_type": "cx23", "image": "debian-13"});
    let made = calls.post("/hetzner/v1/servers", server).await.ok();
    let (first, second) = (&made["action"]["id"], &made["next_actions"][0]["id"]);
    let read = calls.get(&format!("/hetzner/v1/actions?id={first}&id={second}")).await.ok();
    assert_eq!(read["actions"].as_array().map(Vec::len), Some(2));
    calls.get("/hetzner/v1/actions").await.refused(422);
}

#[tokio::test]
async fn the_rate_limit_is_told_and_enforced_on_order() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let answer = calls.get(FIREWALLS).await;
    assert_eq!(answer.headers["ratelimit-limit"], "3600");
    assert_eq!(answer.headers["ratelimit-remaining"], "3599");
    assert!(answer.headers.contains_key("ratelimit-reset"));
    calls.post("/_sandbox/limits", json!({"hetzner_requests_per_hour": 1})).await.ok();
    calls.get(FIREWALLS).await.ok();
    let refused = calls.get(FIREWALLS).await.refused(429);
    assert_eq!(refused["error"]["code"], "rate_limit_exceeded");
}

#[tokio::test]
async fn the_catalogue_is_listed_and_found_by_name() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let types = calls.get("/hetzner/v1/server_types?name=cax11").await.ok();
    assert_eq!(types["server_types"][0]["architecture"], "arm");
    let images = calls.get("/hetzner/v1/images?name=debian-13&architecture=arm").await.ok();
    assert_eq!(images["images"].as_array().map(Vec::len), Some(1));
    let locations = calls.get("/hetzner/v1/locations").await.ok();
    let named = |value: &Value| value["name"].as_str().map(str::to_owned);
    let found: Vec<_> = locations["locations"].as_array().into_iter().flatten().filter_map(named).collect();
    assert_eq!(found, ["fsn1", "nbg1", "hel1", "ash", "hil", "sin"]);
    calls.get("/hetzner/v1/nothing").await.refused(404);
}
