//! `ampere audit …`
mod log;
mod null_key;
mod verify;

use std::path::Path;

use ampere_core::audit::Entry;
use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Configuration;
use crate::stack::{Stack, store_failure};
use crate::terminal::Terminal;

/// Read the audit log, and verify it
///
/// Every step of every apply, and every edit of the state, is an entry. Each entry holds the hash of the one before, so that
/// nothing can be changed, removed or put in between without breaking the chain. It names addresses and ids, never values.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ampere audit log
  ampere audit log -json | jq 'select(.event.action == \"delete\")'
  ampere audit verify                      exit code 5 if the log is not as it was written
  ampere audit verify -head=12:3f8a…       also that it goes on from an entry you noted down
  ampere audit null-key NAME               the SSH key nobody holds, recomputed from a server's name")]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    Log(log::LogArgs),
    Verify(verify::VerifyArgs),
    NullKey(null_key::NullKeyArgs),
}

/// Runs the command.
pub async fn run(args: AuditArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    match args.command {
        AuditCommand::Log(args) => Ok(log::run(&args, &entries().await?, terminal)),
        AuditCommand::Verify(args) => verify::run(&args, &entries().await?, terminal),
        AuditCommand::NullKey(args) => null_key::run(&args, terminal),
    }
}

/// Entries read at a time.
const PAGE: u32 = 1_000;

/// The whole log, oldest entry first; empty without a state.
async fn entries() -> Result<Vec<Entry>, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let Some(stack) = Stack::existing(&module).await? else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    loop {
        let from = entries.last().map_or(1, |entry: &Entry| entry.sequence + 1);
        let page = stack.store.audit_entries(from, PAGE).await.map_err(store_failure)?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
    }
}
