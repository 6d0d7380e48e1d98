//! The log of actions, what is sold out, a clock that stands still.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox, sandbox_with};

const SERVERS: &str = "/hetzner/v1/servers";

fn request(name: &str) -> Value {
    json!({"name": name, "server_type": "cx23", "location": "nbg1", "image": "debian-13"})
}

fn commands(list: &Value) -> Vec<&str> {
    list["actions"].as_array().into_iter().flatten().filter_map(|action| action["command"].as_str()).collect()
}

#[tokio::test]
async fn the_log_of_actions_is_sorted_filtered_and_paged() {
    let sandbox = sandbox_with(Duration::from_secs(60)).await;
    let calls = Calls::new(&sandbox);
    let made = calls.post(SERVERS, request("a")).await.ok();
    let id = made["server"]["id"].clone();
    calls.advance(300).await;
    calls.post(SERVERS, request("b")).await.ok();
    let all = calls.get(&format!("{SERVERS}/actions?sort=id:desc")).await.ok();
    assert_eq!(commands(&all), ["start_server", "create_server", "start_server", "create_server"]);
    assert_eq!(all["meta"]["pagination"]["total_entries"], 4);
    let page = calls.get(&format!("{SERVERS}/actions?sort=id:desc&per_page=1&page=2")).await.ok();
    assert_eq!(commands(&page), ["create_server"]);
    let running = calls.get(&format!("{SERVERS}/actions?status=running")).await.ok();
    assert_eq!(commands(&running).len(), 2);
    let of_one = calls.get(&format!("{SERVERS}/{id}/actions")).await.ok();
    assert_eq!(commands(&of_one), ["create_server", "start_server"]);
    let action = made["action"]["id"].clone();
    let single = calls.get(&format!("{SERVERS}/{id}/actions/{action}")).await.ok();
    assert_eq!(single["action"]["status"], "success");
    calls.get(&format!("{SERVERS}/1/actions")).await.refused(404);

    let resources = json!([{"type": "server", "id": id}]);
    let by_hand = json!({"command": "enable_rescue", "resources": resources});
    calls.post("/_sandbox/objects/hetzner/actions", by_hand).await.ok();
    let newest = calls.get(&format!("{SERVERS}/actions?sort=id:desc&per_page=1")).await.ok();
    assert_eq!((commands(&newest), &newest["actions"][0]["status"]), (vec!["enable_rescue"], &json!("success")));
}

#[tokio::test]
async fn a_type_is_sold_out_on_order_and_the_catalogue_says_where() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let order = json!({"hetzner_sold_out": [{"server_type": "cx23", "location": "nbg1"}]});
    calls.post("/_sandbox/limits", order).await.ok();
    let refused = calls.post(SERVERS, request("a")).await.refused(412);
    assert_eq!(refused["error"]["code"], "resource_unavailable");
    let listed = calls.get("/hetzner/v1/server_types?name=cx23").await.ok();
    let available = |name: &str| {
        let locations = listed["server_types"][0]["locations"].as_array().into_iter().flatten();
        locations.filter(|at| at["name"] == name).map(|at| at["available"].clone()).next()
    };
    assert_eq!((available("nbg1"), available("fsn1")), (Some(json!(false)), Some(json!(true))));
    let mut elsewhere = request("a");
    elsewhere["location"] = json!("fsn1");
    calls.post(SERVERS, elsewhere).await.ok();
}

#[tokio::test]
async fn the_budget_fills_by_the_sandboxs_own_clock_which_can_stand_still() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let stopped = calls.post("/_sandbox/clock", json!({"stopped": true})).await.ok();
    let limits = json!({"hetzner_requests_per_hour": 3600, "hetzner_requests_left": 2});
    calls.post("/_sandbox/limits", limits).await.ok();
    let first = calls.get(SERVERS).await;
    assert_eq!(
        (&first.headers["ratelimit-limit"], &first.headers["ratelimit-remaining"]),
        (&"3600".parse().unwrap(), &"1".parse().unwrap())
    );
    calls.get(SERVERS).await.ok();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    calls.get(SERVERS).await.refused(429);
    calls.post("/_sandbox/clock", json!({"advance_ms": 1000})).await.ok();
    let third = calls.get(SERVERS).await;
    assert_eq!(third.headers["ratelimit-remaining"], "0");
    // The reset is told by the same clock as the date of the answer.
    let date = jiff::fmt::rfc2822::parse(third.headers["date"].to_str().unwrap()).unwrap().timestamp();
    let reset: i64 = third.headers["ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert_eq!(reset - date.as_second(), 3600);
    let now = calls.get("/_sandbox/clock").await.ok();
    let at = |clock: &Value| clock["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!(at(&now) - at(&stopped), 1000, "it stands still but for being moved");
    calls.post("/_sandbox/clock", json!({"stopped": false})).await.ok();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(at(&calls.get("/_sandbox/clock").await.ok()) > at(&now), "and goes on");
    calls.get(&format!("{SERVERS}/actions")).await.ok();
}
