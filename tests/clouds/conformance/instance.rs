//! `ampere_instance`: a server, a firewall and a key of Hetzner Cloud.
use ampere_core::provider::{Applied, ProviderErrorKind};
use ampere_lang::value::Value;
use ampere_tests_clouds::{Backend, Case, Effect, Fault, Given, World, string, text};
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{ALONE, ALONE_EMULATED, Run};

const KIND: &str = "ampere_instance";

const fn case(on: &'static [Backend], name: &'static str, run: Run) -> Case {
    Case { kind: KIND, name, on, run }
}

pub const CASES: &[Case] = &[
    case(ALONE, "is made, listed as made, resized in place, deleted with all parts, twice", |w| Box::pin(lives(w))),
    case(ALONE, "a create whose answer was lost takes over what is there", |w| Box::pin(lost_answers(w))),
    case(ALONE, "S3 S5 N4: closed and without a password from the first moment", |w| Box::pin(closed(w))),
    case(ALONE_EMULATED, "what a failed create left is listed and deleted", |w| Box::pin(leftover(w))),
    case(ALONE, "S3: a deleted or opened firewall is reported and repaired", |w| Box::pin(repaired(w))),
    case(ALONE_EMULATED, "servers of others are not listed and not deleted", |w| Box::pin(foreign(w))),
    case(ALONE, "a moved instance keeps its server", |w| Box::pin(moved(w))),
    case(ALONE_EMULATED, "is found behind a page of its stack", |w| Box::pin(last_page(w))),
    case(ALONE_EMULATED, "a malformed server is a problem and hides no other", |w| Box::pin(malformed(w))),
    case(ALONE, "the shortest listing shows what a thorough one shows", |w| Box::pin(shallow(w))),
    case(ALONE, "an unknown id is no object, and deleting it is done already", |w| Box::pin(unknown(w))),
];

fn wanted(world: &World, prior: Option<&Value>, server_type: &str) -> Value {
    let config = [
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string("nbg1")),
        ("server_type", string(server_type)),
        ("model", string("anthropic/claude-sonnet-4-6")),
    ];
    world.planned(KIND, prior, &config)
}

async fn made(world: &World) -> Applied {
    let after = wanted(world, None, "cx23");
    world.create(KIND, "bot", Given { after: Some(&after), ..Given::default() }).await.unwrap()
}

/// All objects of one kind that bear the mark of this world's stack.
async fn ours(world: &World, kind: &str) -> Vec<Json> {
    let path = format!("/{kind}?per_page=50&label_selector=ampere-stack%3D{}", world.stack());
    match world.outside.call("hetzner", Method::GET, &path, None).await[kind].take() {
        Json::Array(found) => found,
        other => panic!("{other}"),
    }
}

async fn lives(world: World) {
    let made = made(&world).await;
    assert!(made.attributes.is_wholly_known());
    assert_eq!(text(&made.attributes, "status"), "running");
    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "bot")));
    assert!(observed.missing.is_empty(), "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    let next = wanted(&world, Some(&made.attributes), "cx33");
    let change = Given { before: Some(&made.attributes), after: Some(&next), key: Some("2"), ..Given::default() };
    let changed = world.update(KIND, "bot", &made.id, change).await.unwrap();
    assert_eq!(changed.id, made.id, "in place: the memory survives");
    assert_eq!(world.only(KIND).await.attributes["server_type"].as_str(), Some("cx33"));
    for _ in 0..2 {
        world.delete(KIND, "bot", &made.id, Some(&changed.attributes)).await.unwrap();
        world.none(KIND).await;
        assert!(world.read(KIND, &made.id).await.is_none());
    }
    for kind in ["servers", "firewalls", "ssh_keys", "primary_ips", "volumes"] {
        assert!(ours(&world, kind).await.is_empty(), "{kind}");
    }
}

async fn lost_answers(world: World) {
    let after = wanted(&world, None, "cx23");
    for path in ["/firewalls", "/ssh_keys", "/servers"] {
        world.tap.fault(Fault { method: "POST", path, effect: Effect::LoseAnswer });
    }
    let mut attempts = 0;
    let made = loop {
        match world.create(KIND, "bot", Given { after: Some(&after), ..Given::default() }).await {
            Ok(made) => break made,
            Err(error) => assert_eq!(error.kind, ProviderErrorKind::Unknown, "{error}"),
        }
        attempts += 1;
        assert!(attempts < 5, "it never converges");
    };
    assert_eq!(world.tap.waiting(), 0, "every answer was lost once");
    assert_eq!(world.only(KIND).await.id, Some(made.id));
    assert_eq!((ours(&world, "servers").await.len(), ours(&world, "firewalls").await.len()), (1, 1));
}

