//! `ampere_subscription`.
use ampere_core::kind::Gate;
use ampere_core::provider::ProviderErrorKind;
use ampere_lang::value::Value;
use jiff::Timestamp;
use serde_json::json;

use crate::kit::{World, string, text};

const KIND: &str = "ampere_subscription";

fn config(account: &str, price: &str) -> Vec<(&'static str, Value)> {
    vec![("account", string(account)), ("price", string(price))]
}

fn judged(world: &World, subscription: &Value) -> Gate {
    use ampere_core::provider::Provider;
    let gate = world.provider.kinds()["ampere_instance"].gate_on().unwrap();
    (gate.judge)(subscription, Timestamp::now())
}

/// The object as the listing shows it.
async fn listed(world: &World) -> Value {
    Value::object(world.only(KIND).await.attributes)
}

#[tokio::test]
async fn a_subscription_lives_and_dies() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, "price_hosting_monthly"));
    let made = world.create(KIND, "ada", &after).await.unwrap();
    assert!(made.attributes.is_wholly_known());
    assert_eq!(text(&made.attributes, "status"), "incomplete");

    let observed = world.only(KIND).await;
    assert_eq!((observed.id.as_ref(), &observed.marker), (Some(&made.id), &world.marker(KIND, "ada")));
    assert!(observed.missing.is_empty(), "{observed:?}");
    for (name, value) in &observed.attributes {
        assert!(value.same(&made.attributes.get(name).unwrap()), "{name}: listed and applied differ");
    }
    match judged(&world, &made.attributes) {
        Gate::Waiting { url: Some(url), .. } => assert_eq!(url, text(&made.attributes, "payment_url")),
        other => panic!("{other:?}"),
    }

    world.event(&made.id.0, "pay").await;
    let paid = listed(&world).await;
    assert_eq!(judged(&world, &paid), Gate::Open);
    assert!(paid.get("payment_url").unwrap().is_null());

    let next = world.planned(KIND, Some(&made.attributes), &config(&account, "price_hosting_yearly"));
    let changed = world.update(KIND, "ada", &made.attributes, &next, "k2").await.unwrap();
    assert_eq!(changed.id, made.id, "in place");
    assert_eq!(listed(&world).await.get("price").unwrap().as_str(), Some("price_hosting_yearly"));
    assert!(world.read(KIND, &changed.attributes).await.is_some());

    for _ in 0..2 {
        world.delete(KIND, "ada", &changed.attributes).await.unwrap();
        assert!(
            world.list(KIND).await.objects.is_empty(),
            "the cancelled subscription stays at Stripe, and is not ours"
        );
        let read = world.read(KIND, &changed.attributes).await.expect("Stripe keeps it readable for ever");
        assert_eq!((read.attributes["status"].as_str(), read.missing), (Some("canceled"), vec!["customer"]));
    }
}

#[tokio::test]
async fn a_create_is_repeated_without_a_second_charge() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, "price_hosting_monthly"));
    for path in ["/v1/customers", "/v1/subscriptions"] {
        world.fault(json!({"cloud": "stripe", "method": "POST", "path": path, "effect": "lose_response"})).await;
    }
    assert_eq!(world.create(KIND, "ada", &after).await.unwrap_err().kind, ProviderErrorKind::Unknown);
    assert_eq!(world.create(KIND, "ada", &after).await.unwrap_err().kind, ProviderErrorKind::Unknown);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    assert_eq!(world.objects("stripe", "customers").await.len(), 1);
    assert_eq!(world.objects("stripe", "subscriptions").await.len(), 1);
    // And by the marker alone, under another idempotency key.
    let values = crate::kit::Values { after: Some(&after), key: "another plan", ..Default::default() };
    assert_eq!(world.create_with(KIND, "ada", values).await.unwrap().id, made.id);
    assert_eq!(world.objects("stripe", "subscriptions").await.len(), 1);
}

#[tokio::test]
async fn r1_a_trial_opens_the_gate_and_r2_an_end_sets_the_deadline() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let mut wanted = config(&account, "price_hosting_monthly");
    wanted.push(("trial_days", Value::number(14)));
    let after = world.planned(KIND, None, &wanted);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    assert_eq!(text(&made.attributes, "status"), "trialing");
    assert_eq!(judged(&world, &made.attributes), Gate::Open);

    world.event(&made.id.0, "end").await;
    let ended = listed(&world).await;
    let end: Timestamp = text(&ended, "ended_at").parse().unwrap();
    match judged(&world, &ended) {
        Gate::Ended { since, .. } => assert_eq!(since, Some(end)),
        other => panic!("{other:?}"),
    }
    // An ended subscription is still ours to delete: its customer is there.
    world.delete(KIND, "ada", &made.attributes).await.unwrap();
    assert!(world.list(KIND).await.objects.is_empty());
}

