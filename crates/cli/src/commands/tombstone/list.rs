//! `ampere tombstone list`
use std::path::Path;

use ampere_core::render::{Style, Text};
use ampere_core::retention::Tombstone;
use clap::{ArgAction, Args};
use jiff::Timestamp;
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Configuration;
use crate::stack::remembered;
use crate::terminal::Terminal;

/// List departures, the most urgent first
///
/// States: held (the deletion guard waits for a person), open (being deleted), gone (a listing found nothing), confirmed (another
/// reader found nothing either).
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Runs the command.
pub async fn run(args: &ListArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let snapshot = remembered(&module).await?;
    let mut tombstones: Vec<&Tombstone> = snapshot.tombstones.values().collect();
    tombstones.sort_by_key(|tombstone| (tombstone.confirmed_at.is_some(), tombstone.since, tombstone.owner.clone()));
    if args.json {
        let documents: Vec<_> = tombstones.into_iter().map(document).collect();
        terminal.line(json!(documents).to_string());
        return Ok(Exit::Success);
    }
    if tombstones.is_empty() {
        terminal.line("Nobody has left.");
        return Ok(Exit::Success);
    }
    let now = Timestamp::now();
    let mut text = Text::new();
    text.push(Style::Strong, format!("{:<18}{:<22}{:<22}{:<22}{}\n", "OWNER", "CAUSE", "SINCE", "GONE BY", "STATE"));
    for tombstone in tombstones {
        text.plain(format!("{:<18}{:<22}", tombstone.owner.to_string(), tombstone.cause.as_str()));
        text.plain(format!("{:<22}{:<22}", minute(tombstone.since), minute(tombstone.deadline())));
        text.push(style(tombstone, now), state(tombstone)).newline();
    }
    terminal.out(&text);
    Ok(Exit::Success)
}

/// How far a departure has come.
pub(super) fn state(tombstone: &Tombstone) -> &'static str {
    match (tombstone.begun_at, tombstone.gone_at, tombstone.confirmed_at) {
        (None, ..) => "held",
        (_, _, Some(_)) => "confirmed",
        (_, Some(_), None) => "gone",
        (Some(_), None, None) => "open",
    }
}

fn style(tombstone: &Tombstone, now: Timestamp) -> Style {
    match state(tombstone) {
        "confirmed" => Style::Success,
        _ if tombstone.deadline() <= now || tombstone.alarm.is_some() => Style::Alarm,
        _ => Style::Update,
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn document(tombstone: &Tombstone) -> serde_json::Value {
    json!({
        "owner": tombstone.owner,
        "cause": tombstone.cause,
        "since": tombstone.since,
        "deadline": tombstone.deadline(),
        "state": state(tombstone),
        "begun_at": tombstone.begun_at,
        "gone_at": tombstone.gone_at,
        "confirmed_at": tombstone.confirmed_at,
        "alarm": tombstone.alarm,
        "members": tombstone.members.len(),
    })
}