async fn closed(world: World) {
    made(&world).await;
    let sent = world.tap.exchanges();
    let create = sent.iter().find(|e| e.method == "POST" && e.path == "/servers").expect("a create call");
    let body: Json = serde_json::from_str(&create.body).unwrap();
    assert_eq!(body["firewalls"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["ssh_keys"].as_array().map(Vec::len), Some(1), "with a key, no root password is minted");
    let answer: Json = serde_json::from_str(&create.answer).unwrap();
    assert!(answer["root_password"].is_null());
    assert_eq!(ours(&world, "firewalls").await[0]["rules"], json!([]));
}

async fn leftover(world: World) {
    let after = wanted(&world, None, "cx23");
    for _ in 0..4 {
        world.tap.fault(Fault { method: "POST", path: "/servers", effect: Effect::Refuse(422) });
    }
    world.create(KIND, "bot", Given { after: Some(&after), ..Given::default() }).await.unwrap_err();
    let left = world.only(KIND).await;
    assert_eq!(left.id, None);
    world.delete(KIND, "bot", &left.parts[0].id, None).await.unwrap();
    world.none(KIND).await;
    assert!(ours(&world, "firewalls").await.is_empty() && ours(&world, "ssh_keys").await.is_empty());
}

async fn repaired(world: World) {
    let made = made(&world).await;
    let firewall = ours(&world, "firewalls").await[0]["id"].to_string();
    let rule = json!({"rules": [{"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}]});
    let path = format!("/firewalls/{firewall}/actions/set_rules");
    world.outside.call("hetzner", Method::POST, &path, Some(rule)).await;
    assert!(!world.only(KIND).await.missing.is_empty(), "an opened firewall shows");
    let same = Given { before: Some(&made.attributes), after: Some(&made.attributes), ..Given::default() };
    world.update(KIND, "bot", &made.id, same).await.unwrap();
    assert!(world.only(KIND).await.missing.is_empty());
    assert_eq!(ours(&world, "firewalls").await[0]["rules"], json!([]));
}

async fn foreign(world: World) {
    let server = json!({"name": "wiki", "server_type": "cx23", "image": "debian-12", "labels": {"team": "docs"}});
    let server = world.outside.call("hetzner", Method::POST, "/servers", Some(server)).await;
    let id = server["server"]["id"].to_string();
    let made = made(&world).await;
    assert_eq!(world.only(KIND).await.id.as_ref(), Some(&made.id));
    let before = Value::object([("id", string(&id))]);
    let refused = world.delete(KIND, "bot", &id.as_str().into(), Some(&before)).await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden);
    world.outside.call("hetzner", Method::GET, &format!("/servers/{id}"), None).await;
}

async fn moved(world: World) {
    let made = made(&world).await;
    let same = Given { before: Some(&made.attributes), after: Some(&made.attributes), ..Given::default() };
    assert_eq!(world.update(KIND, "robot", &made.id, same).await.unwrap().id, made.id);
    let observed = world.only(KIND).await;
    assert_eq!((observed.marker, observed.missing), (world.marker(KIND, "robot"), vec![]));
}

async fn last_page(world: World) {
    let made = made(&world).await;
    for n in 0..55 {
        let labels = json!({"ampere-stack": world.stack().to_string(), "ampere-address": format!("{n:032x}")});
        let name = format!("others-{}-{n}", world.id);
        let server = json!({"name": name, "server_type": "cx23", "image": "debian-12", "labels": labels});
        world.outside.call("hetzner", Method::POST, "/servers", Some(server)).await;
    }
    let listing = world.list(KIND).await;
    assert!(listing.is_complete(), "{:?}", listing.problems);
    assert_eq!(listing.objects.len(), 56);
    assert!(listing.objects.iter().any(|object| object.id.as_ref() == Some(&made.id)));
}

async fn malformed(world: World) {
    let made = made(&world).await;
    let after = wanted(&world, None, "cx23");
    world.create(KIND, "other", Given { after: Some(&after), ..Given::default() }).await.unwrap();
    // The later one, as lists are in the order of ids.
    let nonsense = |list: &mut Json| list["servers"][1]["id"] = json!("forty-two");
    world.tap.fault(Fault { method: "GET", path: "/servers", effect: Effect::Change(nonsense) });
    let listing = world.list(KIND).await;
    assert!(listing.objects.iter().any(|object| object.id.as_ref() == Some(&made.id)), "{listing:?}");
    assert!(!listing.is_complete(), "{listing:?}");
}

async fn shallow(world: World) {
    made(&world).await;
    world.shallow_as_deep(KIND).await;
}

async fn unknown(world: World) {
    assert!(world.read(KIND, &"4711".into()).await.is_none());
    world.delete(KIND, "nothing", &"4711".into(), None).await.unwrap();
}
