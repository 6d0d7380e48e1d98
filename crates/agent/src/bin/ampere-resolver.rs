//! OpenClaw's `exec` secret source: a question on stdin, the agent's answer on stdout. `configure` writes OpenClaw's configuration.
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use ampere_agent::configure::{ResolveError, configure, resolve};
use ampere_agent::{in_one_line, inspect::root_argument};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let configures = arguments.first().is_some_and(|first| first == "configure");
    if configures {
        arguments.remove(0);
    }
    let Some(root) = root_argument(&arguments) else {
        say("usage: ampere-resolver [configure] [--root DIR]");
        return ExitCode::from(64);
    };
    let done = if configures {
        let place = std::env::current_exe().map_err(ResolveError::Write);
        let home =
            std::env::var_os("HOME").map(PathBuf::from).ok_or(ResolveError::Write(io::ErrorKind::NotFound.into()));
        place.and_then(|place| configure(&root, &home?, &place)).map(drop)
    } else {
        resolve(&root, io::stdin().lock(), io::stdout().lock())
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    say(&in_one_line(&error));
    ExitCode::FAILURE
}

/// To the journal. When nobody reads it, there is nobody to tell.
fn say(line: &str) {
    _ = writeln!(io::stderr(), "ampere-resolver: {line}");
}
