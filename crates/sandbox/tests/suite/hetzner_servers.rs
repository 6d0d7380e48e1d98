//! The life of a server.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::{Calls, sandbox, sandbox_with};

const SERVERS: &str = "/hetzner/v1/servers";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbhKujB52cqaMyBlZVyxmpyv46ChXxlv1sEos0x6rZS ada";

fn request(name: &str) -> Value {
    json!({"name": name, "server_type": "cx23", "location": "nbg1", "image": "debian-13"})
}

#[tokio::test]
async fn a_server_passes_from_initializing_through_starting_to_running() {
    let sandbox = sandbox_with(Duration::from_secs(60)).await;
    let calls = Calls::new(&sandbox);
    let made = calls.post(SERVERS, request("box")).await.ok();
    assert_eq!(made["server"]["status"], "initializing");
    assert_eq!(made["server"]["locked"], true);
    assert_eq!(made["action"]["status"], "running");
    let path = format!("{SERVERS}/{}", made["server"]["id"]);
    let action = format!("/hetzner/v1/actions/{}", made["action"]["id"]);

    calls.advance(30).await;
    let progress = calls.get(&action).await.ok()["action"]["progress"].clone();
    assert!(progress.as_i64().is_some_and(|progress| (50..100).contains(&progress)), "{progress}");
    calls.advance(31).await;
    assert_eq!(calls.get(&path).await.ok()["server"]["status"], "starting");
    let finished = calls.get(&action).await.ok();
    assert_eq!(finished["action"]["status"], "success");
    assert!(finished["action"]["finished"].is_string());
    calls.advance(60).await;
    assert_eq!(calls.get(&path).await.ok()["server"]["status"], "running");
}

#[tokio::test]
async fn a_locked_server_refuses_actions() {
    let sandbox = sandbox_with(Duration::from_secs(60)).await;
    let calls = Calls::new(&sandbox);
    let made = calls.post(SERVERS, request("box")).await.ok();
    let path = format!("{SERVERS}/{}/actions/poweroff", made["server"]["id"]);
    let refused = calls.post(&path, json!({})).await.refused(423);
    assert_eq!(refused["error"]["code"], "locked");
}

#[tokio::test]
async fn a_password_is_minted_only_without_a_key() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let key = json!({"name": "null-key", "public_key": KEY});
    let key = calls.post("/hetzner/v1/ssh_keys", key).await.ok();
    let without = calls.post(SERVERS, request("open")).await.ok();
    assert!(without["root_password"].is_string());
    let mut keyed = request("closed");
    keyed["ssh_keys"] = json!([key["ssh_key"]["id"].to_string()]);
    let with = calls.post(SERVERS, keyed).await.ok();
    assert_eq!(with["root_password"], Value::Null);
    let raw = calls.get("/_sandbox/objects/hetzner/servers").await.ok();
    let password = without["root_password"].as_str().expect("a password");
    assert!(!raw.to_string().contains(password), "the password is kept");
}

#[tokio::test]
async fn user_data_is_limited_and_never_answered() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let mut long = request("long");
    long["user_data"] = json!("x".repeat(32 * 1024 + 1));
    let refused = calls.post(SERVERS, long).await.refused(422);
    assert_eq!(refused["error"]["details"]["fields"][0]["name"], "user_data");
    let mut fits = request("fits");
    fits["user_data"] = json!("#cloud-config only-here");
    let made = calls.post(SERVERS, fits).await.ok();
    let read = calls.get(SERVERS).await.ok();
    assert!(!made.to_string().contains("only-here") && !read.to_string().contains("only-here"));
}

