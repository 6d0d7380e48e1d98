//! Styled text: pieces that say what they mean, not how they look.
use std::fmt;

/// What a piece of text means to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Read this first.
    Strong,
    /// Of less weight: hidden counts, comments.
    Faint,
    /// Something comes into being.
    Create,
    /// Something changes in place.
    Update,
    /// Something goes away.
    Delete,
    /// Something is read.
    Read,
    /// Why something must be replaced, what is lost, what cannot be undone.
    Alarm,
    /// An error's frame and word.
    Error,
    /// A warning's frame and word.
    Warning,
    /// It went well.
    Success,
    /// The part of a source line that a finding is about.
    Highlight,
}

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it means.
    pub style: Style,
    /// The text; it may hold line breaks.
    pub text: String,
}

/// Styled text. `Display` writes it plain.
///
/// ```
/// use ampere_core::render::{Style, Text};
/// let mut text = Text::new();
/// text.push(Style::Create, "+").plain(" resource").newline();
/// assert_eq!(text.to_string(), "+ resource\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    /// No text yet.
    pub fn new() -> Text {
        Text::default()
    }

    /// Adds text in a style.
    pub fn push(&mut self, style: Style, text: impl AsRef<str>) -> &mut Text {
        let text = text.as_ref();
        match self.pieces.last_mut() {
            Some(last) if last.style == style => last.text.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece { style, text: text.to_owned() }),
        }
        self
    }

    /// Adds text in no style.
    pub fn plain(&mut self, text: impl AsRef<str>) -> &mut Text {
        self.push(Style::Plain, text)
    }

    /// Ends the line.
    pub fn newline(&mut self) -> &mut Text {
        self.plain("\n")
    }

    /// Adds another text.
    pub fn append(&mut self, other: Text) -> &mut Text {
        for piece in other.pieces {
            self.push(piece.style, &piece.text);
        }
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The same text as lines, without their ends; a last line that is empty is left out.
    pub fn lines(&self) -> Vec<Text> {
        let mut lines = vec![Text::new()];
        for piece in &self.pieces {
            for (i, part) in piece.text.split('\n').enumerate() {
                if i > 0 {
                    lines.push(Text::new());
                }
                if let Some(line) = lines.last_mut() {
                    line.push(piece.style, part);
                }
            }
        }
        if lines.last().is_some_and(Text::is_empty) {
            lines.pop();
        }
        lines
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| f.write_str(&piece.text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        let mut result = Text::new();
        result.plain(text);
        result
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::from(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_styles() {
        let mut text = Text::new();
        text.push(Style::Strong, "a\nb").plain("c\n\n");
        let lines: Vec<String> = text.lines().iter().map(Text::to_string).collect();
        assert_eq!(lines, ["a", "bc", ""]);
        assert_eq!(text.lines()[1].pieces()[0].style, Style::Strong);
    }
}
