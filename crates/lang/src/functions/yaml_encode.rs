//! Values to YAML in the one style that Terraform writes: blocks, every string and key in double quotes, texts of several
//! lines as literal blocks.
use crate::limits::MAX_TEXT_BYTES;
use crate::value::{Data, Value};

/// Column beyond which a quoted text goes on in the next line.
const BEST_WIDTH: usize = 80;
/// Columns a block is indented by.
const INDENT: usize = 2;
/// Longest key that stands before its `:`; a longer one is introduced by `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// The document of a wholly known value.
pub(super) fn encode(v: &Value) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0, whitespace: true, indention: true, open_ended: false };
    emitter.node(v, Place { indent: None, root: true, in_mapping: false });
    emitter.line(0);
    if emitter.open_ended {
        emitter.indicator("...", true, false, false);
        emitter.line(0);
    }
    emitter.out
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    /// Columns its block is indented by; none at the top.
    indent: Option<usize>,
    root: bool,
    /// Whether it is the value of a mapping.
    in_mapping: bool,
}

impl Place {
    /// The indentation one level further in.
    fn deeper(self) -> usize {
        self.indent.map_or(0, |n| n + INDENT)
    }
}

struct Emitter {
    out: String,
    column: usize,
    /// Whether what was written last is white space.
    whitespace: bool,
    /// Whether the line so far is only indentation and indicators that open a block.
    indention: bool,
    /// Whether the end of the document must be marked.
    open_ended: bool,
}

impl Emitter {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    fn indicator(&mut self, text: &str, spaced: bool, whitespace: bool, indention: bool) {
        if spaced && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = whitespace;
        self.indention &= indention;
        self.open_ended = false;
    }

    /// Goes to a column of this line, if only indentation is before it, else of the next.
    fn line(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn node(&mut self, v: &Value, place: Place) {
        // What is longer is not given out: see where this is called.
        if self.out.len() > MAX_TEXT_BYTES {
            return;
        }
        match v.data() {
            Data::Sequence(items) if items.is_empty() => self.indicator("[]", true, false, false),
            Data::Mapping(items) if items.is_empty() => self.indicator("{}", true, false, false),
            Data::Sequence(items) => {
                // A list that is the value of a key stands below the key, not further in.
                let same_column = place.in_mapping && !self.indention;
                let indent = if same_column { place.indent.unwrap_or(0) } else { place.deeper() };
                for item in items.iter() {
                    self.line(indent);
                    self.indicator("-", true, false, true);
                    self.node(item, Place { indent: Some(indent), root: false, in_mapping: false });
                }
            }
            Data::Mapping(items) => {
                let indent = place.deeper();
                let inside = Place { indent: Some(indent), root: false, in_mapping: true };
                for (key, item) in items.iter() {
                    self.line(indent);
                    self.key(key, inside);
                    self.node(item, inside);
                }
            }
            Data::String(s) => self.text(s, place),
            Data::Bool(b) => self.plain(if *b { "true" } else { "false" }, place),
            Data::Number(n) => self.plain(&n.to_string(), place),
            Data::Null | Data::Unknown(_) => self.plain("null", place),
        }
    }

    fn key(&mut self, key: &str, place: Place) {
        if key.contains(is_break) || key.len() > MAX_SIMPLE_KEY {
            self.indicator("?", true, false, true);
            self.text(key, place);
            self.line(place.indent.unwrap_or(0));
            self.indicator(":", true, false, true);
        } else {
            self.quoted(key, None);
            self.indicator(":", false, false, false);
        }
    }

    fn plain(&mut self, text: &str, place: Place) {
        if !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention = false;
        self.open_ended |= place.root;
    }

    fn text(&mut self, text: &str, place: Place) {
        let indent = place.indent.map_or(INDENT, |n| n + INDENT);
        if text.contains('\n') && fits_literal(text) {
            self.literal(text, indent)
        } else {
            self.quoted(text, Some(indent))
        }
    }

    /// `|`, hints about indentation and final line ends, then the lines.
    fn literal(&mut self, text: &str, indent: usize) {
        self.indicator("|", true, false, false);
        if text.starts_with([' ', '\n']) {
            self.indicator(&INDENT.to_string(), false, false, false);
        }
        if !text.ends_with('\n') {
            self.indicator("-", false, false, false);
        } else if text == "\n" || text.ends_with("\n\n") {
            self.indicator("+", false, false, false);
        }
        self.put('\n');
        self.indention = true;
        self.whitespace = true;
        let mut line_start = true;
        for c in text.chars() {
            if c == '\n' {
                self.put('\n');
                self.indention = true;
            } else {
                if line_start {
                    self.line(indent);
                }
                self.put(c);
                self.indention = false;
            }
            line_start = c == '\n';
        }
    }

    /// In double quotes; with an indentation, long texts go on in the next line at a space.
    fn quoted(&mut self, text: &str, fold: Option<usize>) {
        self.indicator("\"", true, false, false);
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            match fold {
                Some(indent) if c == ' ' && !after_space && self.column > BEST_WIDTH && i > 0 && i + 1 < text.len() => {
                    self.line(indent);
                    if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                }
                _ => self.escaped(c),
            }
            after_space = c == ' ';
        }
        self.indicator("\"", false, false, false);
    }

    fn escaped(&mut self, c: char) {
        if is_printable(c) && !is_break(c) && !matches!(c, '"' | '\\') {
            return self.put(c);
        }
        let escape = match c {
            '\0' => "0".into(),
            '\u{7}' => "a".into(),
            '\u{8}' => "b".into(),
            '\t' => "t".into(),
            '\n' => "n".into(),
            '\u{b}' => "v".into(),
            '\u{c}' => "f".into(),
            '\r' => "r".into(),
            '\u{1b}' => "e".into(),
            '"' | '\\' => c.to_string(),
            '\u{85}' => "N".into(),
            '\u{a0}' => "_".into(),
            '\u{2028}' => "L".into(),
            '\u{2029}' => "P".into(),
            c => match u32::from(c) {
                n @ ..=0xff => format!("x{n:02X}"),
                n @ ..=0xffff => format!("u{n:04X}"),
                n => format!("U{n:08X}"),
            },
        };
        self.put('\\');
        escape.chars().for_each(|c| self.put(c));
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Whether a literal block can hold the text: no space at the end of the text or of a line, nothing to escape.
fn fits_literal(text: &str) -> bool {
    let space_before_break = text.as_bytes().windows(2).any(|pair| pair == b" \n");
    !text.ends_with(' ') && !space_before_break && text.chars().all(|c| is_printable(c) && (c == '\n' || !is_break(c)))
}
