//! One suite that every [`Store`] passes. It is run on each implementation by its tests (feature `conformance`).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use std::sync::Arc;
//! use ampere_core::store::conformance::{Place, check};
//! use ampere_core::store::{MemoryStore, Store};
//!
//! struct Memory(MemoryStore);
//!
//! #[async_trait::async_trait]
//! impl Place for Memory {
//!     async fn open(&self) -> Arc<dyn Store> {
//!         Arc::new(self.0.clone())
//!     }
//! }
//!
//! check(&|| Box::new(Memory(MemoryStore::new()))).await.unwrap();
//! # }
//! ```
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{
    Lease, LockHolder, Mutation, RecordKind, Store, StoreChange, StoreError, StoredKey, StoredObject, StoredOutput,
    StoredRecord,
};
use crate::audit::{self, Event, Head, Outcome};
use crate::snapshot::PendingStep;

/// A place where one state is kept.
#[async_trait]
pub trait Place: Send + Sync {
    /// Another handle on the state, as another process would have it.
    async fn open(&self) -> Arc<dyn Store>;
}

/// A rule that a store breaks.
#[derive(Debug, thiserror::Error)]
#[error("{rule}: {fault}")]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// How it is broken.
    pub fault: Fault,
}

/// How a rule is broken.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Something is not as it must be.
    #[error("it does not hold that {0}")]
    Not(&'static str),
    /// A call failed that must succeed.
    #[error(transparent)]
    Failed(#[from] StoreError),
    /// The log does not verify.
    #[error(transparent)]
    Broken(#[from] audit::Broken),
}

type Rule = for<'a> fn(&'a dyn Place) -> BoxFuture<'a, Result<(), Fault>>;

/// Runs every rule on a fresh state.
///
/// # Errors
/// The first rule that is broken.
pub async fn check(fresh: &(dyn Fn() -> Box<dyn Place> + Sync)) -> Result<(), Violation> {
    let rules: [(&'static str, Rule); 11] = [
        ("a new state is empty", |p| Box::pin(new_is_empty(p))),
        ("what was written is there until it is deleted", |p| Box::pin(writes_and_deletes(p))),
        ("records come and go, and only some move the serial", |p| Box::pin(keeps_records(p))),
        ("many rows of a sort are written like one after the other", |p| Box::pin(keeps_many(p))),
        ("texts and bytes come back unchanged", |p| Box::pin(keeps_content(p))),
        ("a change on another base writes nothing", |p| Box::pin(refuses_stale(p))),
        ("nothing is written without the lock", |p| Box::pin(refuses_unlocked(p))),
        ("the lock has one holder, who is named", |p| Box::pin(locks(p))),
        ("who waits for the lock gets it", |p| Box::pin(waits(p))),
        ("the log is chained and read in pieces", |p| Box::pin(logs(p))),
        ("all handles see one state", |p| Box::pin(shares(p))),
    ];
    for (rule, run) in rules {
        run(&*fresh()).await.map_err(|fault| Violation { rule, fault })?;
    }
    Ok(())
}

fn must(holds: bool, what: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Not(what)) }
}

async fn new_is_empty(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let state = store.load().await?;
    must(state.serial == 0, "the first serial is 0")?;
    must(state.objects.is_empty() && state.outputs.is_empty(), "there is no object and no output")?;
    must(state.pending.is_empty() && state.keys.is_empty(), "there is no step and no key")?;
    must(store.audit_entries(1, 10).await?.is_empty(), "the log is empty")
}

async fn keeps_records(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    let record = |kind, body: &str| StoredRecord { kind, id: "r".into(), body: body.into() };
    let write = |mutations| StoreChange { mutations, ..StoreChange::default() };
    let all: Vec<_> = RecordKind::ALL.into_iter().map(|kind| record(kind, "1")).collect();
    let first = store.commit(&lease, write(all.iter().cloned().map(Mutation::PutRecord).collect())).await?;
    let mut found = store.load().await?.records;
    found.sort_by_key(|record| record.kind);
    must(found == all, "a record is kept by kind and id")?;
    let mut last = first;
    for kind in RecordKind::ALL {
        let serial = store.commit(&lease, write(vec![Mutation::PutRecord(record(kind, "2"))])).await?;
        must(
            (serial > last) == kind.is_planned_from(),
            "the serial moves for what plans depend on, and for nothing else",
        )?;
        last = serial;
    }
    for kind in RecordKind::ALL {
        store.commit(&lease, write(vec![Mutation::DeleteRecord { kind, id: "r".into() }])).await?;
    }
    must(store.load().await?.records.is_empty(), "a deleted record is gone")
}

