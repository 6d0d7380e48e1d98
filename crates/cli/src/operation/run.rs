//! A plan is applied: events, interruptions, outcome.
use ampere_core::apply::Outcome;
use ampere_core::engine::ApplyOptions;
use ampere_core::plan::{Operation as Work, Plan};
use ampere_core::reconcile::announce;
use ampere_provider::messenger::NoticeSettings;
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{Operation, Subject, engine_failure};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Interrupts;
use crate::view::View;

/// What became of an apply.
pub struct Applied {
    /// What the engine says.
    pub outcome: Outcome,
}

impl Applied {
    /// The exit code: 3 if a part was done and a part was not.
    pub fn exit(&self) -> Exit {
        match (self.outcome.is_complete(), self.outcome.did_something()) {
            (true, _) => Exit::Success,
            (false, true) => Exit::Partial,
            (false, false) => Exit::Failure,
        }
    }
}

/// Applies a plan under the lock of an operation. The first Ctrl-C (or SIGTERM) lets running steps finish; the second leaves at once.
///
/// # Errors
/// The plan is stale, or the state cannot be used: nothing was done.
pub async fn apply(
    view: &View<'_>,
    operation: &Operation,
    subject: &Subject,
    plan: &Plan,
    parallelism: u16,
) -> Result<Applied, Failure> {
    let lease = operation.lease.as_ref().ok_or_else(no_lock)?;
    if !plan.departures.is_empty() && notices_are_sent() {
        // Sent by the next reconcile; after the deletion nobody knows whom to tell.
        if let Err(error) = announce(&operation.engine, lease, &operation.snapshot, plan).await {
            view.aside(&format!("Nobody will be told of the departures: {error}."));
        }
    }
    operation.begin_applying(plan);
    let calls =
        plan.steps.iter().filter(|s| matches!(s.operation, Work::Create | Work::Update { .. } | Work::Delete { .. }));
    let progress = Progress::new(*view, calls.count());
    let cancel = CancellationToken::new();
    let options = ApplyOptions {
        parallelism: usize::from(parallelism),
        cancel: cancel.clone(),
        events: &|event| progress.tell(&event),
    };
    let mut interrupts = Interrupts::listen()?;
    let work = operation.engine.apply(plan, &subject.module, &subject.variables, lease, options);
    let outcome = tokio::select! {
        outcome = work => outcome,
        never = interrupted(view, &progress, &cancel, &mut interrupts) => match never {},
    };
    progress.finish();
    Ok(Applied { outcome: outcome.map_err(engine_failure)? })
}

/// Listens for Ctrl-C and SIGTERM as long as the work goes on.
async fn interrupted(
    view: &View<'_>,
    progress: &Progress<'_>,
    cancel: &CancellationToken,
    interrupts: &mut Interrupts,
) -> std::convert::Infallible {
    interrupts.next().await;
    cancel.cancel();
    view.news("\nInterrupt received. Ampere finishes what it has begun and begins nothing new.\nPress Ctrl-C again to leave at once.");
    interrupts.next().await;
    let mut text = "\nTwo interrupts received: leaving at once.".to_owned();
    for step in progress.unfinished() {
        text.push_str(&format!("\n  unfinished: {step}"));
    }
    text.push_str("\nThe journal knows of them; the next plan looks at what became of them.");
    progress.finish();
    view.news(&text);
    std::process::exit(Exit::Partial as i32)
}

/// Whether this stack has someone who brings notices.
fn notices_are_sent() -> bool {
    NoticeSettings::of_environment(&|name| std::env::var(name).ok()).is_ok_and(|settings| settings.is_some())
}

fn no_lock() -> Failure {
    Failure::error("The state is not locked", "Nothing is applied without the lock on the state.")
}
