//! `ampere show`
use std::path::{Path, PathBuf};

use ampere_core::render::json;
use ampere_core::render::plan::{Notes, PlanDocument};
use ampere_core::render::state;
use clap::{ArgAction, Args};

use crate::commands::version::TERRAFORM_VERSION;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::operation::read_plan;
use crate::project::Configuration;
use crate::stack::{self, Stack};
use crate::terminal::Terminal;

/// Show the state, or a saved plan
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere show                        the state, for people
  ampere show p.plan                 a saved plan
  ampere show -json p.plan           in Terraform's plan format, our additions under the key `ampere`")]
pub struct ShowArgs {
    /// A plan saved by plan -out; without it the state is shown
    #[arg(value_name = "PLAN")]
    path: Option<PathBuf>,
    /// Write Terraform's JSON format
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Runs the command.
pub async fn run(args: &ShowArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let kinds = kinds::all();
    let Some(path) = &args.path else {
        let snapshot = stack::remembered(&module).await?;
        if args.json {
            terminal.line(json::state(&snapshot, &kinds, TERRAFORM_VERSION).to_string());
        } else {
            terminal.out(&state::to_text(&snapshot, &kinds));
        }
        return Ok(Exit::Success);
    };
    let saved = read_plan(path, &Stack::open(&module).await?.load().await?.vault)?;
    let document = PlanDocument { plan: &saved.plan, kinds: &kinds };
    if args.json {
        terminal.line(json::plan(&document, &saved.variables, TERRAFORM_VERSION).to_string());
    } else {
        terminal.out(&document.to_text(&Notes::default()));
    }
    Ok(Exit::Success)
}
