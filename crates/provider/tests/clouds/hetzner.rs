//! What Hetzner refuses, what its lists hold, what its log tells.
use std::collections::BTreeMap;

use ampere_core::identity::ExternalId;
use ampere_core::inventory::Depth;
use ampere_core::provider::{Inquiry, Provider, ProviderError, ProviderErrorKind as Kind};
use ampere_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::kit::{World, list_by, provider, string, text};

const KIND: &str = "ampere_instance";

fn config(location: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string(location)),
        ("server_type", string("cx23")),
        ("model", string("anthropic/claude-sonnet-4-6")),
    ]
}

async fn create(world: &World, name: &str) -> Result<Value, ProviderError> {
    let after = world.planned(KIND, None, &config("nbg1"));
    world.create(KIND, name, &after).await.map(|applied| applied.attributes)
}

async fn limits(world: &World, limits: Json) {
    world.control(reqwest::Method::POST, "/limits", Some(limits)).await;
}

/// The answer of a create call that Hetzner refuses with a code.
async fn refused(code: &str, status: u16) -> ProviderError {
    let world = World::start().await;
    // The text says something else: it is not what counts.
    let body = json!({"error": {"code": code, "message": "uniqueness_error rate_limit_exceeded", "details": null}});
    let effect = json!({"answer": {"status": status, "body": body.to_string()}});
    world
        .fault(json!({"cloud": "hetzner", "method": "POST", "path": "/servers", "times": null, "effect": effect}))
        .await;
    create(&world, "bot").await.unwrap_err()
}

