//! `ampere notice list`
use std::path::Path;

use ampere_core::notice::{Notice, NoticeState, Outbox};
use ampere_core::render::{Style, Text};
use clap::{ArgAction, Args};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Configuration;
use crate::stack::{Stack, rows_failure, store_failure};
use crate::terminal::Terminal;

/// List notices, oldest first
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only those that wait
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    waiting: bool,
    /// Write JSON
    #[arg(long, action = ArgAction::Set, value_name = "BOOL", default_value = "false")]
    json: bool,
}

/// Runs the command.
pub async fn run(args: &ListArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let module = Configuration::read(Path::new("."))?.module;
    let outbox = match Stack::existing(&module).await? {
        Some(stack) => {
            let stored = stack.store.load().await.map_err(store_failure)?;
            Outbox::read(&stored.records).map_err(|error| rows_failure(&error))?
        }
        None => Outbox::default(),
    };
    let mut notices: Vec<&Notice> = outbox.iter().filter(|notice| !args.waiting || notice.waits()).collect();
    notices.sort_by_key(|notice| (notice.queued_at, notice.id.clone()));
    if args.json {
        let documents: Vec<_> = notices.into_iter().map(document).collect();
        terminal.line(json!(documents).to_string());
        return Ok(Exit::Success);
    }
    if notices.is_empty() {
        terminal.line("There are no notices.");
        return Ok(Exit::Success);
    }
    let mut text = Text::new();
    text.push(Style::Strong, format!("{:<18}{:<16}{:<18}{:<9}{}\n", "NOTICE", "KIND", "OWNER", "STATE", "SINCE"));
    for notice in notices {
        let owner = notice.owner.as_ref().map_or_else(|| "operator".to_owned(), ToString::to_string);
        text.plain(format!("{:<18}{:<16}{owner:<18}", notice.id.to_string(), notice.kind.as_str()));
        text.push(style(notice), format!("{:<9}", notice.state.as_str()));
        text.plain(notice.queued_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        if let Some(why) = &notice.why {
            text.push(Style::Faint, format!("  {why}"));
        }
        text.newline();
    }
    terminal.out(&text);
    Ok(Exit::Success)
}

fn style(notice: &Notice) -> Style {
    match notice.state {
        NoticeState::Sent => Style::Success,
        NoticeState::Dropped => Style::Alarm,
        NoticeState::Held | NoticeState::Queued | NoticeState::Sending => Style::Update,
    }
}

fn document(notice: &Notice) -> serde_json::Value {
    json!({
        "id": notice.id,
        "kind": notice.kind,
        "owner": notice.owner,
        "state": notice.state,
        "queued_at": notice.queued_at,
        "expires_at": notice.expires_at,
        "attempts": notice.attempts,
        "next_attempt_at": notice.waits().then_some(notice.next_attempt_at),
        "ended_at": notice.ended_at,
        "why": notice.why,
    })
}
