//! What is sent to Hetzner, held against what others generated from its published description: the `hcloud` crate's models.
use ampere_core::provider::Provider;
use ampere_lang::value::Value;
use hcloud::models;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::kit::{World, string, text};

const KIND: &str = "ampere_instance";

/// How a body is read; what is wrong with it.
type Reading = fn(&str) -> Result<Json, String>;

/// Every call that we make, and what its body is read as. A call that is not here is one that nobody promised (N3, N4).
const CALLS: &[(&str, Reading)] = &[
    ("GET /servers", none),
    ("POST /servers", as_model::<models::CreateServerRequest>),
    ("GET /servers/{id}", none),
    ("PUT /servers/{id}", as_model::<models::ReplaceServerRequest>),
    ("DELETE /servers/{id}", none),
    ("GET /servers/actions", none),
    ("POST /servers/{id}/actions/poweron", none),
    ("POST /servers/{id}/actions/poweroff", none),
    ("POST /servers/{id}/actions/shutdown", none),
    ("POST /servers/{id}/actions/change_type", as_model::<models::ChangeTypeOfServerRequest>),
    ("GET /actions", none),
    ("GET /firewalls", none),
    ("POST /firewalls", as_model::<models::CreateFirewallRequest>),
    ("GET /firewalls/{id}", none),
    ("PUT /firewalls/{id}", as_model::<models::ReplaceFirewallRequest>),
    ("DELETE /firewalls/{id}", none),
    ("POST /firewalls/{id}/actions/set_rules", as_model::<models::SetRulesRequest>),
    ("POST /firewalls/{id}/actions/apply_to_resources", as_model::<models::ApplyToResourcesRequest>),
    ("POST /firewalls/{id}/actions/remove_from_resources", as_model::<models::RemoveFromResourcesRequest>),
    ("GET /ssh_keys", none),
    ("POST /ssh_keys", as_model::<models::CreateSshKeyRequest>),
    ("DELETE /ssh_keys/{id}", none),
    ("GET /primary_ips", none),
    ("DELETE /primary_ips/{id}", none),
    ("GET /volumes", none),
    ("DELETE /volumes/{id}", none),
    ("GET /server_types", none),
    ("GET /locations", none),
];

/// Calls of the list that this life of an instance does not come by.
const UNUSED: &[&str] = &[
    "POST /servers/{id}/actions/poweroff",
    "GET /firewalls/{id}",
    "POST /firewalls/{id}/actions/remove_from_resources",
];

fn none(body: &str) -> Result<Json, String> {
    if body.is_empty() { Ok(Json::Null) } else { Err("a body where none belongs".into()) }
}

/// A model ignores fields that it does not know: written out again, they are missing, and the comparison shows it.
fn as_model<T: DeserializeOwned + Serialize>(body: &str) -> Result<Json, String> {
    let sent: Json = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let model: T = serde_json::from_value(sent.clone()).map_err(|error| error.to_string())?;
    let written = serde_json::to_value(model).map_err(|error| error.to_string())?;
    if written == sent { Ok(sent) } else { Err(format!("{sent} is read as {written}")) }
}

fn config(server_type: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string("nbg1")),
        ("server_type", string(server_type)),
        ("model", string("anthropic/claude-sonnet-4-6")),
    ]
}

/// Everything that happens to an instance, a hand at the dashboard included.
async fn live(world: &World) {
    for wrong in ["location", "server_type"] {
        let mut wanted = config("cx23");
        wanted.retain(|(name, _)| *name != wrong);
        wanted.push((wrong, string("nowhere1")));
        world.create(KIND, "bot", &world.planned(KIND, None, &wanted)).await.unwrap_err();
    }
    let after = world.planned(KIND, None, &config("cx23"));
    let object = world.create(KIND, "bot", &after).await.unwrap().attributes;
    let bigger = world.planned(KIND, Some(&object), &config("cx33"));
    let object = world.update(KIND, "bot", &object, &bigger, "k2").await.unwrap().attributes;
    world.update(KIND, "robot", &object, &object, "k3").await.unwrap();
    let firewall = world.objects("hetzner", "firewalls").await[0]["id"].to_string();
    let rule = json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}]);
    world.patch("hetzner", "firewalls", &firewall, json!({"rules": rule, "applied_to": []})).await;
    world.update(KIND, "robot", &object, &object, "k4").await.unwrap();
    world.patch("hetzner", "servers", &text(&object, "id"), json!({"status": "off"})).await;
    world.update(KIND, "robot", &object, &object, "k5").await.unwrap();
    world.list(KIND).await;
    world.read(KIND, &object).await.unwrap();
    let known = Default::default();
    let inquiry = ampere_core::provider::Inquiry {
        stack: world.stack(),
        kinds: &[KIND],
        depth: ampere_core::inventory::Depth::Parts,
        known: &known,
    };
    world.provider.foreign_actions(&inquiry, None).await.unwrap();
    let marker = world.marker(KIND, "robot");
    let labels = json!({"ampere-stack": marker.stack.to_string(), "ampere-address": marker.address.to_string()});
    for kind in ["volumes", "primary_ips"] {
        world.insert("hetzner", kind, json!({"name": "kept", "labels": labels})).await;
    }
    world.delete(KIND, "robot", &object).await.unwrap();
}

/// `POST /servers/7/actions/poweron` → `POST /servers/{id}/actions/poweron`
fn shape(request: &Json) -> String {
    let path = request["path"].as_str().unwrap().strip_prefix("/hetzner/v1").unwrap();
    let segments = path.split('/').map(|part| if part.parse::<u64>().is_ok() { "{id}" } else { part });
    format!("{} {}", request["method"].as_str().unwrap(), segments.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn n3_n4_only_calls_of_the_list_are_made_and_their_bodies_are_hetzners() {
    let world = World::start().await;
    world.record().await;
    live(&world).await;
    let (sent, _) = world.sent().await;
    let sent: Json = serde_json::from_str(&sent).unwrap();
    let mut made = std::collections::BTreeSet::new();
    for request in sent["recorded"].as_array().unwrap() {
        if !request["path"].as_str().unwrap().starts_with("/hetzner") {
            continue;
        }
        let shape = shape(request);
        let Some((_, read)) = CALLS.iter().find(|(call, _)| *call == shape) else { panic!("{shape} is not promised") };
        read(request["body"].as_str().unwrap()).unwrap_or_else(|why| panic!("{shape}: {why}"));
        made.insert(shape);
    }
    let unmade: Vec<&str> = CALLS.iter().map(|(call, _)| *call).filter(|call| !made.contains(*call)).collect();
    assert_eq!(unmade, UNUSED, "the list tells what is really used");
}
