//! One change of the state by hand: locked, logged, in one transaction.
use std::collections::BTreeMap;
use std::path::Path;

use ampere_core::audit::{Event, Outcome};
use ampere_core::clock::Clock;
use ampere_core::store::{Lease, Mutation, StoreChange};
use ampere_core::vault::rows::RowError;

use crate::args::LockArgs;
use crate::failure::Failure;
use crate::operation::check_initialized;
use crate::project::Configuration;
use crate::stack::{Loaded, Stack, rows_failure, store_failure};
use crate::world::SystemClock;

/// What an edit writes.
pub struct Edit {
    /// The rows.
    pub mutations: Vec<Mutation>,
    /// How the log calls it, e.g. `taint`.
    pub action: &'static str,
    /// The address it is about, if it is about one.
    pub address: Option<String>,
    /// What else the log says.
    pub details: BTreeMap<String, String>,
}

/// Lets `decide` look at the state under its lock, and writes what it decides.
///
/// # Errors
/// There is no state, it is locked, or `decide` refuses.
pub async fn edit(
    name: &'static str,
    lock: &LockArgs,
    decide: impl FnOnce(&Loaded) -> Result<Vec<Edit>, Failure>,
) -> Result<(), Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    check_initialized(&module)?;
    let stack = Stack::existing(&module).await?.ok_or_else(no_state)?;
    let lease = stack.lock(name, lock.lock_timeout).await?;
    let written = write(&stack, &lease, decide).await;
    let unlocked = stack.unlock(lease).await;
    written.and(unlocked)
}

async fn write(
    stack: &Stack,
    lease: &Lease,
    decide: impl FnOnce(&Loaded) -> Result<Vec<Edit>, Failure>,
) -> Result<(), Failure> {
    let loaded = stack.load_locked(lease).await?;
    for edit in decide(&loaded)? {
        let keys = loaded.vault.keys_to_commit();
        let mut mutations = edit.mutations;
        mutations.extend(keys.iter().cloned().map(Mutation::PutKey));
        let event = Event {
            at: SystemClock.now(),
            actor: stack.settings.actor(),
            action: edit.action.to_owned(),
            address: edit.address,
            outcome: Outcome::Succeeded,
            details: edit.details,
        };
        let change = StoreChange { base: None, mutations, event: Some(event) };
        stack.store.commit(lease, change).await.map_err(store_failure)?;
        loaded.vault.keys_committed(&keys);
    }
    Ok(())
}

/// A row could not be made.
pub fn unwritable(error: &RowError) -> Failure {
    rows_failure(error)
}

fn no_state() -> Failure {
    Failure::error("No state file was found!", "There is no state yet: apply something first.")
}