#[tokio::test]
async fn refusals_are_told_apart_by_their_code() {
    for (code, status, kind) in [
        ("conflict", 409, Kind::Unavailable),
        ("locked", 423, Kind::Unavailable),
        ("maintenance", 503, Kind::Unavailable),
        ("server_error", 500, Kind::Unavailable),
        ("uniqueness_error", 409, Kind::Conflict),
        ("protected", 403, Kind::Forbidden),
        ("resource_limit_exceeded", 403, Kind::Forbidden),
        ("resource_locked", 423, Kind::Forbidden),
        ("forbidden", 403, Kind::Forbidden),
        ("token_readonly", 403, Kind::Forbidden),
        ("unauthorized", 401, Kind::Unauthenticated),
        ("invalid_input", 422, Kind::Invalid),
        ("resource_unavailable", 412, Kind::Invalid),
        ("placement_error", 412, Kind::Invalid),
        ("timeout", 504, Kind::Unknown),
    ] {
        let error = refused(code, status).await;
        assert_eq!(error.kind, kind, "{code}: {error}");
        assert!(!error.to_string().contains("rate_limit"), "{code}: Hetzner's text is not repeated: {error}");
        let advised = !matches!(code, "invalid_input" | "timeout");
        assert_eq!(error.hint.is_some(), advised, "{code}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_sold_out_says_where_it_can_be_had() {
    let world = World::start().await;
    limits(&world, json!({"hetzner_sold_out": [{"server_type": "cx23", "location": "nbg1"}]})).await;
    let error = create(&world, "bot").await.unwrap_err();
    assert_eq!((error.kind, error.attribute), (Kind::Invalid, Some("server_type")));
    let hint = error.hint.unwrap();
    assert!(hint.contains("fsn1, hel1") && !hint.contains("nbg1"), "{hint}");
    limits(&world, json!({"hetzner_sold_out": [{"server_type": "cx23"}]})).await;
    let hint = create(&world, "bot").await.unwrap_err().hint.unwrap();
    assert!(hint.contains("nowhere"), "{hint}");
    limits(&world, json!({})).await;
    create(&world, "bot").await.unwrap();
    assert!(world.objects("hetzner", "ssh_keys").await.is_empty(), "what the refused attempts left was taken over");
}

#[tokio::test]
async fn a_quota_that_is_reached_says_whom_to_ask() {
    let world = World::start().await;
    limits(&world, json!({"servers": 0})).await;
    let error = create(&world, "bot").await.unwrap_err();
    assert_eq!(error.kind, Kind::Forbidden);
    assert!(error.message.contains("limit is reached") && error.hint.unwrap().contains("under Limits"));
}

#[tokio::test]
async fn a_wrong_token_names_the_service_and_the_setting() {
    let world = World::start().await;
    for (token, kind, hint) in
        [("invalid-EXAMPLE", Kind::Unauthenticated, "HCLOUD_TOKEN"), ("readonly-EXAMPLE", Kind::Forbidden, "write")]
    {
        let provider = provider(&world, &[("hcloud_token", token)]);
        let error = match kind {
            Kind::Unauthenticated => list_by(&provider, world.stack(), KIND).await.unwrap_err(),
            _ => {
                let mut world = World::start().await;
                world.provider = provider;
                create(&world, "bot").await.unwrap_err()
            }
        };
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.to_string().starts_with("Hetzner Cloud:"), "{error}");
        assert!(error.hint.as_deref().is_some_and(|text| text.contains(hint)), "{error:?}");
        assert!(!format!("{error:?}").contains(token));
    }
}

#[tokio::test]
async fn a_server_deleted_by_hand_is_seen_at_either_depth_and_its_firewall_at_the_deeper() {
    let world = World::start().await;
    let object = create(&world, "bot").await.unwrap();
    world.remove("hetzner", "servers", &text(&object, "id")).await;
    assert!(world.list_objects(KIND).await.objects.is_empty());
    let leftover = world.only(KIND).await;
    assert_eq!((leftover.id, leftover.missing), (None, vec!["server"]));
    // Made again, it takes the firewall over.
    create(&world, "bot").await.unwrap();
    assert_eq!(world.objects("hetzner", "firewalls").await.len(), 1);
    assert!(world.only(KIND).await.missing.is_empty());
}

#[tokio::test]
async fn s3_a_rule_added_by_hand_is_taken_out_and_a_detached_firewall_put_back() {
    let world = World::start().await;
    let object = create(&world, "bot").await.unwrap();
    let firewall = world.objects("hetzner", "firewalls").await[0]["id"].to_string();
    let rule = json!([{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}]);
    world.patch("hetzner", "firewalls", &firewall, json!({"rules": rule})).await;
    assert!(world.list_objects(KIND).await.objects[0].missing.is_empty(), "no list of servers shows a rule");
    assert_eq!(world.only(KIND).await.missing, ["closed firewall"]);
    world.update(KIND, "bot", &object, &object, "k2").await.unwrap();
    assert_eq!(world.objects("hetzner", "firewalls").await[0]["rules"], json!([]));

    world.patch("hetzner", "firewalls", &firewall, json!({"applied_to": []})).await;
    assert_eq!(world.list_objects(KIND).await.objects[0].missing, ["firewall"]);
    // Another firewall in its place is not the same: it may have rules.
    let other = world.insert("hetzner", "firewalls", json!({"name": "open"})).await;
    let applied = json!([{"type": "server", "server": {"id": text(&object, "id").parse::<u64>().unwrap()}}]);
    world.patch("hetzner", "firewalls", &other["id"].to_string(), json!({"applied_to": applied})).await;
    assert_eq!(world.list_objects(KIND).await.objects[0].missing, ["firewall"]);
    world.update(KIND, "bot", &object, &object, "k3").await.unwrap();
    assert!(world.list_objects(KIND).await.objects[0].missing.is_empty());
    assert!(world.only(KIND).await.missing.is_empty());

    world.remove("hetzner", "firewalls", &firewall).await;
    world.update(KIND, "bot", &object, &object, "k4").await.unwrap();
    assert!(world.list_objects(KIND).await.objects[0].missing.is_empty(), "the server knows its new firewall");
    assert!(world.only(KIND).await.missing.is_empty());
}

#[tokio::test]
async fn n4_the_key_of_a_run_that_was_killed_is_found_and_deleted() {
    let world = World::start().await;
    // The run ended between the making of the server and the deletion of the key.
    let refuse = json!({"status": {"code": 401}});
    world.fault(json!({"cloud": "hetzner", "method": "DELETE", "path": "/ssh_keys/*", "effect": refuse})).await;
    let error = create(&world, "bot").await.unwrap_err();
    let id = error.partial_id.expect("the server was made");
    assert_eq!(world.only(KIND).await.missing, ["removal of the ssh key"]);
    let object = Value::object([("id", string(&id.0)), ("server_type", string("cx23"))]);
    world.update(KIND, "bot", &object, &object, "k2").await.unwrap();
    assert!(world.objects("hetzner", "ssh_keys").await.is_empty());
    assert!(world.only(KIND).await.missing.is_empty());
}

#[tokio::test]
async fn what_a_server_leaves_behind_is_listed_and_deleted_if_it_is_ours() {
    let world = World::start().await;
    let object = create(&world, "bot").await.unwrap();
    let marker = world.marker(KIND, "bot");
    let labels = json!({"ampere-stack": marker.stack.to_string(), "ampere-address": marker.address.to_string()});
    for kind in ["volumes", "primary_ips"] {
        world.insert("hetzner", kind, json!({"name": "kept", "labels": labels})).await;
        world.insert("hetzner", kind, json!({"name": "of-others"})).await;
    }
    assert_eq!(world.only(KIND).await.parts.len(), 4, "server, firewall, volume, address");
    world.remove("hetzner", "servers", &text(&object, "id")).await;
    let leftover = world.only(KIND).await;
    assert_eq!((&leftover.id, leftover.parts.len()), (&None, 3));
    world.delete_leftover(KIND, "bot", &leftover.parts[0].id).await.unwrap();
    assert!(world.list(KIND).await.objects.is_empty());
    let volumes = world.objects("hetzner", "volumes").await;
    assert_eq!((volumes.len(), &volumes[0]["name"]), (1, &json!("of-others")));
    let addresses = world.objects("hetzner", "primary_ips").await;
    assert!(addresses.iter().any(|address| address["name"] == "of-others"));
    assert!(!addresses.iter().any(|address| address["name"] == "kept"));
}

/// Between two pages one server is deleted by hand: the one that moved up is not lost.
#[tokio::test]
async fn a_list_that_changes_while_it_is_read_loses_nothing_in_silence() {
    let world = World::with_changed_answers(|call, body| {
        // The first answer tells of one more than there is by the time of the second.
        if call == "GET /servers" && body["meta"]["pagination"]["page"] == 1 {
            static READ: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            if READ.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                body["meta"]["pagination"]["total_entries"] = json!(61);
            }
        }
    })
    .await;
    let stack = world.stack().to_string();
    for n in 0..60 {
        let labels = json!({"ampere-stack": stack, "ampere-address": format!("{n:032x}")});
        world.insert("hetzner", "servers", json!({"name": format!("s{n}"), "labels": labels})).await;
    }
    let listing = world.list_objects(KIND).await;
    assert!(listing.is_complete() && listing.objects.len() == 60, "read again: {:?}", listing.problems);

    let restless = World::with_changed_answers(|call, body| {
        if call == "GET /servers" && body["meta"]["pagination"]["page"] == 1 {
            body["meta"]["pagination"]["total_entries"] = json!(7);
        }
    })
    .await;
    assert!(!restless.list_objects(KIND).await.is_complete(), "and if it never rests, that is a problem");
}

