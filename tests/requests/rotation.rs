//! The bar for keys: a hundred thousand accounts change their epoch in seconds.
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::rotation::{self, MemoryEpochs, Rotation};
use ampere_core::store::{Lease, LockHolder, Mutation, SqliteStore, Store, StoreChange};
use ampere_core::vault::{RootKey, Vault};

const ACCOUNTS: usize = 100_000;
/// On two cores that others use, too.
const LONGEST: Duration = Duration::from_secs(60);

struct Machine;

impl Clock for Machine {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

impl Random for Machine {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

fn root() -> RootKey {
    RootKey::from_bytes([7; 32])
}

async fn rotate(vault: &Vault, store: &SqliteStore, lease: &Lease, epochs: &MemoryEpochs) -> rotation::Rotated {
    let clock = &Machine;
    let rotation = Rotation { vault, store, lease, epochs, clock, actor: "bar", progress: &|_, _| {} };
    rotation.run().await.unwrap()
}

#[tokio::test]
#[ignore = "takes minutes unoptimised: see tests/run"]
async fn s1_a_hundred_thousand_accounts_are_rotated_in_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("state.db"), Arc::new(Machine)).await.unwrap();
    let epochs = MemoryEpochs::new();
    let (id, who, operation) = ("bar".into(), "bar".into(), "bar".into());
    let holder = LockHolder { id, who, operation, since: jiff::Timestamp::now() };
    let lease = store.lock(holder, Duration::ZERO).await.unwrap();
    let (vault, _) = rotation::open(&root(), "bar", &store, &epochs, Arc::new(Machine)).await.unwrap();
    rotate(&vault, &store, &lease, &epochs).await;
    for n in 0..ACCOUNTS {
        vault.prepare(&format!("uid-{n}")).unwrap();
    }
    let rows = vault.keys_to_commit();
    for rows in rows.chunks(5000) {
        let mutations = rows.iter().cloned().map(Mutation::PutKey).collect();
        store.commit(&lease, StoreChange { mutations, ..StoreChange::default() }).await.unwrap();
    }

    let begun = Instant::now();
    let (vault, _) = rotation::open(&root(), "bar", &store, &epochs, Arc::new(Machine)).await.unwrap();
    let opened = begun.elapsed();
    let begun = Instant::now();
    let rotated = rotate(&vault, &store, &lease, &epochs).await;
    let took = begun.elapsed();
    assert_eq!((rotated.keys, rotated.destroyed, rotated.unopened), (ACCOUNTS + 1, 1, 0));
    println!(
        "keys: {ACCOUNTS} accounts rotated in {:.1} s (state read in {:.1} s)",
        took.as_secs_f64(),
        opened.as_secs_f64()
    );
    assert!(took < LONGEST, "{took:?}");
    let (vault, state) = rotation::open(&root(), "bar", &store, &epochs, Arc::new(Machine)).await.unwrap();
    assert!(!vault.misses_epochs_of(&state.keys) && vault.misses_epochs_of(&rows), "old rows are of an ended epoch");
}
