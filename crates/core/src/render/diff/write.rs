//! A tree of differences as Terraform writes it.
use super::compare::Attribute;
use super::{Action, Body, Node, string};
use crate::render::{Style, Text};

/// How a tree is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// No `+`, `-`, `~` and no column for them: the tree is a state, not a change.
    pub without_symbols: bool,
    /// Also what does not change.
    pub show_unchanged: bool,
    /// What goes is not followed by `-> null` (the thing around it is).
    pub without_null: bool,
}

impl Options {
    fn inside(self) -> Options {
        Options { without_null: true, ..self }
    }

    fn unchanged(self) -> Options {
        Options { show_unchanged: true, ..self.inside() }
    }
}

/// Entries that are shown even when they do not change: by them a person knows the object.
const IMPORTANT: [&str; 3] = ["id", "name", "tags"];

/// A name as it must be written before `=`: in quotes unless it is an identifier.
pub fn key(name: &str) -> String {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if starts && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
        name.to_owned()
    } else {
        string::quoted(name)
    }
}

/// Writes a value that begins on the current line of `text`, its own lines at `indent`.
pub fn value(text: &mut Text, node: &Node, indent: usize, options: Options) {
    match &node.body {
        Body::Word { before, after } => word(text, node, before.as_deref(), after.as_deref(), options),
        Body::Lines(lines) => block(text, node, lines, indent, options),
        Body::Json { inner, only_spaces } => json(text, node, inner, *only_spaces, indent, options),
        Body::Mapping { entries, noun } => mapping(text, node, entries, noun, indent, options),
        Body::Sequence { items, ordered } => sequence(text, node, items, *ordered, indent, options),
        Body::Other { before, after } => {
            value(text, before, indent, options.inside());
            text.push(Style::Update, " -> ");
            value(text, after, indent, options.inside());
            forces(text, node);
        }
        Body::Unknown { before } => {
            if let Some(before) = before {
                value(text, before, indent, options.inside());
                text.push(Style::Update, " -> ");
            }
            text.plain("(known after apply)");
            forces(text, node);
        }
        Body::Sensitive { .. } => {
            text.plain("(sensitive value)");
            null(text, node, options);
            forces(text, node);
        }
        Body::WriteOnly => {
            text.plain("(write-only attribute)");
            forces(text, node);
        }
    }
}

/// Names are aligned up to this width. A longer one stands for itself: all others would be filled up to it.
const WIDEST: usize = 256;

/// Writes one `key = value` line (and what follows from it), with notices in front.
pub fn entry(text: &mut Text, name: &str, width: usize, node: &Node, indent: usize, options: Options) {
    notices(text, node, indent);
    margin(text, indent, node.action, options);
    text.plain(format!("{name:width$} = ", width = width.min(WIDEST)));
    value(text, node, indent, options);
    text.newline();
}

