//! `ampere state …`
mod list;
mod migrate;
mod mv;
mod pull;
mod rm;
mod show;

use ampere_core::address::Address;
use ampere_core::plan::Target;
use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::address;
use crate::terminal::Terminal;

/// Look at the state, and change it by hand
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere state list
  ampere state show 'ampere_account.all[\"ada\"]'
  ampere state mv ampere_account.a ampere_account.ada      better: a `moved` block in the configuration
  ampere state rm ampere_account.ada                       forget it, leave the object alone")]
pub struct StateArgs {
    #[command(subcommand)]
    command: StateCommand,
}

#[derive(Subcommand, Debug)]
enum StateCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Mv(mv::MvArgs),
    Rm(rm::RmArgs),
    Pull(pull::PullArgs),
    Migrate(migrate::MigrateArgs),
}

/// Runs the command.
pub async fn run(args: StateArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        StateCommand::List(args) => list::run(&args, terminal).await,
        StateCommand::Show(args) => show::run(&args, terminal).await,
        StateCommand::Mv(args) => mv::run(&args, terminal).await,
        StateCommand::Rm(args) => rm::run(&args, terminal).await,
        StateCommand::Pull(args) => pull::run(&args, terminal).await,
        StateCommand::Migrate(args) => migrate::run(&args, terminal).await,
    }
}

/// A resource or an instance, as it is written on the command line.
fn target(text: &str) -> Result<Target, Failure> {
    let address = address(text)?;
    Ok(if address.key.is_none() { Target::Resource(address.resource) } else { Target::Instance(address) })
}

/// Whether an instance is meant by a target.
fn is_meant(target: &Target, address: &Address) -> bool {
    match target {
        Target::Resource(resource) => *resource == address.resource,
        Target::Instance(instance) => instance == address,
    }
}

fn nothing_found(what: &str) -> Failure {
    Failure::error(
        "No matching objects found",
        format!("Nothing in the state is called {what}. See: ampere state list"),
    )
}
