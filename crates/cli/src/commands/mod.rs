//! One file a command.
pub mod apply;
pub mod audit;
pub mod completions;
pub mod console;
pub mod erase;
pub mod fmt;
pub mod graph;
pub mod import;
pub mod init;
pub mod instance;
pub mod notice;
pub mod output;
pub mod plan;
pub mod reconcile;
pub mod recover;
pub mod sandbox;
pub mod secret;
pub mod show;
pub mod state;
pub mod taint;
pub mod tombstone;
pub mod validate;
pub mod version;
pub mod workspace;

use std::ffi::OsString;
use std::future::Future;

use clap::Subcommand;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The commands, in the order people meet them.
#[derive(Subcommand, Debug)]
pub enum Command {
    Init(init::InitArgs),
    Validate(validate::ValidateArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Destroy(apply::DestroyArgs),
    Show(show::ShowArgs),
    Output(output::OutputArgs),
    Fmt(fmt::FmtArgs),
    Console(console::ConsoleArgs),
    Graph(graph::GraphArgs),
    State(state::StateArgs),
    Import(import::ImportArgs),
    Taint(taint::TaintArgs),
    Untaint(taint::UntaintArgs),
    Refresh(apply::RefreshArgs),
    Recover(recover::RecoverArgs),
    Reconcile(reconcile::ReconcileArgs),
    Instance(instance::InstanceArgs),
    Erase(erase::EraseArgs),
    Tombstone(tombstone::TombstoneArgs),
    Notice(notice::NoticeArgs),
    Secret(secret::SecretArgs),
    Sandbox(sandbox::SandboxArgs),
    Audit(audit::AuditArgs),
    Workspace(workspace::WorkspaceArgs),
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
        Command::Init(args) => init::run(&args, terminal),
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Plan(args) => wait(plan::run(&args, terminal)),
        Command::Apply(args) => wait(apply::run(args, terminal)),
        Command::Destroy(args) => wait(apply::destroy(args, terminal)),
        Command::Show(args) => wait(show::run(&args, terminal)),
        Command::Output(args) => wait(output::run(&args, terminal)),
        Command::Fmt(args) => fmt::run(&args, terminal),
        Command::Console(args) => wait(console::run(&args, terminal)),
        Command::Graph(args) => graph::run(&args, terminal),
        Command::State(args) => wait(state::run(args, terminal)),
        Command::Import(args) => wait(import::run(args, terminal)),
        Command::Taint(args) => wait(taint::taint(&args, terminal)),
        Command::Untaint(args) => wait(taint::untaint(&args, terminal)),
        Command::Refresh(args) => wait(apply::refresh(args, terminal)),
        Command::Recover(args) => wait(recover::run(args, terminal)),
        Command::Reconcile(args) => wait(reconcile::run(args, terminal)),
        Command::Instance(args) => wait(instance::run(args, terminal)),
        Command::Erase(args) => wait(erase::run(args, terminal)),
        Command::Tombstone(args) => wait(tombstone::run(args, terminal)),
        Command::Notice(args) => wait(notice::run(args, terminal)),
        Command::Secret(args) => wait(secret::run(args, terminal)),
        Command::Sandbox(args) => wait(sandbox::run(args, terminal)),
        Command::Audit(args) => wait(audit::run(args, terminal)),
        Command::Workspace(args) => workspace::run(&args, terminal),
        Command::Completions(args) => completions::run(&args, terminal),
        Command::Version(args) => version::run(&args, terminal),
    }
}

/// Runs what waits for clouds and files.
fn wait(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::error("The runtime cannot be started", format!("{error}.")))?;
    runtime.block_on(work)
}

/// The exit code of a command line that makes no sense: 64 for commands that only Ampere has, 1 for what Terraform has or
/// would refuse too, because scripts written for it look for that.
pub fn usage_exit(arguments: &[OsString]) -> Exit {
    let command = arguments.iter().skip(1).filter_map(|a| a.to_str()).find(|a| !a.starts_with('-'));
    match command {
        None
        | Some(
            "audit" | "completions" | "erase" | "instance" | "notice" | "reconcile" | "recover" | "sandbox" | "secret"
            | "tombstone",
        ) => Exit::Usage,
        Some(_) => Exit::Failure,
    }
}
