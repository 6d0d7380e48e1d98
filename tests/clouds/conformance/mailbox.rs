//! What a box may do in its mailbox, tried with tokens that a box gets: the shipped rules on Google's emulator, and our sandbox, which
//! must say the same.
use ampere_tests_clouds::{Case, World, id_of};
use reqwest::Method;
use serde_json::{Value as Json, json};

use super::rules::{Town, token_of};
use super::{GOOGLE_EMULATED, Run};

const fn case(name: &'static str, run: Run) -> Case {
    Case { kind: "mailbox (firestore.rules)", name, on: GOOGLE_EMULATED, run }
}

pub const CASES: &[Case] = &[
    case("a box signs in with its custom token, and stays so by its refresh token", |w| Box::pin(signs_in(w))),
    case("a disabled box is let in by neither", |w| Box::pin(disabled(w))),
    case("a box reads its own mailbox and nothing else", |w| Box::pin(reads(w))),
    case("its first key is let in, and no second", |w| Box::pin(enrols(w))),
    case("no key is let in when the time to enrol is over", |w| Box::pin(late(w))),
    case("it answers with receipts and reports of a limited size", |w| Box::pin(answers(w))),
    case("bundle, markers, times and names of fields are ours", |w| Box::pin(ours(w))),
    case("it makes nothing and deletes nothing", |w| Box::pin(makes(w))),
    case("another box, a customer, and who has no token: none of them touches it", |w| Box::pin(others(w))),
];

/// The most bytes of what a box writes.
const MOST: usize = 16 * 1024;

/// Two boxes with a mailbox each, beside the two customers.
struct Street {
    town: Town,
    first: Tenant,
    second: Tenant,
}

/// A box.
struct Tenant {
    uid: String,
    token: String,
}

impl Street {
    async fn new(world: World) -> Street {
        let town = Town::new(world, super::rules::RULES).await;
        let (first, second) = (tenant(&town, "first", 900).await, tenant(&town, "second", 900).await);
        Street { town, first, second }
    }

    /// Writes fields into a mailbox as somebody; the status.
    async fn writes(&self, token: Option<&str>, uid: &str, fields: Json) -> u16 {
        let names: Vec<_> = fields.as_object().expect("fields").keys().cloned().collect();
        let mask: Vec<_> = names.iter().map(|name| format!("updateMask.fieldPaths={name}")).collect();
        let path = format!("/ampere/{uid}?{}", mask.join("&"));
        self.town.asked(token, Method::PATCH, &path, Some(json!({"fields": fields}))).await.0
    }

    /// The same as the first box in its own mailbox.
    async fn first_writes(&self, fields: Json) -> u16 {
        self.writes(Some(&self.first.token), &self.first.uid, fields).await
    }

    /// A mailbox as we see it.
    async fn stored(&self, uid: &str) -> Json {
        self.town.stored(uid).await
    }
}

fn text(text: &str) -> Json {
    json!({"stringValue": text})
}

/// Seconds from now, as Firestore writes it.
fn time(seconds: i64) -> Json {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let at = i64::try_from(now).expect("in range") + seconds;
    json!({"timestampValue": jiff::Timestamp::from_second(at).expect("a time").to_string()})
}

/// Makes a mailbox and signs its box in.
async fn tenant(town: &Town, name: &str, enrol_within: i64) -> Tenant {
    let uid = format!("ampere-{}-{name}", id_of(name));
    let fields = json!({
        "ampereKind": text("mailbox"), "ampereStack": text("stack"), "ampereAddress": text("address"),
        "enrolUntil": time(enrol_within), "bundle": text("sealed"), "offered": text("{\"sequence\":1}"),
    });
    town.write(&uid, fields).await;
    let token = token_of(&town.world, &uid).await["idToken"].as_str().expect("an id token").to_owned();
    Tenant { uid, token }
}

/// What the token service answers to a refresh token. (The project is named for the emulator, which has many and one key.)
async fn renew(world: &World, refresh_token: &str) -> (u16, Json) {
    let project = &world.outside.access().project;
    let form = format!("grant_type=refresh_token&refresh_token={refresh_token}&targetProjectId={project}");
    world.outside.form("secure_token", "/v1/token?key=EXAMPLE", &form).await
}

async fn signs_in(world: World) {
    let street = Street::new(world).await;
    let (world, uid) = (&street.town.world, &street.first.uid);
    let signed_in = token_of(world, uid).await;
    assert_eq!((&signed_in["expiresIn"], &signed_in["isNewUser"]), (&json!("3600"), &json!(false)), "{signed_in}");
    let refresh_token = signed_in["refreshToken"].as_str().expect("a refresh token");
    let (status, renewed) = renew(world, refresh_token).await;
    assert_eq!((status, &renewed["user_id"]), (200, &json!(uid)), "{renewed}");
    assert!(renewed["refresh_token"].is_string() && renewed["expires_in"] == "3600", "{renewed}");
    let token = renewed["id_token"].as_str().expect("an id token");
    assert_eq!(street.town.reads(Some(token), &format!("ampere/{uid}")).await, 200);
    let (status, refused) = renew(world, "never-given").await;
    assert_eq!(status, 400, "{refused}");
    let (status, refused) = world.outside.form("secure_token", "/v1/token?key=EXAMPLE", "grant_type=password").await;
    assert_eq!((status, &refused["error"]["message"]), (400, &json!("INVALID_GRANT_TYPE")));
    for (claim, value) in [("aud", json!("another")), ("uid", json!(""))] {
        let (status, refused) = super::rules::sign_in_with(world, uid, Some((claim, value))).await;
        assert_eq!(status, 400, "{claim}: {refused}");
    }
}

