//! The `ampere` command: all terminal output of the project, one file a command.
mod args;
mod clouds;
mod commands;
mod edit;
mod exit;
mod failure;
mod hardening;
mod keys;
mod kinds;
mod logging;
mod operation;
mod panic;
mod place;
mod project;
mod signals;
mod stack;
mod terminal;
mod view;
mod world;

use std::process::ExitCode;

use ampere_core::render::diagnostic;
use clap::FromArgMatches;
use clap::error::ErrorKind;

use args::Cli;
use exit::Exit;
use failure::Failure;
use terminal::Terminal;

/// Memory is wiped when it is given back: secrets pass through buffers of libraries that do not wipe theirs (parsers, HTTP, TLS).
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    panic::install();
    logging::start();
    hardening::start();
    // The unwinding has been reported by the hook; what is left is the exit code.
    std::panic::catch_unwind(run).unwrap_or(Exit::Bug).into()
}

fn run() -> Exit {
    let arguments = args::double_dashes(std::env::args_os());
    let cli = args::grammar().try_get_matches_from(&arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match cli {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments),
    };
    let terminal = Terminal::new(cli.no_color);
    let exit = commands::run(cli, &terminal).unwrap_or_else(|failure| report(&terminal, &failure));
    if exit == Exit::Success && terminal.is_broken() { Exit::Failure } else { exit }
}

/// Prints what ended a command.
fn report(terminal: &Terminal, failure: &Failure) -> Exit {
    for finding in failure.findings.iter() {
        terminal.err(&diagnostic::to_text(finding, &failure.sources, terminal.layout()));
    }
    failure.exit
}

/// Help, version, or a command line that makes no sense.
fn usage(error: &clap::Error, arguments: &[std::ffi::OsString]) -> Exit {
    let terminal = Terminal::new(arguments.iter().any(|a| a == "--no-color"));
    match error.kind() {
        ErrorKind::DisplayVersion => {
            commands::version::print_text(&terminal);
            Exit::Success
        }
        ErrorKind::DisplayHelp => {
            terminal.line(args::help_text(error.render().to_string().trim_end()));
            Exit::Success
        }
        _ => {
            let text = args::single_dashes(error.render().to_string().trim_end());
            terminal.err(&format!("{text}\n").into());
            commands::usage_exit(arguments)
        }
    }
}
