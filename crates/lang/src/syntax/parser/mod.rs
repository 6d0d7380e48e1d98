//! Tokens to tree: a recursive-descent parser that goes on after an error.
//!
//! An error inside an item of a body is reported once, then the parser skips to the end of that item (see
//! [`Parser::skip_item`]), so that one run finds what is wrong everywhere. Depth is bounded: recursion by
//! [`NESTING_LIMIT`], the height of trees that grow without recursion (long chains of operators) by [`HEIGHT_LIMIT`].
mod body;
mod brackets;
mod expression;
mod for_expr;
mod template;
mod term;
mod traversal;

use super::ast::{Body, Expr, ExprKind};
use super::lexer::{Start, tokenize};
use super::token::{Token, TokenKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::{HEIGHT_LIMIT, NESTING_LIMIT};
use crate::source::{FileId, Span};
use crate::value::{Type, Value};

/// The parser lost its place; the error is reported already.
#[derive(Debug)]
struct Lost;

type Parsed<T = Expr> = Result<T, Lost>;

struct Parser<'t> {
    text: &'t str,
    file: FileId,
    /// The place of everything, when the text is not a file's own.
    place: Option<Span>,
    tokens: &'t [Token],
    at: usize,
    /// Where the parser went on after the last error.
    recovered_at: usize,
    /// Whether brackets were found out of balance: then the ends of blocks cannot be told.
    unbalanced: bool,
    /// Whether line ends count (they do not inside parentheses and brackets).
    newlines: bool,
    /// Levels around the place being parsed.
    depth: u32,
    /// Height of the expression that was returned last.
    height: u32,
    diags: Diagnostics,
}

/// Parses a configuration file.
pub(crate) fn file(file: FileId, text: &str) -> (Body, Diagnostics) {
    body_of(file, text, &tokenize(text, Start::Normal))
}

/// Parses the tokens of a configuration file.
pub(crate) fn body_of(file: FileId, text: &str, tokens: &[Token]) -> (Body, Diagnostics) {
    let mut parser = Parser::new(file, text, tokens);
    let body = parser.file();
    (body, parser.diags)
}

/// Parses a text that is one expression.
pub(crate) fn expression(file: FileId, text: &str) -> (Expr, Diagnostics) {
    let tokens = tokenize(text, Start::Normal);
    let mut parser = Parser::new(file, text, &tokens);
    parser.newlines = false;
    let expr = parser.whole_expression();
    (expr, parser.diags)
}

/// Parses an expression out of a JSON string; everything in it gets the place of that string.
pub(crate) fn expression_at(span: Span, text: &str) -> (Expr, Diagnostics) {
    let tokens = tokenize(text, Start::Normal);
    let mut parser = Parser::within(span, text, &tokens);
    parser.newlines = false;
    let expr = parser.whole_expression();
    (expr, parser.diags)
}

/// Parses a template out of a JSON string; everything in it gets the place of that string.
pub(crate) fn template_at(span: Span, text: &str) -> (Expr, Diagnostics) {
    let tokens = tokenize(text, Start::Template);
    let mut parser = Parser::within(span, text, &tokens);
    parser.newlines = false;
    let expr = parser.whole_template();
    (expr, parser.diags)
}

/// Parses a text that is one template.
pub(crate) fn template(file: FileId, text: &str) -> (Expr, Diagnostics) {
    let tokens = tokenize(text, Start::Template);
    let mut parser = Parser::new(file, text, &tokens);
    parser.newlines = false;
    let expr = parser.whole_template();
    (expr, parser.diags)
}