#[tokio::test]
async fn a_price_or_an_account_that_is_not_there_is_named() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let unknown = world.planned(KIND, None, &config(&account, "price_nowhere"));
    let refused = world.create(KIND, "ada", &unknown).await.unwrap_err();
    assert_eq!((&refused.kind, refused.attribute), (&ProviderErrorKind::Invalid, Some("price")), "{refused}");
    let nobody = world.planned(KIND, None, &config("nobody", "price_hosting_monthly"));
    let refused = world.create(KIND, "ada", &nobody).await.unwrap_err();
    assert_eq!((&refused.kind, refused.attribute), (&ProviderErrorKind::NotFound, Some("account")), "{refused}");

    // The customer that the first attempt made is a leftover, and goes.
    let leftover = world.only(KIND).await;
    assert_eq!((leftover.id, leftover.missing), (None, vec!["subscription"]));
    world.delete_leftover(KIND, "ada", &leftover.parts[0].id).await.unwrap();
    assert!(world.list(KIND).await.objects.is_empty());
}

#[tokio::test]
async fn customers_of_others_are_left_alone() {
    let world = World::start().await;
    let foreign = world.insert("stripe", "customers", json!({"email": "grace@example.com"})).await;
    let account = world.account("grace").await;
    let after = world.planned(KIND, None, &config(&account, "price_hosting_monthly"));
    let made = world.create(KIND, "grace", &after).await.unwrap();
    assert_ne!(text(&made.attributes, "customer_id"), foreign["id"].as_str().unwrap());
    world.delete(KIND, "grace", &made.attributes).await.unwrap();
    let kept = world.objects("stripe", "customers").await;
    assert!(kept.iter().any(|customer| customer["id"] == foreign["id"] && customer["deleted"].is_null()), "{kept:?}");
}

#[tokio::test]
async fn sending_invoices_instead_is_a_change_in_place() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, "price_hosting_monthly"));
    let made = world.create(KIND, "ada", &after).await.unwrap();
    world.event(&made.id.0, "pay").await;
    let mut wanted = config(&account, "price_hosting_monthly");
    wanted.push(("payment", string("send_invoice")));
    let next = world.planned(KIND, Some(&made.attributes), &wanted);
    world.update(KIND, "ada", &made.attributes, &next, "k2").await.unwrap();
    assert_eq!(text(&listed(&world).await, "payment"), "send_invoice");
}

#[tokio::test]
async fn r2_a_full_refund_ends_it_and_a_part_does_not() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let after = world.planned(KIND, None, &config(&account, "price_hosting_monthly"));
    let made = world.create(KIND, "ada", &after).await.unwrap();
    world.event(&made.id.0, "pay").await;
    let charge = world.objects("stripe", "charges").await[0]["id"].as_str().unwrap().to_owned();
    world.refund(&charge, Some(100)).await;
    assert_eq!(judged(&world, &listed(&world).await), Gate::Open);
    world.refund(&charge, None).await;
    let refunded = listed(&world).await;
    assert!(matches!(judged(&world, &refunded), Gate::Ended { since: Some(_), .. }), "{refunded:?}");
    let read = Value::object(world.read(KIND, &made.attributes).await.unwrap().attributes);
    assert_eq!(text(&read, "refunded_at"), text(&refunded, "refunded_at"));
}

#[tokio::test]
async fn r2_the_stricter_choice_counts_from_the_request_to_cancel() {
    let world = World::start().await;
    let account = world.account("ada").await;
    let mut wanted = config(&account, "price_hosting_monthly");
    wanted.push(("erase_on", string("cancel_request")));
    wanted.push(("trial_days", Value::number(14)));
    let after = world.planned(KIND, None, &wanted);
    let made = world.create(KIND, "ada", &after).await.unwrap();
    assert_eq!(judged(&world, &made.attributes), Gate::Open);
    world.stripe(&format!("/v1/subscriptions/{}", made.id), "cancel_at_period_end=true").await;
    let cancelled = listed(&world).await;
    assert_eq!(text(&cancelled, "status"), "trialing");
    assert!(matches!(judged(&world, &cancelled), Gate::Ended { since: Some(_), .. }), "{cancelled:?}");
}
