//! The source lines that a finding is about.
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::source::{Pos, SourceMap, Span};

/// Lines of a configuration file, and the part of them that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Name of the file.
    pub file: String,
    /// Where the meant part begins; an empty span is widened to one character.
    pub start: Pos,
    /// Where it ends, exclusive.
    pub end: Pos,
    /// The header of the block around it, e.g. `resource "ampere_account" "ada"`.
    pub context: Option<String>,
    /// The lines' text, without the last line's end. None if the source must not be shown or is not there.
    pub code: Option<String>,
    /// Offset in bytes of the meant part in `code`, and of its end.
    pub highlight: (usize, usize),
}

impl Snippet {
    /// The snippet of a finding: none without a place in a known file.
    pub fn of(diagnostic: &Diagnostic, sources: &SourceMap) -> Option<Snippet> {
        let span = widened(diagnostic.subject?);
        let file = sources.get(span.file)?;
        let name = file.name.clone();
        let text: &str = &file.text;
        if diagnostic.conceal_source || span.start.byte as usize > text.len() {
            return Some(Snippet {
                file: name,
                start: span.start,
                end: span.end,
                context: None,
                code: None,
                highlight: (0, 0),
            });
        }
        let first = line_start(text, span.start.byte as usize);
        let last = line_end(text, (span.end.byte as usize).saturating_sub(1).max(span.start.byte as usize));
        let code = text.get(first..last).map(|code| code.trim_end_matches('\r').to_owned());
        let length = code.as_ref().map_or(0, String::len);
        let from = (span.start.byte as usize - first).min(length);
        let to = (span.end.byte as usize - first).clamp(from, length);
        let context = context(text, span.start.line as usize);
        Some(Snippet { file: name, start: span.start, end: span.end, context, code, highlight: (from, to) })
    }
}

/// An empty span covers nothing a person could see: it becomes one character long, as in Terraform.
fn widened(mut span: Span) -> Span {
    if span.start.byte == span.end.byte {
        span.end.byte += 1;
        span.end.column += 1;
    }
    span
}

fn line_start(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    text.as_bytes()[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    text.as_bytes()[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n)
}

/// The header of the top-level block that a line belongs to: the nearest line above that begins with a word and opens a
/// block, unless a block was closed in between.
fn context(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    for (i, candidate) in lines.iter().enumerate().rev() {
        let is_own = i + 1 == line;
        if candidate.starts_with('}') && !is_own {
            return None;
        }
        if candidate.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (header, _) = candidate.split_once('{')?;
            let header = header.trim_end();
            return (!header.contains('=')).then(|| header.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, byte: u32, length: u32) -> Pos2 {
        Pos2(Pos { line, column: 1, byte }, Pos { line, column: 1 + length, byte: byte + length })
    }

    struct Pos2(Pos, Pos);

    fn snippet(text: &str, place: Pos2) -> Snippet {
        let mut sources = SourceMap::default();
        let file = sources.add("main.tf", text);
        let finding = Diagnostic::error("x", "y").at(Span { file, start: place.0, end: place.1 });
        Snippet::of(&finding, &sources).unwrap()
    }

    #[test]
    fn names_the_block_around_and_marks_the_part_meant() {
        let found = snippet("resource \"a\" \"b\" {\n  x = foo\n}\n", at(2, 25, 3));
        assert_eq!(found.context.as_deref(), Some("resource \"a\" \"b\""));
        assert_eq!(found.code.as_deref(), Some("  x = foo"));
        assert_eq!(found.highlight, (6, 9));
    }

    #[test]
    fn a_place_after_a_block_has_no_context() {
        assert_eq!(snippet("locals {\n}\n\n!\n", at(4, 12, 1)).context, None);
    }

    #[test]
    fn an_empty_place_at_the_end_of_the_file_is_shown() {
        let found = snippet("a = ", at(1, 4, 0));
        assert_eq!((found.code.as_deref(), found.highlight), (Some("a = "), (4, 4)));
    }
}
