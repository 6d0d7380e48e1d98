//! `ampere sandbox box`: who lives in a box of the sandbox. It does what systemd does on a real one: it keeps the agent running.
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ampere_agent::{Agent, in_one_line};
use ampere_core::render::Text;
use clap::Args;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// The longest pause of an agent between two looks. A real one looks every half minute; here nobody should wait so long, and the
/// mailbox is on this machine.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The pause before an agent that did not start is tried again.
const RESTART: Duration = Duration::from_secs(1);

/// Run the agent of one box of the sandbox, until the standard input ends
#[derive(Args, Debug)]
pub struct BoxArgs {
    /// The root of the box's file system
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
}

/// Runs the command.
pub fn run(args: &BoxArgs, terminal: &Terminal) -> Exit {
    let (end, ended) = channel::<()>();
    // The sandbox holds the other end: when it is gone, even by a kill, the box is.
    std::thread::spawn(move || {
        let mut rest = [0; 64];
        while matches!(std::io::stdin().read(&mut rest), Ok(read) if read > 0) {}
        drop(end);
    });
    live(&args.root, &ended, terminal);
    Exit::Success
}

fn live(root: &Path, ended: &Receiver<()>, terminal: &Terminal) {
    loop {
        match Agent::start(root) {
            Ok(agent) => return rounds(agent, ended, terminal),
            Err(error) => say(terminal, &format!("the agent does not start: {}", in_one_line(&error))),
        }
        if is_over(ended, RESTART) {
            return;
        }
    }
}

fn rounds(mut agent: Agent, ended: &Receiver<()>, terminal: &Terminal) {
    let mut told = String::new();
    loop {
        let pause = agent.step(now());
        let trouble = agent.trouble().map_or("all is well".to_owned(), |trouble| trouble.to_string());
        let state = format!("{trouble}; bundle {} is in force", agent.sequence());
        if state != told {
            say(terminal, &state);
            told = state;
        }
        if is_over(ended, pause.min(LONGEST_PAUSE)) {
            return;
        }
    }
}

/// Waits; whether the sandbox has ended meanwhile.
fn is_over(ended: &Receiver<()>, pause: Duration) -> bool {
    !matches!(ended.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

/// To the log of the box.
fn say(terminal: &Terminal, line: &str) {
    terminal.err(Text::from(line).newline());
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