async fn writes_and_deletes(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    let (first, deposed) = (object("x.a", "", "1"), object("x.a", "0a1b2c3d", "0"));
    let output = StoredOutput { name: "url".into(), body: "\"u\"".into() };
    let key = StoredKey { id: "k".into(), wrapped: vec![1] };
    let mutations = vec![
        Mutation::PutObject(first.clone()),
        Mutation::PutObject(deposed.clone()),
        Mutation::PutOutput(output.clone()),
        Mutation::PutKey(key.clone()),
        Mutation::StepStarted(step("s")),
        Mutation::StepStarted(step("s")),
    ];
    must(write(&*store, &lease, mutations).await? == 1, "the first change makes serial 1")?;
    let state = store.load().await?;
    must(state.serial == 1, "the serial is what the change returned")?;
    must(state.objects == [first, deposed.clone()], "a deposed object stands beside the current one")?;
    must(state.outputs == [output] && state.keys == [key], "output and key are there")?;
    must(state.pending == [step("s")], "a step that is begun twice is one")?;

    let changed = object("x.a", "", "2");
    write(&*store, &lease, vec![Mutation::PutObject(changed.clone())]).await?;
    must(store.load().await?.objects == [changed, deposed.clone()], "a row takes the place of the older one")?;

    let mutations = vec![
        Mutation::DeleteObject { address: "x.a".into(), deposed: String::new() },
        Mutation::DeleteObject { address: "x.never".into(), deposed: String::new() },
        Mutation::DeleteOutput("url".into()),
        Mutation::DeleteKey { id: "k".into() },
        Mutation::StepEnded { key: "s".into() },
    ];
    must(write(&*store, &lease, mutations).await? == 3, "every change raises the serial by one")?;
    let state = store.load().await?;
    must(state.objects == [deposed], "the deposed object outlives the current one")?;
    must(state.outputs.is_empty() && state.keys.is_empty() && state.pending.is_empty(), "the rest is gone")?;
    Ok(store.unlock(lease).await?)
}

async fn keeps_many(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    let key = |n: usize, byte| StoredKey { id: format!("k{n:05}"), wrapped: vec![byte; 40] };
    let mut mutations: Vec<Mutation> = (0..9_000).map(|n| Mutation::PutKey(key(n, 1))).collect();
    mutations.push(Mutation::PutKey(key(7, 2)));
    mutations.extend((0..5_000).map(|n| Mutation::PutObject(object(&format!("x.a[{n:05}]"), "", "1"))));
    mutations.push(Mutation::PutObject(object("x.a[00007]", "", "2")));
    mutations.extend((0..8_990).map(|n| Mutation::DeleteKey { id: key(n, 0).id }));
    mutations.push(Mutation::PutKey(key(7, 3)));
    write(&*store, &lease, mutations).await?;
    let state = store.load().await?;
    let expected: Vec<StoredKey> = std::iter::once(key(7, 3)).chain((8_990..9_000).map(|n| key(n, 1))).collect();
    must(state.keys == expected, "of two rows with one key the later counts, and the order of sorts does")?;
    must(state.objects.len() == 5_000 && state.objects[7].external_id == "2", "no row is lost")?;
    Ok(store.unlock(lease).await?)
}

async fn keeps_content(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    let bodies = ["", "'; DROP TABLE objects; --", "\u{0}nul\u{0}", "ärger \u{1f600} \u{fb33}", &"x".repeat(1 << 20)];
    let rows: Vec<StoredObject> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| StoredObject { body: (*body).into(), ..object(&format!("x.a[\"{n} ü\"]"), "", "id") })
        .collect();
    let key = StoredKey { id: "k".into(), wrapped: (0..=255).collect() };
    let mut mutations: Vec<Mutation> = rows.iter().cloned().map(Mutation::PutObject).collect();
    mutations.push(Mutation::PutKey(key.clone()));
    write(&*store, &lease, mutations).await?;
    let state = place.open().await.load().await?;
    must(state.objects == rows, "objects come back as they were, ordered by address")?;
    must(state.keys == [key], "keys come back byte for byte")?;
    Ok(store.unlock(lease).await?)
}

async fn refuses_stale(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    let change = |base, id: &str| StoreChange {
        base: Some(base),
        mutations: vec![Mutation::PutObject(object("x.a", "", id))],
        event: Some(event("create")),
    };
    store.commit(&lease, change(0, "1")).await?;
    let refused = store.commit(&lease, change(0, "2")).await;
    must(
        matches!(refused, Err(StoreError::Stale { expected: 0, found: 1 })),
        "the error names the serial of the plan and that of the state",
    )?;
    let state = store.load().await?;
    must(state.serial == 1 && state.objects == [object("x.a", "", "1")], "nothing of the change is there")?;
    must(store.audit_entries(1, 10).await?.len() == 1, "the log says nothing of it")?;
    must(store.commit(&lease, change(1, "2")).await? == 2, "the same change on the right base is written")?;
    Ok(store.unlock(lease).await?)
}

