//! `ampere_secret`: a document of Firestore.
use ampere_core::identity::ExternalId;
use ampere_core::inventory::Depth;
use ampere_lang::value::{Type, Value};
use ampere_tests_clouds::{Backend, Case, Effect, Fault, Given, World, ephemeral, string};
use serde_json::json;

use super::{GOOGLE, GOOGLE_EMULATED, Run};

const KIND: &str = "ampere_secret";
const SECRET: &str = "sk-ant-EXAMPLE-canary-7f3a";

const fn case(on: &'static [Backend], name: &'static str, run: Run) -> Case {
    Case { kind: KIND, name, on, run }
}

pub const CASES: &[Case] = &[
    case(GOOGLE, "is made, listed as made, rotated in place, deleted, twice", |w| Box::pin(lives(w))),
    case(GOOGLE, "S1: no request holds its value", |w| Box::pin(sealed(w))),
    case(GOOGLE, "a create whose answer was lost takes over what is there", |w| Box::pin(lost_answer(w))),
    case(GOOGLE, "a deleted document is made again with the value, or not at all", |w| Box::pin(deleted(w))),
    case(GOOGLE, "is listed together with the accounts, by one request", |w| Box::pin(together(w))),
    case(GOOGLE_EMULATED, "all are found where there are two thousand", |w| Box::pin(pages(w))),
    case(GOOGLE_EMULATED, "a document of foreign shape is a problem and hides no other", |w| Box::pin(malformed(w))),
    case(GOOGLE_EMULATED, "documents of other stacks are not listed", |w| Box::pin(others(w))),
    case(GOOGLE, "the shortest listing shows what a thorough one shows", |w| Box::pin(shallow(w))),
    case(GOOGLE, "an unknown id is no object, and deleting it is done already", |w| Box::pin(unknown(w))),
];

fn config(account: &str, value: Value) -> Vec<(&'static str, Value)> {
    vec![("account", string(account)), ("kind", string("anthropic")), ("value_wo", value)]
}

async fn made(world: &World, name: &str) -> ampere_core::provider::Applied {
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, ephemeral(SECRET)));
    world.create(KIND, name, value(&after)).await.unwrap()
}

fn value(after: &Value) -> Given<'_> {
    Given { after: Some(after), secret: Some(SECRET), ..Given::default() }
}

async fn lives(world: World) {
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, ephemeral(SECRET)));
    let made = world.create(KIND, "key", value(&after)).await.unwrap();
    assert!(made.attributes.is_wholly_known() && made.sealed.is_some());
    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "key")));
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    let without = config(&account, Value::null(Type::String));
    assert!(world.planned(KIND, Some(&made.attributes), &without).same(&made.attributes), "no value, no change");

    let rotated = format!("{SECRET}-2");
    let next = world.planned(KIND, Some(&made.attributes), &config(&account, ephemeral(&rotated)));
    let given = Given { before: Some(&made.attributes), after: Some(&next), secret: Some(&rotated), key: Some("2") };
    let changed = world.update(KIND, "key", &made.id, given).await.unwrap();
    assert_eq!(changed.id, made.id, "in place");
    let observed = world.only(KIND).await;
    assert!(observed.attributes["fingerprint"].same(&changed.attributes.get("fingerprint").unwrap()));
    assert!(!observed.attributes["fingerprint"].same(&made.attributes.get("fingerprint").unwrap()));

    for _ in 0..2 {
        world.delete(KIND, "key", &made.id, Some(&changed.attributes)).await.unwrap();
        world.none(KIND).await;
        assert!(world.read(KIND, &made.id).await.is_none());
    }
}

async fn sealed(world: World) {
    let made = made(&world, "key").await;
    let sealed = made.sealed.expect("the sealed text, for the state");
    let sent = world.tap.exchanges();
    assert!(sent.iter().any(|exchange| exchange.body.contains(&sealed.0)), "the sealed text was sent");
    for exchange in sent {
        assert!(!exchange.body.contains(SECRET) && !exchange.answer.contains(SECRET), "{}", exchange.path);
    }
}

