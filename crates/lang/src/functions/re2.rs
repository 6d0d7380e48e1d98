//! RE2's pattern syntax, as Terraform has it, in that of the `regex` crate.
//!
//! Both mean the same by most of it. They differ in what this module rewrites: `\d`, `\w`, `\s` and `\b` know only ASCII in
//! RE2; `\Q…\E` quotes; `{` is literal where no repetition follows; and inside a class neither `[` nor `&&` is special.
use std::iter::Peekable;
use std::str::Chars;

/// Rewrites a pattern; an error for what RE2 does not know but the crate would accept.
pub(super) fn to_rust_syntax(pattern: &str) -> Result<String, String> {
    let mut translation = Translation { rest: pattern.chars().peekable(), out: String::with_capacity(pattern.len()) };
    translation.run()?;
    Ok(translation.out)
}

struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut repeated = false;
        while let Some(c) = self.rest.next() {
            let repeats = matches!(c, '*' | '+' | '?') || c == '{' && self.repetition_follows();
            if repeats && repeated {
                return Err("invalid nested repetition operator".into());
            }
            match c {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '{' if repeats => {
                    self.out.push('{');
                    self.out.extend(self.rest.by_ref().take_while(|c| *c != '}'));
                    self.out.push('}');
                }
                '{' => self.out.push_str("\\{"),
                c => self.out.push(c),
            }
            // The `?` after a repetition belongs to it.
            if repeats && self.rest.next_if_eq(&'?').is_some() {
                self.out.push('?');
            }
            repeated = repeats;
        }
        Ok(())
    }

    /// Whether what comes is the rest of `{n}`, `{n,}` or `{n,m}`.
    fn repetition_follows(&self) -> bool {
        let mut rest = self.rest.clone();
        let mut inner = String::new();
        loop {
            match rest.next() {
                Some('}') => break,
                Some(c) if c.is_ascii_digit() || c == ',' => inner.push(c),
                _ => return false,
            }
        }
        let (low, high) = inner.split_once(',').unwrap_or((&inner, ""));
        !low.is_empty() && !high.contains(',')
    }

    /// What stands after a backslash.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(c) = self.rest.next() else { return Err("trailing backslash at end of expression".into()) };
        match c {
            'd' => self.ascii_class("0-9", false, in_class),
            'D' => self.ascii_class("0-9", true, in_class),
            'w' => self.ascii_class("0-9A-Za-z_", false, in_class),
            'W' => self.ascii_class("0-9A-Za-z_", true, in_class),
            's' => self.ascii_class("\\t\\n\\f\\r ", false, in_class),
            'S' => self.ascii_class("\\t\\n\\f\\r ", true, in_class),
            'b' if !in_class => self.out.push_str("(?-u:\\b)"),
            'B' if !in_class => self.out.push_str("(?-u:\\B)"),
            'Q' if !in_class => self.quotation(),
            'p' | 'P' => self.unicode_class(c == 'P')?,
            '0'..='7' => self.octal(c)?,
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' => self.out.extend(['\\', c]),
            'A' | 'z' if !in_class => self.out.extend(['\\', c]),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => return Err("invalid escape sequence".into()),
            c => self.literal(c),
        }
        Ok(())
    }

    /// Writes a character that stands for itself, inside a class or outside.
    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() && !matches!(c, '<' | '>' | '_') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn ascii_class(&mut self, ranges: &str, negated: bool, in_class: bool) {
        if in_class && !negated {
            self.out.push_str(ranges);
        } else {
            let caret = if negated { "^" } else { "" };
            self.out.push_str(&format!("[{caret}{ranges}]"));
        }
    }

    fn quotation(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.literal(c);
        }
    }

    /// `\pN`, `\p{Greek}` and `\p{^Greek}`.
    fn unicode_class(&mut self, negated: bool) -> Result<(), String> {
        let name: String = match self.rest.next() {
            Some('{') => self.rest.by_ref().take_while(|c| *c != '}').collect(),
            Some(c) => c.into(),
            None => return Err("invalid character class range".into()),
        };
        let (negated, name) = match name.strip_prefix('^') {
            Some(rest) => (!negated, rest),
            None => (negated, &name[..]),
        };
        self.out.push_str(&format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' }));
        Ok(())
    }

    /// Up to three octal digits; one alone (but 0) would be a back reference, which RE2 does not have.
    fn octal(&mut self, first: char) -> Result<(), String> {
        let mut value = first.to_digit(8).unwrap_or(0);
        let mut more = 0;
        while more < 2
            && let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(8))
        {
            self.rest.next();
            value = value * 8 + digit;
            more += 1;
        }
        if first != '0' && more == 0 {
            return Err("invalid escape sequence".into());
        }
        self.out.push_str(&format!("\\x{{{value:x}}}"));
        Ok(())
    }

    /// A class in brackets, its opening bracket already taken.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        while let Some(c) = self.rest.next() {
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.rest.peek() == Some(&':') => self.named_class()?,
                '\\' => self.escape(true)?,
                '-' if !first && self.rest.peek().is_some_and(|next| *next != ']') => self.out.push('-'),
                c => self.literal(c),
            }
            first = false;
        }
        Err("missing closing ]".into())
    }

    /// `[:name:]`, its opening bracket already taken.
    fn named_class(&mut self) -> Result<(), String> {
        let rest: String = self.rest.clone().skip(1).take_while(|c| *c != ']').collect();
        let Some(name) = rest.strip_suffix(':') else {
            self.literal('[');
            return Ok(());
        };
        let plain = name.strip_prefix('^').unwrap_or(name);
        if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err("invalid character class range".into());
        }
        self.out.push_str(&format!("[:{name}:]"));
        self.rest.nth(name.len() + 2);
        Ok(())
    }
}