async fn refuses_unlocked(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let change = || StoreChange { mutations: vec![Mutation::DeleteOutput("x".into())], ..StoreChange::default() };
    let forged = Lease::new("forged");
    must(matches!(store.commit(&forged, change()).await, Err(StoreError::LeaseLost)), "a free lock is not held")?;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    must(matches!(store.commit(&forged, change()).await, Err(StoreError::LeaseLost)), "another's lock is not held")?;
    must(matches!(store.unlock(forged).await, Err(StoreError::LeaseLost)), "another's lock is not given back")?;
    let stale = Lease::new(lease.id.clone());
    store.unlock(lease).await?;
    must(matches!(store.commit(&stale, change()).await, Err(StoreError::LeaseLost)), "a lock given back is not held")?;
    must(store.load().await?.serial == 0, "nothing was written")
}

async fn locks(place: &dyn Place) -> Result<(), Fault> {
    let (one, other) = (place.open().await, place.open().await);
    let lease = one.lock(holder("a"), Duration::ZERO).await?;
    for store in [&one, &other] {
        let refused = store.lock(holder("b"), Duration::from_millis(20)).await;
        must(matches!(refused, Err(StoreError::Locked(by)) if by == holder("a")), "the error names the holder")?;
    }
    one.unlock(lease).await?;
    let lease = other.lock(holder("b"), Duration::ZERO).await?;
    Ok(other.unlock(lease).await?)
}

async fn waits(place: &dyn Place) -> Result<(), Fault> {
    let (one, other) = (place.open().await, place.open().await);
    let lease = one.lock(holder("a"), Duration::ZERO).await?;
    let (waited, freed) = tokio::join!(other.lock(holder("b"), Duration::from_secs(30)), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        one.unlock(lease).await
    });
    freed?;
    let lease = waited?;
    write(&*other, &lease, vec![Mutation::DeleteOutput("x".into())]).await?;
    Ok(other.unlock(lease).await?)
}

async fn logs(place: &dyn Place) -> Result<(), Fault> {
    let store = place.open().await;
    let lease = store.lock(holder("a"), Duration::ZERO).await?;
    for n in 0..5 {
        let event = Some(event(&format!("event {n} \u{1f600}")));
        store.commit(&lease, StoreChange { event, ..StoreChange::default() }).await?;
    }
    must(write(&*store, &lease, Vec::new()).await? == 6, "a change without an event is one, too")?;
    let all = store.audit_entries(0, 100).await?;
    must(audit::verify(&all)? == 5, "there is an entry for every event and for nothing else")?;
    must(all.iter().map(|e| e.sequence).eq(1..=5), "entries are numbered from 1 without gaps")?;
    must(all[2].event == event("event 2 \u{1f600}"), "events come back as they were")?;
    let (head, tail) = (store.audit_entries(1, 2).await?, store.audit_entries(3, 100).await?);
    must(head.len() == 2, "no more is read than was asked for")?;
    must(Head::default().follow(&head)?.follow(&tail)?.sequence == 5, "pieces verify one after the other")?;
    must(store.audit_entries(6, 100).await?.is_empty(), "behind the end there is nothing")?;
    Ok(store.unlock(lease).await?)
}

async fn shares(place: &dyn Place) -> Result<(), Fault> {
    let (one, other) = (place.open().await, place.open().await);
    for n in 1..=4 {
        let (writer, reader) = if n % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let lease = writer.lock(holder(&format!("run {n}")), Duration::ZERO).await?;
        must(write(&**writer, &lease, vec![]).await? == n, "serials go on from the other handle's")?;
        must(reader.load().await?.serial == n, "the other handle sees the change at once")?;
        writer.unlock(lease).await?;
    }
    Ok(())
}

async fn write(store: &dyn Store, lease: &Lease, mutations: Vec<Mutation>) -> Result<u64, StoreError> {
    store.commit(lease, StoreChange { mutations, ..StoreChange::default() }).await
}

fn holder(id: &str) -> LockHolder {
    LockHolder { id: id.into(), who: "ada@laptop".into(), operation: "apply".into(), since: Timestamp::UNIX_EPOCH }
}

fn object(address: &str, deposed: &str, id: &str) -> StoredObject {
    StoredObject { address: address.into(), deposed: deposed.into(), external_id: id.into(), body: "{}".into() }
}

fn step(key: &str) -> PendingStep {
    let (address, operation) = ("x.a".into(), "create".into());
    PendingStep { key: key.into(), address, operation, started_at: Timestamp::UNIX_EPOCH }
}

fn event(action: &str) -> Event {
    Event {
        at: Timestamp::UNIX_EPOCH,
        actor: "ada@example.com".into(),
        action: action.into(),
        address: None,
        outcome: Outcome::Succeeded,
        details: [("step".into(), "s".into())].into(),
    }
}
