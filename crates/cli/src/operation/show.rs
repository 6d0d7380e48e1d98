//! Plans and results on the screen or in the stream.
use ampere_core::lang::config::Module;
use ampere_core::lang::diagnostic::Diagnostics;
use ampere_core::lang::eval::render::render;
use ampere_core::plan::{Action, Mode};
use ampere_core::render::json::ui;
use ampere_core::render::plan::{Counts, Notes, PlanDocument, is_shown};
use ampere_core::render::{Style, Text};
use ampere_core::snapshot::Snapshot;
use jiff::Timestamp;

use super::run::Applied;
use crate::view::View;

/// Shows a plan and all findings, those made before it first.
pub fn show_plan(view: &View<'_>, document: &PlanDocument<'_>, notes: &Notes, module: &Module, before: &Diagnostics) {
    let mut findings = before.clone();
    findings.extend(document.plan.diagnostics.iter().cloned());
    if view.json {
        stream(view, document);
    } else {
        view.text(&document.to_text(notes));
    }
    view.findings(&findings, &module.sources);
}

fn stream(view: &View<'_>, document: &PlanDocument<'_>) {
    let plan = document.plan;
    let now = Timestamp::now();
    for drift in &plan.drift {
        view.message(&ui::drift(now, drift));
    }
    for change in plan.changes.iter().filter(|c| is_shown(c)) {
        view.message(&ui::planned_change(now, change));
    }
    for deferred in &plan.deferred {
        view.message(&ui::deferred(now, deferred));
    }
    if plan.diagnostics.has_errors() {
        return;
    }
    view.message(&ui::change_summary(now, &document.counts(), "plan"));
    if plan.outputs.values().any(|output| output.action != Action::NoOp) {
        view.message(&ui::planned_outputs(now, plan));
    }
}

/// Shows what was done, what waits, and the outputs as they are now.
pub fn show_result(view: &View<'_>, applied: &Applied, module: &Module, mode: Mode, after: &Snapshot) {
    view.findings(&applied.outcome.diagnostics, &module.sources);
    let done = applied.outcome.done;
    let counts = Counts {
        import: done.imported,
        add: done.added,
        change: done.changed,
        remove: done.destroyed,
        forget: done.forgotten,
        deferred: applied.outcome.deferred.len(),
    };
    if view.json {
        let now = Timestamp::now();
        for deferred in &applied.outcome.deferred {
            view.message(&ui::deferred(now, deferred));
        }
        if applied.outcome.is_complete() {
            let operation = if mode == Mode::Destroy { "destroy" } else { "apply" };
            view.message(&ui::change_summary(now, &counts, operation));
            view.message(&ui::outputs(now, after));
        }
        return;
    }
    let mut text = Text::from("\n");
    let (word, style) = match (applied.outcome.is_complete(), mode) {
        (true, Mode::Destroy) => ("Destroy complete!", Style::Success),
        (true, _) => ("Apply complete!", Style::Success),
        (false, _) if applied.outcome.cancelled => ("Stopped.", Style::Alarm),
        (false, _) => ("Applied in part.", Style::Alarm),
    };
    text.push(style, word).push(style, summary(&counts, mode)).newline();
    if !applied.outcome.is_complete() {
        text.plain(format!(
            "{} failed, {} not begun. What is left is in the next plan.\n",
            applied.outcome.failed, applied.outcome.skipped
        ));
    }
    for waiting in &applied.outcome.deferred {
        text.newline().push(Style::Strong, waiting.address.to_string()).plain(format!(" waits: {}\n", waiting.reason));
        if let Some(url) = &waiting.url {
            text.plain("  → ").push(Style::Highlight, url).newline();
        }
    }
    if !after.outputs.is_empty() {
        text.newline().push(Style::Success, "Outputs:").newline().newline();
        text.append(outputs(after));
    }
    view.text(&text);
}

fn summary(counts: &Counts, mode: Mode) -> String {
    if mode == Mode::Destroy {
        return format!(" Resources: {} destroyed.", counts.remove);
    }
    let import = if counts.import > 0 { format!("{} imported, ", counts.import) } else { String::new() };
    format!(" Resources: {import}{} added, {} changed, {} destroyed.", counts.add, counts.change, counts.remove)
}

/// `name = value` lines; sensitive values are not shown.
pub fn outputs(snapshot: &Snapshot) -> Text {
    let mut text = Text::new();
    for (name, output) in &snapshot.outputs {
        let value = if output.sensitive { "<sensitive>".to_owned() } else { render(&output.value, 0) };
        text.plain(format!("{name} = {value}")).newline();
    }
    text
}
