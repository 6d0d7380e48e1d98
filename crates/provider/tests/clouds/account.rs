//! `ampere_account`.
use ampere_core::provider::ProviderErrorKind;
use ampere_core::vault::{SealContext, Sealed, Sealer};
use ampere_lang::value::Value;
use serde_json::json;

use crate::kit::{World, string, text};

const KIND: &str = "ampere_account";

#[tokio::test]
async fn an_account_lives_and_dies() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &[("email", string("ada@example.com")), ("name", string("Ada"))]);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    assert!(made.attributes.is_wholly_known() && made.sealed.is_none());
    assert_eq!(text(&made.attributes, "id"), *made.id.0);

    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "ada")));
    assert!(observed.missing.is_empty() && observed.parts.len() == 2, "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    let read = world.read(KIND, &made.attributes).await.unwrap();
    assert_eq!((read.marker, read.missing.len()), (observed.marker, 0));

    let next = world.planned(KIND, Some(&made.attributes), &[("email", string("ada.l@example.com"))]);
    let changed = world.update(KIND, "ada", &made.attributes, &next, "k2").await.unwrap();
    assert_eq!(changed.id, made.id, "in place");
    let observed = world.only(KIND).await;
    assert_eq!(observed.attributes["email"].as_str(), Some("ada.l@example.com"));
    assert!(observed.attributes["name"].is_null(), "a name that was taken out is gone at Firebase");

    for _ in 0..2 {
        world.delete(KIND, "ada", &changed.attributes).await.unwrap();
        assert!(world.list(KIND).await.objects.is_empty());
        assert!(world.read(KIND, &changed.attributes).await.is_none());
    }
    assert!(world.objects("identity_toolkit", "accounts").await.is_empty());
    assert!(world.objects("firestore", "documents").await.is_empty());
}

#[tokio::test]
async fn s1_s2_the_document_holds_only_what_the_key_opens() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &[("email", string("ada@example.com")), ("name", string("Ada Lovelace"))]);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    let documents = world.objects("firestore", "documents").await;
    let stored = documents[0].to_string();
    assert!(!stored.contains("ada@example.com") && !stored.contains("Lovelace"), "{stored}");
    let sealed = Sealed(documents[0]["fields"]["sealedEmail"]["stringValue"].as_str().unwrap().to_owned());
    let place = format!("ampere/{}", made.id);
    let context = SealContext { account: &made.id.0, address: &place, attribute: "email", version: 1 };
    assert_eq!(world.vault.open_sealed(&context, &sealed).unwrap().expose(), "ada@example.com");
}

#[tokio::test]
async fn a_create_is_repeated_without_a_second_account() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &[("email", string("ada@example.com"))]);
    for fault in ["accounts", "accounts:update", "documents:commit"] {
        let path = format!("/v1/projects/*/**{fault}");
        world.fault(json!({"method": "POST", "path": path, "effect": "lose_response"})).await;
    }
    let mut lost = 0;
    let made = loop {
        match world.create(KIND, "ada", &after).await {
            Ok(made) => break made,
            Err(error) => {
                assert_eq!(error.kind, ProviderErrorKind::Unknown, "{error}");
                lost += 1;
            }
        }
    };
    assert_eq!(lost, 3, "every answer was lost once");
    assert_eq!(world.objects("identity_toolkit", "accounts").await.len(), 1);
    let observed = world.only(KIND).await;
    assert_eq!((observed.id, observed.missing), (Some(made.id), vec![]));
}

#[tokio::test]
async fn what_is_missing_is_reported_and_repaired() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &[("email", string("ada@example.com"))]);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    let document = made.id.to_string();
    world.remove("firestore", "documents", &document).await;
    assert_eq!(world.only(KIND).await.missing, ["document"]);
    world.update(KIND, "ada", &made.attributes, &after, "k2").await.unwrap();
    assert!(world.only(KIND).await.missing.is_empty());

    world.remove("identity_toolkit", "accounts", &document).await;
    let half = world.only(KIND).await;
    assert_eq!((half.id.clone(), half.missing), (Some(made.id.clone()), vec!["user"]));
    let repaired = world.update(KIND, "ada", &made.attributes, &after, "k3").await.unwrap();
    assert_eq!(repaired.id, made.id, "the same uid");
    assert!(world.only(KIND).await.missing.is_empty());
}

