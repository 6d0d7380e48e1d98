//! `ampere secret …`
mod rotate_keys;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Look after the keys that secrets are sealed under
///
/// Root key, epoch key, account key, data key: each is wrapped by the one before it. An epoch key lives for 12 hours while anything
/// runs, and with it ends every older copy of the state (see docs/keys.md).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere secret rotate-keys
  ampere secret rotate-keys -json")]
pub struct SecretArgs {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Subcommand, Debug)]
enum SecretCommand {
    RotateKeys(rotate_keys::RotateKeysArgs),
}

/// Runs the command.
pub async fn run(args: SecretArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        SecretCommand::RotateKeys(args) => rotate_keys::run(&args, terminal).await,
    }
}
