//! JSON syntax: the same tree from JSON text.
//!
//! An own small reader, since every value needs its place. Strings are read as they are; where an expression is wanted they
//! are templates: see [`templates`].
use unicode_segmentation::UnicodeSegmentation;

use super::ast::{Attribute, Body, Expr, ExprKind, ObjectItem};
use super::parser::template_at;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::NESTING_LIMIT;
use crate::source::{FileId, Pos, Span};
use crate::value::{Number, Type, Value};

/// Parses a file: an object, or an array of objects.
pub(crate) fn file(file: FileId, text: &str) -> (Body, Diagnostics) {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let at = Pos { line: 1, column: 1, byte: start };
    let mut reader = Reader { text, file, at, depth: 0, diags: Diagnostics::new() };
    let mut body = Body { json: true, ..Body::default() };
    if let Some(root) = reader.document() {
        body.start = root.span;
        body.end = Span { start: root.span.end, ..root.span };
        reader.collect(root, &mut body);
    }
    (body, reader.diags)
}

/// A value of a JSON file as an expression: every string in it, and every property name, is a template.
pub(crate) fn templates(value: Expr, diags: &mut Diagnostics) -> Expr {
    let span = value.span;
    let kind = match *value.kind {
        ExprKind::Literal(literal) => match literal.as_str() {
            Some(text) if text.contains("${") || text.contains("%{") => {
                let (template, findings) = template_at(span, text);
                diags.extend(findings);
                *template.kind
            }
            _ => ExprKind::Literal(literal),
        },
        ExprKind::Tuple(items) => ExprKind::Tuple(items.into_iter().map(|item| templates(item, diags)).collect()),
        ExprKind::Object(items) => {
            let item =
                |item: ObjectItem| ObjectItem { key: templates(item.key, diags), value: templates(item.value, diags) };
            ExprKind::Object(items.into_iter().map(item).collect())
        }
        other => other,
    };
    Expr::new(kind, span)
}

struct Reader<'t> {
    text: &'t str,
    file: FileId,
    at: Pos,
    depth: u32,
    diags: Diagnostics,
}

