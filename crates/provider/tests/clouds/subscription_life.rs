//! What a subscription goes through: payments that fail, trials, cancellations, refunds, prices that are no more.
use ampere_core::kind::Gate;
use ampere_core::provider::{Provider, ProviderErrorKind};
use ampere_core::retention::Cause;
use ampere_lang::value::Value;
use jiff::Timestamp;
use serde_json::json;

use crate::kit::{World, string, text};

const KIND: &str = "ampere_subscription";
const MONTHLY: &str = "price_hosting_monthly";

/// A subscription of a new account, and what the cloud says of it later.
struct Life {
    world: World,
    id: String,
    made: Value,
}

impl Life {
    async fn begin(more: &[(&'static str, Value)]) -> Life {
        let world = World::start().await;
        let account = world.account("ada").await;
        let after = world.planned(KIND, None, &[config(&account, MONTHLY), more.to_vec()].concat());
        let made = world.create(KIND, "ada", &after).await.unwrap();
        Life { id: made.id.to_string(), made: made.attributes, world }
    }

    async fn does(&self, event: &str) {
        self.world.event(&self.id, event).await;
    }

    async fn now(&self) -> Value {
        Value::object(self.world.only(KIND).await.attributes)
    }

    async fn gate(&self) -> Gate {
        let gate = self.world.provider.kinds()["ampere_instance"].gate_on().unwrap();
        (gate.judge)(&self.now().await, Timestamp::now())
    }
}

fn config(account: &str, price: &str) -> Vec<(&'static str, Value)> {
    vec![("account", string(account)), ("price", string(price))]
}

#[track_caller]
fn waits(gate: &Gate) {
    assert!(matches!(gate, Gate::Waiting { url: Some(_), .. }), "{gate:?}");
}

#[track_caller]
fn ended(gate: &Gate) -> (Cause, Option<Timestamp>) {
    match gate {
        Gate::Ended { cause, since, .. } => (*cause, *since),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn r1_a_first_payment_waits_through_declines_and_confirmations_with_a_place_to_pay() {
    let life = Life::begin(&[]).await;
    for event in ["fail_payment", "require_action"] {
        life.does(event).await;
        assert_eq!(text(&life.now().await, "status"), "incomplete");
        waits(&life.gate().await);
    }
    life.does("pay").await;
    assert_eq!(life.gate().await, Gate::Open);
    life.does("fail_payment").await;
    assert_eq!(text(&life.now().await, "status"), "past_due", "a renewal that fails ends nothing");
    waits(&life.gate().await);
}

#[tokio::test]
async fn r2_a_first_payment_that_never_comes_ends_it_after_a_day() {
    let life = Life::begin(&[]).await;
    life.world.advance(24 * 3600).await;
    let (cause, since) = ended(&life.gate().await);
    assert_eq!((cause, since.is_some()), (Cause::NeverPaid, true));
}

#[tokio::test]
async fn r2_a_trial_without_a_means_of_payment_ends_with_the_trial() {
    let life = Life::begin(&[("trial_days", Value::number(14))]).await;
    assert_eq!(life.gate().await, Gate::Open);
    life.world.advance(13 * 86_400).await;
    assert_eq!(life.gate().await, Gate::Open);
    life.world.advance(2 * 86_400).await;
    let now = life.now().await;
    assert_eq!(ended(&life.gate().await), (Cause::SubscriptionEnded, text(&now, "ended_at").parse().ok()));
}

#[tokio::test]
async fn r2_a_cancellation_at_period_end_ends_it_then_unless_it_is_taken_back() {
    let life = Life::begin(&[]).await;
    life.does("pay").await;
    life.does("cancel_at_period_end").await;
    let cancelled = life.now().await;
    assert_eq!((text(&cancelled, "status"), life.gate().await), ("active".to_owned(), Gate::Open));
    assert!(!text(&cancelled, "canceled_at").is_empty());
    life.does("resume").await;
    assert!(life.now().await.get("canceled_at").unwrap().is_null());
    life.does("cancel_at_period_end").await;
    life.world.advance(32 * 86_400).await;
    let (cause, since) = ended(&life.gate().await);
    assert_eq!((cause, since), (Cause::SubscriptionEnded, text(&cancelled, "current_period_end").parse().ok()));
}

#[tokio::test]
async fn r2_a_refund_of_a_part_ends_it_only_where_that_was_asked_for() {
    for (which, ends) in [(None, false), (Some("full"), false), (Some("any"), true)] {
        let more: Vec<_> = which.map(|which| ("erase_on_refund", string(which))).into_iter().collect();
        let life = Life::begin(&more).await;
        life.does("pay").await;
        life.does("refund?amount=900").await;
        assert_eq!(matches!(life.gate().await, Gate::Ended { .. }), ends, "{which:?}");
        let read = Value::object(life.world.read(KIND, &life.made).await.unwrap().attributes);
        assert!(read.get("refunded_at").unwrap().same(&life.now().await.get("refunded_at").unwrap()));
        life.does("refund").await;
        let (cause, since) = ended(&life.gate().await);
        assert_eq!((cause, since.is_some()), (Cause::Refunded, true), "{which:?}: nothing is left");
    }
}

#[tokio::test]
async fn r2_of_refund_and_end_the_earlier_counts() {
    let life = Life::begin(&[]).await;
    life.does("pay").await;
    life.does("refund").await;
    let (_, refunded) = ended(&life.gate().await);
    life.world.advance(5 * 3600).await;
    life.does("end").await;
    assert_eq!(ended(&life.gate().await), (Cause::Refunded, refunded));
}

/// What the gate says in the new period of money that was paid back so many hours before it began.
async fn refunded_before_renewal(hours: i64, more: &[(&'static str, Value)], then: &[&str]) -> Gate {
    let life = Life::begin(more).await;
    life.does("pay").await;
    let paid = life.now().await;
    let period_end: Timestamp = text(&paid, "current_period_end").parse().unwrap();
    let left = period_end.duration_since(Timestamp::now()).as_secs();
    life.world.advance(left - hours * 3600).await;
    life.does("refund").await;
    life.world.advance(hours * 3600 + 7200).await;
    assert_ne!(text(&life.now().await, "current_period_end"), period_end.to_string(), "a new period");
    for event in then {
        life.does(event).await;
    }
    let read = Value::object(life.world.read(KIND, &life.made).await.unwrap().attributes);
    let listed = life.now().await;
    assert!(read.get("refunded_at").unwrap().same(&listed.get("refunded_at").unwrap()), "{read:?} {listed:?}");
    if let Gate::Ended { since, .. } = life.gate().await {
        let due = since.unwrap().duration_since(period_end).as_secs() + hours * 3600;
        assert!(due.abs() < 600, "t0 is the refund: {since:?}");
    }
    life.gate().await
}

/// The new period must not swallow the clock that a refund has started while nobody could look.
#[tokio::test]
async fn r2_a_refund_just_before_a_new_period_counts_in_it() {
    let invoiced = [("payment", string("send_invoice"))];
    let ends = |gate: &Gate| matches!(gate, Gate::Ended { cause: Cause::Refunded, .. });
    for hours in [1, 23] {
        let gate = refunded_before_renewal(hours, &[], &["pay"]).await;
        assert!(ends(&gate), "that Stripe charged the card again is no return: {gate:?}");
    }
    let gate = refunded_before_renewal(25, &[], &["pay"]).await;
    assert_eq!(gate, Gate::Open, "an older period's money changes nothing");
    let gate = refunded_before_renewal(2, &invoiced, &[]).await;
    assert!(ends(&gate), "the next invoice is open: {gate:?}");
    let gate = refunded_before_renewal(2, &invoiced, &["pay"]).await;
    assert_eq!(gate, Gate::Open, "who pays the next invoice by own hand stays");
}

#[tokio::test]
async fn r2_deleting_the_customer_at_stripe_ends_it_and_leaves_it_readable() {
    let life = Life::begin(&[]).await;
    life.does("pay").await;
    life.does("delete_customer").await;
    let read = life.world.read(KIND, &life.made).await.expect("it stays readable");
    assert_eq!(read.missing, ["customer"]);
    let read = Value::object(read.attributes);
    let gate = life.world.provider.kinds()[KIND].standing(&read, Timestamp::now()).unwrap();
    assert_eq!(ended(&gate), (Cause::SubscriptionEnded, text(&read, "ended_at").parse().ok()));
    // To delete what is left is no error.
    life.world.delete(KIND, "ada", &life.made).await.unwrap();
}

#[tokio::test]
async fn a_price_that_is_archived_single_or_in_another_currency_is_said_to_be() {
    let life = Life::begin(&[]).await;
    let world = &life.world;
    for (id, object, words) in [
        ("price_old", json!({"active": false}), "archived"),
        ("price_once", json!({"type": "one_time", "recurring": null}), "single"),
        ("price_usd", json!({"currency": "usd"}), "usd eur"),
    ] {
        let mut price = object;
        price["id"] = json!(id);
        world.insert("stripe", "prices", price).await;
        let account = text(&life.made, "account");
        let next = world.planned(KIND, Some(&life.made), &config(&account, id));
        let refused = world.update(KIND, "ada", &life.made, &next, id).await.unwrap_err();
        assert_eq!((&refused.kind, refused.attribute), (&ProviderErrorKind::Invalid, Some("price")), "{refused}");
        assert!(words.split(' ').all(|word| refused.message.contains(word)), "{words}: {refused}");
        assert!(refused.hint.is_some_and(|hint| hint.contains("price")));
    }
    // A new one of a customer who pays in euro is told the same.
    life.does("end").await;
    let account = text(&life.made, "account");
    let next = world.planned(KIND, None, &config(&account, "price_usd"));
    let values = crate::kit::Values { after: Some(&next), key: "a later plan", ..Default::default() };
    let refused = world.create_with(KIND, "ada", values).await.unwrap_err();
    assert_eq!(
        (refused.attribute, refused.message.contains("customer pays in eur")),
        (Some("price"), true),
        "{refused}"
    );
}

#[tokio::test]
async fn every_change_at_stripe_bears_a_key_and_a_repetition_gets_the_first_answer() {
    let life = Life::begin(&[]).await;
    let world = &life.world;
    let account = text(&life.made, "account");
    world.stripe(&format!("/v1/customers/{}", text(&life.made, "customer_id")), "email=grace@example.com").await;
    let next = world.planned(KIND, Some(&life.made), &config(&account, "price_hosting_yearly"));
    let path = format!("/v1/subscriptions/{}", life.id);
    world.fault(json!({"cloud": "stripe", "method": "POST", "path": path, "effect": "lose_response"})).await;
    let lost = world.update(KIND, "ada", &life.made, &next, "k2").await.unwrap_err();
    assert_eq!(lost.kind, ProviderErrorKind::Unknown);
    // Put back behind our back: only the key can tell that this was done already.
    let before = world.objects("stripe", "subscriptions").await[0].clone();
    let old = json!({"items": {"data": [{"id": before["items"]["data"][0]["id"], "price": {"id": MONTHLY}}]}});
    world.patch("stripe", "subscriptions", &life.id, old).await;
    let again = world.update(KIND, "ada", &life.made, &next, "k2").await.unwrap();
    assert_eq!(text(&again.attributes, "price"), "price_hosting_yearly", "the first answer again");
    let stored = world.objects("stripe", "subscriptions").await[0].clone();
    assert_eq!(stored["items"]["data"][0]["price"]["id"], MONTHLY, "and nothing was done twice");
}

#[tokio::test]
async fn a_wrong_clock_of_this_machine_loses_nothing_of_a_list() {
    let world = World::start().await;
    world.advance(-400 * 86_400).await;
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, MONTHLY));
    world.create(KIND, "ada", &after).await.unwrap();
    world.advance(800 * 86_400).await;
    assert_eq!(world.list(KIND).await.objects.len(), 1, "ranges come from Stripe's times");
}
