//! Runs a plan: exactly its steps, in the order of their dependencies, and no others.
//!
//! The way of a step: its precondition is looked at → its configuration is evaluated once more, now that what it refers to
//! is known → the journal says `Started` (committed) → the call, with the marker and the step's idempotency key → one
//! transaction: journal end, object row, audit entry. A call of which no answer came leaves its journal entry open: the
//! next plan lists the clouds, finds the object by its marker and takes it over, or makes it again.
mod call;
mod event;
mod executor;
mod outputs;
mod record;
mod resolve;
mod retry;
mod step;

pub use event::{Event, EventKind, Work};
pub use executor::apply;

use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::Module;
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::eval::Host;
use ampere_lang::value::Value;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Random};
use crate::plan::{Deferred, Plan};
use crate::provider::Providers;
use crate::snapshot::Snapshot;
use crate::store::{Lease, Store};
use crate::vault::Vault;

/// Steps that run at the same time, unless said otherwise (as in Terraform).
pub const DEFAULT_PARALLELISM: usize = 10;

/// Everything an apply works with.
pub struct ApplyInput<'a> {
    /// What is to be done.
    pub plan: &'a Plan,
    /// The configuration the plan was made from.
    pub module: &'a Module,
    /// The variables the plan was made with, ephemeral ones given again.
    pub variables: &'a BTreeMap<Arc<str>, Value>,
    /// The state the plan was made on.
    pub snapshot: &'a Snapshot,
    /// The clouds.
    pub providers: &'a Providers,
    /// The state.
    pub store: &'a dyn Store,
    /// The lock on the state.
    pub lease: &'a Lease,
    /// The keys.
    pub vault: &'a Vault,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Chance.
    pub random: &'a dyn Random,
    /// What functions need.
    pub host: &'a dyn Host,
    /// Who does it, for the log.
    pub actor: &'a str,
    /// How many steps may run at the same time; at least one does.
    pub parallelism: usize,
    /// When cancelled, running steps are finished and no new ones begin.
    pub cancel: CancellationToken,
    /// Told about everything that happens.
    pub events: &'a (dyn Fn(Event) + Sync),
}

/// How an apply ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was done.
    pub done: Counts,
    /// What waits for something outside, found at apply (what the plan deferred is in the plan).
    pub deferred: Vec<Deferred>,
    /// Steps that failed.
    pub failed: usize,
    /// Steps that never began: something they need failed, or the work was cancelled.
    pub skipped: usize,
    /// Whether the work was cancelled.
    pub cancelled: bool,
    /// Findings: one for each failure, with the address and what to do.
    pub diagnostics: Diagnostics,
}

/// Counts for the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Objects made.
    pub added: usize,
    /// Objects changed in place.
    pub changed: usize,
    /// Objects deleted.
    pub destroyed: usize,
    /// Objects taken in by an `import` block.
    pub imported: usize,
    /// Objects no longer remembered.
    pub forgotten: usize,
}

impl Outcome {
    /// Whether everything that the plan wanted is done or put off with a reason.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && self.skipped == 0 && !self.cancelled && !self.diagnostics.has_errors()
    }

    /// Whether an object was made, changed or deleted.
    pub fn did_something(&self) -> bool {
        self.done != Counts::default()
    }
}
