//! `ampere plan`
use std::path::PathBuf;

use ampere_core::plan::{Mode, Plan};
use ampere_core::render::plan::{Notes, PlanDocument};
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};

use crate::args::{LockArgs, PlanningArgs, ViewArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::{Operation, Subject, lock_wait, plan_options, save_plan, show_plan};
use crate::stack::Stack;
use crate::terminal::Terminal;
use crate::view::View;

/// Show what would change, and why
///
/// The real objects are listed and compared with the configuration. Nothing is changed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere plan
  ampere plan -out=p.plan                  keep it; apply exactly this later: ampere apply p.plan
  ampere plan -destroy                     what destroy would do
  ampere plan -target='ampere_account.all[\"ada\"]'
  ampere plan -thorough                    look behind the objects too, however large the stack is
  ampere plan -detailed-exitcode           0 nothing to do, 2 changes, 1 failed
  ampere plan -json | jq 'select(.type == \"planned_change\")'")]
pub struct PlanArgs {
    #[command(flatten)]
    pub planning: PlanningArgs,
    #[command(flatten)]
    pub lock: LockArgs,
    #[command(flatten)]
    pub view: ViewArgs,
    /// Save the plan to a file, sealed with the stack's key
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 if there are changes
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    detailed_exitcode: bool,
}

/// Runs the command.
pub async fn run(args: &PlanArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let view = View::new(terminal, &args.view);
    Ok(planned(args, &view).await.unwrap_or_else(|failure| view.failure(&failure)))
}

async fn planned(args: &PlanArgs, view: &View<'_>) -> Result<Exit, Failure> {
    let options = plan_options(&args.planning)?;
    let subject = Subject::read(view, &args.planning, options.mode == Mode::Destroy)?;
    let stack = Stack::open(&subject.module).await?;
    let operation = Operation::open(view, stack, "plan", &subject, lock_wait(&args.lock)).await?;
    let plan = operation.plan(&subject, &options).await;
    let shown = finish(args, view, &subject, &operation, &plan);
    operation.close(shown).await
}

fn finish(
    args: &PlanArgs,
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
    if let Some(path) = &args.out {
        save_plan(path, plan, subject, operation)?;
    }
    if !view.json && (document.has_changes() || args.out.is_some()) {
        view.text(&next_step(args));
    }
    Ok(if args.detailed_exitcode && document.has_changes() { Exit::Changes } else { Exit::Success })
}

fn next_step(args: &PlanArgs) -> Text {
    let mut text = Text::new();
    text.newline().push(Style::Faint, "─".repeat(77)).newline().newline();
    match &args.out {
        Some(path) => text.plain(format!(
            "Saved the plan to: {0}\n\nTo perform exactly these actions, run the following command to apply:\n    ampere apply {0:?}\n",
            path.display().to_string()
        )),
        None => text.plain(
            "Note: You didn't use the -out option to save this plan, so Ampere can't\n\
             guarantee to take exactly these actions if you run \"ampere apply\" now.\n",
        ),
    };
    text
}
