//! The bars: what a plan may cost.
use std::time::{Duration, Instant};

use ampere_core::address::Address;
use ampere_core::engine;
use ampere_core::inventory::Depth;
use ampere_core::lang::eval::InstanceKey;
use ampere_core::plan::{Options, Target};

use crate::clouds::Requests;
use crate::fleet::{Fleet, key};

/// The fewest pages on which so many customers can stand: servers by 50, subscriptions by 100, users by 1000, and documents
/// by 300, as many as the page of Firestore's own list.
fn floor(customers: usize) -> u64 {
    let pages = |size: usize| customers.div_ceil(size) as u64;
    pages(50) + pages(100) + pages(1000) + pages(300)
}

/// 5 % more than the floor.
fn allowed(customers: usize) -> u64 {
    floor(customers) * 105 / 100
}

fn refreshed() -> Options {
    Options { refreshed: true, ..Options::default() }
}

/// A plan that finds nothing to do, and what it took.
async fn no_change(fleet: &mut Fleet, customers: usize) -> Requests {
    fleet.clouds.requests().await;
    let plan = fleet.plan(customers, &refreshed()).await;
    assert_eq!(plan.looked.depth, Some(Depth::Objects));
    assert!(plan.steps.is_empty() && plan.drift.is_empty(), "{:?} {:?}", plan.steps.first(), plan.drift.first());
    assert_eq!(plan.changes.len(), 4 * customers);
    fleet.clouds.requests().await
}

/// A plan of one customer's instance and what it needs.
async fn targeted(fleet: &mut Fleet, customers: usize) -> Requests {
    let key = Some(InstanceKey::Key(key(customers / 2).into()));
    let target = Target::Instance(Address::new("ampere_instance", "all").with_key(key));
    let plan = fleet.plan(customers, &Options { targets: vec![target], ..refreshed() }).await;
    assert_eq!((plan.changes.len(), plan.steps.len(), plan.drift.len()), (4, 0, 0));
    fleet.clouds.requests().await
}

/// What one more customer costs in a pass, beyond looking: requests and rows.
async fn one_more(fleet: &mut Fleet, customers: usize) -> (u64, usize) {
    // The first pass marks how far it has read the clouds' own logs.
    fleet.pass(customers).await;
    fleet.ledger.rows();
    fleet.clouds.requests().await;
    fleet.pass(customers).await;
    let idle = (fleet.clouds.requests().await.total(), fleet.ledger.rows());
    assert_eq!(idle.1, 0, "an idle pass writes nothing");
    let report = fleet.pass(customers + 1).await;
    assert_eq!((report.outcome.done.added, report.outcome.done.changed), (4, 0));
    (fleet.clouds.requests().await.total() - idle.0, fleet.ledger.rows())
}

/// How long the parts of a plan take.
async fn phases(fleet: &mut Fleet, customers: usize) -> [(&'static str, Duration); 3] {
    let engine = &fleet.engine;
    let begun = Instant::now();
    let snapshot = engine.snapshot().await.unwrap();
    let state = begun.elapsed();
    let options = refreshed();
    assert_eq!(engine::depth(&snapshot, &options, jiff::Timestamp::now()), Depth::Objects);
    let kinds = engine.providers.kinds().keys().map(|kind| (*kind).into()).collect();
    let begun = Instant::now();
    let (inventory, findings) = engine.refresh(&kinds, &snapshot, Depth::Objects).await;
    let listing = begun.elapsed();
    assert!(findings.is_empty(), "{findings:?}");
    let (module, variables) = fleet.desired(customers);
    let begun = Instant::now();
    let plan = fleet.engine.plan_on(&module, &variables, &snapshot, &options, &inventory).await;
    assert!(plan.steps.is_empty());
    [("reading the state", state), ("listing", listing), ("planning", begun.elapsed())]
}

/// Measures a fleet and prints it.
async fn measure(customers: usize) -> (u64, usize) {
    let mut fleet = Fleet::of(customers).await;
    let found = no_change(&mut fleet, customers).await;
    println!("{customers} customers, plan without changes: {} requests, floor {}", found.total(), floor(customers));
    for (what, count) in &found.0 {
        println!("  {count:>5}  {what}");
    }
    assert!(found.total() <= allowed(customers), "{found:?}");
    let one = targeted(&mut fleet, customers).await;
    println!("  -target of one customer: {} requests", one.total());
    assert!(one.total() <= 10, "{one:?}");
    for (what, took) in phases(&mut fleet, customers).await {
        println!("  {what}: {took:.1?}");
    }
    let cost = one_more(&mut fleet, customers).await;
    println!("  one more customer in a pass, beyond looking: {} requests, {} rows", cost.0, cost.1);
    cost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_takes_the_pages_there_are_and_one_more_customer_costs_the_same_in_any_stack() {
    let hundred = measure(100).await;
    let thousand = measure(1000).await;
    assert_eq!(hundred, thousand);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute or two: tests/run runs it"]
async fn ten_thousand_customers() {
    let hundred = measure(100).await;
    let ten_thousand = measure(10_000).await;
    assert_eq!(hundred, ten_thousand);
}
