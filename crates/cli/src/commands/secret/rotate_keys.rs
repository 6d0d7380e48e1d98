//! `ampere secret rotate-keys`
use std::path::Path;
use std::time::Instant;

use ampere_core::rotation::Rotated;
use clap::{ArgAction, Args};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::args::LockArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::operation::check_initialized;
use crate::project::Configuration;
use crate::stack::Stack;
use crate::terminal::Terminal;

/// Begin a new epoch of keys now
///
/// Every account's key is wrapped by a new epoch key, then the old one is destroyed: no older copy of the state opens what was sealed
/// for an account that is erased. Nothing is sealed anew, nothing at the clouds changes, saved plans stay good. `ampere reconcile`,
/// and whatever else locks the state, does the same when the epoch is 12 hours old. A rotation that was stopped is gone on with.
#[derive(Args, Debug)]
pub struct RotateKeysArgs {
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Runs the command.
pub async fn run(args: &RotateKeysArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    check_initialized(&module)?;
    let stack = Stack::existing(&module).await?.ok_or_else(no_state)?;
    let lease = stack.lock("secret rotate-keys", args.lock.lock_timeout).await?;
    let begun = Instant::now();
    let bar = bar(terminal, args.json);
    let progress = |done: usize, of: usize| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    };
    let rotated = stack.rotate(&lease, &progress).await;
    bar.finish_and_clear();
    let unlocked = stack.unlock(lease).await;
    let rotated = rotated?;
    unlocked?;
    show(terminal, args.json, &rotated, begun.elapsed().as_secs_f64());
    Ok(Exit::Success)
}

fn bar(terminal: &Terminal, json: bool) -> ProgressBar {
    if json || !terminal.can_animate() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos}/{len} keys, {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn show(terminal: &Terminal, json: bool, rotated: &Rotated, seconds: f64) {
    let Rotated { epoch, keys, destroyed, unopened } = *rotated;
    if json {
        let document =
            json!({ "epoch": epoch, "keys": keys, "destroyed": destroyed, "unopened": unopened, "seconds": seconds });
        terminal.line(document.to_string());
        return;
    }
    let ended = match destroyed {
        0 => String::new(),
        1 => ", and the epoch before was destroyed".to_owned(),
        n => format!(", and {n} epochs before were destroyed"),
    };
    terminal.line(format!("Epoch {epoch} has begun: {keys} keys were wrapped anew in {seconds:.1} s{ended}."));
    if unopened > 0 {
        terminal.line(format!(
            "Warning: {unopened} keys open under no epoch and were left as they are. Their rows were put into the state from \
             an old copy; what they sealed must be given again."
        ));
    }
}

fn no_state() -> Failure {
    Failure::error("No state file was found!", "There is no state yet, and so no key.")
}
