//! The question before anything is changed.
use std::io::BufRead;

use ampere_core::plan::Mode;
use ampere_core::render::{Style, Text};

use super::input_enabled;
use crate::failure::Failure;
use crate::view::View;

/// Asks a person; only `yes` is a yes.
///
/// # Errors
/// There is no one to ask.
pub fn approve(view: &View<'_>, mode: Mode, may_ask: bool) -> Result<bool, Failure> {
    if view.json || !may_ask || !input_enabled() {
        let detail = "Nobody can be asked here: apply a saved plan file, or say -auto-approve.";
        return Err(Failure::error("Plan file or auto-approve required", detail));
    }
    let (question, explanation) = match mode {
        Mode::Normal => ("Do you want to perform these actions?", "Ampere will perform the actions described above."),
        Mode::Destroy => (
            "Do you really want to destroy all resources?",
            "Ampere will destroy everything of this stack, as shown above.\n  There is no undo.",
        ),
        Mode::Retention => (
            "Do you want to delete these households?",
            "Ampere will delete everything that belongs to them, as shown above.\n  There is no undo.",
        ),
        Mode::Recover => (
            "Would you like to write these objects into the state?",
            "Ampere will write them down without modifying any real infrastructure.",
        ),
        Mode::RefreshOnly => (
            "Would you like to update the state to reflect these detected changes?",
            "Ampere will write these changes to the state without modifying any real infrastructure.\n  There is no undo.",
        ),
    };
    ask(view, question, explanation)
}

/// Asks a person about something that no plan says; only `yes` is a yes.
///
/// # Errors
/// There is no one to ask.
pub fn confirm(view: &View<'_>, question: &str, explanation: &str) -> Result<bool, Failure> {
    if view.json || !input_enabled() {
        return Err(Failure::error("Approval required", "Nobody can be asked here: say -auto-approve."));
    }
    ask(view, question, explanation)
}

fn ask(view: &View<'_>, question: &str, explanation: &str) -> Result<bool, Failure> {
    let mut text = Text::from("\n");
    text.push(Style::Strong, question).newline();
    text.plain(format!("  {explanation}\n  Only 'yes' will be accepted to approve.\n\n  "));
    text.push(Style::Strong, "Enter a value: ");
    view.terminal.out(&text);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    view.terminal.line("");
    read.map_err(|error| Failure::error("No answer", format!("The answer could not be read: {error}.")))?;
    Ok(answer.trim_end_matches(['\r', '\n']) == "yes")
}
