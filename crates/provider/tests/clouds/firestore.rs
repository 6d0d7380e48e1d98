//! Documents: one list for all kinds, nobody's work overwritten, foreign shapes survived.
use std::collections::BTreeMap;
use std::time::Duration;

use ampere_core::inventory::Depth;
use ampere_core::provider::{Inquiry, Provider, ProviderErrorKind};
use ampere_lang::value::Value;
use serde_json::{Value as Json, json};

use crate::kit::{SECRET, Values, World, ephemeral, string};

const ROOT: &str = "projects/demo-ampere/databases/(default)/documents";

/// A secret of an account.
async fn secret(world: &World, name: &str, uid: &str) -> Value {
    let config = [("account", string(uid)), ("kind", string("anthropic")), ("value_wo", ephemeral(SECRET))];
    let after = world.planned("ampere_secret", None, &config);
    let values = Values { after: Some(&after), secret: Some(SECRET), key: "k1", ..Values::default() };
    world.create_with("ampere_secret", name, values).await.unwrap().attributes
}

fn text(text: &str) -> Json {
    json!({"stringValue": text})
}

/// Writes a document as somebody else would: these fields of it, or all of it.
async fn write(world: &World, id: &str, fields: Json, mask: Option<&[&str]>) {
    let mut write = json!({"update": {"name": format!("{ROOT}/ampere/{id}"), "fields": fields}});
    if let Some(mask) = mask {
        write["updateMask"] = json!({"fieldPaths": mask});
    }
    world.firestore(":commit", json!({"writes": [write]})).await;
}

#[tokio::test]
async fn one_query_lists_accounts_and_secrets_and_users_are_listed_once() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    secret(&world, "key", &uid).await;
    world.requests().await;
    let known = BTreeMap::new();
    for depth in [Depth::Objects, Depth::Parts] {
        let kinds = ["ampere_account", "ampere_secret"];
        let inquiry = Inquiry { stack: world.stack(), kinds: &kinds, depth, known: &known };
        let listings = world.provider.list(&inquiry).await;
        for kind in kinds {
            let listing = listings[kind].as_ref().unwrap();
            assert!(listing.is_complete() && listing.objects.len() == 1, "{kind}: {listing:?}");
            assert!(listing.objects[0].missing.is_empty(), "{kind}: {listing:?}");
        }
        let requests = world.requests().await;
        assert_eq!(requests.values().sum::<u64>(), 2, "{requests:?}");
    }
}

#[tokio::test]
async fn a_page_holds_two_thousand_documents() {
    let world = World::start().await;
    let stack = world.stack().to_string();
    for hundred in 0..25 {
        let documents = (hundred * 100..hundred * 100 + 100).map(|n| {
            let address = format!("{n:032x}");
            let fields = json!({"ampereKind": text("secret"), "ampereStack": text(&stack), "ampereAddress": text(&address),
                                "account": text("u"), "kind": text("openai"), "fingerprint": text("00"),
                                "version": {"integerValue": "1"}, "sealedValue": text("amp1.EXAMPLE")});
            json!({"update": {"name": format!("{ROOT}/ampere/secret-{stack}-{address}"), "fields": fields}})
        });
        world.firestore(":commit", json!({"writes": documents.collect::<Vec<_>>()})).await;
    }
    world.requests().await;
    let listing = world.list("ampere_secret").await;
    assert_eq!((listing.objects.len(), listing.problems.len()), (2500, 0));
    assert_eq!(world.requests().await.values().sum::<u64>(), 2);
}

#[tokio::test]
async fn of_two_who_write_at_once_one_reads_again() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    let key = secret(&world, "key", &uid).await;
    let renamed = world.planned("ampere_account", None, &[("email", string("ada@example.com")), ("name", string("A"))]);
    let account = world.read("ampere_account", &Value::object([("id", string(&uid))])).await.unwrap();
    let before = Value::object(account.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    for (kind, name, before, after) in
        [("ampere_account", "ada", &before, &renamed), ("ampere_secret", "key", &key, &key)]
    {
        world.fault(json!({"path": "/v1/projects/**:commit", "latency_ms": 400})).await;
        let slow = world.update(kind, name, before, after, "k2");
        let fast = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            world.update(kind, name, before, after, "k3").await
        };
        let (slow, fast) = tokio::join!(slow, fast);
        fast.unwrap();
        let refused = slow.unwrap_err();
        assert_eq!(refused.kind, ProviderErrorKind::Unavailable, "the engine tries again: {refused}");
        world.update(kind, name, before, after, "k2").await.unwrap();
    }
    // A deletion holds for what was read, and for nothing newer.
    world.fault(json!({"path": "/v1/projects/**:commit", "latency_ms": 400})).await;
    let written = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        world.update("ampere_secret", "key", &key, &key, "k4").await
    };
    let (deleted, written) = tokio::join!(world.delete("ampere_secret", "key", &key), written);
    written.unwrap();
    assert_eq!(deleted.unwrap_err().kind, ProviderErrorKind::Unavailable);
    world.delete("ampere_secret", "key", &key).await.unwrap();
    assert!(world.list("ampere_secret").await.objects.is_empty());
}

