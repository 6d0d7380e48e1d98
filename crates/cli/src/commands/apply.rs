//! `ampere apply`, `ampere destroy`, `ampere refresh`
use std::path::{Path, PathBuf};

use ampere_core::plan::{Mode, Plan};
use ampere_core::render::plan::{Notes, PlanDocument};
use ampere_core::snapshot::Snapshot;
use clap::{ArgAction, Args};

use crate::args::{LockArgs, PlanningArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{self, Applied, Operation, Subject, approve, plan_options, show_plan, show_result};
use crate::project::Configuration;
use crate::stack::Stack;
use crate::terminal::Terminal;
use crate::view::View;

/// Bring about what the configuration says
///
/// The plan is shown, and nothing happens before a person says yes. With a plan file, exactly that plan is applied, without
/// a question; a plan whose state has moved on is refused.
///
/// Every step is written down before it is taken. After a crash, or after Ctrl-C, the next run looks at what really is and
/// goes on from there.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere apply
  ampere apply -auto-approve
  ampere apply p.plan
  ampere apply -replace=ampere_instance.bot
  ampere apply -refresh-only               take over what was changed outside")]
pub struct ApplyArgs {
    /// A plan saved by plan -out
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

/// Take away everything that the stack has
///
/// The same as apply -destroy. Only objects that bear this stack's mark are touched.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere destroy
  ampere plan -destroy                     only show what would go
  ampere destroy -target=ampere_instance.bot")]
pub struct DestroyArgs {
    #[command(flatten)]
    run: RunArgs,
}

/// Let the state take over what really is
///
/// The same as apply -refresh-only -auto-approve. No object is changed.
#[derive(Args, Debug)]
pub struct RefreshArgs {
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Args, Debug)]
struct RunArgs {
    #[command(flatten)]
    planning: PlanningArgs,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    view: ViewArgs,
    /// Do not ask before anything is changed
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
}

/// Runs `apply`.
pub async fn run(args: ApplyArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let view = View::new(terminal, &args.run.view);
    let result = match &args.plan {
        Some(path) => saved(path, &args.run, &view).await,
        None => fresh(&args.run, &view).await,
    };
    Ok(result.unwrap_or_else(|failure| view.failure(&failure)))
}

/// Runs `destroy`.
pub async fn destroy(mut args: DestroyArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    args.run.planning.destroy = true;
    let view = View::new(terminal, &args.run.view);
    Ok(fresh(&args.run, &view).await.unwrap_or_else(|failure| view.failure(&failure)))
}

/// Runs `refresh`.
pub async fn refresh(mut args: RefreshArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    args.run.planning.refresh_only = true;
    args.run.auto_approve = true;
    let view = View::new(terminal, &args.run.view);
    Ok(fresh(&args.run, &view).await.unwrap_or_else(|failure| view.failure(&failure)))
}

/// Plans, asks, applies.
async fn fresh(args: &RunArgs, view: &View<'_>) -> Result<Exit, Failure> {
    let options = plan_options(&args.planning)?;
    if view.json && !args.auto_approve {
        approve(view, options.mode, false)?;
    }
    let subject = Subject::read(view, &args.planning, options.mode == Mode::Destroy)?;
    let stack = Stack::open(&subject.module).await?;
    let operation = Operation::open(view, stack, "apply", &subject, Some(args.lock.lock_timeout)).await?;
    let plan = operation.plan(&subject, &options).await;
    let done = decide(args, view, &subject, &operation, &plan).await;
    operation.close(done).await
}

async fn decide(
    args: &RunArgs,
    view: &View<'_>,
    subject: &Subject,
    operation: &Operation,
    plan: &Plan,
) -> Result<Exit, Failure> {
    let document = PlanDocument { plan, kinds: operation.engine.providers.kinds() };
    let notes = Notes { sandbox: operation.clouds.sandbox_address.clone() };
    show_plan(view, &document, &notes, &subject.module, &subject.findings);
    if plan.diagnostics.has_errors() {
        return Ok(Exit::Failure);
    }
    if document.needs_approval() && !args.auto_approve && !approve(view, plan.mode, args.planning.input)? {
        view.news(if plan.mode == Mode::Destroy { "\nDestroy cancelled." } else { "\nApply cancelled." });
        return Ok(Exit::Failure);
    }
    perform(args, view, subject, operation, plan).await
}

/// Applies a saved plan: its own configuration, its own variables.
async fn saved(path: &Path, args: &RunArgs, view: &View<'_>) -> Result<Exit, Failure> {
    let planning = &args.planning;
    if planning.destroy || planning.thorough || !planning.target.is_empty() || !planning.replace.is_empty() {
        let detail = "A saved plan says all that is to be done: -destroy, -thorough, -target and -replace belong to \"ampere \
                      plan\".";
        return Err(Failure::error("Can't set planning options with a saved plan", detail));
    }
    // Only where the state is kept is read from the files as they are now.
    let here = Configuration::read(Path::new("."))?.module;
    let stack = Stack::open(&here).await?;
    let loaded = stack.load().await?;
    let saved = operation::read_plan(path, &loaded.vault)?;
    let subject = operation::saved_subject(&saved, &args.planning)?;
    let operation = Operation::open(view, stack, "apply", &subject, Some(args.lock.lock_timeout)).await?;
    if let Some(address) = operation.clouds.sandbox_address.as_ref() {
        view.aside(&format!("No endpoints and tokens are given: the clouds are the sandbox at {address}."));
    }
    let done = perform(args, view, &subject, &operation, &saved.plan).await;
    operation.close(done).await
}

async fn perform(
    args: &RunArgs,
    view: &View<'_>,
    subject: &Subject,
    operation: &Operation,
    plan: &Plan,
) -> Result<Exit, Failure> {
    let applied = operation::apply(view, operation, subject, plan, args.planning.parallelism).await?;
    let after = operation.engine.snapshot().await;
    let after: Snapshot = after.map_err(|error| untold(operation::engine_failure(error), &applied))?;
    show_result(view, &applied, &subject.module, plan.mode, &after);
    Ok(applied.exit())
}

/// The state cannot be read after the work: what became of that is told all the same, and is the exit code.
fn untold(failure: Failure, applied: &Applied) -> Failure {
    let mut findings = applied.outcome.diagnostics.clone();
    findings.extend(failure.findings);
    let exit = match applied.exit() {
        Exit::Success => failure.exit,
        incomplete => incomplete,
    };
    Failure { findings, exit, ..failure }
}
