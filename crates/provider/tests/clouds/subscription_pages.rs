//! What a listing of subscriptions reads, and what it makes of what it does not find.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_core::identity::ExternalId;
use ampere_core::inventory::{Depth, Listing};
use ampere_core::provider::{Inquiry, Provider};
use futures::stream::{StreamExt, iter};
use serde_json::{Value as Json, json};

use crate::kit::World;

const KIND: &str = "ampere_subscription";
/// 2026-01-01: made earlier than anything else in these tests.
const BEGIN: i64 = 1_767_225_600;

/// Puts subscriptions of our stack in, made at these times, all paid by one customer; gives their ids.
async fn fleet(world: &World, made: impl IntoIterator<Item = i64>) -> Vec<String> {
    let stack = world.stack().to_string();
    let end = BEGIN + 10 * 365 * 86_400;
    world.insert("stripe", "customers", json!({"id": "cus_fleet", "metadata": {}})).await;
    let inserts = made.into_iter().enumerate().map(|(n, created)| {
        let metadata = json!({"ampere_stack": stack, "ampere_address": format!("{n:032x}")});
        let id = format!("sub_{n:05}");
        async move {
            let object = json!({"id": id, "customer": "cus_fleet", "created": created, "metadata": metadata,
                "items": {"object": "list", "data": [{"id": "si", "current_period_start": BEGIN, "current_period_end": end,
                          "price": {"id": "price_hosting_monthly"}}]}});
            world.insert("stripe", "subscriptions", object).await;
            id
        }
    });
    // One after the other: the sandbox lists them in the order in which they come.
    iter(inserts).buffered(1).collect().await
}

async fn listed(world: &World, depth: Depth, known: &[String]) -> Listing {
    let ids = known.iter().map(|id| ExternalId::from(id.as_str())).collect();
    let known = BTreeMap::from([(Arc::from(KIND), ids)]);
    let inquiry = Inquiry { stack: world.stack(), kinds: &[KIND], depth, known: &known };
    world.provider.list(&inquiry).await.remove(KIND).expect("the kind is served").expect("it can be listed")
}

fn ids(listing: &Listing) -> Vec<String> {
    listing.objects.iter().filter_map(|object| Some(object.id.as_ref()?.to_string())).collect()
}

/// How often each path of Stripe's was asked for since the log was cleared.
async fn asked(world: &World) -> BTreeMap<String, u64> {
    let log: Json = serde_json::from_str(&world.sent().await.0).unwrap();
    let requests = log["requests"].as_array().unwrap().iter();
    let stripe = requests.filter_map(|r| Some((r["path"].as_str()?.strip_prefix("/stripe")?, r["count"].as_u64()?)));
    stripe.map(|(path, count)| (path.to_owned(), count)).collect()
}

/// The pages that a listing of so many takes, made as `when` says, and that nothing else is asked.
async fn pages_of(count: usize, when: impl Fn(i64) -> i64) -> u64 {
    let world = World::start().await;
    let made = (0..count).map(|n| BEGIN + when(i64::try_from(n).unwrap()));
    let known = fleet(&world, made).await;
    let listing = listed(&world, Depth::Objects, &known).await;
    assert!(listing.is_complete(), "{:?}", listing.problems);
    let found = ids(&listing);
    assert_eq!(found.len(), count, "each once");
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), known.iter().collect::<BTreeSet<_>>());
    let asked = asked(&world).await;
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["/v1/subscriptions"]);
    asked["/v1/subscriptions"]
}

#[tokio::test]
async fn a_list_costs_at_most_a_page_in_25_more_than_its_floor() {
    assert_eq!(pages_of(100, |n| n * 600).await, 1);
    for when in [|n: i64| n * 600, |n: i64| n / 300] {
        let pages = pages_of(1_000, when).await;
        assert!((10..=11).contains(&pages), "{pages} pages of 1000");
    }
    // Of more, `stripe::windows` tests the arithmetic, and the benchmark of requests counts the whole plan's.
}

#[tokio::test]
async fn objects_of_a_boundarys_second_are_neither_lost_nor_doubled() {
    // 40 a second: every boundary, of a page as of a range, lies within a second.
    pages_of(1_500, |n| n / 40).await;
}

