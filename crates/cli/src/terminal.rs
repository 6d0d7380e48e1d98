//! Where text goes: standard output and standard error, painted or not.
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ampere_core::render::diagnostic::Layout;
use ampere_core::render::{Style, Text};
use anstream::ColorChoice;

/// The process's own streams, and what they can show.
pub struct Terminal {
    out_colour: bool,
    err_colour: bool,
    plain: bool,
    broken: AtomicBool,
}

impl Terminal {
    /// Looks at the streams: colours go to terminals only, never with `-no-color`, `NO_COLOR` or `TERM=dumb`.
    pub fn new(no_color: bool) -> Terminal {
        let plain = no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) || is_dumb();
        let out_colour = !plain && anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
        let err_colour = !plain && anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
        Terminal { out_colour, err_colour, plain, broken: AtomicBool::new(false) }
    }

    /// Writes styled text to standard output.
    pub fn out(&self, text: &Text) {
        let painted = paint(text, self.out_colour);
        self.note(write_all(&mut std::io::stdout().lock(), painted.as_bytes()));
    }

    /// Writes styled text to standard error.
    pub fn err(&self, text: &Text) {
        let painted = paint(text, self.err_colour);
        self.note(write_all(&mut std::io::stderr().lock(), painted.as_bytes()));
    }

    /// Writes a line to standard output.
    pub fn line(&self, line: impl AsRef<str>) {
        let mut text = Text::from(line.as_ref());
        self.out(text.newline());
    }

    /// Writes bytes to standard output as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        self.note(write_all(&mut std::io::stdout().lock(), bytes));
    }

    /// How findings are laid out here.
    pub fn layout(&self) -> Layout {
        Layout { framed: !self.plain, carets: !self.err_colour, width: self.width() }
    }

    /// Columns of the terminal; 78 where there is none.
    pub fn width(&self) -> usize {
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        columns.filter(|columns| *columns >= 20).unwrap_or(78)
    }

    /// Whether a person can answer: standard input is a terminal.
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && !is_dumb()
    }

    /// Whether moving pictures may be shown on standard error.
    pub fn can_animate(&self) -> bool {
        self.err_colour && std::io::stderr().is_terminal()
    }

    /// Whether something could not be written (a closed pipe, a full disk).
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn note(&self, result: std::io::Result<()>) {
        if result.is_err() {
            self.broken.store(true, Ordering::Relaxed);
        }
    }
}

fn write_all(stream: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

fn is_dumb() -> bool {
    std::env::var("TERM").is_ok_and(|term| term == "dumb")
}

/// The text with ANSI codes for its styles, or without any.
pub fn paint(text: &Text, colour: bool) -> String {
    if !colour {
        return text.to_string();
    }
    text.pieces()
        .iter()
        .map(|piece| match ansi(piece.style) {
            None => piece.text.clone(),
            Some(style) => format!("{style}{}{style:#}", piece.text),
        })
        .collect()
}

fn ansi(style: Style) -> Option<anstyle::Style> {
    use anstyle::AnsiColor::{BrightBlack, Cyan, Green, Red, Yellow};
    let plain = anstyle::Style::new();
    Some(match style {
        Style::Plain => return None,
        Style::Strong => plain.bold(),
        Style::Faint => plain.fg_color(Some(BrightBlack.into())),
        Style::Create => plain.fg_color(Some(Green.into())),
        Style::Update => plain.fg_color(Some(Yellow.into())),
        Style::Delete | Style::Alarm => plain.fg_color(Some(Red.into())),
        Style::Read => plain.fg_color(Some(Cyan.into())),
        Style::Error => plain.bold().fg_color(Some(Red.into())),
        Style::Warning => plain.bold().fg_color(Some(Yellow.into())),
        Style::Success => plain.bold().fg_color(Some(Green.into())),
        Style::Highlight => plain.underline(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint_is_only_added_when_asked_for() {
        let mut text = Text::from("a");
        text.push(Style::Create, "+");
        assert_eq!(paint(&text, false), "a+");
        assert_eq!(paint(&text, true), "a\u{1b}[32m+\u{1b}[0m");
    }
}
