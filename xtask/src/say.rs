//! Lines for whoever started the task.
use std::error::Error;
use std::io::Write;

/// Prints a line. Nobody is told when nobody listens any more.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's wish.
    let _told = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// An error and what it was caused by, in one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
