//! `ampere_instance`.
use ampere_core::provider::ProviderErrorKind;
use ampere_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::kit::{Values, World, string, text};

const KIND: &str = "ampere_instance";

fn config(server_type: &str) -> Vec<(&'static str, Value)> {
    let telegram = Value::object([("allow_from", Value::tuple([string("123456789")]))]);
    vec![
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string("nbg1")),
        ("server_type", string(server_type)),
        ("model", string("anthropic/claude-sonnet-4-6")),
        ("channels", Value::object([("telegram", telegram)])),
    ]
}

async fn made(world: &World, name: &str) -> Value {
    let after = world.planned(KIND, None, &config("cx23"));
    world.create(KIND, name, &after).await.unwrap().attributes
}

async fn count(world: &World) -> [usize; 4] {
    let mut counts = [0; 4];
    for (count, kind) in counts.iter_mut().zip(["servers", "firewalls", "ssh_keys", "primary_ips"]) {
        *count = world.objects("hetzner", kind).await.len();
    }
    counts
}

#[tokio::test]
async fn an_instance_lives_and_dies() {
    let world = World::start().await;
    let object = made(&world, "bot").await;
    assert!(object.is_wholly_known());
    assert_eq!((text(&object, "status").as_str(), text(&object, "openclaw_version").as_str()), ("running", "2026.9.6"));
    assert_eq!(count(&world).await[..3], [1, 1, 0], "the key was needed in the create call only");

    let observed = world.only(KIND).await;
    assert_eq!(observed.marker, world.marker(KIND, "bot"));
    assert!(observed.missing.is_empty() && observed.parts.len() == 2, "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&object.get(name).unwrap()), "{name}: listed and applied differ");
    }
    let read = world.read(KIND, &object).await.unwrap();
    assert_eq!((read.marker, read.missing), (observed.marker, vec![]));

    let next = world.planned(KIND, Some(&object), &config("cx33"));
    let changed = world.update(KIND, "bot", &object, &next, "k2").await.unwrap();
    assert_eq!(text(&changed.attributes, "id"), text(&object, "id"), "in place: the memory survives");
    let observed = world.only(KIND).await;
    assert_eq!(observed.attributes["server_type"].as_str(), Some("cx33"));
    assert_eq!(observed.attributes["status"].as_str(), Some("running"), "switched on again");

    for _ in 0..2 {
        world.delete(KIND, "bot", &changed.attributes).await.unwrap();
        assert!(world.list(KIND).await.objects.is_empty());
        assert!(world.read(KIND, &changed.attributes).await.is_none());
    }
    assert_eq!(count(&world).await, [0, 0, 0, 0], "nothing is left over");
}

