//! Text to tokens.
//!
//! The lexer never fails: what it cannot read becomes a token of an invalid kind, which [`super::parser`] reports. Templates
//! nest (`"${"${x}"}"`), so it keeps a stack of modes.
use unicode_segmentation::UnicodeSegmentation;

use super::token::{Token, TokenKind};
use crate::source::Pos;

/// How a text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// As configuration or an expression.
    Normal,
    /// As the inside of a template.
    Template,
}

/// Cuts a whole text into tokens; the last one is [`TokenKind::Eof`].
pub(crate) fn tokenize(text: &str, start: Start) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: Pos { line: 1, column: 1, byte: 0 },
        tokens: Vec::with_capacity(text.len() / 5 + 8),
        modes: Vec::new(),
        mode: match start {
            Start::Normal => Mode::Normal { braces: 0, in_template: false },
            Start::Template => Mode::Bare,
        },
    };
    if text.starts_with('\u{feff}') {
        lexer.at.byte = 3;
    }
    lexer.run();
    lexer.tokens
}

#[derive(Clone, Copy)]
enum Mode {
    /// Configuration; `in_template`: inside `${` or `%{`, which ends at the brace that balances it.
    Normal { braces: u32, in_template: bool },
    /// Inside quotes.
    Quoted,
    /// Inside a heredoc: where its marker stands, and whether the next character begins a line.
    Heredoc { marker: (usize, usize), line_start: bool },
    /// A template that is a whole text.
    Bare,
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: Pos,
    tokens: Vec<Token>,
    /// The modes around the current one.
    modes: Vec<Mode>,
    mode: Mode,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while (self.at.byte as usize) < self.bytes.len() {
            match self.mode {
                Mode::Normal { .. } => self.normal(),
                Mode::Quoted => self.quoted(),
                Mode::Heredoc { marker, line_start } => self.heredoc(marker, line_start),
                Mode::Bare => self.bare(),
            }
        }
        self.emit(TokenKind::Eof, 0);
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at.byte as usize + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        &self.text[self.at.byte as usize..]
    }

    /// Makes a token of the next `len` bytes.
    fn emit(&mut self, kind: TokenKind, len: usize) {
        let start = self.at;
        self.advance(len);
        self.tokens.push(Token { kind, start, end: self.at });
    }

    /// Moves on by `len` bytes; columns count grapheme clusters.
    fn advance(&mut self, len: usize) {
        let from = self.at.byte as usize;
        self.at.byte += len as u32;
        let mut piece = &self.text[from..from + len];
        if let Some(last) = piece.bytes().rposition(|b| b == b'\n') {
            self.at.line += piece.bytes().filter(|b| *b == b'\n').count() as u32;
            self.at.column = 1;
            piece = &piece[last + 1..];
        }
        self.at.column += if piece.is_ascii() { piece.len() } else { piece.graphemes(true).count() } as u32;
    }

    fn push(&mut self, mode: Mode) {
        self.modes.push(self.mode);
        self.mode = mode;
    }

    fn pop(&mut self) {
        if let Some(mode) = self.modes.pop() {
            self.mode = mode;
        }
    }

    fn normal(&mut self) {
        use TokenKind::*;
        let b = self.byte(0);
        match b {
            b' ' | b'\t' => {
                let blanks =
                    self.bytes[self.at.byte as usize..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                self.at.byte += blanks as u32;
                self.at.column += blanks as u32;
            }
            b'\n' => self.emit(Newline, 1),
            b'\r' if self.byte(1) == b'\n' => self.emit(Newline, 2),
            b'#' => self.line_comment(),
            b'/' if self.byte(1) == b'/' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => match self.rest()[2..].find("*/") {
                Some(end) => self.emit(Comment, end + 4),
                None => self.emit(Slash, 1),
            },
            b'"' => {
                self.emit(OQuote, 1);
                self.push(Mode::Quoted);
            }
            b'0'..=b'9' => self.emit(Number, number_len(&self.bytes[self.at.byte as usize..])),
            b'{' => {
                self.emit(OBrace, 1);
                if let Mode::Normal { braces, .. } = &mut self.mode {
                    *braces += 1;
                }
            }
            b'}' => self.close_brace(1),
            b'~' if self.byte(1) == b'}' => self.close_brace(2),
            b'<' if self.byte(1) == b'<' => self.open_heredoc(),
            _ => match ident_len(self.rest()) {
                0 => self.symbol(),
                len => self.emit(Ident, len),
            },
        }
    }

    fn symbol(&mut self) {
        use TokenKind::*;
        let (kind, len) = match (self.byte(0), self.byte(1)) {
            (b'=', b'=') => (EqualEqual, 2),
            (b'=', b'>') => (FatArrow, 2),
            (b'=', _) => (Equal, 1),
            (b'!', b'=') => (NotEqual, 2),
            (b'!', _) => (Bang, 1),
            (b'<', b'=') => (LessEqual, 2),
            (b'<', _) => (Less, 1),
            (b'>', b'=') => (GreaterEqual, 2),
            (b'>', _) => (Greater, 1),
            (b'&', b'&') => (And, 2),
            (b'|', b'|') => (Or, 2),
            (b'&' | b'|' | b'^' | b'~', _) => (Bitwise, 1),
            (b':', b':') => (DoubleColon, 2),
            (b':', _) => (Colon, 1),
            (b'.', b'.') if self.byte(2) == b'.' => (Ellipsis, 3),
            (b'.', _) => (Dot, 1),
            (b'[', _) => (OBrack, 1),
            (b']', _) => (CBrack, 1),
            (b'(', _) => (OParen, 1),
            (b')', _) => (CParen, 1),
            (b',', _) => (Comma, 1),
            (b'*', _) => (Star, 1),
            (b'/', _) => (Slash, 1),
            (b'%', _) => (Percent, 1),
            (b'+', _) => (Plus, 1),
            (b'-', _) => (Minus, 1),
            (b'?', _) => (Question, 1),
            (b';', _) => (Semicolon, 1),
            (b'`', _) => (Backtick, 1),
            (b'\'', _) => (Apostrophe, 1),
            _ => (Invalid, self.rest().chars().next().map_or(1, char::len_utf8)),
        };
        self.emit(kind, len);
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line.strip_suffix('\r').unwrap_or(line));
        let len = line.len();
        self.emit(TokenKind::Comment, len);
    }

    /// `}` or `~}`: closes a brace, or the template sequence around.
    fn close_brace(&mut self, len: usize) {
        match &mut self.mode {
            Mode::Normal { braces: 0, in_template: true } => {
                self.emit(TokenKind::SeqEnd, len);
                self.pop();
            }
            Mode::Normal { braces, .. } => {
                *braces = braces.saturating_sub(1);
                // `~}` for a plain brace is an error, which the parser finds by the kind.
                self.emit(if len == 2 { TokenKind::SeqEnd } else { TokenKind::CBrace }, len);
            }
            _ => self.emit(TokenKind::Invalid, len),
        }
    }

    fn open_heredoc(&mut self) {
        let rest = self.rest();
        let flush = usize::from(rest[2..].starts_with('-'));
        let name = ident_len(&rest[2 + flush..]);
        let after = &rest[2 + flush + name..];
        let line_end = match after.as_bytes() {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        if name == 0 || line_end == 0 {
            return self.symbol();
        }
        let marker = self.at.byte as usize + 2 + flush;
        self.emit(TokenKind::OHeredoc, 2 + flush + name + line_end);
        self.push(Mode::Heredoc { marker: (marker, marker + name), line_start: true });
    }

    /// Opens `${` or `%{` if one stands here.
    fn open_sequence(&mut self) -> bool {
        let kind = match (self.byte(0), self.byte(1)) {
            (b'$', b'{') => TokenKind::Interp,
            (b'%', b'{') => TokenKind::Control,
            _ => return false,
        };
        if let Mode::Heredoc { line_start, .. } = &mut self.mode {
            *line_start = false;
        }
        let len = if self.byte(2) == b'~' { 3 } else { 2 };
        self.emit(kind, len);
        self.push(Mode::Normal { braces: 0, in_template: true });
        true
    }

    fn quoted(&mut self) {
        if self.open_sequence() {
            return;
        }
        match self.byte(0) {
            b'"' => {
                self.emit(TokenKind::CQuote, 1);
                self.pop();
            }
            b'\r' | b'\n' => {
                let len = if self.rest().starts_with("\r\n") { 2 } else { 1 };
                self.emit(TokenKind::QuotedNewline, len);
                self.pop();
            }
            _ => {
                let len = quoted_len(&self.bytes[self.at.byte as usize..]);
                self.emit(TokenKind::QuotedLit, len);
            }
        }
    }

    /// A carriage return by itself is not a character of any template.
    fn stray_return(&mut self) -> bool {
        let stray = self.byte(0) == b'\r' && self.byte(1) != b'\n';
        if stray {
            self.emit(TokenKind::Invalid, 1);
        }
        stray
    }

    fn heredoc(&mut self, marker: (usize, usize), line_start: bool) {
        if self.open_sequence() || self.stray_return() {
            return;
        }
        let len = line_len(&self.bytes[self.at.byte as usize..]);
        let line = &self.rest()[..len];
        let ended = line.ends_with('\n');
        if line_start && ended && line.trim_ascii() == &self.text[marker.0..marker.1] {
            let end = if line.ends_with("\r\n") { 2 } else { 1 };
            self.emit(TokenKind::CHeredoc, len - end);
            self.emit(TokenKind::Newline, end);
            return self.pop();
        }
        self.mode = Mode::Heredoc { marker, line_start: ended };
        self.emit(TokenKind::StringLit, len);
    }

    fn bare(&mut self) {
        if !self.open_sequence() && !self.stray_return() {
            let len = line_len(&self.bytes[self.at.byte as usize..]);
            self.emit(TokenKind::StringLit, len);
        }
    }
}

