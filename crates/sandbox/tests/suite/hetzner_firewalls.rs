//! Firewalls let go of a server only when the action ends.

use std::time::Duration;

use serde_json::json;

use crate::kit::{Calls, sandbox, sandbox_with};

const FIREWALLS: &str = "/hetzner/v1/firewalls";

#[tokio::test]
async fn a_firewall_stays_in_use_until_the_deletion_of_its_server_ends() {
    let sandbox = sandbox_with(Duration::from_secs(10)).await;
    let calls = Calls::new(&sandbox);
    let firewall = calls.post(FIREWALLS, json!({"name": "fw"})).await.ok();
    let id = firewall["firewall"]["id"].clone();
    let server = json!({
        "name": "box", "server_type": "cx23", "image": "debian-13", "firewalls": [{"firewall": id}],
    });
    let made = calls.post("/hetzner/v1/servers", server).await.ok();
    assert_eq!(made["server"]["public_net"]["firewalls"][0]["status"], "pending");
    let path = format!("/hetzner/v1/servers/{}", made["server"]["id"]);
    calls.advance(11).await;
    let read = calls.get(&path).await.ok();
    assert_eq!(read["server"]["public_net"]["firewalls"][0]["status"], "applied");
    calls.delete(&path).await.ok();
    calls.delete(&format!("{FIREWALLS}/{id}")).await.refused(422);
    calls.advance(11).await;
    assert_eq!(calls.delete(&format!("{FIREWALLS}/{id}")).await.status, 204);
}

#[tokio::test]
async fn a_firewall_is_applied_to_and_removed_from_servers_and_selectors() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let rules = json!([{
        "direction": "in", "protocol": "tcp", "port": "443", "source_ips": ["0.0.0.0/0", "::/0"],
    }]);
    let firewall = calls.post(FIREWALLS, json!({"name": "fw", "rules": rules})).await.ok();
    let path = format!("{FIREWALLS}/{}", firewall["firewall"]["id"]);
    let server = json!({
        "name": "box", "server_type": "cx23", "image": "debian-13", "labels": {"role": "a"},
    });
    let server = calls.post("/hetzner/v1/servers", server).await.ok()["server"]["id"].clone();
    let direct = json!({"type": "server", "server": {"id": server}});
    let selector = json!({"type": "label_selector", "label_selector": {"selector": "role=a"}});

    let apply = format!("{path}/actions/apply_to_resources");
    let wanted = json!({"apply_to": [direct, selector]});
    assert_eq!(calls.post(&apply, wanted.clone()).await.ok()["actions"][1]["status"], "success");
    let again = calls.post(&apply, wanted).await.refused(422);
    assert_eq!(again["error"]["code"], "firewall_already_applied");
    let unknown = json!({"apply_to": [{"type": "server", "server": {"id": 1}}]});
    calls.post(&apply, unknown).await.refused(404);
    let applied = calls.get(&path).await.ok()["firewall"]["applied_to"].clone();
    assert_eq!(applied[1]["applied_to_resources"][0]["server"]["id"], server);

    let remove = format!("{path}/actions/remove_from_resources");
    calls.post(&remove, json!({"remove_from": [direct, selector]})).await.ok();
    calls.post(&remove, json!({"remove_from": [direct]})).await.refused(422);
    assert_eq!(calls.get(&path).await.ok()["firewall"]["applied_to"], json!([]));
    calls.post(&format!("{path}/actions/set_rules"), json!({"rules": []})).await.ok();
    assert_eq!(calls.get(&path).await.ok()["firewall"]["rules"], json!([]));
    calls.post(FIREWALLS, json!({"name": "fw"})).await.refused(409);
}

#[tokio::test]
async fn a_key_is_known_by_its_fingerprint_and_its_name() {
    let sandbox = sandbox().await;
    let calls = Calls::new(&sandbox);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbhKujB52cqaMyBlZVyxmpyv46ChXxlv1sEos0x6rZS";
    let keys = "/hetzner/v1/ssh_keys";
    let made = calls.post(keys, json!({"name": "a", "public_key": key})).await.ok();
    let fingerprint = "ff:84:25:14:b0:f9:d2:46:17:c9:e3:62:75:3e:a1:b6";
    assert_eq!(made["ssh_key"]["fingerprint"], fingerprint);
    let same = calls.post(keys, json!({"name": "b", "public_key": key})).await.refused(409);
    assert_eq!(same["error"]["code"], "uniqueness_error");
    let found = calls.get(&format!("{keys}?fingerprint={fingerprint}")).await.ok();
    assert_eq!(found["ssh_keys"][0]["name"], "a");
    calls.post(keys, json!({"name": "c", "public_key": "ssh-rsa nothing"})).await.refused(422);
    let path = format!("{keys}/{}", made["ssh_key"]["id"]);
    assert_eq!(calls.delete(&path).await.status, 204);
    calls.delete(&path).await.refused(404);
}
