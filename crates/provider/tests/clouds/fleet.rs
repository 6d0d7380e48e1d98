//! Many objects: pages, and what a listing costs.
use ampere_core::provider::Provider;
use futures::future::join_all;
use serde_json::json;

use crate::kit::World;

#[tokio::test]
async fn lists_are_read_to_the_last_page() {
    let world = World::start().await;
    let stack = world.stack().to_string();
    let address = |n: usize| format!("{n:032x}");
    for n in 0..120 {
        let labels = json!({"ampere-stack": stack, "ampere-address": address(n)});
        world.insert("hetzner", "servers", json!({"name": format!("s{n}"), "labels": labels})).await;
        let metadata = json!({"ampere_stack": stack, "ampere_address": address(n)});
        world.insert("stripe", "customers", json!({"metadata": metadata})).await;
    }
    assert_eq!(world.list("ampere_instance").await.objects.len(), 120);
    assert_eq!(world.list("ampere_subscription").await.objects.len(), 120);
}

#[tokio::test]
async fn one_malformed_object_is_reported_and_loses_nothing() {
    let world = World::start().await;
    let stack = world.stack().to_string();
    for n in 0..3 {
        let labels = json!({"ampere-stack": stack, "ampere-address": format!("{n:032x}")});
        world.insert("hetzner", "servers", json!({"name": format!("s{n}"), "labels": labels})).await;
    }
    let effect = json!({"malform": {"index": 1, "field": "id"}});
    world.fault(json!({"cloud": "hetzner", "method": "GET", "path": "/servers", "effect": effect})).await;
    let listing = world.list("ampere_instance").await;
    assert_eq!((listing.objects.len(), listing.problems.len()), (2, 1));
    assert!(!listing.is_complete() && listing.problems[0].place.contains("GET /servers"));
}

#[tokio::test]
async fn accounts_made_at_once_do_not_disturb_each_other() {
    let world = World::start().await;
    let names: Vec<String> = (0..20).map(|n| format!("user{n}")).collect();
    let uids = join_all(names.iter().map(|name| world.account(name))).await;
    assert_eq!(uids.iter().collect::<std::collections::BTreeSet<_>>().len(), 20);
    assert_eq!(world.list("ampere_account").await.objects.len(), 20);
}

#[tokio::test]
async fn what_the_refresh_of_a_small_stack_costs() {
    let world = World::start().await;
    world.account("ada").await;
    let before = world.sent().await.1;
    for kind in world.provider.kinds().keys() {
        world.list(kind).await;
    }
    assert_eq!(world.sent().await.1 - before, 10, "two at Firebase, two at Stripe, one for secrets, five at Hetzner");
}
