//! Escape sequences of string literals.
use super::lexer::{Sequence, sequence_at};

/// A bad escape: where in the token it begins and ends (bytes), and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadEscape {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) detail: String,
}

/// The text a literal token stands for. Backslashes count only in quotes; `$${` and `%%{` everywhere.
pub(crate) fn unescape(raw: &str, quoted: bool, bad: &mut Vec<BadEscape>) -> String {
    let bytes = raw.as_bytes();
    let special = |b: &u8| matches!(b, b'$' | b'%') || quoted && *b == b'\\';
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let plain = bytes[at..].iter().position(special).unwrap_or(raw.len() - at);
        out.push_str(&raw[at..at + plain]);
        at += plain;
        match bytes.get(at) {
            None => break,
            Some(b'\\') => at += backslash(&raw[at..], at, &mut out, bad),
            Some(sign) => {
                out.push(char::from(*sign));
                if sequence_at(bytes, at) == Sequence::Escaped {
                    out.push('{');
                    at += 3;
                } else {
                    at += 1;
                }
            }
        }
    }
    out
}

/// Resolves the escape at the start of `rest`; returns its length.
fn backslash(rest: &str, at: usize, out: &mut String, bad: &mut Vec<BadEscape>) -> usize {
    let mut complain = |len: usize, detail: String| bad.push(BadEscape { start: at, end: at + len, detail });
    let Some(selector) = rest[1..].chars().next() else {
        complain(1, "Backslash must be followed by an escape sequence selector character.".into());
        return 1;
    };
    let simple = match selector {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '"' => Some('"'),
        '\\' => Some('\\'),
        _ => None,
    };
    if let Some(c) = simple {
        out.push(c);
        return 2;
    }
    let (digits, word) = match selector {
        'u' => (4, "four"),
        'U' => (8, "eight"),
        _ => {
            let len = 1 + selector.len_utf8();
            complain(len, format!("The symbol {selector:?} is not a valid escape sequence selector."));
            out.push(selector);
            return len;
        }
    };
    let found = rest[2..].bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
    if found != digits {
        complain(2 + found, format!("The \\{selector} escape sequence must be followed by {word} hexadecimal digits."));
        return 2 + found;
    }
    let code = u32::from_str_radix(&rest[2..2 + digits], 16).unwrap_or(u32::MAX);
    match char::from_u32(code) {
        Some(c) => out.push(c),
        None => complain(2 + digits, format!("Cannot encode character U+{code:04x} in UTF-8.")),
    }
    2 + digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(raw: &str, quoted: bool) -> (String, usize) {
        let mut bad = Vec::new();
        let text = unescape(raw, quoted, &mut bad);
        (text, bad.len())
    }

    #[test]
    fn escapes_of_quotes() {
        assert_eq!(plain(r#"a\n\t\r\"\\é\U0001F600"#, true), ("a\n\t\r\"\\é😀".into(), 0));
        assert_eq!(plain("$${a} %%{b} $$${c} $ % $$", true), ("${a} %{b} $${c} $ % $$".into(), 0));
    }

    #[test]
    fn heredocs_keep_backslashes() {
        assert_eq!(plain(r"a\n$${x}", false), (r"a\n${x}".into(), 0));
    }

    #[test]
    fn bad_escapes_are_all_found() {
        assert_eq!(plain(r"\x \u12 \ud800 \é ok", true).1, 4);
    }
}