/// Bytes of an identifier at the start of a text.
pub(crate) fn ident_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || !b.is_ascii()) {
        return 0;
    }
    let ascii = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b == b'-').count();
    if bytes.get(ascii).is_none_or(u8::is_ascii) {
        return ascii;
    }
    let mut len = 0;
    for c in text.chars() {
        let fits = match len {
            0 => c == '_' || unicode_ident::is_xid_start(c),
            _ => c == '-' || unicode_ident::is_xid_continue(c),
        };
        if !fits {
            break;
        }
        len += c.len_utf8();
    }
    len
}

/// Bytes of a number at the start of a text: digits, dots and exponents, not ending in a dot.
fn number_len(bytes: &[u8]) -> usize {
    let (mut at, mut end) = (0, 0);
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    loop {
        match bytes.get(at) {
            Some(b'0'..=b'9') => at += 1,
            Some(b'.') => {
                at += 1;
                continue;
            }
            Some(b'e' | b'E') if digit(at + 1) => at += 2,
            Some(b'e' | b'E') if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && digit(at + 2) => at += 3,
            _ => return end,
        }
        end = at;
    }
}

/// Bytes of literal text in quotes: up to the closing quote, a line end, or a template sequence.
fn quoted_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        match b {
            b'"' | b'\r' | b'\n' => break,
            // A backslash takes the next character with it, whatever it is, but for a line end.
            b'\\' if !matches!(bytes.get(at + 1), None | Some(b'\r' | b'\n')) => at += 2,
            b'$' | b'%' => match sequence_at(bytes, at) {
                Sequence::Opens => break,
                Sequence::Escaped => at += 3,
                Sequence::None => at += 1,
            },
            _ => at += 1,
        }
    }
    at
}

/// Bytes of literal text up to and with the line end, or up to a template sequence.
fn line_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        match b {
            b'\n' => return at + 1,
            // Only as part of a line end: see `stray_return`.
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => break,
            b'$' | b'%' => match sequence_at(bytes, at) {
                Sequence::Opens => break,
                Sequence::Escaped => at += 3,
                Sequence::None => at += 1,
            },
            _ => at += 1,
        }
    }
    at
}

/// What a `$` or `%` begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// `${`, `%{`
    Opens,
    /// `$${`, `%%{`
    Escaped,
    /// Nothing but itself.
    None,
}

/// What the `$` or `%` at a position begins.
pub(crate) fn sequence_at(bytes: &[u8], at: usize) -> Sequence {
    let sign = bytes[at];
    match (bytes.get(at + 1), bytes.get(at + 2)) {
        (Some(b'{'), _) => Sequence::Opens,
        (Some(second), Some(b'{')) if *second == sign => Sequence::Escaped,
        _ => Sequence::None,
    }
}