impl<'t> Parser<'t> {
    fn new(file: FileId, text: &'t str, tokens: &'t [Token]) -> Parser<'t> {
        Parser::start(file, None, text, tokens)
    }

    fn within(place: Span, text: &'t str, tokens: &'t [Token]) -> Parser<'t> {
        Parser::start(place.file, Some(place), text, tokens)
    }

    fn start(file: FileId, place: Option<Span>, text: &'t str, tokens: &'t [Token]) -> Parser<'t> {
        let diags = Diagnostics::new();
        let mut parser = Parser {
            text,
            file,
            place,
            tokens,
            at: 0,
            recovered_at: 0,
            unbalanced: false,
            newlines: true,
            depth: 0,
            height: 0,
            diags,
        };
        parser.report_invalid_tokens();
        parser
    }

    fn whole_expression(&mut self) -> Expr {
        let start = self.peek();
        let parsed = self.expression();
        if parsed.is_ok() && self.peek().kind != TokenKind::Eof {
            let extra = self.peek();
            self.unexpected(
                extra,
                "Extra characters after expression",
                "An expression was successfully parsed, but extra characters were found after it.",
            );
        }
        parsed.unwrap_or_else(|Lost| placeholder(self.span(start)))
    }

    /// The next token that counts.
    fn peek(&self) -> Token {
        self.tokens[self.significant(self.at)]
    }

    fn kind(&self) -> TokenKind {
        self.peek().kind
    }

    fn significant(&self, mut at: usize) -> usize {
        loop {
            match self.tokens[at].kind {
                TokenKind::Comment => at += 1,
                TokenKind::Newline if !self.newlines => at += 1,
                _ => return at,
            }
        }
    }

    /// Takes the next token that counts; the end of the text is never passed.
    fn read(&mut self) -> Token {
        let at = self.significant(self.at);
        self.at = (at + 1).min(self.tokens.len() - 1);
        self.tokens[at]
    }

    /// Takes the next token if it is of that kind.
    fn take(&mut self, kind: TokenKind) -> Option<Token> {
        (self.kind() == kind).then(|| self.read())
    }

    /// Whether the next token is that bare word.
    fn is_keyword(&self, word: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Ident && self.str(token) == word
    }

    fn str(&self, token: Token) -> &'t str {
        token.text(self.text)
    }

    fn span(&self, token: Token) -> Span {
        self.place.unwrap_or_else(|| token.span(self.file))
    }

    /// Runs a parser inside brackets, where line ends count or not.
    fn bracketed<T>(&mut self, newlines: bool, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = std::mem::replace(&mut self.newlines, newlines);
        let parsed = parse(self);
        self.newlines = outer;
        parsed
    }

    /// Runs a parser one level deeper.
    fn deeper<T>(&mut self, at: Token, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING_LIMIT {
            let detail = format!(
                "This is nested more than {NESTING_LIMIT} levels deep. Move inner parts into local values of their own."
            );
            return self.fail(at, "Configuration nested too deeply", detail);
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// An expression on top of others, the tallest of which has the given height.
    fn node(&mut self, kind: ExprKind, span: Span, tallest: u32) -> Parsed {
        if tallest >= HEIGHT_LIMIT {
            let detail = format!(
                "This expression chains more than {HEIGHT_LIMIT} operations. Split it into several local values."
            );
            self.diags.push(Diagnostic::error("Expression too long", detail).at(span));
            return Err(Lost);
        }
        self.height = tallest + 1;
        Ok(Expr::new(kind, span))
    }

    /// An expression without others inside.
    fn leaf(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.height = 1;
        Expr::new(kind, span)
    }

    fn error(&mut self, span: Span, summary: impl Into<String>, detail: impl Into<String>) {
        self.diags.push(Diagnostic::error(summary, detail).at(span));
    }

    /// Reports an error at a token, unless the token is an error by itself.
    fn unexpected(&mut self, token: Token, summary: &str, detail: impl Into<String>) {
        if !token.kind.is_invalid() {
            self.error(self.span(token), summary, detail);
        }
    }

    fn fail<T>(&mut self, token: Token, summary: &str, detail: impl Into<String>) -> Parsed<T> {
        self.unexpected(token, summary, detail);
        Err(Lost)
    }

    /// Reports the tokens that are errors by themselves, one a line.
    fn report_invalid_tokens(&mut self) {
        let mut last_line = 0;
        for token in self.tokens.iter().filter(|t| t.kind.is_invalid()) {
            if token.start.line == last_line {
                continue;
            }
            last_line = token.start.line;
            let (summary, detail) = self.explain_invalid(*token);
            self.error(self.span(*token), summary, detail);
        }
    }

    fn explain_invalid(&self, token: Token) -> (&'static str, String) {
        let text = self.str(token);
        match (token.kind, text) {
            (TokenKind::Bitwise, _) => {
                let hint = match text {
                    "&" => " Did you mean boolean AND (\"&&\")?",
                    "|" => " Did you mean boolean OR (\"||\")?",
                    "~" => " Did you mean boolean NOT (\"!\")?",
                    _ => "",
                };
                ("Unsupported operator", format!("Bitwise operators are not supported.{hint}"))
            }
            (TokenKind::QuotedNewline, _) => (
                "Invalid multi-line string",
                "A string in quotes may not run over several lines. Write \\n for a line break, or use the \"heredoc\" syntax."
                    .into(),
            ),
            (TokenKind::Apostrophe, _) => {
                ("Invalid character", "Single quotes are not valid. Use double quotes (\") to enclose strings.".into())
            }
            (TokenKind::Backtick, _) => (
                "Invalid character",
                "The \"`\" character is not valid. For a string of several lines use the \"heredoc\" syntax, like \"<<EOT\".".into(),
            ),
            (TokenKind::Semicolon, _) => (
                "Invalid character",
                "The \";\" character is not valid. Separate arguments and blocks by new lines, and items of collections by commas.".into(),
            ),
            (_, "\u{201c}" | "\u{201d}") => {
                ("Invalid character", "\"Curly quotes\" are not valid here. Write \"straight quotes\" instead.".into())
            }
            _ => ("Invalid character", "This character is not used within the language.".into()),
        }
    }
}

/// What stands for an expression that could not be read.
fn placeholder(span: Span) -> Expr {
    Expr::new(ExprKind::Literal(Value::unknown(Type::Dynamic)), span)
}
