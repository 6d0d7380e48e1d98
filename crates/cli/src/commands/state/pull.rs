//! `ampere state pull`
use std::path::Path;

use ampere_core::render::json;
use clap::Args;

use crate::commands::version::TERRAFORM_VERSION;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kinds;
use crate::project::Configuration;
use crate::stack;
use crate::terminal::Terminal;

/// Write the whole state as JSON, sensitive values left out
///
/// The same document as show -json. It is no backup: the state file and the root key together are.
#[derive(Args, Debug)]
pub struct PullArgs {}

/// Runs the command.
pub async fn run(_args: &PullArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let snapshot = stack::remembered(&module).await?;
    terminal.line(format!("{:#}", json::state(&snapshot, &kinds::all(), TERRAFORM_VERSION)));
    Ok(Exit::Success)
}
