//! What real objects give cause to tell their owners.
use std::collections::BTreeMap;

use ampere_core::notice::{Content, NoticeKind, Occasion, Recipient, departing, occasions, service_update};
use ampere_core::retention::{Cause, Owner};
use ampere_lang::value::Value;
use ampere_provider::kinds;
use jiff::Timestamp;

const NOW: &str = "2026-11-22T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn owner(uid: &str) -> Owner {
    Owner(format!("owner of {uid}").into())
}

fn object(pairs: &[(&'static str, &str)]) -> Value {
    Value::object(pairs.iter().map(|(name, text)| (*name, Value::string(text))))
}

fn ada(subscriptions: &[&[(&'static str, &str)]]) -> Vec<(&'static str, Value)> {
    let account = ("ampere_account", object(&[("id", "uid-ada"), ("email", "ada@example.com")]));
    let subscription = |pairs: &&[(&'static str, &str)]| {
        let all: Vec<_> = [("id", "sub_1"), ("account", "uid-ada")].into_iter().chain(pairs.iter().copied()).collect();
        ("ampere_subscription", object(&all))
    };
    std::iter::once(account).chain(subscriptions.iter().map(subscription)).collect()
}

fn found(objects: &[(&'static str, Value)]) -> Vec<Occasion> {
    let objects = objects.iter().map(|(kind, object)| (*kind, object));
    occasions(&kinds(), objects, &BTreeMap::new(), &owner, at(NOW))
}

fn kinds_of(occasions: &[Occasion]) -> Vec<NoticeKind> {
    occasions.iter().map(|occasion| occasion.content.kind()).collect()
}

const ACTIVE: &[(&str, &str)] = &[("status", "active"), ("current_period_end", "2026-12-01T00:00:00Z")];
const CANCELLED: &[(&str, &str)] =
    &[("status", "active"), ("current_period_end", "2026-12-01T00:00:00Z"), ("canceled_at", "2026-11-20T00:00:00Z")];
const UNPAID: &[(&str, &str)] = &[("status", "incomplete"), ("payment_url", "https://pay.example/1")];
const ENDED: &[(&str, &str)] =
    &[("status", "canceled"), ("canceled_at", "2026-11-20T00:00:00Z"), ("ended_at", "2026-11-22T11:00:00Z")];

#[test]
fn u4_owners_are_told_what_concerns_them() {
    assert_eq!(kinds_of(&found(&ada(&[ACTIVE]))), []);
    assert_eq!(kinds_of(&found(&ada(&[UNPAID]))), [NoticeKind::PaymentDue]);
    let told = found(&ada(&[CANCELLED]));
    assert_eq!(kinds_of(&told), [NoticeKind::Cancelled]);
    assert!(matches!(&told[0].content, Content::Cancelled { ends_at: Some(ends), gone_by }
        if *ends == at("2026-12-01T00:00:00Z") && *gone_by == at("2026-12-02T00:00:00Z")));
    assert!(matches!(&told[0].to, Recipient::Owner { address, .. } if address == "ada@example.com"));
    assert!(found(&ada(&[UNPAID])[1..]).is_empty(), "nobody knows the address");
}

#[test]
fn nothing_goes_while_one_subscription_goes_on() {
    assert_eq!(kinds_of(&found(&ada(&[CANCELLED, ACTIVE]))), []);
}

#[test]
fn a_departure_is_announced_once_and_confirmed() {
    let begun = BTreeMap::from([(owner("uid-ada"), (Cause::SubscriptionEnded, at("2026-11-22T11:00:00Z")))]);
    let objects = ada(&[ENDED]);
    let pairs = objects.iter().map(|(kind, object)| (*kind, object));
    let told = departing(&kinds(), pairs, &begun, &owner, at(NOW));
    assert_eq!(kinds_of(&told), [NoticeKind::Cancelled, NoticeKind::Deleted]);
    assert!(told[1].held && !told[0].held);
    assert!(told.iter().all(|occasion| occasion.expires_at == at("2026-11-23T11:00:00Z")), "the address goes too");
    // It was announced when it was cancelled: the same occasion.
    assert_eq!(told[0].about, found(&ada(&[CANCELLED]))[0].about);
}

#[test]
fn news_go_to_every_account_but_those_that_leave() {
    let mut objects = ada(&[ACTIVE]);
    objects.push(("ampere_account", object(&[("id", "uid-bob"), ("email", "bob@example.com")])));
    let pairs = || objects.iter().map(|(kind, object)| (*kind, object));
    let everybody = service_update(&kinds(), pairs(), &BTreeMap::new(), &owner, ("News", "Text"), at(NOW));
    assert_eq!(everybody.len(), 2);
    let tombstone = serde_json::from_value(serde_json::json!({
        "owner": owner("uid-bob"), "members": [], "cause": "refunded", "since": NOW, "begun_at": NOW,
    }));
    let leaving = BTreeMap::from([(owner("uid-bob"), tombstone.unwrap())]);
    let told = service_update(&kinds(), pairs(), &leaving, &owner, ("News", "Text"), at(NOW));
    assert!(
        matches!(&told[..], [Occasion { to: Recipient::Owner { address, .. }, .. }] if address == "ada@example.com")
    );
}
