//! Connections that are cut, servers that end, transactions that are in each other's way: nothing is lost or done twice.
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_core::audit::{self, Event, Outcome};
use ampere_core::store::{Lease, Mutation, PostgresStore, RecordKind, Store, StoreChange, StoreError, StoredRecord};
use ampere_tests::Postgres;
use jiff::Timestamp;

use crate::kit::{administrator, fresh, holder, new_schema, object, options, put, server};
use crate::proxy::{Cut, Proxy};

fn told(n: usize) -> StoreChange {
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        actor: "ada@example.com".into(),
        action: format!("create {n}"),
        address: None,
        outcome: Outcome::Succeeded,
        details: [].into(),
    };
    StoreChange { event: Some(event), ..put(&format!("x.a[{n:04}]")) }
}

async fn opened(url: &str) -> (PostgresStore, Lease) {
    let store = PostgresStore::open(options(url, &new_schema())).await.unwrap();
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    (store, lease)
}

/// As many objects, entries and serials as changes: each was written once.
async fn is_written_once(store: &PostgresStore, changes: usize) {
    let state = store.load().await.unwrap();
    assert_eq!((state.objects.len(), state.serial), (changes, changes as u64));
    let log = store.audit_entries(1, 10_000).await.unwrap();
    assert_eq!(audit::verify(&log).unwrap(), changes as u64);
    let actions: Vec<String> = log.iter().map(|entry| entry.event.action.clone()).collect();
    assert_eq!(actions, (0..changes).map(|n| format!("create {n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_written_once() {
    let proxy = Proxy::start(server().port()).await;
    let (store, lease) = opened(&proxy.url()).await;
    let ways = [Cut::Before, Cut::Sent, Cut::Answered, Cut::Never];
    for n in 0..60 {
        proxy.cut(ways[n % 4]);
        assert_eq!(store.commit(&lease, told(n)).await.unwrap(), n as u64 + 1, "{:?}", ways[n % 4]);
    }
    is_written_once(&store, 60).await;
    assert_eq!(proxy.cuts(), 45);
    println!("COMMITs cut before, while and after they were carried out: {}; lost 0, written twice 0", proxy.cuts());
    // A change that says nothing to the log and does not move the serial is known by its count alone.
    let note = |body: &str| {
        let record = StoredRecord { kind: RecordKind::Mark, id: "m".into(), body: body.into() };
        StoreChange { mutations: vec![Mutation::PutRecord(record)], ..StoreChange::default() }
    };
    for (n, way) in ways.into_iter().enumerate() {
        proxy.cut(way);
        assert_eq!(store.commit(&lease, note(&n.to_string())).await.unwrap(), 60);
        assert_eq!(store.load().await.unwrap().records[0].body, n.to_string());
    }
    // Taking the lock and giving it back are found again, too.
    store.unlock(lease).await.unwrap();
    for way in ways {
        proxy.cut(way);
        let lease = store.lock(holder("b"), Duration::ZERO).await.unwrap();
        store.unlock(lease).await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_whose_answer_and_lease_are_lost_is_found_in_the_log() {
    let proxy = Proxy::start(server().port()).await;
    for (way, is_written) in [(Cut::Answered, true), (Cut::Before, false)] {
        let schema = new_schema();
        let store = PostgresStore::open(options(&proxy.url(), &schema)).await.unwrap();
        let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
        let mut admin = administrator(&server().url(), &schema).await;
        proxy.cut(way);
        proxy.close(true);
        let (outcome, ()) = tokio::join!(store.commit(&lease, told(0)), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            sqlx::raw_sql("DELETE FROM lock").execute(&mut admin).await.unwrap();
            proxy.close(false);
        });
        match outcome {
            Ok(1) => assert!(is_written),
            Err(StoreError::LeaseLost) => assert!(!is_written),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.load().await.unwrap().objects.len(), usize::from(is_written));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_restarted_or_killed_is_waited_for() {
    let mut server = Postgres::start();
    let (store, lease) = opened(&server.url()).await;
    let store = Arc::new(store);
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for n in 0..400 {
                assert_eq!(store.commit(&lease, told(n)).await.unwrap(), n as u64 + 1);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            lease
        }
    });
    let server = tokio::task::spawn_blocking(move || {
        for kills in [false, true, true] {
            std::thread::sleep(Duration::from_millis(400));
            if kills {
                server.kill();
                server.run();
            } else {
                server.restart();
            }
        }
        server
    });
    let server = server.await.unwrap();
    let lease = writer.await.unwrap();
    is_written_once(&store, 400).await;
    store.unlock(lease).await.unwrap();
    println!("400 changes while the server was restarted once and killed twice: lost 0, written twice 0");
    drop(server);
}

#[tokio::test]
async fn a_server_that_does_not_come_back_ends_the_run_once() {
    let mut server = Postgres::start();
    let (store, lease) = opened(&server.url()).await;
    store.commit(&lease, told(0)).await.unwrap();
    server.kill();
    let begun = Instant::now();
    for n in 0..20 {
        let refused = store.commit(&lease, told(n)).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Io { .. }), "{refused:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(40), "it was waited for once: {:?}", begun.elapsed());
    server.run();
    assert_eq!(store.commit(&lease, told(1)).await.unwrap(), 2, "and is used again when it is back");
}

/// A trigger that fails as often as it is told to.
async fn troubled(code: &str, times: u32) -> (PostgresStore, Lease) {
    let (store, options) = fresh().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    let sql = format!(
        "CREATE SEQUENCE tries;
         CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '{code}'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER trouble BEFORE INSERT ON objects FOR EACH ROW EXECUTE FUNCTION trouble();"
    );
    let mut admin = administrator(&server().url(), options.schema_name()).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    (store, lease)
}

#[tokio::test]
async fn serialisation_failures_and_deadlocks_are_tried_again() {
    for code in ["40001", "40P01"] {
        let (store, lease) = troubled(code, 5).await;
        assert_eq!(store.commit(&lease, told(0)).await.unwrap(), 1);
        is_written_once(&store, 1).await;
        let (store, lease) = troubled(code, 1000).await;
        let refused = store.commit(&lease, told(0)).await.unwrap_err().to_string();
        assert!(refused.contains("in the way of every attempt"), "{refused}");
        assert_eq!(store.load().await.unwrap().serial, 0);
    }
}

#[tokio::test]
async fn an_error_never_shows_a_row() {
    let (store, options) = fresh().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    let mut admin = administrator(&server().url(), options.schema_name()).await;
    let rule = "ALTER TABLE objects ADD CONSTRAINT rule CHECK (external_id <> 'EXAMPLE-secret')";
    sqlx::raw_sql(rule).execute(&mut admin).await.unwrap();
    let mut row = object("x.a[\"EXAMPLE-key\"]");
    row.external_id = "EXAMPLE-secret".into();
    let change = StoreChange { mutations: vec![Mutation::PutObject(row.clone())], ..StoreChange::default() };
    let refused = store.commit(&lease, change).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("EXAMPLE"), "{refused:?}");
    row.external_id = "nul \0 EXAMPLE".into();
    let change = StoreChange { mutations: vec![Mutation::PutObject(row)], ..StoreChange::default() };
    let refused = store.commit(&lease, change).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("EXAMPLE"), "{refused:?}");
    assert!(refused.to_string().contains("NUL"), "{refused}");
    assert_eq!(store.commit(&lease, put("x.a")).await.unwrap(), 1, "the connection is sound after that");
}

#[tokio::test]
async fn a_server_that_only_reads_or_ends_long_statements_is_told() {
    let (store, named) = fresh().await;
    drop(store);
    let with = |setting: &str| options(&format!("{}&options=-c%20{setting}", server().url()), named.schema_name());
    let reading = PostgresStore::open(with("default_transaction_read_only%3Don")).await.unwrap();
    assert_eq!(reading.load().await.unwrap().serial, 0, "it can be read");
    let refused = reading.lock(holder("a"), Duration::ZERO).await.unwrap_err().to_string();
    assert!(refused.contains("only reads"), "{refused}");

    let hasty = PostgresStore::open(with("statement_timeout%3D500")).await.unwrap();
    let lease = hasty.lock(holder("a"), Duration::ZERO).await.unwrap();
    let mut admin = administrator(&server().url(), named.schema_name()).await;
    let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;
                CREATE TRIGGER slow BEFORE INSERT ON objects FOR EACH ROW EXECUTE FUNCTION slow();";
    sqlx::raw_sql(slow).execute(&mut admin).await.unwrap();
    let refused = hasty.commit(&lease, told(0)).await.unwrap_err().to_string();
    assert!(refused.contains("statement_timeout"), "{refused}");
    sqlx::raw_sql("DROP TRIGGER slow ON objects").execute(&mut admin).await.unwrap();
    assert_eq!(hasty.commit(&lease, told(0)).await.unwrap(), 1);
    is_written_once(&hasty, 1).await;
}

#[tokio::test]
async fn a_lease_lives_as_long_as_its_holder_by_the_clock_of_the_server() {
    let (store, options) = fresh().await;
    let other = PostgresStore::open(options).await.unwrap();
    let lease = store.lock(holder("a"), Duration::ZERO).await.unwrap();
    let refused = other.lock(holder("b"), Duration::from_secs(20)).await;
    assert!(matches!(refused, Err(StoreError::Locked(by)) if by == holder("a")), "its holder lives");
    let stale = Lease::new(lease.id.clone());
    drop(lease);
    let begun = Instant::now();
    let lease = other.lock(holder("b"), Duration::from_secs(40)).await.unwrap();
    println!("a lock whose holder is dead was free after {:.1?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(17));
    assert!(matches!(store.commit(&stale, told(0)).await, Err(StoreError::LeaseLost)), "its holder writes no more");
    other.unlock(lease).await.unwrap();
}