#[tokio::test]
async fn n3_n4_work_of_others_on_our_servers_is_in_the_log() {
    let world = World::start().await;
    let object = create(&world, "bot").await.unwrap();
    let id = text(&object, "id").parse::<u64>().unwrap();
    let foreign = world.insert("hetzner", "servers", json!({"name": "wiki"})).await["id"].as_u64().unwrap();
    let known = BTreeMap::new();
    let inquiry = Inquiry { stack: world.stack(), kinds: &[KIND], depth: Depth::Parts, known: &known };
    let first = world.provider.foreign_actions(&inquiry, None).await.unwrap();
    assert!(first.actions.is_empty() && first.last.is_some(), "what we did ourselves is not foreign: {first:?}");

    let order = async |command: &str, server: u64| {
        let resources = json!([{"type": "server", "id": server}, {"type": "image", "id": 7}]);
        world.insert("hetzner", "actions", json!({"command": command, "resources": resources})).await;
    };
    for command in ["enable_rescue", "create_image", "request_console", "rebuild_server", "a verb <that> is new"] {
        order(command, id).await;
    }
    order("enable_rescue", foreign).await;
    order("enable_rescue", 4711).await;
    let second = world.provider.foreign_actions(&inquiry, first.last.as_deref()).await.unwrap();
    let commands: Vec<&str> = second.actions.iter().map(|action| action.command.as_str()).collect();
    assert_eq!(commands, ["enable_rescue", "create_image", "request_console", "rebuild_server", "unknown"]);
    assert!(second.actions.iter().all(|action| action.object == ExternalId(text(&object, "id").into())));
    let third = world.provider.foreign_actions(&inquiry, second.last.as_deref()).await.unwrap();
    assert_eq!((third.actions.len(), &third.last), (0, &second.last));

    // A server that is gone is ours if the state knows it.
    let known = BTreeMap::from([(KIND.into(), vec![ExternalId("4711".into())])]);
    let inquiry = Inquiry { known: &known, ..inquiry };
    let all = world.provider.foreign_actions(&inquiry, first.last.as_deref()).await.unwrap();
    assert_eq!(all.actions.len(), 6);
}

/// Reading on costs what is new, and not what there is.
#[tokio::test]
async fn the_log_costs_what_is_new() {
    let world = World::start().await;
    let object = create(&world, "bot").await.unwrap();
    let resources = json!([{"type": "server", "id": text(&object, "id").parse::<u64>().unwrap()}]);
    for _ in 0..130 {
        world.insert("hetzner", "actions", json!({"command": "start_server", "resources": resources})).await;
    }
    let known = BTreeMap::new();
    let inquiry = Inquiry { stack: world.stack(), kinds: &[KIND], depth: Depth::Parts, known: &known };
    let cost = async |after: Option<&str>| {
        let before = world.sent().await.1;
        let found = world.provider.foreign_actions(&inquiry, after).await.unwrap();
        (world.sent().await.1 - before, found.last)
    };
    let (whole, last) = cost(None).await;
    assert_eq!(whole, 3, "132 actions are three pages");
    assert_eq!(cost(last.as_deref()).await.0, 1);
}
