//! `ampere_secret`.
use ampere_core::vault::{SealContext, Sealer};
use ampere_lang::value::{Type, Value};
use serde_json::json;

use crate::kit::{SECRET, Values, World, ephemeral, string, text};

const KIND: &str = "ampere_secret";

fn config(value: Value) -> Vec<(&'static str, Value)> {
    vec![("account", string("uid-1")), ("kind", string("anthropic")), ("value_wo", value)]
}

#[tokio::test]
async fn a_secret_lives_and_dies() {
    let world = World::start().await;
    world.record().await;
    let after = world.planned(KIND, None, &config(ephemeral(SECRET)));
    let values = Values { after: Some(&after), secret: Some(SECRET), key: "k1", ..Values::default() };
    let made = world.create_with(KIND, "key", values).await.unwrap();
    assert!(made.attributes.is_wholly_known());
    assert!(made.attributes.get("value_wo").unwrap().is_null());

    let sealed = made.sealed.expect("the sealed text, for the state");
    let place = format!("ampere/{}", made.id);
    let context = SealContext { account: "uid-1", address: &place, attribute: "value_wo", version: 1 };
    assert_eq!(world.vault.open_sealed(&context, &sealed).unwrap().expose(), SECRET);

    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "key")));
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }

    // The same value again: nothing to do. Without any value: nothing to do either.
    assert!(world.planned(KIND, Some(&made.attributes), &config(ephemeral(SECRET))).same(&made.attributes));
    let without = config(Value::null(Type::String));
    assert!(world.planned(KIND, Some(&made.attributes), &without).same(&made.attributes));

    let rotated = format!("{SECRET}-2");
    let next = world.planned(KIND, Some(&made.attributes), &config(ephemeral(&rotated)));
    let values = Values { before: Some(&made.attributes), after: Some(&next), secret: Some(&rotated), key: "k2" };
    let changed = world.update_with(KIND, "key", &made.id.0, values).await.unwrap();
    assert!(changed.sealed.is_some());
    let observed = world.only(KIND).await;
    assert_eq!(observed.attributes["version"].as_number().unwrap().to_i64(), Some(2));
    assert_ne!(observed.attributes["fingerprint"].as_str().unwrap(), text(&made.attributes, "fingerprint"));

    for _ in 0..2 {
        world.delete(KIND, "key", &changed.attributes).await.unwrap();
        assert!(world.list(KIND).await.objects.is_empty());
    }
    let (sent, _) = world.sent().await;
    assert!(sent.contains("sealedValue") && !sent.contains(SECRET), "S1: only the sealed text was sent");
}

#[tokio::test]
async fn a_lost_answer_is_repeated_and_a_missing_value_is_an_error() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &config(ephemeral(SECRET)));
    world.fault(json!({"path": "/v1/projects/**:commit", "effect": "lose_response"})).await;
    let values = Values { after: Some(&after), secret: Some(SECRET), key: "k1", ..Values::default() };
    world.create_with(KIND, "key", values).await.unwrap_err();
    let made = world.create_with(KIND, "key", values).await.unwrap();
    assert_eq!(world.objects("firestore", "documents").await.len(), 1);
    // What the state remembers is what the document holds.
    let stored = world.objects("firestore", "documents").await[0].to_string();
    assert!(stored.contains(&made.sealed.unwrap().0));

    let none = Values { secret: None, ..values };
    let refused = world.create_with(KIND, "other", none).await.unwrap_err();
    assert_eq!(refused.attribute, Some("value_wo"));
}

#[tokio::test]
async fn a_deleted_document_is_made_again_with_the_value_or_not_at_all() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &config(ephemeral(SECRET)));
    let values = Values { after: Some(&after), secret: Some(SECRET), key: "k1", ..Values::default() };
    let made = world.create_with(KIND, "key", values).await.unwrap();
    world.remove("firestore", "documents", &made.id.0).await;
    let again = Values { before: Some(&made.attributes), after: Some(&made.attributes), key: "k2", secret: None };
    world.update_with(KIND, "key", &made.id.0, again).await.unwrap_err();
    world.update_with(KIND, "key", &made.id.0, Values { secret: Some(SECRET), ..again }).await.unwrap();
    assert!(world.only(KIND).await.missing.is_empty());
}
