//! What is inside servers: first boot, power, what root finds, faults on order, and the metadata service.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ampere_sandbox::{Boxes, Config, Sandbox};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::kit::{Calls, client};

/// Boxes that write down what happens to them.
#[derive(Default)]
struct Log(Mutex<Vec<(&'static str, u64, PathBuf)>>);

impl Log {
    fn add(&self, what: &'static str, server: u64, root: &Path) {
        self.0.lock().expect("no panic while held").push((what, server, root.to_owned()));
    }

    fn all(&self) -> Vec<(&'static str, u64, PathBuf)> {
        self.0.lock().expect("no panic while held").clone()
    }

    /// Waits until so much has happened, and nothing more.
    async fn reaches(&self, count: usize) -> Vec<(&'static str, u64, PathBuf)> {
        for _ in 0..500 {
            if self.all().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let all = self.all();
        assert_eq!(all.len(), count, "{all:?}");
        all
    }
}

impl Boxes for Log {
    fn power_on(&self, server: u64, root: &Path) {
        self.add("on", server, root);
    }

    fn power_off(&self, server: u64) {
        self.add("off", server, Path::new(""));
    }
}

async fn town(directory: Option<&Path>) -> (Sandbox, Calls, Arc<Log>) {
    let log = Arc::new(Log::default());
    let config = Config {
        action_time: Duration::from_millis(20),
        boxes: Some(log.clone()),
        directory: directory.map(Path::to_owned),
        ..Config::default()
    };
    let sandbox = Sandbox::start(config).await.expect("it starts");
    let calls = Calls::new(&sandbox);
    (sandbox, calls, log)
}

fn user_data() -> String {
    let files = json!([
        {"path": "/var/lib/ampere-agent/token", "content": "t", "permissions": "0600"},
        {"path": "/etc/ampere/agent.json", "content": r#"{"instance": "box-1"}"#},
        {"path": "/etc/ampere/pins", "content": "NODE_VERSION='24.21.0'\nOPENCLAW_VERSION='2026.9.5'\n"},
    ]);
    format!("#cloud-config\n{}", json!({"write_files": files}))
}

async fn server(calls: &Calls, name: &str, user_data: Option<String>) -> u64 {
    let body = json!({"name": name, "server_type": "cx23", "image": "debian-13", "user_data": user_data});
    calls.post("/hetzner/v1/servers", body).await.ok()["server"]["id"].as_u64().expect("an id")
}

fn read(root: &Path, path: &str) -> Value {
    let text = std::fs::read_to_string(root.join(path)).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test]
async fn a_box_boots_once_and_is_on_while_its_server_runs() {
    let (_sandbox, calls, log) = town(None).await;
    let id = server(&calls, "ampere-1", Some(user_data())).await;
    let (_, on, root) = log.reaches(1).await.remove(0);
    assert_eq!(on, id);
    assert_eq!(std::fs::read_to_string(root.join("var/lib/ampere-agent/token")).expect("a file"), "t");
    let shown = calls.get(&format!("/hetzner/v1/servers/{id}")).await.ok()["server"]["public_net"].clone();
    let network = shown["ipv6"]["ip"].as_str().expect("a network");
    let own = network.replace("::/64", "::1");
    assert_eq!(
        read(&root, "run/ampere/identity.json"),
        json!({"server": id.to_string(), "ipv4": shown["ipv4"]["ip"], "ipv6": own})
    );
    let inspection = read(&root, "run/ampere/inspection.json");
    assert_eq!((&inspection["sshd"], &inspection["root_locked"]), (&json!([]), &json!(true)));
    let audit = read(&root, "run/ampere/openclaw/audit.json");
    assert_eq!((&audit["security"]["summary"]["critical"], &audit["openclaw"]), (&json!(0), &json!("2026.9.5")));

    // A bundle that names another version has it installed by root.
    std::fs::write(root.join("run/ampere/upgrade"), r#"{"version":"2026.9.6","lock":"00"}"#).expect("written");
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(read(&root, "run/ampere/openclaw/audit.json")["openclaw"], "2026.9.6");

    std::fs::remove_file(root.join("var/lib/ampere-agent/token")).expect("the box has used it");
    std::fs::write(root.join("run/left"), "over").expect("it is written");
    calls.post(&format!("/hetzner/v1/servers/{id}/actions/poweroff"), json!({})).await.ok();
    assert_eq!(log.reaches(2).await[1].0, "off");
    tokio::time::sleep(Duration::from_millis(30)).await;
    calls.post(&format!("/hetzner/v1/servers/{id}/actions/poweron"), json!({})).await.ok();
    assert_eq!(log.reaches(3).await[2], ("on", id, root.clone()));
    assert!(!root.join("var/lib/ampere-agent/token").exists(), "cloud-init writes files at the first boot alone");
    assert!(!root.join("run/left").exists(), "what lies in /run does not survive a boot");
    calls.delete(&format!("/hetzner/v1/servers/{id}")).await.ok();
    assert_eq!(log.reaches(4).await[3].0, "off");
    assert!(!root.exists(), "the disk goes with the server");
}

#[tokio::test]
async fn boxes_of_a_directory_outlive_the_process() {
    let directory = tempfile::tempdir().expect("a directory");
    let (sandbox, calls, log) = town(Some(directory.path())).await;
    let id = server(&calls, "ampere-1", Some(user_data())).await;
    let root = log.reaches(1).await.remove(0).2;
    std::fs::write(root.join("var/lib/ampere-agent/keys"), "k").expect("it is written");
    sandbox.stop().await.expect("it stops");
    assert_eq!(log.reaches(2).await[1].0, "off", "the processes of a sandbox end with it");
    let (sandbox, _, log) = town(Some(directory.path())).await;
    assert_eq!(log.reaches(1).await, [("on", id, root.clone())]);
    assert!(root.join("var/lib/ampere-agent/keys").exists());
    drop(sandbox);
    assert_eq!(log.all().len(), 2);
}

#[tokio::test]
async fn faults_are_ordered_for_one_box_or_all() {
    let (_sandbox, calls, log) = town(None).await;
    let faults = "/_sandbox/boxes/faults";
    calls.post(faults, json!({"server": "ampere-1", "never_boots": true})).await.ok();
    calls.post(faults, json!({"inspection": {"sshd": ["/usr/sbin/sshd"]}, "identity": {"server": "99"}})).await.ok();
    calls.post(faults, json!({"unknown": true})).await.refused(400);
    let dead = server(&calls, "ampere-1", Some(user_data())).await;
    let id = server(&calls, "ampere-2", Some(user_data())).await;
    server(&calls, "foreign", None).await;
    let (_, on, root) = log.reaches(1).await.remove(0);
    assert_eq!(on, id);
    let inspection = || read(&root, "run/ampere/inspection.json");
    assert_eq!((&inspection()["sshd"], &inspection()["root_locked"]), (&json!(["/usr/sbin/sshd"]), &json!(true)));
    assert_eq!(read(&root, "run/ampere/identity.json")["server"], "99");
    let boxes = calls.get("/_sandbox/boxes").await.ok()["boxes"].clone();
    let problems: Vec<_> = boxes.as_array().expect("a list").iter().map(|b| b["problem"].clone()).collect();
    let expected = json!(["it was ordered that it never boots", null, "the server has no user data"]);
    assert_eq!(json!(problems), expected);

    calls.delete(faults).await;
    assert_eq!(log.reaches(2).await[1].1, dead, "it boots when the fault is over");
    assert_eq!(inspection()["sshd"], json!([]), "and what root finds is as it was");
}

#[tokio::test]
async fn a_box_without_a_network_gets_no_answer_and_others_do() {
    let (sandbox, calls, log) = town(None).await;
    server(&calls, "ampere-1", Some(user_data())).await;
    log.reaches(1).await;
    let sign_in = async |uid: &str| -> Result<Value, reqwest::Error> {
        let token = format!(r#"{{"uid": "{uid}"}}"#);
        let path = "identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=EXAMPLE";
        let request = client().post(format!("http://{}/{path}", sandbox.address()));
        let body = json!({"token": token, "returnSecureToken": true});
        request.json(&body).send().await?.json().await
    };
    let tokens = sign_in("box-1").await.expect("an answer");
    let (id_token, refresh) = (tokens["idToken"].as_str().expect("a token"), tokens["refreshToken"].as_str());
    let claims = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1).expect("claims")).expect("base64");
    let project = serde_json::from_slice::<Value>(&claims).expect("JSON")["aud"].as_str().expect("one").to_owned();
    let read = async || {
        let path = format!("firestore/v1/projects/{project}/databases/(default)/documents/ampere/box-1");
        let request = client().get(format!("http://{}/{path}", sandbox.address())).bearer_auth(id_token);
        request.send().await.map(|answer| answer.status().as_u16())
    };
    let renew = async || {
        let form = format!("grant_type=refresh_token&refresh_token={}", refresh.expect("a token"));
        let url = format!("http://{}/securetoken.googleapis.com/v1/token?key=EXAMPLE", sandbox.address());
        let request = client().post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        request.send().await.map(|answer| answer.status().as_u16())
    };
    assert_eq!((read().await.ok(), renew().await.ok()), (Some(403), Some(200)));
    calls.post("/_sandbox/boxes/faults", json!({"server": "ampere-1", "no_network": true})).await.ok();
    assert!(sign_in("box-1").await.is_err() && read().await.is_err() && renew().await.is_err());
    assert!(sign_in("box-2").await.is_ok());
    calls.delete("/_sandbox/boxes/faults").await;
    assert_eq!((read().await.ok(), renew().await.ok()), (Some(403), Some(200)));
}

#[tokio::test]
async fn the_metadata_of_a_server_is_served_at_an_address_of_its_own() {
    let (sandbox, calls, _log) = town(None).await;
    let loopback = "127.0.0.1:0".parse().expect("an address");
    let address = sandbox.serve_metadata("ampere-1", loopback).await.expect("it listens");
    let get = async |path: &str| {
        let answer = client().get(format!("http://{address}/hetzner/v1/{path}")).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    assert_eq!(get("metadata/instance-id").await.0, 404, "while the server is not made");
    let key = json!({"name": "null", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFbhKujB52cqaMyBlZVyxmpyv46ChXxlv1sEos0x6rZS"});
    let made = calls.post("/hetzner/v1/ssh_keys", key.clone()).await.ok();
    let body = json!({"name": "ampere-1", "server_type": "cx23", "image": "debian-13", "user_data": user_data(),
                      "ssh_keys": [made["ssh_key"]["id"]]});
    let server = calls.post("/hetzner/v1/servers", body).await.ok()["server"].clone();
    assert_eq!(get("userdata").await, (200, user_data()));
    assert_eq!(get("metadata/instance-id").await, (200, server["id"].to_string()));
    assert_eq!(get("metadata/hostname").await.1, "ampere-1");
    assert_eq!(json!(get("metadata/public-ipv4").await.1), server["public_net"]["ipv4"]["ip"]);
    let whole: Value = serde_json::from_str(&get("metadata").await.1).expect("YAML that is JSON");
    assert_eq!((&whole["instance-id"], &whole["public-keys"]), (&server["id"], &json!([key["public_key"]])));
    assert_eq!(whole["network-config"]["version"], 1);
    assert_eq!(get("metadata/nothing").await.0, 404);
    let second = json!({"server": "ampere-2", "listen": "127.0.0.1:0"});
    assert!(calls.post("/_sandbox/metadata", second).await.ok()["listen"].is_string());
    let open = json!({"server": "ampere-2", "listen": "0.0.0.0:0"});
    calls.post("/_sandbox/metadata", open).await.refused(400);
    sandbox.stop().await.expect("it stops");
    assert!(client().get(format!("http://{address}/hetzner/v1/userdata")).send().await.is_err());
}
