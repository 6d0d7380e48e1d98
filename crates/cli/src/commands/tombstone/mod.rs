//! `ampere tombstone …`
mod lift;
mod list;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Look at departures: who must go, who is gone
///
/// A tombstone is written before the first deletion. It keeps the 24 hours running whatever fails, and keeps the account from
/// being made again. It names its owner by a keyed fingerprint and holds no personal data.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere tombstone list
  ampere tombstone list -json | jq '.[] | select(.state != \"confirmed\")'
  ampere tombstone lift 3f8a90c2d1e4b765       the account may be made again")]
pub struct TombstoneArgs {
    #[command(subcommand)]
    command: TombstoneCommand,
}

#[derive(Subcommand, Debug)]
enum TombstoneCommand {
    List(list::ListArgs),
    Lift(lift::LiftArgs),
}

/// Runs the command.
pub async fn run(args: TombstoneArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        TombstoneCommand::List(args) => list::run(&args, terminal).await,
        TombstoneCommand::Lift(args) => lift::run(&args, terminal).await,
    }
}
