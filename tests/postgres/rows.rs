//! What a change costs, and what a large state does.
use std::time::Instant;

use ampere_core::audit::{Event, Outcome};
use ampere_core::store::{Mutation, PostgresStore, Store, StoreChange, StoredKey};
use ampere_tests::Postgres;
use jiff::Timestamp;

use crate::kit::{administrator, fresh, holder, new_schema, object, options, put};

fn event() -> Event {
    Event {
        at: Timestamp::UNIX_EPOCH,
        actor: "ada@example.com".into(),
        action: "create".into(),
        address: Some("x.a".into()),
        outcome: Outcome::Succeeded,
        details: [].into(),
    }
}

/// Statements and rows of the client's transactions, from the server's log and its tables' system columns.
#[tokio::test]
async fn a_change_costs_as_much_in_a_large_state_as_in_a_small_one() {
    let server = Postgres::start_with(&[("log_statement", "all"), ("log_min_duration_statement", "-1")]);
    let options = options(&server.url(), &new_schema());
    let store = PostgresStore::open(options.clone()).await.unwrap();
    let lease = store.lock(holder("a"), std::time::Duration::ZERO).await.unwrap();
    let mut look = administrator(&server.url(), options.schema_name()).await;
    let mut costs = Vec::new();
    let mut objects = 0;
    for size in [0, 100, 10_000] {
        let more = (objects..size).map(|n| Mutation::PutObject(object(&format!("x.a[{n}]")))).collect();
        store.commit(&lease, StoreChange { mutations: more, ..StoreChange::default() }).await.unwrap();
        objects = size;
        let before = server.log().len();
        let change = StoreChange { event: Some(event()), ..put("x.b") };
        store.commit(&lease, change).await.unwrap();
        let log = server.log();
        let statements = log[before..].lines().filter(|l| l.contains("statement:") || l.contains("execute ")).count();
        // Rows whose newest version the last transaction made.
        let mut rows = 0;
        for table in ["state", "objects", "outputs", "journal", "keys", "records", "audit", "lock"] {
            let count = format!("SELECT count(*) FROM {table} WHERE xmin = (SELECT xmin FROM state)");
            let (n,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(count)).fetch_one(&mut look).await.unwrap();
            rows += n;
        }
        costs.push((statements, rows));
    }
    println!("a change in Postgres: {} statements, {} rows, with 0, 100 and 10 000 objects", costs[0].0, costs[0].1);
    assert_eq!(
        costs[0],
        (6, 4),
        "BEGIN, lock, object, log, state, COMMIT; the object, the entry, the serial, the lease"
    );
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

#[tokio::test]
async fn ten_thousand_objects_are_loaded_and_a_hundred_thousand_keys_written_in_seconds() {
    let (store, _) = fresh().await;
    let lease = store.lock(holder("a"), std::time::Duration::ZERO).await.unwrap();
    let objects = (0..10_000).map(|n| Mutation::PutObject(object(&format!("x.a[{n}]")))).collect();
    let begun = Instant::now();
    store.commit(&lease, StoreChange { mutations: objects, ..StoreChange::default() }).await.unwrap();
    let written = begun.elapsed();
    let begun = Instant::now();
    let loaded = store.load().await.unwrap();
    let read = begun.elapsed();
    assert_eq!(loaded.objects.len(), 10_000);
    let key = |n: u32| StoredKey { id: format!("{n:032x}"), wrapped: vec![7; 96] };
    let keys = |range: std::ops::Range<u32>| range.map(|n| Mutation::PutKey(key(n))).collect();
    let begun = Instant::now();
    store.commit(&lease, StoreChange { mutations: keys(0..100_000), ..StoreChange::default() }).await.unwrap();
    let wrapped = begun.elapsed();
    let begun = Instant::now();
    store.commit(&lease, StoreChange { mutations: keys(0..100_000), ..StoreChange::default() }).await.unwrap();
    let rewrapped = begun.elapsed();
    assert_eq!(store.load().await.unwrap().keys.len(), 100_000);
    println!(
        "Postgres: 10 000 objects written in {written:.2?} and loaded in {read:.2?}; 100 000 keys written in {wrapped:.2?}, \
         written again in {rewrapped:.2?}"
    );
    for time in [written, read, wrapped, rewrapped] {
        assert!(time.as_secs() < 20, "{time:?}");
    }
}