#[tokio::test]
async fn what_the_catalogue_does_not_offer_is_refused_by_field() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    for (field, value, named) in [
        ("server_type", "cx999", "server_type"),
        ("server_type", "cx22", "server_type"),
        ("location", "mars1", "location"),
        ("location", "ash", "server_type"),
        ("image", "windows", "image"),
        ("name", "not a host", "name"),
        ("labels", "x", "labels"),
    ] {
        let mut wrong = request("box");
        wrong[field] = json!(value);
        let refused = calls.post(SERVERS, wrong).await.refused(422);
        assert_eq!(refused["error"]["code"], "invalid_input", "{field}={value}");
        assert_eq!(refused["error"]["details"]["fields"][0]["name"], named, "{field}={value}");
    }
    calls.post(SERVERS, request("box")).await.ok();
    let taken = calls.post(SERVERS, request("box")).await.refused(409);
    assert_eq!(taken["error"]["code"], "uniqueness_error");
    calls.post("/_sandbox/limits", json!({"servers": 1})).await.ok();
    let full = calls.post(SERVERS, request("more")).await.refused(403);
    assert_eq!(full["error"]["code"], "resource_limit_exceeded");
}

#[tokio::test]
async fn a_type_changes_only_when_the_server_is_off() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let made = calls.post(SERVERS, request("box")).await.ok();
    let path = format!("{SERVERS}/{}", made["server"]["id"]);
    let change = |to: &str, upgrade: bool| json!({"server_type": to, "upgrade_disk": upgrade});
    let action = format!("{path}/actions/change_type");
    let running = calls.post(&action, change("cx33", false)).await.refused(422);
    assert_eq!(running["error"]["code"], "server_not_stopped");
    calls.post(&format!("{path}/actions/poweroff"), json!({})).await.ok();
    let foreign = calls.post(&action, change("cax21", false)).await.refused(422);
    assert_eq!(foreign["error"]["code"], "invalid_server_type");
    calls.post(&action, change("cx33", true)).await.ok();
    let grown = calls.get(&path).await.ok();
    assert_eq!(grown["server"]["server_type"]["name"], "cx33");
    assert_eq!(grown["server"]["primary_disk_size"], 80);
    calls.post(&format!("{path}/actions/poweroff"), json!({})).await.ok();
    let smaller = calls.post(&action, change("cx23", false)).await.refused(422);
    assert_eq!(smaller["error"]["code"], "invalid_server_type");
}

#[tokio::test]
async fn a_deleted_server_takes_its_addresses_along_and_leaves_its_firewall() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let firewall = calls.post("/hetzner/v1/firewalls", json!({"name": "fw"})).await.ok();
    let firewall = format!("/hetzner/v1/firewalls/{}", firewall["firewall"]["id"]);
    let id: i64 = firewall.rsplit('/').next().expect("an id").parse().expect("a number");
    let mut wanted = request("box");
    wanted["firewalls"] = json!([{"firewall": id}]);
    let made = calls.post(SERVERS, wanted).await.ok();
    assert_eq!(made["server"]["public_net"]["firewalls"][0]["id"], id);
    let addresses = calls.get("/hetzner/v1/primary_ips").await.ok();
    assert_eq!(addresses["meta"]["pagination"]["total_entries"], 2);
    let in_use = calls.delete(&firewall).await.refused(422);
    assert_eq!(in_use["error"]["code"], "resource_in_use");

    let path = format!("{SERVERS}/{}", made["server"]["id"]);
    assert_eq!(calls.delete(&path).await.ok()["action"]["command"], "delete_server");
    assert_eq!(calls.get(&path).await.refused(404)["error"]["code"], "not_found");
    let addresses = calls.get("/hetzner/v1/primary_ips").await.ok();
    assert_eq!(addresses["meta"]["pagination"]["total_entries"], 0);
    assert_eq!(calls.get(&firewall).await.ok()["firewall"]["applied_to"], json!([]));
    assert_eq!(calls.delete(&firewall).await.status, 204);
}

#[tokio::test]
async fn tokens_are_told_apart() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let bare = crate::kit::client();
    let url = format!("http://{}{SERVERS}", sandbox.address());
    for (token, method, expected) in [
        ("invalid-token", reqwest::Method::GET, 401),
        ("readonly-token", reqwest::Method::GET, 200),
        ("readonly-token", reqwest::Method::POST, 403),
    ] {
        let request = bare.request(method, &url).bearer_auth(token).json(&request("box"));
        assert_eq!(calls.send(request).await.status.as_u16(), expected, "{token}");
    }
    calls.send(bare.get(&url)).await.refused(401);
}
