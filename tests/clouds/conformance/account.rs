//! `ampere_account`: a user of Firebase Auth and a document of Firestore.
use ampere_core::provider::ProviderErrorKind;
use ampere_lang::value::Value;
use ampere_tests_clouds::{Backend, Case, Effect, Fault, Given, World, string, text};
use futures::{StreamExt, stream};
use serde_json::json;

use super::{GOOGLE, GOOGLE_EMULATED, Run};

const KIND: &str = "ampere_account";

const fn case(on: &'static [Backend], name: &'static str, run: Run) -> Case {
    Case { kind: KIND, name, on, run }
}

pub const CASES: &[Case] = &[
    case(GOOGLE, "is made, listed as made, changed in place, deleted with all parts, twice", |w| Box::pin(lives(w))),
    case(GOOGLE, "a create whose answer was lost takes over what is there", |w| Box::pin(lost_answers(w))),
    case(GOOGLE, "S1 S2: its document holds nothing legible", |w| Box::pin(illegible(w))),
    case(GOOGLE, "a missing document or user is reported and repaired", |w| Box::pin(repaired(w))),
    case(GOOGLE_EMULATED, "a user of others is not listed, not taken over by email, not deleted", |w| {
        Box::pin(foreign(w))
    }),
    case(GOOGLE, "a moved account keeps its uid and foreign claims", |w| Box::pin(moved(w))),
    case(GOOGLE, "is disabled and enabled in place, and stays as it is where nothing is said", |w| {
        Box::pin(disabled(w))
    }),
    case(GOOGLE, "a change behind our back shows in the listing", |w| Box::pin(drift(w))),
    case(GOOGLE_EMULATED, "is found behind a thousand users of others", |w| Box::pin(last_page(w))),
    case(GOOGLE_EMULATED, "a document of foreign shape is a problem and hides no other", |w| Box::pin(malformed(w))),
    case(GOOGLE, "the shortest listing shows what a thorough one shows", |w| Box::pin(shallow(w))),
    case(GOOGLE, "an unknown id is no object, and deleting it is done already", |w| Box::pin(unknown(w))),
];

fn wanted(world: &World, name: &str) -> Value {
    world.planned(KIND, None, &[("email", string(&world.email(name))), ("name", string("Ada Lovelace"))])
}

fn given(after: &Value) -> Given<'_> {
    Given { after: Some(after), ..Given::default() }
}

async fn lives(world: World) {
    let after = wanted(&world, "ada");
    let made = world.create(KIND, "ada", given(&after)).await.unwrap();
    assert!(made.attributes.is_wholly_known() && made.sealed.is_none());
    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "ada")));
    assert!(observed.missing.is_empty() && observed.parts.len() == 2, "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    assert_eq!(world.read(KIND, &made.id).await.unwrap().marker, observed.marker);

    let next = world.planned(KIND, Some(&made.attributes), &[("email", string(&world.email("ada.l")))]);
    let change = Given { before: Some(&made.attributes), after: Some(&next), key: Some("change"), ..Given::default() };
    let changed = world.update(KIND, "ada", &made.id, change).await.unwrap();
    assert_eq!(changed.id, made.id, "in place");
    let observed = world.only(KIND).await;
    assert_eq!(observed.attributes["email"].as_str(), Some(&*world.email("ada.l")));
    assert!(observed.attributes["name"].is_null(), "a name that was taken out is gone at Firebase");

    for _ in 0..2 {
        world.delete(KIND, "ada", &made.id, Some(&changed.attributes)).await.unwrap();
        world.none(KIND).await;
        assert!(world.read(KIND, &made.id).await.is_none());
    }
    assert!(world.outside.users().await.is_empty() && world.outside.documents().await.is_empty());
}

async fn lost_answers(world: World) {
    let after = wanted(&world, "ada");
    for path in ["/accounts", "/accounts:update", "documents:commit"] {
        world.tap.fault(Fault { method: "POST", path, effect: Effect::LoseAnswer });
    }
    let mut attempts = 0;
    let made = loop {
        match world.create(KIND, "ada", given(&after)).await {
            Ok(made) => break made,
            Err(error) => assert_eq!(error.kind, ProviderErrorKind::Unknown, "{error}"),
        }
        attempts += 1;
        assert!(attempts < 5, "it never converges");
    };
    assert_eq!(world.tap.waiting(), 0, "every answer was lost once");
    assert_eq!(world.outside.users().await.len(), 1);
    let observed = world.only(KIND).await;
    assert_eq!((observed.id, observed.missing), (Some(made.id), vec![]));
}

async fn illegible(world: World) {
    world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    let documents = world.outside.documents().await;
    assert_eq!(documents.len(), 1);
    let stored = documents[0].to_string();
    assert!(!stored.contains("ada") && !stored.contains("Lovelace"), "{stored}");
}

async fn repaired(world: World) {
    let after = wanted(&world, "ada");
    let made = world.create(KIND, "ada", given(&after)).await.unwrap();
    let name = world.outside.documents().await[0]["name"].as_str().unwrap().to_owned();
    world.outside.remove_document(&name).await;
    let repair =
        |key| Given { before: Some(&made.attributes), after: Some(&after), key: Some(key), ..Given::default() };
    assert_eq!(world.only(KIND).await.missing, ["document"]);
    world.update(KIND, "ada", &made.id, repair("1")).await.unwrap();
    assert!(world.only(KIND).await.missing.is_empty());

    world.outside.remove_user(&made.id.0).await;
    assert_eq!(world.only(KIND).await.missing, ["user"]);
    let repaired = world.update(KIND, "ada", &made.id, repair("2")).await.unwrap();
    assert_eq!(repaired.id, made.id, "the same uid");
    assert!(world.only(KIND).await.missing.is_empty());
}

