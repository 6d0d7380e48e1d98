//! What is said of a pass.
use ampere_core::render::{Style, Text};
use ampere_core::retention::{Departure, Tombstone};
use jiff::Timestamp;
use serde_json::json;

use super::pass::Passed;
use crate::view::View;

/// Shows a pass: a line of figures, what waits for a person, findings.
pub fn show(view: &View<'_>, passed: &Passed) {
    view.findings(&passed.findings, &passed.sources);
    if view.json {
        view.message(&document(passed));
    } else {
        view.text(&text(passed));
    }
}

/// What was wrong with a pass, in one line that names nobody; none if nothing was.
pub fn trouble(passed: &Passed) -> Option<String> {
    if passed.figures.succeeded {
        return None;
    }
    let first =
        passed.findings.iter().find(|finding| finding.severity == ampere_core::lang::diagnostic::Severity::Error);
    Some(first.map_or_else(|| "the last pass was not brought to its end".to_owned(), |finding| finding.summary.clone()))
}

fn text(passed: &Passed) -> Text {
    let (report, figures) = (&passed.report, &passed.figures);
    let done = report.outcome.done;
    let mut text = Text::new();
    text.push(Style::Faint, report.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let (word, style) = match figures.succeeded {
        true => ("  Pass complete.", Style::Success),
        false => ("  Pass incomplete.", Style::Alarm),
    };
    text.push(style, word);
    text.plain(format!(
        " Accounts: {}. Resources: {} added, {} changed, {} destroyed.",
        report.accounts, done.added, done.changed, done.destroyed
    ));
    let departures =
        [(figures.begun, "begun"), (figures.held, "held"), (figures.open, "open"), (figures.confirmed, "confirmed")];
    listed(&mut text, "Departures", &departures);
    let posted = &report.posted;
    let notices =
        [(posted.delivered.sent, "sent"), (posted.counts.waiting, "waiting"), (posted.delivered.dropped, "given up")];
    listed(&mut text, "Notices", &notices);
    text.newline();
    if report.retention_only {
        text.push(Style::Warning, "  Only the promises were looked at, not the configuration.").newline();
    }
    for tombstone in report.open.iter().filter(|tombstone| tombstone.alarm.is_some()) {
        text.push(Style::Alarm, late(tombstone)).newline();
    }
    if !report.held.is_empty() {
        text.append(held(&report.held));
    }
    text
}

/// ` Departures: 1 begun, 2 open.`, without what is none.
fn listed(text: &mut Text, what: &str, counts: &[(usize, &str)]) {
    let some: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if !some.is_empty() {
        text.plain(format!(" {what}: {}.", some.join(", ")));
    }
}

fn late(tombstone: &Tombstone) -> String {
    format!(
        "  Not gone yet: {}, due since {}, must be gone by {}.",
        tombstone.owner,
        tombstone.since,
        tombstone.deadline()
    )
}

fn held(held: &[Departure]) -> Text {
    let mut text = Text::new();
    let first = held.first().map(|departure| ampere_core::retention::deadline(departure.since));
    let by = first.map(|by| format!(" The first must be gone by {by}.")).unwrap_or_default();
    text.push(Style::Alarm, "  The deletion guard waits for a person.").plain(format!(
        " {} accounts would go, more than may go within an hour.{by}\n  Look at them with: ampere tombstone list\n  If they are \
         right: ampere reconcile -approve={}\n",
        held.len(),
        held.len()
    ));
    text
}

fn document(passed: &Passed) -> serde_json::Value {
    let (report, figures) = (&passed.report, &passed.figures);
    json!({
        "@level": if figures.succeeded { "info" } else { "warn" },
        "@message": if figures.succeeded { "Pass complete" } else { "Pass incomplete" },
        "@module": "ampere.reconcile",
        "@timestamp": Timestamp::now(),
        "type": "reconcile_pass",
        "began_at": report.at,
        "seconds": figures.duration,
        "complete": figures.succeeded,
        "retention_only": report.retention_only,
        "accounts": report.accounts,
        "resources": {
            "added": report.outcome.done.added,
            "changed": report.outcome.done.changed,
            "destroyed": report.outcome.done.destroyed,
            "failed": report.outcome.failed,
        },
        "departures": {
            "begun": figures.begun,
            "held": figures.held,
            "open": figures.open,
            "confirmed": figures.confirmed,
        },
        "foreign_actions": report.foreign.len(),
        "guard_tripped": !report.held.is_empty(),
        "alarms": report.alarms.iter().map(|(owner, alarm)| json!({ "owner": owner, "alarm": alarm })).collect::<Vec<_>>(),
        "notices": {
            "queued": report.posted.queued,
            "sent": report.posted.delivered.sent,
            "put_off": report.posted.delivered.put_off,
            "dropped": report.posted.delivered.dropped,
            "waiting": report.posted.counts.waiting,
        },
    })
}