/// Writes the attributes of a resource block, one a line, its hidden ones counted.
pub fn block_body(text: &mut Text, attributes: &[Attribute], options: Options) {
    let names: Vec<String> = attributes.iter().map(|a| key(&a.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut unchanged = 0;
    for (attribute, name) in attributes.iter().zip(&names) {
        let important = is_important(&attribute.name);
        let options = Options { show_unchanged: options.show_unchanged || important, ..options };
        if attribute.node.action == Action::NoOp && !options.show_unchanged {
            unchanged += 1;
            continue;
        }
        entry(text, name, width, &attribute.node, 1, options);
    }
    hidden(text, unchanged, "attribute", 1, options);
}

/// The columns before a line's text: indentation and the symbol of what happens.
pub fn margin(text: &mut Text, indent: usize, action: Action, options: Options) {
    text.plain(" ".repeat(4 * indent));
    if options.without_symbols {
        return;
    }
    match action {
        Action::NoOp => text.plain("    "),
        Action::Create => text.push(Style::Create, "  + "),
        Action::Update => text.push(Style::Update, "  ~ "),
        Action::Delete => text.push(Style::Delete, "  - "),
    };
}

/// `# (3 unchanged attributes hidden)`
pub fn hidden(text: &mut Text, count: usize, noun: &str, indent: usize, options: Options) {
    if count == 0 {
        return;
    }
    margin(text, indent, Action::NoOp, options);
    let plural = if count == 1 { "" } else { "s" };
    text.push(Style::Faint, format!("# ({count} unchanged {noun}{plural} hidden)")).newline();
}

/// Whether an entry of that name is shown even when it does not change.
pub fn is_important(name: &str) -> bool {
    IMPORTANT.contains(&name)
}

fn notices(text: &mut Text, node: &Node, indent: usize) {
    if let Body::Sensitive { notice: Some(notice) } = &node.body {
        for line in notice.lines() {
            text.plain(" ".repeat(4 * indent + 2)).push(Style::Alarm, line).newline();
        }
    }
}

fn word(text: &mut Text, node: &Node, before: Option<&str>, after: Option<&str>, options: Options) {
    match (node.action, before, after) {
        (Action::Update, before, after) => {
            text.plain(before.unwrap_or("null")).push(Style::Update, " -> ").plain(after.unwrap_or("null"));
        }
        (_, before, after) => {
            text.plain(after.or(before).unwrap_or("null"));
            null(text, node, options);
        }
    }
    forces(text, node);
}

fn block(text: &mut Text, node: &Node, lines: &[(Action, String)], indent: usize, options: Options) {
    text.plain("<<-EOT");
    forces(text, node);
    text.newline();
    for (action, line) in lines {
        margin(text, indent + 1, *action, options);
        text.plain(printable(line)).newline();
    }
    margin(text, indent, Action::NoOp, options);
    text.plain("EOT");
    null(text, node, options);
}

/// A line without characters that would steer a terminal.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

fn json(text: &mut Text, node: &Node, inner: &Node, only_spaces: bool, indent: usize, options: Options) {
    text.plain("jsonencode(");
    if only_spaces {
        text.push(
            Style::Faint,
            if node.replace { " # whitespace changes force replacement" } else { " # whitespace changes" },
        );
    } else {
        forces(text, node);
    }
    text.newline();
    let shown = if inner.action == Action::Update { Action::Update } else { Action::NoOp };
    margin(text, indent + 1, shown, options);
    let options_inside = if inner.action == Action::NoOp { options.unchanged() } else { options.inside() };
    value(text, inner, indent + 1, options_inside);
    text.newline();
    margin(text, indent, Action::NoOp, options);
    text.plain(")");
    null(text, node, options);
}

fn mapping(text: &mut Text, node: &Node, entries: &[(String, Node)], noun: &str, indent: usize, options: Options) {
    if entries.is_empty() {
        text.plain("{}");
        null(text, node, options);
        forces(text, node);
        return;
    }
    text.plain("{");
    forces(text, node);
    text.newline();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut unchanged = 0;
    for (name, child) in entries {
        let inside = if is_important(name) { options.unchanged() } else { options.inside() };
        if child.action == Action::NoOp && !inside.show_unchanged {
            unchanged += 1;
            continue;
        }
        entry(text, name, width, child, indent + 1, inside);
    }
    hidden(text, unchanged, noun, indent + 1, options);
    margin(text, indent, Action::NoOp, options);
    text.plain("}");
    null(text, node, options);
}

fn sequence(text: &mut Text, node: &Node, items: &[Node], ordered: bool, indent: usize, options: Options) {
    if items.is_empty() {
        text.plain("[]");
        null(text, node, options);
        forces(text, node);
        return;
    }
    text.plain("[");
    forces(text, node);
    text.newline();
    let mut skipped: Vec<&Node> = Vec::new();
    let mut show_next = false;
    for item in items {
        let unchanged = item.action == Action::NoOp;
        if unchanged && !show_next && !options.show_unchanged {
            skipped.push(item);
            continue;
        }
        if ordered {
            if let Some(neighbour) = skipped.pop() {
                hidden(text, skipped.len(), "element", indent + 1, options);
                element(text, neighbour, indent + 1, options.unchanged());
            }
            skipped.clear();
            show_next = !unchanged;
        }
        element(text, item, indent + 1, if unchanged { options.unchanged() } else { options.inside() });
    }
    hidden(text, skipped.len(), "element", indent + 1, options);
    margin(text, indent, Action::NoOp, options);
    text.plain("]");
    null(text, node, options);
}

fn element(text: &mut Text, node: &Node, indent: usize, options: Options) {
    notices(text, node, indent);
    margin(text, indent, node.action, options);
    value(text, node, indent, options);
    text.plain(",").newline();
}

fn null(text: &mut Text, node: &Node, options: Options) {
    if node.action == Action::Delete && !options.without_null {
        text.push(Style::Faint, " -> null");
    }
}

fn forces(text: &mut Text, node: &Node) {
    if node.replace {
        text.push(Style::Alarm, " # forces replacement");
    }
}
