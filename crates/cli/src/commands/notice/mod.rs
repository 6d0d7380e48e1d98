//! `ampere notice …`
mod list;
mod send;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Look at what customers are told, and tell them news of the service
///
/// Notices wait in the state and are sent by `ampere reconcile`, each once. Whom they are for is sealed while they wait, and
/// forgotten when they are sent, given up, or when the account's time is up.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere notice list
  ampere notice send -subject='Maintenance on Sunday' -file=maintenance.txt
  ampere notice send -subject='About your server' -file=news.txt -target='ampere_account.all[\"ada\"]'

Environment, for `ampere reconcile`:
  AMPERE_NOTICE_URL    smtp://user:password@host:587, smtps://…, or https://… for a webhook
  AMPERE_NOTICE_FROM   the sender, as Name <name@example.com>
  AMPERE_NOTICE_TOKEN  the webhook's bearer token, if it is not in the URL
  AMPERE_OPERATOR      where alarms go")]
pub struct NoticeArgs {
    #[command(subcommand)]
    command: NoticeCommand,
}

#[derive(Subcommand, Debug)]
enum NoticeCommand {
    List(list::ListArgs),
    Send(send::SendArgs),
}

/// Runs the command.
pub async fn run(args: NoticeArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        NoticeCommand::List(args) => list::run(&args, terminal).await,
        NoticeCommand::Send(args) => send::run(&args, terminal).await,
    }
}
