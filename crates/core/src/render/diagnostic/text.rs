//! Findings as text.
use ampere_lang::diagnostic::{Diagnostic, Severity};
use ampere_lang::source::SourceMap;

use super::Snippet;
use crate::render::{Style, Text};

/// How findings are laid out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// A frame of `╷ │ ╵` at the left, as on a capable terminal.
    pub framed: bool,
    /// A line of `^` below the source, for readers without colour.
    pub carets: bool,
    /// Columns to wrap paragraphs at; 0 does not wrap.
    pub width: usize,
}

/// A finding with everything that is known of it: severity, summary, address, place, source, detail, promise.
pub fn to_text(finding: &Diagnostic, sources: &SourceMap, layout: Layout) -> Text {
    let (style, word) = match finding.severity {
        Severity::Error => (Style::Error, "Error: "),
        Severity::Warning => (Style::Warning, "Warning: "),
    };
    let mut body = Text::new();
    body.push(style, word).push(Style::Strong, &finding.summary).newline().newline();
    place(&mut body, finding, sources, layout.carets);
    let inner_width = if layout.framed { layout.width.saturating_sub(2) } else { layout.width };
    paragraphs(&mut body, &finding.detail, inner_width);
    if let Some(promise) = finding.promise {
        if !finding.detail.is_empty() {
            body.newline();
        }
        body.push(Style::Faint, format!("This is about promise {promise} of the privacy policy.")).newline();
    }
    if layout.framed { framed(&body, style) } else { unframed(body) }
}

/// Warnings by their summaries, one line each, as `-compact-warnings` asks for.
pub fn compact_warnings<'a>(warnings: impl IntoIterator<Item = &'a Diagnostic>, sources: &SourceMap) -> Text {
    let mut groups: Vec<(&Diagnostic, usize)> = Vec::new();
    for warning in warnings {
        match groups.iter_mut().find(|(first, _)| first.summary == warning.summary) {
            Some((_, more)) => *more += 1,
            None => groups.push((warning, 0)),
        }
    }
    let mut text = Text::new();
    if groups.is_empty() {
        return text;
    }
    text.push(Style::Warning, "Warnings:").newline().newline();
    for (warning, more) in groups {
        text.push(Style::Strong, format!("- {}", warning.summary)).newline();
        if let Some(snippet) = Snippet::of(warning, sources) {
            text.plain(format!("  on {} line {}", snippet.file, snippet.start.line));
            if more > 0 {
                text.plain(format!(" (and {more} more)"));
            }
            text.newline();
        }
    }
    text.newline().plain("To see the full warning notes, run Ampere without -compact-warnings.").newline();
    text
}

fn place(body: &mut Text, finding: &Diagnostic, sources: &SourceMap, carets: bool) {
    if let Some(address) = &finding.address {
        body.plain(format!("  with {address},")).newline();
    }
    let Some(snippet) = Snippet::of(finding, sources) else {
        if finding.address.is_some() {
            body.newline();
        }
        return;
    };
    body.plain(format!("  on {} line {}", snippet.file, snippet.start.line));
    if let Some(context) = &snippet.context {
        body.plain(format!(", in {context}"));
    }
    match &snippet.code {
        Some(code) => {
            body.plain(":").newline();
            source_lines(body, &snippet, code, carets);
        }
        None => {
            body.plain(":").newline().push(Style::Faint, "  (source code not shown: it may hold a secret)").newline();
        }
    }
    body.newline();
}

fn source_lines(body: &mut Text, snippet: &Snippet, code: &str, carets: bool) {
    let (from, to) = snippet.highlight;
    let mut offset = 0;
    for (i, line) in code.split('\n').enumerate() {
        let number = snippet.start.line as usize + i;
        let begin = from.saturating_sub(offset).min(line.len());
        let end = to.saturating_sub(offset).min(line.len());
        body.plain(format!("{number:4}: "));
        match (line.get(..begin), line.get(begin..end), line.get(end..)) {
            (Some(before), Some(meant), Some(after)) => {
                body.plain(before).push(Style::Highlight, meant).plain(after).newline();
                if carets && !meant.trim().is_empty() {
                    let gap: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                    body.plain(format!("      {gap}")).push(Style::Error, "^".repeat(meant.chars().count())).newline();
                }
            }
            _ => {
                body.plain(line).newline();
            }
        }
        offset += line.len() + 1;
    }
}

/// Wraps each line at the width, but for lines that are indented: those are laid out already.
fn paragraphs(body: &mut Text, text: &str, width: usize) {
    if text.is_empty() {
        return;
    }
    for line in text.trim_end().split('\n') {
        if width == 0 || line.starts_with(' ') || line.chars().count() <= width {
            body.plain(line).newline();
            continue;
        }
        let mut column = 0;
        for word in line.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > width {
                body.newline();
                column = 0;
            }
            if column > 0 {
                body.plain(" ");
                column += 1;
            }
            body.plain(word);
            column += length;
        }
        body.newline();
    }
}

fn framed(body: &Text, style: Style) -> Text {
    let mut text = Text::new();
    text.push(style, "╷").newline();
    for line in trimmed(body) {
        text.push(style, "│").plain(" ").append(line).newline();
    }
    text.push(style, "╵").newline();
    text
}

fn unframed(body: Text) -> Text {
    let mut text = Text::from("\n");
    for line in trimmed(&body) {
        text.append(line).newline();
    }
    text
}

/// The lines without empty ones at the end.
fn trimmed(body: &Text) -> Vec<Text> {
    let mut lines = body.lines();
    while lines.last().is_some_and(Text::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampere_lang::source::{Pos, Span};

    fn finding() -> (Diagnostic, SourceMap) {
        let mut sources = SourceMap::default();
        let file = sources.add("main.tf", "resource \"a\" \"b\" {\n  x = foo\n}\n");
        let start = Pos { line: 2, column: 7, byte: 25 };
        let end = Pos { line: 2, column: 10, byte: 28 };
        (Diagnostic::error("Invalid reference", "A word alone.").at(Span { file, start, end }).about("a.b"), sources)
    }

    #[test]
    fn framed_as_terraform_does() {
        let (finding, sources) = finding();
        let text = to_text(&finding, &sources, Layout { framed: true, carets: false, width: 78 }).to_string();
        let want = "╷\n│ Error: Invalid reference\n│ \n│   with a.b,\n│   on main.tf line 2, in resource \"a\" \"b\":\n\
                    │    2:   x = foo\n│ \n│ A word alone.\n╵\n";
        assert_eq!(text, want);
    }

    #[test]
    fn plain_with_carets_where_there_is_no_colour() {
        let (finding, sources) = finding();
        let text = to_text(&finding, &sources, Layout { framed: false, carets: true, width: 78 }).to_string();
        assert!(text.contains("   2:   x = foo\n            ^^^\n"), "{text}");
    }

    #[test]
    fn paragraphs_wrap_and_laid_out_lines_do_not() {
        let mut body = Text::new();
        paragraphs(&mut body, "one two three\n  a very long line stays", 8);
        assert_eq!(body.to_string(), "one two\nthree\n  a very long line stays\n");
    }

    #[test]
    fn compact_warnings_are_counted() {
        let (mut first, sources) = finding();
        first.severity = Severity::Warning;
        let text = compact_warnings([&first, &first.clone()], &sources).to_string();
        assert!(text.contains("- Invalid reference\n  on main.tf line 2 (and 1 more)\n"), "{text}");
    }
}