#[tokio::test]
async fn a_user_of_others_is_neither_listed_nor_touched() {
    let world = World::start().await;
    let foreign = json!({"localId": "someone", "email": "grace@example.com"});
    world.insert("identity_toolkit", "accounts", foreign).await;
    assert!(world.list(KIND).await.objects.is_empty());

    let after = world.planned(KIND, None, &[("email", string("grace@example.com"))]);
    let refused = world.create(KIND, "grace", &after).await.unwrap_err();
    assert_eq!((refused.kind, refused.attribute), (ProviderErrorKind::Conflict, Some("email")));
    assert!(refused.hint.is_some_and(|hint| hint.contains("import")));

    let before = ampere_lang::value::Value::object([("id", string("someone"))]);
    let refused = world.delete(KIND, "grace", &before).await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden);
    assert_eq!(world.objects("identity_toolkit", "accounts").await.len(), 1);
}

#[tokio::test]
async fn other_claims_survive_and_a_moved_account_keeps_its_uid() {
    let world = World::start().await;
    let after = world.planned(KIND, None, &[("email", string("ada@example.com"))]);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    let claims = &world.objects("identity_toolkit", "accounts").await[0]["customAttributes"];
    let mut claims: serde_json::Value = serde_json::from_str(claims.as_str().unwrap()).unwrap();
    claims["plan"] = json!("gold");
    let patch = json!({"customAttributes": claims.to_string()});
    world.patch("identity_toolkit", "accounts", &made.id.0, patch).await;

    let moved = world.update(KIND, "lovelace", &made.attributes, &made.attributes, "k2").await.unwrap();
    assert_eq!(moved.id, made.id);
    assert_eq!(world.only(KIND).await.marker, world.marker(KIND, "lovelace"));
    let claims = world.objects("identity_toolkit", "accounts").await[0]["customAttributes"].to_string();
    assert!(claims.contains("gold"), "{claims}");

    // The old address is free for another account, though the uid made from it is not.
    let second = world.planned(KIND, None, &[("email", string("grace@example.com"))]);
    let second = world.create(KIND, "ada", &second).await.unwrap();
    assert_ne!(second.id, made.id);
    assert_eq!(world.list(KIND).await.objects.len(), 2);
}

#[tokio::test]
async fn an_account_that_was_deleted_by_hand_comes_back_under_its_uid() {
    let world = World::start().await;
    // Under a uid that its address alone would not give: it was moved there, or imported.
    let config = [("email", string("ada@example.com")), ("name", string("Ada"))];
    let made = world.create(KIND, "old", &world.planned(KIND, None, &config)).await.unwrap();
    world.delete(KIND, "old", &made.attributes).await.unwrap();
    let wanted = world.planned(KIND, None, &config).entries().cloned().unwrap();
    let wanted = Value::object(wanted.into_iter().map(|(name, value)| match &*name {
        "id" => (name, string(&made.id.0)),
        _ => (name, value),
    }));
    let path = "/v1/projects/*/accounts:update";
    world.fault(json!({"method": "POST", "path": path, "effect": "lose_response"})).await;
    assert_eq!(world.create(KIND, "ada", &wanted).await.unwrap_err().kind, ProviderErrorKind::Unknown);
    let again = world.create(KIND, "ada", &wanted).await.unwrap();
    assert_eq!(again.id, made.id);
    let observed = world.only(KIND).await;
    assert_eq!((observed.id, observed.marker), (Some(made.id), world.marker(KIND, "ada")));
    assert!(observed.missing.is_empty(), "{:?}", observed.missing);
    assert_eq!(observed.attributes["email"].as_str(), Some("ada@example.com"));
}

#[tokio::test]
async fn a_user_of_others_who_has_the_uid_meanwhile_is_left_alone() {
    let world = World::start().await;
    let config = [("email", string("ada@example.com"))];
    let wanted = world.planned(KIND, None, &config).entries().cloned().unwrap();
    let wanted = Value::object(wanted.into_iter().map(|(name, value)| match &*name {
        "id" => (name, string("uid-of-theirs")),
        _ => (name, value),
    }));
    let claims = r#"{"ampere":{"stack":"ffffffffffffffff","address":"bb"}}"#;
    let user = json!({"localId": "uid-of-theirs", "email": "grace@example.com", "customAttributes": claims});
    world.insert("identity_toolkit", "accounts", user).await;
    let refused = world.create(KIND, "ada", &wanted).await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden, "{refused}");
    let users = world.objects("identity_toolkit", "accounts").await;
    assert_eq!(users[0]["email"], "grace@example.com");
}
