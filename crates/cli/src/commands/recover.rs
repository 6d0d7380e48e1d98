//! `ampere recover`
use std::path::Path;

use ampere_core::plan::{Mode, Operation as Work, Options, Plan};
use ampere_core::render::json::ui;
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};
use jiff::Timestamp;

use crate::args::{LockArgs, PlanningArgs, VariableArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{self, Operation, Subject, approve};
use crate::project::{DataDirectory, Settings};
use crate::stack::Stack;
use crate::terminal::Terminal;
use crate::view::View;

/// Rebuild a lost state from what the clouds hold
///
/// Every object of this stack bears its mark. For each block of the configuration the object with its mark is looked up and
/// written into the state. No object is changed, made or deleted. The root key must be the old one: the marks come from it.
///
/// What only the state knew is lost: the keys that sealed the customers' secrets (the next plan seals given values anew), the
/// audit log, values of terraform_data.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere recover                           show what is found, ask, write it down
  ampere recover -auto-approve
  ampere plan                              what differs then")]
pub struct RecoverArgs {
    #[command(flatten)]
    variables: VariableArgs,
    /// Ask for variables and for a yes, if a person is there to answer
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "true")]
    input: bool,
    /// Do not ask before the state is written
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    auto_approve: bool,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Runs the command.
pub async fn run(args: RecoverArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let view = View::new(terminal, &args.view);
    Ok(recover(&args, &view).await.unwrap_or_else(|failure| view.failure(&failure)))
}

async fn recover(args: &RecoverArgs, view: &View<'_>) -> Result<Exit, Failure> {
    let planning = PlanningArgs::with(args.variables.clone(), args.input);
    let subject = Subject::read(view, &planning, false)?;
    let data = DataDirectory::of_environment();
    if !data.has_key(&Settings::read(Path::new("."))?.root_key) {
        let detail = format!(
            "There is no root key in {}. The marks on the objects come from the one they were made with: put it back, then \
             recover.",
            data.key_path().display()
        );
        return Err(Failure::error("Nothing can be found without the root key", detail));
    }
    let stack = Stack::open(&subject.module).await?;
    let operation = Operation::open(view, stack, "recover", &subject, Some(args.lock.lock_timeout)).await?;
    let options = Options { mode: Mode::Recover, refreshed: true, ..Options::default() };
    let plan = operation.plan(&subject, &options).await;
    let done = decide(args, view, &subject, &operation, &plan).await;
    operation.close(done).await
}

async fn decide(
    args: &RecoverArgs,
    view: &View<'_>,
    subject: &Subject,
    operation: &Operation,
    plan: &Plan,
) -> Result<Exit, Failure> {
    show(view, plan);
    let mut findings = subject.findings.clone();
    findings.extend(plan.diagnostics.iter().cloned());
    view.findings(&findings, &subject.module.sources);
    if plan.diagnostics.has_errors() {
        return Ok(Exit::Failure);
    }
    if plan.steps.is_empty() {
        return Ok(Exit::Success);
    }
    if !args.auto_approve && !approve(view, plan.mode, args.input)? {
        view.news("\nRecovery cancelled. Nothing was written.");
        return Ok(Exit::Failure);
    }
    let applied = operation::apply(view, operation, subject, plan, 1).await?;
    view.findings(&applied.outcome.diagnostics, &subject.module.sources);
    if applied.outcome.is_complete() {
        view.news("\nThe state is written. \"ampere plan\" shows what differs from the configuration.");
    }
    Ok(applied.exit())
}

/// What will be written, an object a line.
fn show(view: &View<'_>, plan: &Plan) {
    let found = plan.steps.iter().filter_map(|step| match &step.operation {
        Work::Record { id, .. } => Some((&step.address, id)),
        _ => None,
    });
    if view.json {
        let now = Timestamp::now();
        found.for_each(|(address, id)| view.message(&ui::recovered(now, address, id)));
        return;
    }
    let mut text = Text::new();
    let mut count = 0;
    for (address, id) in found {
        if count == 0 {
            text.newline().plain("These objects bear this stack's mark, and the state does not know them:\n\n");
        }
        count += 1;
        text.plain("  ").push(Style::Strong, address.to_string()).plain(format!("  [id={}]\n", id.0));
    }
    match count {
        0 => text.newline().push(Style::Success, "Nothing to recover.").plain(
            " No object that bears this stack's mark and stands in the configuration is\nunknown to the state.\n",
        ),
        _ => text.newline().push(Style::Strong, format!("{count} to recover.")).plain(" No object is changed.\n"),
    };
    view.text(&text);
}
