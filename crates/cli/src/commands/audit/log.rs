//! `ampere audit log`
use ampere_core::audit::{Entry, Outcome};
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};

use crate::exit::Exit;
use crate::terminal::Terminal;

/// Show the log, oldest entry first
#[derive(Args, Debug)]
pub struct LogArgs {
    /// Write one JSON object a line, hashes included
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
    /// Only the last so many entries
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

/// Runs the command.
pub fn run(args: &LogArgs, entries: &[Entry], terminal: &Terminal) -> Exit {
    let skipped = args.last.map_or(0, |last| entries.len().saturating_sub(last));
    for entry in &entries[skipped..] {
        if args.json {
            // An entry is made of texts and numbers: it always has a JSON form.
            terminal.line(serde_json::to_string(entry).unwrap_or_default());
        } else {
            terminal.out(&line(entry));
        }
    }
    Exit::Success
}

fn line(entry: &Entry) -> Text {
    let event = &entry.event;
    let (word, style) = match event.outcome {
        Outcome::Started => ("started", Style::Faint),
        Outcome::Succeeded => ("succeeded", Style::Success),
        Outcome::Failed => ("failed", Style::Error),
        Outcome::Unknown => ("unknown", Style::Warning),
        Outcome::Deferred => ("deferred", Style::Warning),
    };
    let mut text = Text::new();
    text.push(Style::Faint, format!("{:>6}  {}  ", entry.sequence, event.at.strftime("%Y-%m-%dT%H:%M:%SZ")));
    text.plain(format!("{:<12} ", event.action)).push(style, format!("{word:<10}"));
    text.plain(format!(" {}", event.address.as_deref().unwrap_or("-")));
    text.push(Style::Faint, format!("  by {}", event.actor)).newline();
    text
}
