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
        sections::depth(&mut text, self.plan);
        let refresh_only = self.plan.mode == Mode::RefreshOnly;
        sections::drift(&mut text, self, refresh_only);
        let shown: Vec<_> = self.plan.changes.iter().filter(|c| is_shown(c)).collect();
        if self.plan.diagnostics.has_errors() && shown.is_empty() {
            text.newline().push(Style::Error, "Planning failed.");
            text.plain(" Ampere encountered an error while generating this plan.").newline();
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
        let legend = sections::legend(self);
        text.newline().plain("Ampere compared the configuration with what really is.");
        if !legend.is_empty() {
            text.plain(" Resource actions are\nindicated with the following symbols:");
        }
        text.newline().append(legend);
        let headline = match self.plan.diagnostics.has_errors() {
            true => "Ampere planned the following actions, but then encountered a problem:",
            false => "Ampere will perform the following actions:",
        };
        text.newline().plain(headline).newline();
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
            Mode::Recover => (
                "Nothing is to be recovered.",
                "The state knows every object that bears its mark and stands in the configuration.",
            ),
            Mode::Retention => (
                "Nobody has to be deleted.",
                "Every household that is still there has a subscription in force, or one that\nmay yet be paid.",
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