async fn foreign(world: World) {
    let email = world.email("grace");
    world.outside.add_user(json!({"localId": "someone", "email": email})).await;
    world.none(KIND).await;
    let refused = world.create(KIND, "grace", given(&wanted(&world, "grace"))).await.unwrap_err();
    assert_eq!((refused.kind, refused.attribute), (ProviderErrorKind::Conflict, Some("email")));
    let refused = world.delete(KIND, "grace", &"someone".into(), None).await.unwrap_err();
    assert_eq!(refused.kind, ProviderErrorKind::Forbidden);
    assert_eq!(world.outside.users().await.len(), 1);
}

async fn moved(world: World) {
    let made = world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    let claims = world.outside.users().await[0]["customAttributes"].as_str().unwrap().to_owned();
    let mut claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
    claims["plan"] = json!("gold");
    let change = json!({"localId": &*made.id.0, "customAttributes": claims.to_string()});
    world.outside.change_user(change).await;

    let same = Given { before: Some(&made.attributes), after: Some(&made.attributes), ..Given::default() };
    let moved = world.update(KIND, "lovelace", &made.id, same).await.unwrap();
    assert_eq!(moved.id, made.id);
    assert_eq!(world.only(KIND).await.marker, world.marker(KIND, "lovelace"));
    assert!(world.outside.users().await[0]["customAttributes"].as_str().unwrap().contains("gold"));

    let second = world.create(KIND, "ada", given(&wanted(&world, "grace"))).await.unwrap();
    assert_ne!(second.id, made.id, "the old address is free, though the uid made from it is not");
    assert_eq!(world.list(KIND).await.objects.len(), 2);
}

async fn disabled(world: World) {
    let mut last = world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    assert_eq!(last.attributes.get("disabled").unwrap().as_bool(), Some(false));
    let email = ("email", string(&world.email("ada")));
    for (key, said, comes_out) in [("1", Some(true), true), ("2", None, true), ("3", Some(false), false)] {
        let config: Vec<_> =
            [email.clone()].into_iter().chain(said.map(|said| ("disabled", Value::bool(said)))).collect();
        let next = world.planned(KIND, Some(&last.attributes), &config);
        let change = Given { before: Some(&last.attributes), after: Some(&next), key: Some(key), ..Given::default() };
        last = world.update(KIND, "ada", &last.id, change).await.unwrap();
        assert_eq!(world.only(KIND).await.attributes["disabled"].as_bool(), Some(comes_out), "{said:?}");
    }
    world.outside.change_user(json!({"localId": &*last.id.0, "disableUser": true})).await;
    assert_eq!(world.only(KIND).await.attributes["disabled"].as_bool(), Some(true), "by hand, in the console");
}

async fn drift(world: World) {
    let made = world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    let elsewhere = world.email("countess");
    world.outside.change_user(json!({"localId": &*made.id.0, "email": elsewhere})).await;
    assert_eq!(world.only(KIND).await.attributes["email"].as_str(), Some(&*elsewhere));
    assert_eq!(text(&made.attributes, "email"), world.email("ada"));
}

async fn last_page(world: World) {
    let made = world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    // Pages are ordered by uid, hold a thousand users at most, and ours is no zero.
    let others = (0..1000).map(|n| world.outside.add_user(json!({"localId": format!("0000{n:04}")})));
    // Gently: an emulator that is asked a thousand things at once refuses some.
    stream::iter(others).buffer_unordered(8).collect::<()>().await;
    assert_eq!(world.only(KIND).await.id, Some(made.id));
    let pages = world.tap.exchanges().into_iter().filter(|e| e.path.ends_with(":batchGet")).count();
    assert!(pages >= 2, "{pages} page");
}

async fn malformed(world: World) {
    let made = world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    let documents = world.outside.documents().await;
    let (name, fields) = (documents[0]["name"].as_str().unwrap(), &documents[0]["fields"]);
    let mut foreign = fields.clone();
    for (field, value) in foreign.as_object_mut().unwrap() {
        if field != "ampereStack" {
            *value = json!({"arrayValue": {"values": [{"integerValue": "7"}]}});
        }
    }
    // The same stack, and nothing else as it should be.
    let beside = format!("{}/0foreign", name.rsplit_once('/').unwrap().0);
    world.outside.write_documents(&[(beside, foreign)]).await;
    let listing = world.list(KIND).await;
    assert_eq!(listing.objects.iter().filter(|object| object.id.as_ref() == Some(&made.id)).count(), 1, "{listing:?}");
    assert!(!listing.is_complete(), "{listing:?}");
}

async fn shallow(world: World) {
    world.create(KIND, "ada", given(&wanted(&world, "ada"))).await.unwrap();
    world.shallow_as_deep(KIND).await;
}

async fn unknown(world: World) {
    assert!(world.read(KIND, &"nobody".into()).await.is_none());
    world.delete(KIND, "nobody", &"nobody".into(), None).await.unwrap();
}
