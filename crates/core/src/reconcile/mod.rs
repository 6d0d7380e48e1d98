//! One pass of the loop that keeps the promises (R1, R2, R3): list, plan, delete what must go, look again, warn.
//!
//! A pass is level-triggered. It looks at what is there and trusts no event: a notification that was lost or forged changes
//! at most when the next pass begins. It takes the lock, so that passes and other runs never overlap, and it goes on without
//! a sound configuration: then it does no more than the promises ask for.
mod confirm;
mod foreign;
mod guard;
mod pass;
mod post;
mod report;

pub use guard::Guard;
pub use post::{Post, Posted, announce};
pub use report::PassReport;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ampere_lang::config::Module;
use ampere_lang::value::Value;
use tokio_util::sync::CancellationToken;

use crate::apply::Event;
use crate::engine::Engine;
use crate::plan::Plan;
use crate::provider::Providers;

/// What a pass works with.
pub struct Reconciler {
    /// The engine, whose providers do the deleting.
    pub engine: Engine,
    /// Readers of their own, which delete nothing: "deleted" is what they do not find either.
    pub witness: Providers,
    /// How many departures may begin without a person.
    pub guard: Guard,
    /// Who brings notices to customers and the operator; without anyone none are written.
    pub post: Option<Post>,
}

/// What the configuration asks for.
#[derive(Clone, Copy)]
pub struct Desired<'a> {
    /// The configuration, without errors.
    pub module: &'a Module,
    /// Final values of its variables.
    pub variables: &'a BTreeMap<Arc<str>, Value>,
}

/// How a pass is made.
pub struct PassOptions<'a> {
    /// The configuration; without one only the promises are kept.
    pub desired: Option<Desired<'a>>,
    /// Departures that a person has agreed to, beyond what the guard lets through.
    pub approved: usize,
    /// How long to wait for the lock.
    pub lock_wait: Duration,
    /// Steps that run at the same time.
    pub parallelism: usize,
    /// Stops the work cleanly.
    pub cancel: CancellationToken,
    /// Told the plan before it is applied: functions of the language answer otherwise from then on.
    pub before_apply: &'a (dyn Fn(&Plan) + Sync),
    /// Told about everything that happens.
    pub events: &'a (dyn Fn(Event) + Sync),
}
