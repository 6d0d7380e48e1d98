//! The parts of a plan beside its changes: drift, what waits, the legend, the line of counts.
use super::{Counts, PlanDocument, change, is_shown};
use crate::inventory::Depth;
use crate::plan::{Action, Drift, Plan};
use crate::render::diff::{self, Options, Pair};
use crate::render::{Style, Text};

/// Between the note of drift and the plan.
const RULE_WIDTH: usize = 77;

/// What was not looked at for this plan, and when it was the last time.
pub fn depth(text: &mut Text, plan: &Plan) {
    if plan.looked.depth != Some(Depth::Objects) {
        return;
    }
    let minutes = plan.looked.parts_at.map(|at| plan.made_at.duration_since(at).as_mins());
    let when = match minutes {
        None => "never".to_owned(),
        Some(..=0) => "less than a minute ago".to_owned(),
        Some(1) => "1 minute ago".to_owned(),
        Some(minutes) => format!("{minutes} minutes ago"),
    };
    let line = format!("Firewall rules, refunds and leftovers were last looked at {when};\n-thorough looks now.");
    text.newline().push(Style::Faint, line).newline();
}

/// What was changed behind our back.
pub fn drift(text: &mut Text, document: &PlanDocument<'_>, refresh_only: bool) {
    if document.plan.drift.is_empty() {
        return;
    }
    text.newline()
        .push(Style::Read, "Note: ")
        .push(Style::Strong, "Objects have changed outside of Ampere")
        .newline()
        .newline();
    text.plain("Ampere detected the following changes made outside of Ampere since the last\n\"ampere apply\":\n");
    for drift in &document.plan.drift {
        text.newline();
        drifted(text, document, drift);
    }
    text.newline();
    if refresh_only {
        text.plain(
            "This is a refresh-only plan, so Ampere will not take any actions to undo\n\
             these. If you were expecting these changes then you can apply this plan to\n\
             record the updated values in the state without changing any remote objects.\n",
        );
    } else {
        text.plain(
            "Unless you have made equivalent changes to your configuration, or ignored the\n\
             relevant attributes using ignore_changes, the following plan may include\n\
             actions to undo or respond to these changes.\n",
        );
        rule(text);
    }
}

fn drifted(text: &mut Text, document: &PlanDocument<'_>, drift: &Drift) {
    let (word, action) =
        if drift.after.is_some() { ("has changed", Action::Update) } else { ("has been deleted", Action::Delete) };
    text.push(Style::Strong, format!("  # {}", drift.address)).plain(format!(" {word}")).newline();
    text.push(change::symbol_style(action), change::symbol(action)).plain(" ");
    let pair = Pair { before: Some(&drift.before), after: drift.after.as_ref() };
    let attributes = diff::attributes(document.schema(drift.address.kind()), pair, &[]);
    change::block(text, &drift.address, &attributes, Options::default());
}

/// What waits for something outside, and where a person can help.
pub fn deferred(text: &mut Text, document: &PlanDocument<'_>) {
    if document.plan.deferred.is_empty() {
        return;
    }
    text.newline().plain("Ampere puts off the following until what they wait for has come:").newline();
    for waiting in &document.plan.deferred {
        text.newline().push(Style::Strong, format!("  # {}", waiting.address)).push(Style::Update, " waits").newline();
        text.plain(format!("  # ({})", waiting.reason.trim_end_matches('.'))).newline();
        if let Some(url) = &waiting.url {
            text.plain("  # → ").push(Style::Highlight, url).newline();
        }
    }
}

/// The symbols that this plan uses.
pub fn legend(document: &PlanDocument<'_>) -> Text {
    let mut text = Text::new();
    let meanings = [
        (Action::Create, "create"),
        (Action::Update, "update in-place"),
        (Action::Delete, "destroy"),
        (Action::DeleteThenCreate, "destroy and then create replacement"),
        (Action::CreateThenDelete, "create replacement and then destroy"),
        (Action::Read, "read"),
        (Action::Forget, "no longer manage"),
    ];
    for (action, meaning) in meanings {
        if document.plan.changes.iter().any(|c| is_shown(c) && c.action == action) {
            text.push(change::symbol_style(action), change::symbol(action)).plain(format!(" {meaning}")).newline();
        }
    }
    text
}

/// `Plan: 4 to add, 0 to change, 0 to destroy.`
pub fn counts(text: &mut Text, counts: &Counts) {
    text.newline().push(Style::Strong, "Plan:").plain(format!(" {}.", counts.phrase()));
    if counts.deferred > 0 {
        text.plain(format!(" {} deferred.", counts.deferred));
    }
    text.newline();
}

/// A line across.
pub fn rule(text: &mut Text) {
    text.newline().push(Style::Faint, "─".repeat(RULE_WIDTH)).newline();
}
