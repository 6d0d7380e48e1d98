//! One file a command.
pub mod completions;
pub mod version;

use std::ffi::OsString;

use clap::Subcommand;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The commands, in the order people meet them.
#[derive(Subcommand, Debug)]
pub enum Command {
    Completions(completions::CompletionsArgs),
    Version(version::VersionArgs),
}

/// Runs a command.
///
/// # Errors
/// Whatever ended it early; the caller prints it.
pub fn run(cli: Cli, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(directory) = &cli.chdir {
        std::env::set_current_dir(directory).map_err(|error| {
            let detail = format!("Could not change to directory {}: {error}.", directory.display());
            Failure::error("Error handling -chdir option", detail)
        })?;
    }
    match cli.command {
        Command::Completions(args) => completions::run(&args, terminal),
        Command::Version(args) => version::run(&args, terminal),
    }
}

/// The exit code of a command line that makes no sense: 64 for commands that only Ampere has, 1 for what Terraform has or
/// would refuse too, because scripts written for it look for that.
pub fn usage_exit(arguments: &[OsString]) -> Exit {
    let command = arguments.iter().skip(1).filter_map(|a| a.to_str()).find(|a| !a.starts_with('-'));
    match command {
        None | Some("audit" | "completions" | "sandbox") => Exit::Usage,
        Some(_) => Exit::Failure,
    }
}
