//! Whether a space stands between two tokens.
use super::Piece;
use crate::syntax::token::TokenKind::{self, *};

/// Whether a space follows `subject`, which stands between `before` (none at the start of its cell) and `after`.
pub(super) fn space_after(subject: &Piece<'_>, before: Option<&Piece<'_>>, after: &Piece<'_>) -> bool {
    let before_kind = before.map(|piece| piece.kind);
    match (subject.kind, after.kind) {
        (_, Newline) => false,
        // Calls, with their namespaces.
        (Ident, OParen | DoubleColon) | (DoubleColon, Ident) => false,
        (Dot, _) | (_, Dot) => false,
        (_, Comma | Ellipsis) => false,
        (Comma, _) => true,
        // Nothing is added inside templates.
        (QuotedLit | StringLit | OQuote | OHeredoc, _) | (_, QuotedLit | StringLit | CQuote | CHeredoc) => false,
        // `in` of a `for` is no collection to be indexed.
        (Ident, _) if subject.text == "in" && before_kind == Some(Ident) => true,
        (Ident | Number, OBrack) => false,
        (_, OBrack) if subject.bracket_change() < 0 => false,
        (Bang, _) => false,
        (Minus, _) => !minus_negates(before_kind),
        (OBrace, CBrace) => false,
        (OBrace, _) | (_, CBrace) => true,
        (Interp | Control, OBrace) => true,
        (CBrace, SeqEnd) => true,
        (SeqEnd, Interp | Control) => false,
        _ => subject.bracket_change() <= 0 && after.bracket_change() >= 0,
    }
}

/// Whether a minus after such a token stands for a negative number rather than a difference.
fn minus_negates(before: Option<TokenKind>) -> bool {
    let Some(before) = before else { return true };
    matches!(
        before,
        OParen
            | OBrace
            | OBrack
            | Equal
            | Colon
            | Comma
            | Question
            | Plus
            | Star
            | Slash
            | Percent
            | Minus
            | EqualEqual
            | NotEqual
            | Greater
            | GreaterEqual
            | Less
            | LessEqual
            | And
            | Or
            | Bang
    )
}
