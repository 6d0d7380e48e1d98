//! `ampere reconcile`
mod approval;
mod health;
mod listener;
mod metrics;
mod pass;
mod report;
mod run;
mod schedule;
mod webhook;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{ArgAction, Args};
use tokio_util::sync::CancellationToken;

use crate::args::{LockArgs, VariableArgs, ViewArgs, duration};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::view::View;

/// The shortest interval between passes.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Keep what is at the clouds as it should be, and delete in time what must go
///
/// A pass lists everything, brings about what the configuration says, deletes the accounts whose subscriptions have ended or
/// whose owners asked for it, looks again whether all is gone, warns of what takes too long, and sends notices. Passes follow
/// each other until Ctrl-C. The configuration is read anew each time; one with faults is reported, and deletions go on.
///
/// What is seen counts, not what is heard: a webhook only makes the next pass come sooner.
///
/// When more than max(5, 2 %) of the accounts would go within an hour, none of them does before a person has looked at them and
/// said so with -approve.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere reconcile                                 a pass every 15 minutes
  ampere reconcile -once                           one pass, for cron or systemd timers
  ampere reconcile -listen=127.0.0.1:9477          also POST /webhooks/stripe, GET /metrics, GET /healthz
  ampere reconcile -approve=12                     agree to 12 departures, for the loop that runs elsewhere
  ampere reconcile -once -retention-only           leave the configuration aside, only delete what must go

Environment:
  AMPERE_NOTICE_URL, AMPERE_NOTICE_FROM, AMPERE_OPERATOR   see: ampere notice -help
  STRIPE_WEBHOOK_SECRET                                    whsec_…, to verify events with

Exit codes of -once:
  0 all is done   1 nothing could be done, or the guard waits   3 a part was done   4 another run holds the lock")]
pub struct ReconcileArgs {
    /// Make one pass and end
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    once: bool,
    /// Time between passes, e.g. 10m
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = interval)]
    interval: Duration,
    /// Answer HTTP at this address, e.g. 127.0.0.1:9477, or :9477 for this machine only
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with = "once")]
    listen: Option<SocketAddr>,
    /// Agree that this many accounts go, beyond what the deletion guard lets through. Without -once it is written down for the
    /// next pass of a loop
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    approve: Option<u32>,
    /// Leave the configuration aside: only delete what must go
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    retention_only: bool,
    /// How many operations may run at the same time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    parallelism: u16,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    lock: LockArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Runs the command.
pub async fn run(args: ReconcileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if !args.lock.lock {
        let detail = "A pass changes and deletes: it is never made without the lock.";
        return Err(Failure::new(Exit::Usage, "The lock is needed", detail));
    }
    let view = View::new(terminal, &args.view);
    let done = match (args.once, args.approve) {
        (false, Some(count)) => approve(&view, count, &args.lock).await,
        (true, _) => run::once(&view, asked(&args)).await,
        (false, None) => run::forever(&view, asked(&args), args.interval, args.listen).await,
    };
    Ok(done.unwrap_or_else(|failure| view.failure(&failure)))
}

/// One pass that looks at no configuration, for other commands.
pub async fn retention_pass(view: &View<'_>, variables: VariableArgs, lock: LockArgs) -> Result<Exit, Failure> {
    let asked = pass::Asked {
        retention_only: true,
        approved: 0,
        parallelism: 10,
        variables,
        lock,
        cancel: CancellationToken::new(),
    };
    run::once(view, asked).await
}

fn asked(args: &ReconcileArgs) -> pass::Asked {
    pass::Asked {
        retention_only: args.retention_only,
        approved: args.approve.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX)),
        parallelism: args.parallelism,
        variables: args.variables.clone(),
        lock: args.lock.clone(),
        cancel: CancellationToken::new(),
    }
}

async fn approve(view: &View<'_>, count: u32, lock: &LockArgs) -> Result<Exit, Failure> {
    approval::give(usize::try_from(count).unwrap_or(usize::MAX), lock).await?;
    view.news(&format!(
        "Agreed: the next pass may let {count} departures begin beyond the guard. The word counts once, for a day."
    ));
    Ok(Exit::Success)
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text)?;
    let short = interval < SHORTEST_INTERVAL;
    if short { Err("an interval is at least 1s".to_owned()) } else { Ok(interval) }
}

/// `HOST:PORT`, or `:PORT` for this machine only.
fn address(text: &str) -> Result<SocketAddr, String> {
    let full = if text.starts_with(':') { format!("127.0.0.1{text}") } else { text.to_owned() };
    full.parse().map_err(|_| "it is an IP address and a port, such as 127.0.0.1:9477".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_this_machine_unless_said_otherwise() {
        assert_eq!(address(":9477").unwrap().to_string(), "127.0.0.1:9477");
        assert_eq!(address("0.0.0.0:80").unwrap().to_string(), "0.0.0.0:80");
        for wrong in ["9477", "localhost:1", ":99999", ""] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_interval_is_a_second_at_least() {
        assert_eq!(interval("15m"), Ok(Duration::from_secs(900)));
        assert!(interval("0").is_err() && interval("10ms").is_err());
    }
}