#[tokio::test]
async fn a_document_at_our_place_without_our_marker_is_left_alone() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    let foreign = json!({"note": text("of another program")});
    write(&world, &uid, foreign.clone(), None).await;
    assert_eq!(world.only("ampere_account").await.missing, ["document"]);
    let wanted = world.planned("ampere_account", None, &[("email", string("ada.l@example.com"))]);
    let before = Value::object([("id", string(&uid))]);
    let refused = world.update("ampere_account", "ada", &before, &wanted, "k2").await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden);
    assert!(refused.to_string().contains(&format!("ampere/{uid}")), "{refused}");
    assert_eq!(world.objects("firestore", "documents").await[0]["fields"], foreign);
    assert_eq!(world.only("ampere_account").await.attributes["email"].as_str(), Some("ada@example.com"));

    // A secret takes the next free name, and the other's document stays.
    let place = world.marker("ampere_secret", "key");
    let id = format!("secret-{}-{}", place.stack, place.address);
    write(&world, &id, foreign.clone(), None).await;
    let made = secret(&world, "key", &uid).await;
    assert_ne!(crate::kit::text(&made, "id"), id);
    let refused = world.delete("ampere_secret", "key", &Value::object([("id", string(&id))])).await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden);
    // An account's document is no secret: it is neither read as one nor deleted as one.
    let account = Value::object([("id", string(&uid))]);
    assert!(world.read("ampere_secret", &account).await.is_none());
    assert!(world.delete("ampere_secret", "key", &account).await.is_err());
    assert_eq!(world.objects("firestore", "documents").await.len(), 3);
}

#[tokio::test]
async fn damaged_fields_are_reported_carried_over_and_repaired() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    let key = secret(&world, "key", &uid).await;
    let id = crate::kit::text(&key, "id");
    let broken = json!({"account": {"booleanValue": true}, "ampereAddress": {"nullValue": null}});
    write(&world, &id, broken, Some(&["account", "ampereAddress", "ampereKind"])).await;
    let gone = json!({"sealedEmail": {"arrayValue": {}}});
    write(&world, &uid, gone, Some(&["sealedEmail", "ampereKind"])).await;

    let found = world.only("ampere_secret").await;
    assert_eq!(
        (found.missing.as_slice(), &found.marker),
        (&["fields of the document"][..], &world.marker("ampere_secret", "key"))
    );
    assert!(!found.attributes.contains_key("account"), "nothing is said about what cannot be read: {found:?}");
    assert_eq!(world.only("ampere_account").await.missing, ["fields of the document"]);

    world.update("ampere_secret", "key", &key, &key, "k2").await.unwrap();
    let account = world.planned("ampere_account", None, &[("email", string("ada@example.com"))]);
    world.update("ampere_account", "ada", &Value::object([("id", string(&uid))]), &account, "k2").await.unwrap();
    for kind in ["ampere_secret", "ampere_account"] {
        assert!(world.only(kind).await.missing.is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn documents_nobody_can_place_are_problems_and_lose_no_other() {
    let world = World::start().await;
    let uid = world.account("ada").await;
    secret(&world, "key", &uid).await;
    let stack = world.stack().to_string();
    let unknown = json!({"ampereKind": text("letter"), "ampereStack": text(&stack), "ampereAddress": text("00")});
    write(&world, "later", unknown, None).await;
    let partial = json!({"ampereKind": text("secret"), "ampereStack": text(&stack), "ampereAddress": {"mapValue": {}}});
    write(&world, "half", partial, None).await;
    let other = json!({"ampereKind": text("secret"), "ampereStack": text("ffff"), "ampereAddress": text("00")});
    write(&world, "another-stack", other, None).await;
    for kind in ["ampere_account", "ampere_secret"] {
        let listing = world.list(kind).await;
        assert_eq!((listing.objects.len(), listing.problems.len()), (1, 2), "{kind}: {listing:?}");
        assert!(listing.problems.iter().any(|problem| problem.place.contains("ampere/later")), "{listing:?}");
        assert!(listing.objects[0].missing.is_empty());
    }
    // Nobody asked for their deletion, and nobody made it.
    assert_eq!(world.objects("firestore", "documents").await.len(), 5);
}
