//! Hetzner's budget of requests: waited for, shared, never overdrawn into failure. The figures of the bars are printed.
#![allow(clippy::print_stdout)]
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_lang::value::Value;
use futures::{StreamExt, stream};
use serde_json::{Value as Json, json};

use crate::kit::{self, World, list_by, string};
use crate::simulated::Simulated;
use ampere_provider::Timer;

const KIND: &str = "ampere_instance";

fn config() -> Vec<(&'static str, Value)> {
    vec![
        ("account", string("uid-1")),
        ("subscription", string("sub_1")),
        ("location", string("nbg1")),
        ("server_type", string("cx23")),
        ("model", string("anthropic/claude-sonnet-4-6")),
    ]
}

/// A world under a simulated clock, with so many requests left of Hetzner's 3600 an hour, enforced.
async fn scarce(left: u32) -> (World, Arc<Simulated>) {
    let clock = Simulated::new();
    let world = World::start_with(Duration::from_secs(5), Some(clock.clone())).await;
    clock.stop_the_sandbox(&world).await;
    let limits = json!({
        "hetzner_requests_per_hour": 3600, "hetzner_requests_left": left, "hetzner_actions_per_hour": 7200,
    });
    world.control(reqwest::Method::POST, "/limits", Some(limits)).await;
    (world, clock)
}

/// Requests that Hetzner was sent since the log was cleared: those that count, and looks at actions.
async fn spent(world: &World) -> (u64, u64) {
    let log = world.control(reqwest::Method::GET, "/requests", None).await;
    let requests = log["requests"].as_array().unwrap().iter();
    let counts = |wanted: bool| {
        let of = requests.clone().filter(|one| one["path"].as_str().unwrap().starts_with("/hetzner"));
        let of = of.filter(|one| (one["path"].as_str().unwrap().ends_with("/actions")) == wanted);
        of.map(|one| one["count"].as_u64().unwrap()).sum::<u64>()
    };
    (counts(false), counts(true))
}

async fn create(world: &World, n: usize, after: &Value) -> Result<(), String> {
    world.create(KIND, &format!("bot{n}"), after).await.map(drop).map_err(|error| format!("bot{n}: {error}"))
}

/// The bar: 200 servers under Hetzner's limits, nothing fails, and the waits are within 5 % of what the budget itself asks.
#[tokio::test]
async fn two_hundred_servers_are_made_within_the_budget() {
    const SERVERS: usize = 200;
    const LEFT: u32 = 50;
    let (world, clock) = scarce(LEFT).await;
    let after = world.planned(KIND, None, &config());
    let begun = clock.now();
    let real = Instant::now();
    // As `apply` does, with its usual parallelism.
    let creates = stream::iter(0..SERVERS).map(|n| create(&world, n, &after)).buffer_unordered(10).collect::<Vec<_>>();
    let outcomes = clock.run(&world, creates).await;
    let elapsed = clock.now().duration_since(begun).as_secs_f64();
    let failed: Vec<&String> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(world.objects("hetzner", "servers").await.len(), SERVERS);
    assert!(world.objects("hetzner", "ssh_keys").await.is_empty(), "no key stays");

    let (requests, looks) = spent(&world).await;
    // A refill of one a second; looks at actions have a bucket of their own that is never empty here.
    let floor = requests.saturating_sub(u64::from(LEFT)) as f64;
    let more = 100.0 * (elapsed / floor - 1.0);
    println!(
        "{SERVERS} servers: {requests} requests and {looks} looks at actions, floor {floor:.0} s, took {elapsed:.0} s of \
         simulated time ({more:+.1} %), {:.1} s of real time, 0 failed",
        real.elapsed().as_secs_f64()
    );
    assert!(floor > 800.0, "waiting was needed");
    assert!(elapsed <= floor * 1.05, "{elapsed} s for a floor of {floor} s");
    assert_eq!(requests, 5 * SERVERS as u64, "firewall, key, server, key again, and a look at the server");
}

