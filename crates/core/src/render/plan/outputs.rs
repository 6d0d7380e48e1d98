//! `Changes to Outputs:`
use ampere_lang::value::{Marks, Value};

use crate::plan::{Action, OutputChange, Plan};
use crate::render::Text;
use crate::render::diff::{self, Node, Options, Pair};

/// Writes the section, if an output changes.
pub fn write(text: &mut Text, plan: &Plan) {
    let changes: Vec<(&str, Node)> = plan
        .outputs
        .iter()
        .filter(|(_, change)| change.action != Action::NoOp)
        .map(|(name, change)| (name.as_ref(), node(change)))
        .collect();
    if changes.is_empty() {
        return;
    }
    text.newline().plain("Changes to Outputs:").newline();
    let width = changes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, node) in &changes {
        diff::entry(text, name, width, node, 0, Options::default());
    }
}

fn node(change: &OutputChange) -> Node {
    let mark = |value: &Value| {
        if change.sensitive { value.clone().with_marks(Marks::SENSITIVE) } else { value.clone() }
    };
    let before = change.before.as_ref().filter(|v| !v.is_null()).map(mark);
    let after = change.after.as_ref().filter(|v| !v.is_null()).map(mark);
    let mut node = diff::compare(Pair { before: before.as_ref(), after: after.as_ref() });
    if node.action == diff::Action::NoOp {
        // Only whether it is declared sensitive changes, or the type.
        node.action = diff::Action::Update;
    }
    node
}