async fn disabled(world: World) {
    let street = Street::new(world).await;
    let (world, uid) = (&street.town.world, &street.first.uid);
    let refresh_token = token_of(world, uid).await["refreshToken"].as_str().expect("a refresh token").to_owned();
    world.outside.change_user(json!({"localId": uid, "disableUser": true})).await;
    let (status, refused) = super::rules::sign_in_with(world, uid, None).await;
    assert_eq!((status, &refused["error"]["message"]), (400, &json!("USER_DISABLED")));
    let (status, refused) = renew(world, &refresh_token).await;
    assert_eq!((status, &refused["error"]["message"]), (400, &json!("USER_DISABLED")));
}

async fn reads(world: World) {
    let street = Street::new(world).await;
    let (town, token) = (&street.town, Some(street.first.token.as_str()));
    let own = town.asked(token, Method::GET, &format!("/ampere/{}", street.first.uid), None).await;
    assert!(own.0 == 200 && own.1.contains("sealed"), "{own:?}");
    for id in [&street.second.uid, &town.ada.uid, &town.ada.secret, &"absent".to_owned()] {
        let refused = town.asked(token, Method::GET, &format!("/ampere/{id}"), None).await;
        assert!(refused.0 == 403 && refused.1.contains("PERMISSION_DENIED"), "{id}: {refused:?}");
    }
    assert_eq!(town.reads(token, "notes/one").await, 403);
    let from = json!([{"collectionId": "ampere"}]);
    let mine = json!({"fieldFilter": {"field": {"fieldPath": "ampereKind"}, "op": "EQUAL", "value": text("mailbox")}});
    let both = [&street.first.uid, &street.second.uid].map(|uid| town.name(uid));
    for (method, path, body) in [
        (Method::GET, "/ampere", None),
        (Method::POST, ":runQuery", Some(json!({"structuredQuery": {"from": from}}))),
        (Method::POST, ":runQuery", Some(json!({"structuredQuery": {"from": from, "where": mine}}))),
        (Method::POST, ":batchGet", Some(json!({"documents": both}))),
    ] {
        let refused = town.asked(token, method.clone(), path, body).await;
        assert!(refused.0 == 403 && refused.1.contains("PERMISSION_DENIED"), "{method} {path}: {refused:?}");
    }
    let alone = town.asked(token, Method::POST, ":batchGet", Some(json!({"documents": [both[0]]}))).await;
    assert_eq!(alone.0, 200, "{alone:?}");
}

async fn enrols(world: World) {
    let street = Street::new(world).await;
    assert_eq!(street.first_writes(json!({"enrolment": text("first key"), "report": text("r")})).await, 200);
    assert_eq!(street.first_writes(json!({"enrolment": text("second key")})).await, 403);
    assert_eq!(street.first_writes(json!({"enrolment": text("second key"), "receipt": text("r")})).await, 403);
    // Taking the key away would let another one in.
    let path = format!("/ampere/{}?updateMask.fieldPaths=enrolment", street.first.uid);
    let removed = street.town.asked(Some(&street.first.token), Method::PATCH, &path, Some(json!({"fields": {}}))).await;
    assert_eq!(removed.0, 403, "{removed:?}");
    let stored = street.stored(&street.first.uid).await;
    assert_eq!((&stored["enrolment"], &stored["receipt"]), (&text("first key"), &Json::Null));
    assert_eq!(street.stored(&street.second.uid).await["enrolment"], Json::Null);
}

async fn late(world: World) {
    let street = Street::new(world).await;
    let late = tenant(&street.town, "late", -1).await;
    assert_eq!(street.writes(Some(&late.token), &late.uid, json!({"enrolment": text("key")})).await, 403);
    assert_eq!(street.writes(Some(&late.token), &late.uid, json!({"report": text("too late")})).await, 200);
    // A mailbox that does not say until when lets nobody in.
    let mute = tenant(&street.town, "mute", 900).await;
    street.town.write(&mute.uid, json!({"ampereKind": text("mailbox")})).await;
    assert_eq!(street.writes(Some(&mute.token), &mute.uid, json!({"enrolment": text("key")})).await, 403);
}

