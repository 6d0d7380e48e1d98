//! Tokens of the native syntax.
use crate::source::{FileId, Pos, Span};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TokenKind {
    Ident,
    Number,
    /// `"` that opens a quoted template.
    OQuote,
    /// `"` that closes it.
    CQuote,
    /// A stretch of text inside quotes, escapes and all.
    QuotedLit,
    /// A line end inside quotes: never valid. The template counts as closed by it.
    QuotedNewline,
    /// `<<EOT` or `<<-EOT` with its line end.
    OHeredoc,
    /// The line (without its end) that closes a heredoc.
    CHeredoc,
    /// A line, or a stretch of one, of a heredoc or of a bare template.
    StringLit,
    /// `${` or `${~`
    Interp,
    /// `%{` or `%{~`
    Control,
    /// `}` or `~}` that closes one of those.
    SeqEnd,
    OBrace,
    CBrace,
    OBrack,
    CBrack,
    OParen,
    CParen,
    Dot,
    Comma,
    Star,
    Slash,
    Percent,
    Plus,
    Minus,
    Equal,
    EqualEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Bang,
    Question,
    Colon,
    DoubleColon,
    Ellipsis,
    FatArrow,
    Newline,
    /// A comment, without the line end after it.
    Comment,
    /// `&`, `|`, `^`, `~`: no operators here.
    Bitwise,
    Semicolon,
    Backtick,
    Apostrophe,
    /// A character that means nothing.
    Invalid,
    Eof,
}

impl TokenKind {
    /// Whether the token is an error by itself, reported before parsing begins.
    pub(crate) fn is_invalid(self) -> bool {
        use TokenKind::*;
        matches!(self, Bitwise | Semicolon | Backtick | Apostrophe | Invalid | QuotedNewline)
    }

    /// The token that closes what this one opens.
    pub(crate) fn closer(self) -> Option<TokenKind> {
        use TokenKind::*;
        Some(match self {
            OBrace => CBrace,
            OBrack => CBrack,
            OParen => CParen,
            OQuote => CQuote,
            OHeredoc => CHeredoc,
            Interp | Control => SeqEnd,
            _ => return None,
        })
    }

    /// Whether it closes something.
    pub(crate) fn is_closer(self) -> bool {
        use TokenKind::*;
        matches!(self, CBrace | CBrack | CParen | CQuote | CHeredoc | SeqEnd)
    }
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: Pos,
    pub(crate) end: Pos,
}

impl Token {
    /// Its place in a file.
    pub(crate) fn span(&self, file: FileId) -> Span {
        Span { file, start: self.start, end: self.end }
    }

    /// Its text.
    pub(crate) fn text<'t>(&self, source: &'t str) -> &'t str {
        &source[self.start.byte as usize..self.end.byte as usize]
    }
}
