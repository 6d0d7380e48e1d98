//! A whole plan as text.
use super::{PlanDocument, change, is_shown, outputs, sections};
use crate::plan::Mode;
use crate::render::{Style, Text};

/// What the reader should know beside the plan itself.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Where the clouds are, when they are the sandbox.
    pub sandbox: Option<String>,
}

impl PlanDocument<'_> {
    /// The plan as people read it. Findings are not in it: they are shown apart.
    pub fn to_text(&self, notes: &Notes) -> Text {
        let mut text = Text::new();
        if let Some(address) = &notes.sandbox {
            text.newline().push(
                Style::Faint,
                format!("No endpoints and tokens are given: the clouds are the sandbox at {address}."),
            );
            text.newline();
        }
        let refresh_only = self.plan.mode == Mode::RefreshOnly;
        sections::drift(&mut text, self, refresh_only);
        let shown: Vec<_> = self.plan.changes.iter().filter(|c| is_shown(c)).collect();
        if self.plan.diagnostics.has_errors() {
            self.failed(&mut text, shown.is_empty());
        }
        if !self.has_changes() && self.plan.deferred.is_empty() {
            if !self.plan.diagnostics.has_errors() {
                self.no_changes(&mut text);
            }
            return text;
        }
        if !shown.is_empty() {
            self.introduction(&mut text);
            for change in &shown {
                text.newline();
                change::write(&mut text, self, change);
            }
        }
        sections::deferred(&mut text, self);
        if !shown.is_empty() || !self.plan.deferred.is_empty() {
            sections::counts(&mut text, &self.counts());
        }
        outputs::write(&mut text, self.plan);
        if shown.is_empty() && self.plan.deferred.is_empty() && !refresh_only {
            text.newline().plain(
                "You can apply this plan to save these new output values to the state,\n\
                 without changing any real infrastructure.\n",
            );
        }
        text
    }

    fn introduction(&self, text: &mut Text) {
        text.newline().plain(
            "Ampere compared the configuration with what really is. Resource actions are\n\
             indicated with the following symbols:\n",
        );
        sections::legend(text, self);
        let verb = if self.plan.diagnostics.has_errors() { "would perform" } else { "will perform" };
        text.newline().plain(format!("Ampere {verb} the following actions:")).newline();
    }

    fn failed(&self, text: &mut Text, is_empty: bool) {
        text.newline();
        text.push(Style::Error, "Planning failed.");
        text.plain(if is_empty {
            " Ampere encountered an error while generating this plan."
        } else {
            " What follows is what could be found out, and it cannot be applied."
        });
        text.newline();
    }

    fn no_changes(&self, text: &mut Text) {
        let drifted = !self.plan.drift.is_empty();
        let (headline, detail) = match self.plan.mode {
            Mode::Destroy => (
                "No objects need to be destroyed.",
                "Either you have not created any objects yet or the existing objects were\nalready deleted outside of Ampere.",
            ),
            Mode::RefreshOnly => (
                "Your infrastructure still matches the configuration.",
                "Ampere has checked that the real remote objects still match the result of\nyour most recent changes, and found no differences.",
            ),
            Mode::Normal if drifted => (
                "Your infrastructure matches the configuration.",
                "Your configuration already says what was changed outside. The next apply\nwrites it into the state.",
            ),
            Mode::Normal => (
                "Your infrastructure matches the configuration.",
                "Ampere has compared your real infrastructure against your configuration\nand found no differences, so no changes are needed.",
            ),
        };
        text.newline().push(Style::Success, "No changes.").push(Style::Strong, format!(" {headline}"));
        text.newline().newline().plain(detail).newline();
    }
}