async fn lost_answer(world: World) {
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, ephemeral(SECRET)));
    world.tap.fault(Fault { method: "POST", path: "documents:commit", effect: Effect::LoseAnswer });
    world.create(KIND, "key", value(&after)).await.unwrap_err();
    let made = world.create(KIND, "key", value(&after)).await.unwrap();
    assert_eq!(world.only(KIND).await.id, Some(made.id));
    let stored = serde_json::to_string(&world.outside.documents().await).unwrap();
    assert!(stored.contains(&made.sealed.unwrap().0), "what the state remembers is what the document holds");
}

/// The full name and fields of the only secret's document.
async fn document(world: &World, id: &ExternalId) -> (String, serde_json::Value) {
    let documents = world.outside.documents().await;
    let found = documents.iter().find(|document| document["name"].as_str().unwrap().ends_with(&*id.0));
    let found = found.unwrap_or_else(|| panic!("no document {id} in {documents:?}"));
    (found["name"].as_str().unwrap().to_owned(), found["fields"].clone())
}

async fn deleted(world: World) {
    let made = made(&world, "key").await;
    world.outside.remove_document(&document(&world, &made.id).await.0).await;
    let again = Given { before: Some(&made.attributes), after: Some(&made.attributes), ..Given::default() };
    world.update(KIND, "key", &made.id, again).await.unwrap_err();
    world.update(KIND, "key", &made.id, Given { secret: Some(SECRET), ..again }).await.unwrap();
    assert!(world.only(KIND).await.missing.is_empty());
}

async fn together(world: World) {
    made(&world, "key").await;
    let queries = |world: &World| world.tap.exchanges().iter().filter(|e| e.path.ends_with(":runQuery")).count();
    let before = queries(&world);
    let listings = world.list_all(&["ampere_account", KIND], Depth::Objects, &[]).await;
    assert!(listings.len() == 2 && listings.values().all(|l| l.is_complete() && l.objects.len() == 1), "{listings:?}");
    assert_eq!(queries(&world) - before, 1);
}

async fn pages(world: World) {
    let made = made(&world, "key").await;
    let (name, fields) = document(&world, &made.id).await;
    let copies: Vec<_> = (0..2100)
        .map(|n| {
            let mut fields = fields.clone();
            fields["ampereAddress"] = json!({"stringValue": &*world.marker(KIND, &format!("copy{n}")).address.0});
            (name.replace(&*made.id.0, &format!("copy{n:05}")), fields)
        })
        .collect();
    world.outside.write_documents(&copies).await;
    let listing = world.list(KIND).await;
    assert!(listing.is_complete(), "{:?}", listing.problems);
    assert_eq!(listing.objects.len(), 2101);
}

async fn malformed(world: World) {
    let made = made(&world, "key").await;
    let (name, mut fields) = document(&world, &made.id).await;
    for (field, value) in fields.as_object_mut().unwrap() {
        if field != "ampereStack" {
            *value = json!({"mapValue": {"fields": {"nonsense": {"booleanValue": true}}}});
        }
    }
    world.outside.write_documents(&[(name.replace(&*made.id.0, "0foreign"), fields)]).await;
    let listing = world.list(KIND).await;
    assert!(listing.objects.iter().any(|object| object.id.as_ref() == Some(&made.id)), "{listing:?}");
    assert!(!listing.is_complete(), "{listing:?}");
}

async fn others(world: World) {
    let made = made(&world, "key").await;
    let (name, mut fields) = document(&world, &made.id).await;
    fields["ampereStack"] = json!({"stringValue": "somebody-elses"});
    world.outside.write_documents(&[(name.replace(&*made.id.0, "0foreign"), fields)]).await;
    assert_eq!(world.only(KIND).await.id, Some(made.id));
}

async fn shallow(world: World) {
    made(&world, "key").await;
    world.shallow_as_deep(KIND).await;
}

async fn unknown(world: World) {
    assert!(world.read(KIND, &"nothing".into()).await.is_none());
    world.delete(KIND, "nothing", &"nothing".into(), None).await.unwrap();
}
