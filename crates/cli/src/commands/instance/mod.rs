//! `ampere instance …`
mod status;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Look at instances: what the agent on each says of it
///
/// What an instance says is signed with its own key. Nothing of it is what a customer wrote, and asking for it enters nothing:
/// the word lies in the instance's mailbox.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere instance status
  ampere instance status ampere_instance.ada
  ampere instance status -json | jq '.[] | select(.faults != [])'")]
pub struct InstanceArgs {
    #[command(subcommand)]
    command: InstanceCommand,
}

#[derive(Subcommand, Debug)]
enum InstanceCommand {
    Status(status::StatusArgs),
}

/// Runs the command.
pub async fn run(args: InstanceArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        InstanceCommand::Status(args) => status::run(&args, terminal).await,
    }
}