#[tokio::test]
async fn what_is_made_during_a_listing_disturbs_no_page() {
    let world = World::start().await;
    let known = fleet(&world, (0..250).map(|n| BEGIN + n)).await;
    let slow = json!({"cloud": "stripe", "method": "GET", "path": "/v1/subscriptions", "nth": 2, "latency_ms": 300});
    world.fault(slow).await;
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
        let metadata = json!({"ampere_stack": world.stack().to_string(), "ampere_address": "f".repeat(32)});
        world
            .insert("stripe", "subscriptions", json!({"id": "sub_late", "customer": "cus_fleet", "metadata": metadata}))
            .await;
    };
    let (listing, ()) = futures::join!(listed(&world, Depth::Parts, &known), late);
    let found = ids(&listing);
    assert_eq!(found.len(), 251, "each once");
    assert!(found.contains(&"sub_late".to_owned()), "made after the first page was read");
    assert!(asked(&world).await["/v1/subscriptions"] == 4, "and the last look finds it");
}

#[tokio::test]
async fn r2_an_ended_one_that_the_list_leaves_out_is_read_as_ended() {
    let world = World::start().await;
    let known = fleet(&world, (0..5).map(|n| BEGIN + n)).await;
    world.event("sub_00003", "end").await;
    let listing = listed(&world, Depth::Objects, &known).await;
    let ended = listing.objects.iter().find(|object| object.attributes["id"].as_str() == Some("sub_00003")).unwrap();
    assert_eq!(ended.attributes["status"].as_str(), Some("canceled"));
    assert!(ended.attributes["ended_at"].as_str().is_some() && listing.objects.len() == 5);
    let asked = asked(&world).await;
    assert_eq!((asked["/v1/subscriptions"], asked["/v1/subscriptions/sub_00003"]), (1, 1), "{asked:?}");
    assert!(asked.len() == 2, "neither customers nor refunds: {asked:?}");
    assert!(!ended.attributes.contains_key("refunded_at"), "nobody asked: what the state remembers stays");
}

#[tokio::test]
async fn many_that_ended_at_once_are_listed_and_not_read_one_by_one() {
    let world = World::start().await;
    let known = fleet(&world, (0..120).map(|n| BEGIN + n)).await;
    for id in &known {
        world.event(id, "end").await;
    }
    let listing = listed(&world, Depth::Objects, &known).await;
    assert_eq!(ids(&listing).len(), 120);
    assert_eq!(asked(&world).await, BTreeMap::from([("/v1/subscriptions".to_owned(), 3)]));
}

#[tokio::test]
async fn r2_a_customer_deleted_by_hand_leaves_an_ended_subscription_until_the_state_has_noticed() {
    let world = World::start().await;
    let known = fleet(&world, [BEGIN]).await;
    world.delete_at_stripe("/v1/customers/cus_fleet").await;
    for depth in [Depth::Objects, Depth::Parts] {
        let mut listing = listed(&world, depth, &known).await;
        let ended = listing.objects.remove(0);
        assert_eq!(ended.attributes["status"].as_str(), Some("canceled"), "{depth:?}");
        assert_eq!(ended.missing, ["customer"]);
        assert!(listed(&world, depth, &[]).await.objects.is_empty(), "nothing of it is left to delete");
    }
}

#[tokio::test]
async fn a_broken_object_of_ours_is_a_problem_and_one_of_others_is_not() {
    let world = World::start().await;
    let known = fleet(&world, (0..3).map(|n| BEGIN + n)).await;
    world.insert("stripe", "subscriptions", json!({"id": "sub_theirs", "customer": "cus_x", "metadata": {}})).await;
    let broken = json!({"metadata": {"ampere_address": null}});
    world.patch("stripe", "subscriptions", "sub_00001", broken).await;
    world.patch("stripe", "subscriptions", "sub_00002", json!({"status": null})).await;
    for depth in [Depth::Objects, Depth::Parts] {
        let listing = listed(&world, depth, &known).await;
        let said: Vec<&str> = listing.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(said, ["the marker of sub_00001 is broken", "sub_00002 has no status"], "{depth:?}");
        assert!(ids(&listing).contains(&"sub_00000".to_owned()), "the others are there");
    }
    let no_id = json!({"malform": {"index": 0, "field": "id"}});
    world.fault(json!({"cloud": "stripe", "method": "GET", "path": "/v1/subscriptions", "effect": no_id})).await;
    assert_eq!(
        listed(&world, Depth::Objects, &known).await.problems.len(),
        2,
        "a foreign one without an id is nothing to us"
    );
}