#[tokio::test]
async fn s3_s5_n4_the_server_is_closed_from_its_first_moment_and_has_no_password() {
    let world = World::start().await;
    world.record().await;
    made(&world, "bot").await;
    let (sent, _) = world.sent().await;
    let sent: Json = serde_json::from_str(&sent).unwrap();
    let create = sent["recorded"]
        .as_array()
        .unwrap()
        .iter()
        .find(|request| request["method"] == "POST" && request["path"].as_str().unwrap().ends_with("/servers"));
    let body: Json = serde_json::from_str(create.unwrap()["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["firewalls"].as_array().unwrap().len(), 1);
    assert_eq!(body["ssh_keys"].as_array().unwrap().len(), 1, "with a key, no root password is minted");
    assert!(world.objects("hetzner", "firewalls").await[0]["rules"].as_array().unwrap().is_empty());
    assert!(body["user_data"].is_null(), "nobody is inside, and nobody is told anything");
}

#[tokio::test]
async fn a_create_is_repeated_without_a_second_server() {
    let world = World::start().await;
    for path in ["/firewalls", "/ssh_keys", "/servers"] {
        world.fault(json!({"cloud": "hetzner", "method": "POST", "path": path, "effect": "lose_response"})).await;
    }
    let after = world.planned(KIND, None, &config("cx23"));
    let applied = world.create(KIND, "bot", &after).await.unwrap();
    assert_eq!(text(&applied.attributes, "status"), "running");
    let again = world.create(KIND, "bot", &after).await.unwrap();
    assert_eq!(again.id, applied.id, "nor by a second create with the same marker");
    assert_eq!(count(&world).await[..3], [1, 1, 0]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_does_not_lose_the_server() {
    let changes: [crate::proxy::Change; 4] = [
        |call, body| when(call, "POST /servers", || drop(body["server"]["id"].take())),
        |call, body| when(call, "POST /servers", || drop(body.take())),
        |call, body| when(call, "POST /servers", || body["server"]["status"] = json!("levitating")),
        |call, body| when(call, "POST /servers", || drop(body["server"]["server_type"].take())),
    ];
    for change in changes {
        let world = World::with_changed_answers(change).await;
        let object = made(&world, "bot").await;
        assert_eq!(world.only(KIND).await.id.unwrap().to_string(), text(&object, "id"));
    }
}

fn when(call: &str, wanted: &str, change: impl FnOnce()) {
    if call == wanted {
        change();
    }
}

#[tokio::test]
async fn a_failure_halfway_leaves_parts_that_are_listed_taken_over_or_deleted() {
    let world = World::start().await;
    let refuse = json!({"cloud": "hetzner", "method": "POST", "path": "/servers", "effect": {"status": {"code": 503}}});
    let after = world.planned(KIND, None, &config("cx23"));
    world.fault(refuse.clone()).await;
    assert_eq!(world.create(KIND, "bot", &after).await.unwrap_err().kind, ProviderErrorKind::Unavailable);
    let leftover = world.only(KIND).await;
    assert_eq!((leftover.id, leftover.parts.len(), leftover.missing), (None, 2, vec!["server"]));
    world.delete_leftover(KIND, "bot", &leftover.parts[0].id).await.unwrap();
    assert!(world.list(KIND).await.objects.is_empty());

    world.fault(refuse).await;
    world.create(KIND, "bot", &after).await.unwrap_err();
    world.create(KIND, "bot", &after).await.unwrap();
    assert_eq!(count(&world).await[..3], [1, 1, 0]);
}

#[tokio::test]
async fn s3_a_firewall_that_was_opened_detached_or_deleted_is_repaired() {
    let world = World::start().await;
    let object = made(&world, "bot").await;
    let firewall = world.objects("hetzner", "firewalls").await[0]["id"].to_string();
    let repaired = async |missing: &str| {
        assert_eq!(world.only(KIND).await.missing, [missing]);
        world.update(KIND, "bot", &object, &object, missing).await.unwrap();
        assert!(world.only(KIND).await.missing.is_empty(), "{missing}");
    };
    let rule = json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}]);
    world.patch("hetzner", "firewalls", &firewall, json!({"rules": rule})).await;
    repaired("closed firewall").await;
    world.remove("hetzner", "firewalls", &firewall).await;
    repaired("firewall").await;
}

#[tokio::test]
async fn a_server_that_was_switched_off_is_switched_on() {
    let world = World::start().await;
    let object = made(&world, "bot").await;
    world.patch("hetzner", "servers", &text(&object, "id"), json!({"status": "off"})).await;
    let off = Value::object(world.only(KIND).await.attributes);
    assert_eq!(text(&off, "status"), "off");
    let prior = ["status"].iter().fold(object.clone(), |object, name| {
        let mut entries = object.entries().unwrap().clone();
        entries.insert((*name).into(), off.get(name).unwrap());
        Value::object(entries)
    });
    let next = world.planned(KIND, Some(&prior), &config("cx23"));
    assert_eq!(text(&next, "status"), "running");
    let changed = world.update(KIND, "bot", &prior, &next, "k2").await.unwrap();
    assert_eq!(text(&changed.attributes, "status"), "running");
}

#[tokio::test]
async fn both_halves_of_a_replacement_stand_side_by_side() {
    let world = World::start().await;
    let old = made(&world, "bot").await;
    let after = world.planned(KIND, None, &config("cx33"));
    let values = Values { before: Some(&old), after: Some(&after), key: "k2", ..Values::default() };
    let new = world.create_with(KIND, "bot", values).await.unwrap().attributes;
    assert_ne!(text(&new, "id"), text(&old, "id"), "the deposed one is not taken over");
    assert_eq!(count(&world).await[..3], [2, 2, 0]);
    world.delete(KIND, "bot", &old).await.unwrap();
    let observed = world.only(KIND).await;
    assert_eq!(observed.id.unwrap().to_string(), text(&new, "id"));
    assert!(observed.missing.is_empty(), "the new one keeps its own parts");
}

#[tokio::test]
async fn unknown_places_and_types_are_refused_with_the_valid_ones() {
    let world = World::start().await;
    for (name, wrong, valid) in [("location", "atlantis1", "nbg1"), ("server_type", "cx9000", "cx33")] {
        let mut wanted = config("cx23");
        wanted.retain(|(given, _)| *given != name);
        wanted.push((name, string(wrong)));
        let after = world.planned(KIND, None, &wanted);
        let refused = world.create(KIND, "bot", &after).await.unwrap_err();
        assert_eq!((&refused.kind, refused.attribute), (&ProviderErrorKind::Invalid, Some(name)), "{refused}");
        assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains(valid)), "{refused:?}");
    }
}

