//! From a server that starts to a box that nobody can enter, and from a new secret to one that is served.
use std::time::Duration;

use ampere_core::provider::{Provider, ProviderErrorKind};
use ampere_core::vault::Sealer;
use ampere_lang::value::{Type, Value};
use serde_json::json;

use crate::inhabitant::{Inhabitant, Taken, field, id, live};
use crate::kit::{Outcome, SECRET, Values, World, ephemeral, string, text};

const KIND: &str = "ampere_instance";

async fn secret(world: &World, name: &str, account: &str, kind: &str) -> Value {
    let config = [("account", string(account)), ("kind", string(kind)), ("value_wo", ephemeral(SECRET))];
    let after = world.planned("ampere_secret", None, &config);
    let values = Values { after: Some(&after), secret: Some(SECRET), key: name, ..Values::default() };
    world.create_with("ampere_secret", name, values).await.unwrap().attributes
}

fn config(secrets: &[&Value]) -> Vec<(&'static str, Value)> {
    let telegram = Value::object([("allow_from", Value::tuple([string("123456789")]))]);
    let ids = secrets.iter().map(|secret| secret.get("id").unwrap());
    vec![
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string("nbg1")),
        ("server_type", string("cx23")),
        ("model", string("anthropic/claude-sonnet-4-6")),
        ("channels", Value::object([("telegram", telegram)])),
        ("secrets", Value::list(Type::String, ids)),
    ]
}