/// Another stack of the project finds something in the bucket, however busy the first one is.
#[tokio::test]
async fn a_busy_stack_lets_another_one_live() {
    let (world, clock) = scarce(300).await;
    let other = kit::provider_with_timer(&world, clock.clone());
    let after = world.planned(KIND, None, &config());
    let busy = stream::iter(0..120).map(|n| create(&world, n, &after)).buffer_unordered(10).collect::<Vec<_>>();
    let waits = async {
        let mut waits = Vec::new();
        // The first has emptied what it may by then.
        for _ in 0..5 {
            clock.sleep_until(clock.now() + Duration::from_secs(60)).await;
            let begun = clock.now();
            list_by(&other, world.stack(), KIND).await.unwrap();
            waits.push(clock.now().duration_since(begun).as_secs());
        }
        waits
    };
    let (outcomes, waits) = clock.run(&world, async { tokio::join!(busy, waits) }).await;
    assert!(outcomes.iter().all(Result::is_ok));
    println!("another stack's listings waited {waits:?} s beside a busy one");
    assert!(waits.iter().all(|wait| *wait == 0), "{waits:?}");
}

/// A refusal is waited for, writes included: nothing was done.
#[tokio::test]
async fn a_429_is_waited_for_and_fails_nothing() {
    let (world, clock) = scarce(3600).await;
    for method in ["GET", "POST", "DELETE"] {
        let effect = json!({"status": {"code": 429, "retry_after": 7}});
        let fault = json!({"cloud": "hetzner", "method": method, "nth": 2, "times": 2, "effect": effect});
        world.fault(fault).await;
    }
    let after = world.planned(KIND, None, &config());
    let begun = clock.now();
    clock.run(&world, create(&world, 1, &after)).await.unwrap();
    assert!(clock.now().duration_since(begun).as_secs() >= 14, "the cloud asked for twice seven seconds");
    let object = Value::object([("id", string(&world.objects("hetzner", "servers").await[0]["id"].to_string()))]);
    clock.run(&world, world.delete(KIND, "bot1", &object)).await.unwrap();
    assert!(world.objects("hetzner", "firewalls").await.is_empty());
}

/// A budget that never comes back is given up in the end.
#[tokio::test]
async fn an_hour_of_refusals_is_an_error_that_says_why() {
    let (world, clock) = scarce(3600).await;
    let effect = json!({"status": {"code": 429}});
    world.fault(json!({"cloud": "hetzner", "times": null, "effect": effect})).await;
    let begun = clock.now();
    let error = clock.run(&world, list_by(&world.provider, world.stack(), KIND)).await.unwrap_err();
    let minutes = clock.now().duration_since(begun).as_secs() / 60;
    assert!((60..=65).contains(&minutes), "{minutes} min");
    assert!(error.message.contains("rate_limit_exceeded") && error.hint.is_some(), "{error:?}");
    let (requests, _) = spent(&world).await;
    assert!(requests < 400, "{requests} requests: the pauses double");
}

/// With a bucket that is full nothing waits.
#[tokio::test]
async fn a_full_bucket_costs_no_time() {
    let (world, clock) = scarce(3600).await;
    let stack = world.stack().to_string();
    for n in 0..520 {
        let labels = json!({"ampere-stack": stack, "ampere-address": format!("{n:032x}")});
        world.insert("hetzner", "servers", json!({"name": format!("s{n}"), "labels": labels})).await;
    }
    let begun = clock.now();
    let listing = clock.run(&world, world.list_objects(KIND)).await;
    assert_eq!((listing.objects.len(), clock.now()), (520, begun));
    let (requests, _) = spent(&world).await;
    assert_eq!(requests, 11, "520 servers are 11 pages");
    let in_order: Vec<String> = listing.objects.iter().map(|object| object.id.as_ref().unwrap().to_string()).collect();
    assert!(in_order.is_sorted(), "the pages keep their order");
    assert_eq!(Json::from(in_order.len()), json!(520));
}