#[tokio::test]
async fn servers_of_others_are_neither_listed_nor_touched() {
    let world = World::start().await;
    let foreign = world.insert("hetzner", "servers", json!({"name": "wiki", "labels": {"team": "docs"}})).await;
    let object = made(&world, "bot").await;
    let before = Value::object([("id", string(&foreign["id"].to_string()))]);
    assert_eq!(world.delete(KIND, "bot", &before).await.unwrap_err().kind, ProviderErrorKind::Forbidden);
    world.delete(KIND, "bot", &object).await.unwrap();
    assert_eq!(world.objects("hetzner", "servers").await.len(), 1);
}

#[tokio::test]
async fn a_moved_instance_keeps_its_server() {
    let world = World::start().await;
    let object = made(&world, "bot").await;
    world.update(KIND, "robot", &object, &object, "k2").await.unwrap();
    let observed = world.only(KIND).await;
    assert_eq!((observed.marker, observed.missing), (world.marker(KIND, "robot"), vec![]));
    made(&world, "bot").await;
    assert_eq!(world.list(KIND).await.objects.len(), 2);
    world.delete(KIND, "robot", &object).await.unwrap();
    assert_eq!(world.only(KIND).await.marker, world.marker(KIND, "bot"));
    assert_eq!(count(&world).await[..3], [1, 1, 0]);
}

#[tokio::test]
async fn n4_a_minted_root_password_is_reported_and_not_read() {
    let world = World::with_changed_answers(|call, body| {
        when(call, "POST /servers", || body["root_password"] = json!("pw-EXAMPLE"));
    })
    .await;
    let object = made(&world, "bot").await;
    let told = world.told.lock().unwrap().join("\n");
    assert!(told.contains("root password") && told.contains("not read"), "{told}");
    assert!(!told.contains("pw-EXAMPLE") && !format!("{object:?}").contains("pw-EXAMPLE"));
}

#[tokio::test]
async fn work_that_takes_time_is_told_and_its_failure_is_an_error() {
    let world = World::start().await;
    made(&world, "good").await;
    assert!(world.told.lock().unwrap().iter().any(|message| message.contains('%')), "{:?}", world.told);
    let effect = json!({"malform": {"field": "status", "value": "error"}});
    world.fault(json!({"cloud": "hetzner", "method": "GET", "path": "/actions", "effect": effect})).await;
    let after = world.planned(KIND, None, &config("cx23"));
    let error = world.create(KIND, "bad", &after).await.unwrap_err();
    assert!(error.message.contains("failed"), "{error}");
    let id = error.partial_id.expect("the server that was made before");
    // The next attempt takes it over.
    assert_eq!(world.create(KIND, "bad", &after).await.unwrap().id, id);
}
