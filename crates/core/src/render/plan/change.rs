//! The change of one instance, as text.
use ampere_lang::eval::InstanceKey;

use super::PlanDocument;
use crate::address::Address;
use crate::plan::{Action, Change, Reason};
use crate::render::diff::{self, Attribute, Options, Pair};
use crate::render::{Style, Text};

/// Writes the comment lines and the block of a change.
pub fn write(text: &mut Text, document: &PlanDocument<'_>, change: &Change) {
    comments(text, change);
    text.push(symbol_style(change.action), symbol(change.action)).plain(" ");
    let pair = Pair { before: change.before.as_ref(), after: change.after.as_ref() };
    let pair = if change.action == Action::Forget { Pair { before: pair.before, after: pair.before } } else { pair };
    let attributes = diff::attributes(document.schema(change.address.kind()), pair, &change.replace_paths);
    block(text, &change.address, &attributes, Options::default());
}

/// Writes `resource "type" "name" { … }`.
pub fn block(text: &mut Text, address: &Address, attributes: &[Attribute], options: Options) {
    text.plain(format!("resource \"{}\" \"{}\" {{", address.resource.resource_type, address.resource.name)).newline();
    diff::block_body(text, attributes, options);
    if !options.without_symbols {
        text.plain("    ");
    }
    text.plain("}").newline();
}

fn comments(text: &mut Text, change: &Change) {
    let subject = match &change.deposed {
        Some(key) => format!("{} (deposed object {key})", change.address),
        None => change.address.to_string(),
    };
    let (headline, style) = headline(change);
    match (&change.previous_address, change.action) {
        (Some(previous), Action::NoOp) => {
            text.push(Style::Strong, format!("  # {previous}"))
                .plain(" has moved to ")
                .push(Style::Strong, &subject)
                .newline();
        }
        (previous, _) => {
            text.push(Style::Strong, format!("  # {subject}")).plain(" ").push(style, headline).newline();
            if let Some(previous) = previous {
                text.plain(format!("  # (moved from {previous})")).newline();
            }
        }
    }
    if let Some(reason) = reason(change) {
        text.plain(format!("  # ({reason})")).newline();
    }
    if let Some(id) = &change.importing {
        text.plain(format!("  # (imported from \"{id}\")")).newline();
    }
    if let Some(deadline) = change.deadline {
        text.push(Style::Alarm, format!("  # Must be done by {deadline}.")).newline();
    }
    if let Some(loss) = &change.loss {
        text.push(Style::Alarm, format!("  # {}", sentence(loss))).newline();
    }
}

/// The text as a sentence: a capital in front, a period behind.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn headline(change: &Change) -> (&'static str, Style) {
    match (change.action, &change.reason) {
        (Action::NoOp, _) if change.importing.is_some() => ("will be imported", Style::Plain),
        (Action::NoOp, _) => ("is not changed", Style::Plain),
        (Action::Create, _) => ("will be created", Style::Plain),
        (Action::Read, _) => ("will be read during apply", Style::Plain),
        (Action::Update, _) => ("will be updated in-place", Style::Plain),
        (Action::Delete, _) => ("will be destroyed", Style::Alarm),
        (Action::Forget, _) => ("will no longer be managed by Ampere, but will not be destroyed", Style::Plain),
        (_, Some(Reason::Tainted)) => ("is tainted, so must be replaced", Style::Alarm),
        (_, Some(Reason::Requested)) => ("will be replaced, as requested", Style::Alarm),
        (_, Some(Reason::Triggered)) => ("will be replaced due to changes in replace_triggered_by", Style::Alarm),
        _ => ("must be replaced", Style::Alarm),
    }
}

/// Why it happens, where the headline does not say it already.
fn reason(change: &Change) -> Option<String> {
    if change.deposed.is_some() {
        return Some("left over from a partially-failed replacement of this instance".to_owned());
    }
    Some(match change.reason.as_ref()? {
        Reason::NoResourceConfig => format!("because {} is not in configuration", change.address.resource),
        Reason::EachKey => format!("because key {} is not in for_each map", key(change.address.key.as_ref())),
        Reason::CountIndex => format!("because index {} is out of range for count", key(change.address.key.as_ref())),
        Reason::WrongRepetition if change.address.key.is_some() => {
            "because the resource does not use this kind of key".to_owned()
        }
        Reason::WrongRepetition => "because the resource uses count or for_each".to_owned(),
        Reason::NoMoveTarget => {
            format!("because {} was moved, and its new address is not in configuration", change.address)
        }
        Reason::Orphan => "because it bears this stack's mark, and neither configuration nor state knows it".to_owned(),
        Reason::Ended { why } => format!("because {}", why.trim_end_matches('.')),
        Reason::Missing => "because it was deleted outside of Ampere".to_owned(),
        Reason::PartsMissing(parts) => format!("because parts of it are missing: {}", parts.join(", ")),
        Reason::CannotUpdate | Reason::Tainted | Reason::Requested | Reason::Triggered => return None,
    })
}

fn key(key: Option<&InstanceKey>) -> String {
    match key {
        Some(InstanceKey::Index(n)) => format!("[{n}]"),
        Some(InstanceKey::Key(k)) => format!("[{k:?}]"),
        None => "(none)".to_owned(),
    }
}

/// The symbol in front of a block, three columns wide.
pub fn symbol(action: Action) -> &'static str {
    match action {
        Action::NoOp => "   ",
        Action::Create => "  +",
        Action::Read => " <=",
        Action::Update => "  ~",
        Action::DeleteThenCreate => "-/+",
        Action::CreateThenDelete => "+/-",
        Action::Delete => "  -",
        Action::Forget => "  .",
    }
}

/// What the symbol means to its reader.
pub fn symbol_style(action: Action) -> Style {
    match action {
        Action::NoOp => Style::Plain,
        Action::Create => Style::Create,
        Action::Read => Style::Read,
        Action::Update | Action::Forget => Style::Update,
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::Delete => Style::Delete,
    }
}
