//! `ampere workspace …`
use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Show the workspace: there is one, `default`
///
/// To keep several stacks apart, give each its directory, or its own data directory (AMPERE_DATA_DIR).
#[derive(Args, Debug)]
pub struct WorkspaceArgs {
    #[command(subcommand)]
    command: WorkspaceCommand,
}

#[derive(Subcommand, Debug)]
enum WorkspaceCommand {
    /// Name the current workspace
    Show,
    /// List all workspaces
    List,
}

/// Runs the command.
pub fn run(args: &WorkspaceArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.line(match args.command {
        WorkspaceCommand::Show => "default",
        WorkspaceCommand::List => "* default",
    });
    Ok(Exit::Success)
}