/// Makes an instance with somebody inside.
async fn made(world: &World, config: &[(&'static str, Value)], who: &Inhabitant, taken: Taken) -> Outcome {
    let after = world.planned(KIND, None, config);
    tokio::select! {
        outcome = world.create(KIND, "bot", &after) => outcome,
        () = live(world, "bot", who, taken) => unreachable!("it lives for ever"),
    }
}

#[tokio::test]
async fn a_box_enrols_is_served_and_sealed() {
    let world = World::with_boxes().await;
    let anthropic = secret(&world, "anthropic", "uid-1", "anthropic").await;
    let (who, taken) = (Inhabitant::new(), Taken::default());
    let config = config(&[&anthropic]);
    let object = made(&world, &config, &who, taken.clone()).await.unwrap().attributes;
    assert_eq!(object.get("sealed").unwrap().as_bool(), Some(true));
    assert_eq!((text(&object, "enrolment"), text(&object, "key")), ("sealed".into(), who.keys.public().fingerprint()));
    let versions = object.get("delivered").unwrap();
    assert!(versions.get(&text(&anthropic, "id")).unwrap().same(&Value::number(1)));
    {
        let taken = taken.lock().unwrap();
        let contents = taken.as_ref().unwrap();
        assert_eq!(contents.secrets["anthropic"].as_str(), SECRET, "F2: its own key");
        assert_eq!(json!(contents.settings)["channels"]["telegram"]["allow_from"], json!(["123456789"]));
    }

    let observed = world.only(KIND).await;
    for (name, value) in &observed.attributes {
        assert!(value.same(&object.get(name).unwrap()), "{name}: listed and applied differ");
    }
    assert!(observed.missing.is_empty() && observed.parts.iter().any(|part| part.what == "mailbox"), "{observed:?}");

    let server = ampere_core::identity::ExternalId::from(&*text(&object, "id"));
    let status = world.provider.status(KIND, &server).await.unwrap().unwrap();
    let fact = |name: &str| status.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone());
    assert_eq!(
        (status.state.as_str(), fact("OpenClaw").as_deref(), fact("gateway").as_deref()),
        ("sealed", Some("2026.9.6"), Some("ready"))
    );
    assert_eq!(fact("bundle sent"), fact("bundle in force"));
    assert!(
        status.faults.iter().any(|fault| fault.contains("half an hour")),
        "its clock stands still in 1970: {status:?}"
    );
    assert!(!serde_json::to_string(&status).unwrap().contains("123456789"), "nothing that the customer wrote");

    let mailbox = id(&world, "bot");
    for _ in 0..2 {
        world.delete(KIND, "bot", &object).await.unwrap();
        assert!(world.document(&mailbox).await.is_none(), "the mailbox goes with the server");
        assert!(world.list(KIND).await.objects.is_empty());
    }
}

#[tokio::test]
async fn s1_user_data_and_mailbox_hold_no_secret_and_no_person() {
    let world = World::with_boxes().await;
    world.record().await;
    let anthropic = secret(&world, "anthropic", "uid-1", "anthropic").await;
    made(&world, &config(&[&anthropic]), &Inhabitant::new(), Taken::default()).await.unwrap();
    let (sent, _) = world.sent().await;
    for canary in [SECRET, "123456789\\\"", "\"123456789\"", &*hex(&*world.vault.signing_seed())] {
        assert!(!sent.contains(canary), "{canary}");
    }
    assert!(sent.contains("verification_key"), "the recording holds the user data");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_new_value_reaches_the_box_and_nothing_is_rebuilt() {
    let world = World::with_boxes().await;
    let anthropic = secret(&world, "anthropic", "uid-1", "anthropic").await;
    let (who, taken) = (Inhabitant::new(), Taken::default());
    let config = config(&[&anthropic]);
    let object = made(&world, &config, &who, taken.clone()).await.unwrap().attributes;
    let before = field(&world, &id(&world, "bot"), "offered").await.unwrap();

    let rotated = format!("{SECRET}-2");
    let given = [("account", string("uid-1")), ("kind", string("anthropic")), ("value_wo", ephemeral(&rotated))];
    let after = world.planned("ampere_secret", Some(&anthropic), &given);
    let values = Values { before: Some(&anthropic), after: Some(&after), secret: Some(&rotated), key: "r" };
    world.update_with("ampere_secret", "anthropic", &text(&anthropic, "id"), values).await.unwrap();

    let next = world.planned(KIND, Some(&object), &config);
    let changed = tokio::select! {
        outcome = world.update(KIND, "bot", &object, &next, "k2") => outcome.unwrap().attributes,
        () = live(&world, "bot", &who, taken.clone()) => unreachable!(),
    };
    assert_eq!(text(&changed, "id"), text(&object, "id"));
    assert_eq!(taken.lock().unwrap().as_ref().unwrap().secrets["anthropic"].as_str(), rotated);
    assert!(changed.get("delivered").unwrap().get(&text(&anthropic, "id")).unwrap().same(&Value::number(2)));
    let sequence = |offered: &str| serde_json::from_str::<serde_json::Value>(offered).unwrap()["sequence"].as_u64();
    assert!(sequence(&field(&world, &id(&world, "bot"), "offered").await.unwrap()) > sequence(&before));
}

#[tokio::test]
async fn another_server_in_place_of_this_one_is_refused_and_replaced() {
    let world = World::with_boxes().await;
    let who = Inhabitant { server: Some("4711".into()), ..Inhabitant::new() };
    let taken = Taken::default();
    let error = made(&world, &config(&[]), &who, taken.clone()).await.unwrap_err();
    assert_eq!(error.kind, ProviderErrorKind::Forbidden, "{error}");
    assert!(taken.lock().unwrap().is_none(), "nothing was sent to it");
    assert_eq!(world.only(KIND).await.attributes["enrolment"].as_str(), Some("refused"));
}

#[tokio::test]
async fn a_mailbox_whose_keys_were_exchanged_is_sent_nothing() {
    let world = World::with_boxes().await;
    let anthropic = secret(&world, "anthropic", "uid-1", "anthropic").await;
    let object = made(&world, &config(&[]), &Inhabitant::new(), Taken::default()).await.unwrap().attributes;
    // Whoever can write to Firestore makes himself a mailbox in place of the box's.
    let mailbox = id(&world, "bot");
    world.remove("firestore", "documents", &format!("ampere/{mailbox}")).await;
    let thief = Inhabitant { keys: ampere_bundle::BoxKeys::generate(&[8; 64]), ..Inhabitant::new() };
    let taken = Taken::default();
    let next = world.planned(KIND, Some(&object), &config(&[&anthropic]));
    let error = tokio::select! {
        outcome = world.update(KIND, "bot", &object, &next, "k2") => outcome.unwrap_err(),
        () = live(&world, "bot", &thief, taken.clone()) => unreachable!(),
    };
    assert!(error.message.contains("keys are not the ones known"), "{error}");
    assert!(taken.lock().unwrap().is_none());
}

#[tokio::test]
async fn a_mailbox_that_was_deleted_is_made_again_and_the_box_goes_on() {
    let world = World::with_boxes().await;
    let (who, taken) = (Inhabitant::new(), Taken::default());
    let config = config(&[]);
    let object = made(&world, &config, &who, taken.clone()).await.unwrap().attributes;
    world.remove("firestore", "documents", &format!("ampere/{}", id(&world, "bot"))).await;
    assert_eq!(world.only(KIND).await.attributes["sealed"].as_bool(), Some(false), "it has to show it again");
    let next = world.planned(KIND, Some(&object), &config);
    let again = tokio::select! {
        outcome = world.update(KIND, "bot", &object, &next, "k2") => outcome.unwrap().attributes,
        () = live(&world, "bot", &who, taken.clone()) => unreachable!(),
    };
    assert_eq!((text(&again, "key"), text(&again, "id")), (text(&object, "key"), text(&object, "id")));
}

#[tokio::test]
async fn s4_a_box_with_a_way_in_is_never_sealed_and_expires() {
    let world = World::with_boxes().await;
    let mut who = Inhabitant::new();
    who.inspection.listening.push("tcp 0.0.0.0:22".into());
    who.inspection.root_locked = false;
    let after = world.planned(KIND, None, &config(&[]));
    tokio::select! {
        outcome = world.create(KIND, "bot", &after) => panic!("{outcome:?}"),
        () = live(&world, "bot", &who, Taken::default()) => unreachable!(),
        () = tokio::time::sleep(Duration::from_secs(2)) => {}
    }
    assert!(world.told.lock().unwrap().iter().any(|told| told.contains("tcp 0.0.0.0:22")), "a person hears why");
    let server = world.only(KIND).await.id.unwrap();
    let status = world.provider.status(KIND, &server).await.unwrap().unwrap();
    assert!(status.faults.iter().any(|fault| fault.contains("root is not locked")), "{status:?}");
    let attributes = world.only(KIND).await.attributes;
    assert_eq!((attributes["sealed"].as_bool(), attributes["enrolment"].as_str()), (Some(false), Some("enrolled")));
    // Half an hour later it is for replacement.
    let past = json!({"fields": {"enrolUntil": {"timestampValue": "2026-01-01T00:00:00Z"}}});
    world.patch("firestore", "documents", &format!("ampere/{}", id(&world, "bot")), past).await;
    assert_eq!(world.only(KIND).await.attributes["enrolment"].as_str(), Some("expired"));
}

#[tokio::test]
async fn a_box_that_refuses_a_bundle_says_why_and_keeps_the_one_before() {
    let world = World::with_boxes().await;
    let who = Inhabitant { refuses: Some(ampere_bundle::Rejected::Rollback), ..Inhabitant::new() };
    let error = made(&world, &config(&[]), &who, Taken::default()).await.unwrap_err();
    assert!(error.message.contains("older than the one"), "{error}");
}

#[tokio::test]
async fn s3_an_instance_gets_no_secret_of_another_account() {
    let world = World::with_boxes().await;
    let other = secret(&world, "other", "uid-2", "anthropic").await;
    let taken = Taken::default();
    let error = made(&world, &config(&[&other]), &Inhabitant::new(), taken.clone()).await.unwrap_err();
    assert_eq!((error.kind.clone(), error.attribute), (ProviderErrorKind::Forbidden, Some("secrets")), "{error}");
    assert!(taken.lock().unwrap().is_none());
}

#[tokio::test]
async fn a_mailbox_without_a_server_is_a_leftover_that_goes() {
    let world = World::with_boxes().await;
    let object = made(&world, &config(&[]), &Inhabitant::new(), Taken::default()).await.unwrap().attributes;
    for (kind, found) in [("servers", "id"), ("firewalls", "id")] {
        for thing in world.objects("hetzner", kind).await {
            world.remove("hetzner", kind, &thing[found].to_string()).await;
        }
    }
    let left = world.only(KIND).await;
    assert_eq!((left.id.is_none(), left.parts.len()), (true, 1));
    world.delete_leftover(KIND, "bot", &left.parts[0].id).await.unwrap();
    assert!(world.list(KIND).await.objects.is_empty());
    assert!(world.read(KIND, &object).await.is_none());
}

/// Whoever is refused may write to the mailbox as well: the mark is not lost to it, and the next plan replaces the server.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_remembered_though_the_box_writes_at_the_same_time() {
    let world = World::with_boxes().await;
    let who = Inhabitant { server: Some("4711".into()), ..Inhabitant::new() };
    let id = id(&world, "bot");
    let noise = async {
        while field(&world, &id, ampere_bundle::mailbox::ENROLMENT).await.is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for number in 0..8 {
            world.write(&id, ampere_bundle::mailbox::REPORT, &format!("noise {number}")).await;
        }
        std::future::pending::<Outcome>().await
    };
    let config = config(&[]);
    let error = tokio::select! {
        outcome = made(&world, &config, &who, Taken::default()) => outcome.unwrap_err(),
        _ = noise => unreachable!("it waits for ever"),
    };
    assert_eq!(error.kind, ProviderErrorKind::Forbidden, "{error}");
    assert_eq!(world.only(KIND).await.attributes["enrolment"].as_str(), Some("refused"));
}
