//! The agent: `run`, as a user of its own; `inspect`, as root, once. `--root DIR` plays a box below a directory.
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use ampere_agent::inspect::{inspect, root_argument};
use ampere_agent::{Agent, in_one_line};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else { return usage() };
    let Some(root) = root_argument(rest) else { return usage() };
    let ended = match command.as_str() {
        "run" => run(&root.at("")),
        "inspect" => inspect(&root, now()).map(drop).map_err(|error| error.to_string()),
        _ => return usage(),
    };
    let Err(why) = ended else { return ExitCode::SUCCESS };
    say(&why);
    ExitCode::FAILURE
}

/// Round after round. A signal ends it: whatever it is at, what is on disk is whole.
fn run(root: &Path) -> Result<(), String> {
    // No core dump, and nobody of the same user looks into the memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())?;
    let mut agent = Agent::start(root).map_err(|error| in_one_line(&error))?;
    let mut told = String::new();
    loop {
        let pause = agent.step(now());
        let trouble = agent.trouble().map_or("all is well".to_owned(), |trouble| trouble.to_string());
        let state = format!("{trouble}; bundle {} is in force", agent.sequence());
        if state != told {
            say(&state);
            told = state;
        }
        thread::sleep(pause);
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// To the journal. When nobody reads it, there is nobody to tell.
fn say(line: &str) {
    _ = writeln!(io::stderr(), "ampere-agent: {line}");
}

fn usage() -> ExitCode {
    say("usage: ampere-agent (run | inspect) [--root DIR]");
    ExitCode::from(64)
}