impl Reader<'_> {
    fn document(&mut self) -> Option<Expr> {
        let root = self.value()?;
        self.skip_blanks();
        if self.rest().is_empty() {
            return Some(root);
        }
        self.fail("Extraneous data after value", "Nothing may follow the JSON value of a file.")
    }

    /// Puts the properties of the root into a body.
    fn collect(&mut self, root: Expr, body: &mut Body) {
        match *root.kind {
            ExprKind::Object(items) => {
                for item in items {
                    let ExprKind::Literal(name) = &*item.key.kind else { continue };
                    let Some(name) = name.as_str() else { continue };
                    let attribute = Attribute { name: name.into(), name_span: item.key.span, value: item.value };
                    body.attributes.push(attribute);
                }
            }
            ExprKind::Tuple(items) => items.into_iter().for_each(|item| self.collect(item, body)),
            _ => {
                let detail = "The root of a JSON configuration must be an object, or an array of objects.";
                self.diags.push(Diagnostic::error("Root value must be object", detail).at(root.span));
            }
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at.byte as usize..]
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at.byte as usize).copied()
    }

    /// Moves on within a line.
    fn advance(&mut self, len: usize) {
        let piece = &self.rest()[..len];
        let columns = if piece.is_ascii() { len } else { piece.graphemes(true).count() };
        self.at.column += columns as u32;
        self.at.byte += len as u32;
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.next() {
                Some(b'\n') => {
                    self.at = Pos { line: self.at.line + 1, column: 1, byte: self.at.byte + 1 };
                }
                Some(b' ' | b'\t' | b'\r') => self.advance(1),
                _ => return,
            }
        }
    }

    fn here(&self) -> Span {
        let len = self.rest().chars().next().map_or(0, char::len_utf8) as u32;
        let end = Pos { byte: self.at.byte + len, column: self.at.column + len.min(1), ..self.at };
        Span { file: self.file, start: self.at, end }
    }

    fn since(&self, start: Pos) -> Span {
        Span { file: self.file, start, end: self.at }
    }

    fn fail<T>(&mut self, summary: &str, detail: &str) -> Option<T> {
        self.diags.push(Diagnostic::error(summary, detail).at(self.here()));
        None
    }

    fn unclosed<T>(&mut self, start: Pos, summary: &str, detail: &str) -> Option<T> {
        let end = Pos { column: start.column + 1, byte: start.byte + 1, ..start };
        self.diags.push(Diagnostic::error(summary, detail).at(Span { file: self.file, start, end }));
        None
    }

    fn value(&mut self) -> Option<Expr> {
        self.skip_blanks();
        let start = self.at;
        match self.next() {
            Some(b'{') => self.nested(Reader::object),
            Some(b'[') => self.nested(Reader::array),
            Some(b'"') => {
                let text = self.string()?;
                Some(Expr::new(ExprKind::Literal(Value::string(text)), self.since(start)))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.keyword(),
            None => self.fail("Missing JSON value", "A JSON value is required, but the file ends here."),
            _ => self.fail(
                "Invalid JSON value",
                "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.",
            ),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Expr>) -> Option<Expr> {
        if self.depth >= NESTING_LIMIT {
            let detail = format!("This is nested more than {NESTING_LIMIT} levels deep.");
            return self.fail("Configuration nested too deeply", &detail);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Expr> {
        let start = self.at;
        self.advance(1);
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            match self.next() {
                Some(b'}') if items.is_empty() => break,
                Some(b'"') => {}
                Some(b'}') => {
                    return self
                        .fail("Trailing comma in object", "JSON does not permit a comma after the last property.");
                }
                _ => return self.fail("Invalid object property name", "A property name in quotes is required here."),
            }
            let key_start = self.at;
            let name = self.string()?;
            let key = Expr::new(ExprKind::Literal(Value::string(name)), self.since(key_start));
            self.skip_blanks();
            if self.next() != Some(b':') {
                return self.fail(
                    "Missing property value colon",
                    "A colon is required between the name and the value of a property.",
                );
            }
            self.advance(1);
            let value = self.value()?;
            items.push(ObjectItem { key, value });
            self.skip_blanks();
            match self.next() {
                Some(b',') => self.advance(1),
                Some(b'}') => break,
                None => {
                    return self.unclosed(
                        start,
                        "Unclosed object",
                        "There is no closing brace for this object before the end of the file.",
                    );
                }
                _ => {
                    return self.fail(
                        "Missing attribute separator",
                        "A comma is required between two properties of an object.",
                    );
                }
            }
        }
        self.advance(1);
        Some(Expr::new(ExprKind::Object(items), self.since(start)))
    }

    fn array(&mut self) -> Option<Expr> {
        let start = self.at;
        self.advance(1);
        let mut items = Vec::new();
        self.skip_blanks();
        while self.next() != Some(b']') {
            items.push(self.value()?);
            self.skip_blanks();
            match self.next() {
                Some(b',') => self.advance(1),
                Some(b']') => break,
                None => {
                    return self.unclosed(
                        start,
                        "Unclosed array",
                        "There is no closing bracket for this array before the end of the file.",
                    );
                }
                _ => {
                    return self
                        .fail("Missing attribute separator", "A comma is required between two values of an array.");
                }
            }
            self.skip_blanks();
            if self.next() == Some(b']') {
                return self.fail("Trailing comma in array", "JSON does not permit a comma after the last value.");
            }
        }
        self.advance(1);
        Some(Expr::new(ExprKind::Tuple(items), self.since(start)))
    }

    fn number(&mut self) -> Option<Expr> {
        let start = self.at;
        let len =
            self.rest().bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let Some(number) = Number::parse(&self.rest()[..len]) else {
            return self.fail("Invalid JSON number", "This is not a number in decimal notation.");
        };
        self.advance(len);
        Some(Expr::new(ExprKind::Literal(Value::number(number)), self.since(start)))
    }

    fn keyword(&mut self) -> Option<Expr> {
        let start = self.at;
        let len = self.rest().bytes().take_while(u8::is_ascii_alphanumeric).count();
        let value = match &self.rest()[..len] {
            "true" => Value::bool(true),
            "false" => Value::bool(false),
            "null" => Value::null(Type::Dynamic),
            _ => {
                return self.fail(
                    "Invalid JSON keyword",
                    "Only true, false and null are keywords of JSON. Put other words in quotes.",
                );
            }
        };
        self.advance(len);
        Some(Expr::new(ExprKind::Literal(value), self.since(start)))
    }

    /// The text of a string; escapes are those of JSON.
    fn string(&mut self) -> Option<String> {
        let bytes = self.rest().as_bytes();
        let mut end = 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(b'\n') | None => {
                    return self.fail("Invalid JSON string", "There is no closing quote for this string on its line.");
                }
                Some(_) => end += 1,
            }
        }
        let raw = &self.rest()[..=end];
        // Its errors are not shown: they may repeat the text.
        match serde_json::from_str::<String>(raw) {
            Ok(text) => {
                self.advance(end + 1);
                Some(text)
            }
            Err(_) => {
                self.fail("Invalid JSON string", "This string has a bad escape sequence or a control character in it.")
            }
        }
    }
}