async fn answers(world: World) {
    let street = Street::new(world).await;
    for field in ["receipt", "report", "enrolment"] {
        let (fits, over) = (text(&"x".repeat(MOST)), text(&"x".repeat(MOST + 1)));
        assert_eq!(street.first_writes(json!({field: over})).await, 403, "{field}");
        // Bytes are counted, and not characters.
        assert_eq!(street.first_writes(json!({field: text(&"ä".repeat(MOST / 2 + 1))})).await, 403, "{field}");
        for other in [json!({"integerValue": "1"}), json!({"nullValue": null}), json!({"mapValue": {"fields": {}}})] {
            assert_eq!(street.first_writes(json!({field: other.clone()})).await, 403, "{field}: {other}");
        }
        assert_eq!(street.first_writes(json!({field: fits})).await, 200, "{field}");
    }
    assert_eq!(street.first_writes(json!({"receipt": text("1"), "report": text("2")})).await, 200);
    assert_eq!(street.first_writes(json!({"receipt": text("3")})).await, 200);
    let stored = street.stored(&street.first.uid).await;
    assert_eq!((&stored["receipt"], &stored["report"], &stored["bundle"]), (&text("3"), &text("2"), &text("sealed")));
}

async fn ours(world: World) {
    let street = Street::new(world).await;
    let before = street.stored(&street.first.uid).await;
    for (field, value) in [
        ("bundle", text("mine")),
        ("offered", text("{\"sequence\":9}")),
        ("sealedAt", time(0)),
        ("enrolUntil", time(9000)),
        ("ampereKind", text("account")),
        ("ampereStack", text("another")),
        ("ampereAddress", text("another")),
        ("anything", text("else")),
    ] {
        assert_eq!(street.first_writes(json!({field: value.clone()})).await, 403, "{field}");
        let hidden = street.first_writes(json!({"report": text("r"), field: value})).await;
        assert_eq!(hidden, 403, "{field} beside a report");
    }
    // Without a mask a write replaces the whole document.
    let whole = json!({"fields": {"report": text("r")}});
    let (path, token) = (format!("/ampere/{}", street.first.uid), Some(street.first.token.as_str()));
    assert_eq!(street.town.asked(token, Method::PATCH, &path, Some(whole)).await.0, 403);
    assert_eq!(street.stored(&street.first.uid).await, before);
}

async fn makes(world: World) {
    let street = Street::new(world).await;
    let (town, token) = (&street.town, Some(street.first.token.as_str()));
    let mailbox = json!({"fields": {"ampereKind": text("mailbox"), "enrolUntil": time(900)}});
    let own = format!("/ampere/{}", street.first.uid);
    for (method, path, body) in [
        (Method::DELETE, own.clone(), None),
        (Method::PATCH, "/ampere/new".to_owned(), Some(mailbox.clone())),
        (Method::POST, "/ampere?documentId=new".to_owned(), Some(mailbox.clone())),
        (Method::PATCH, format!("{own}/below/x"), Some(mailbox.clone())),
        (Method::POST, "/notes?documentId=new".to_owned(), Some(mailbox.clone())),
    ] {
        let refused = town.asked(token, method.clone(), &path, body).await;
        assert!(refused.0 == 403 && refused.1.contains("PERMISSION_DENIED"), "{method} {path}: {refused:?}");
    }
    // Of several writes none happens when one is refused.
    let update = |id: &str| {
        let fields = json!({"report": text("by commit")});
        json!({"update": {"name": town.name(id), "fields": fields}, "updateMask": {"fieldPaths": ["report"]}})
    };
    let commit = |writes: Json| town.asked(token, Method::POST, ":commit", Some(json!({"writes": writes})));
    assert_eq!(commit(json!([update(&street.first.uid), update(&street.second.uid)])).await.0, 403);
    assert_eq!(commit(json!([{"delete": town.name(&street.first.uid)}])).await.0, 403);
    assert_eq!(street.stored(&street.first.uid).await["report"], Json::Null);
    assert_eq!(commit(json!([update(&street.first.uid)])).await.0, 200);
    // Where we have deleted the mailbox, its box cannot make it again.
    town.world.outside.remove_document(&town.name(&street.first.uid)).await;
    assert_eq!(town.asked(token, Method::PATCH, &own, Some(mailbox)).await.0, 403);
    assert_eq!(street.first_writes(json!({"report": text("r")})).await, 403);
}

async fn others(world: World) {
    let street = Street::new(world).await;
    let town = &street.town;
    for token in [Some(&street.second.token), Some(&town.ada.token), None] {
        let token = token.map(String::as_str);
        assert_eq!(town.reads(token, &format!("ampere/{}", street.first.uid)).await, 403);
        for field in ["enrolment", "receipt", "report", "bundle"] {
            let refused = street.writes(token, &street.first.uid, json!({field: text("x")})).await;
            assert_eq!(refused, 403, "{field}");
        }
    }
    // A customer's document is no mailbox, even for the customer.
    let refused = street.writes(Some(&town.ada.token), &town.ada.uid, json!({"report": text("x")})).await;
    assert_eq!(refused, 403);
    // Somebody whose id is that of a secret is no box.
    let sly = token_of(&town.world, &town.ada.secret).await["idToken"].as_str().expect("an id token").to_owned();
    assert_eq!(street.writes(Some(&sly), &town.ada.secret, json!({"report": text("x")})).await, 403);
}
