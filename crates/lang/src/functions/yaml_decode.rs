//! YAML to values: the types that YAML 1.1 sees in plain text, as Terraform has them.
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::timestamp::Timestamp;
use crate::limits::{MAX_YAML_DEPTH, MAX_YAML_NODES};
use crate::value::convert::convert;
use crate::value::{Number, Type, Value};

/// Decodes the one document of a text. Error messages name the place and no content.
pub(super) fn decode(text: &str) -> Result<Value, String> {
    let lines = text.split('\n').collect();
    let mut reader = Reader { parser: Parser::new_from_str(text), lines, anchors: HashMap::new(), flow: 0 };
    reader.next()?;
    let (event, span) = reader.next()?;
    if !matches!(event, Event::DocumentStart(_)) {
        return Err(at(span, "missing start of document"));
    }
    let (event, span) = reader.next()?;
    let node = reader.node(event, span, 0)?;
    reader.next()?;
    match reader.next()? {
        (Event::StreamEnd, _) => Ok(node.value),
        (Event::DocumentStart(_), span) => Err(at(span, "only a single document is allowed")),
        (_, span) => Err(at(span, "unexpected extra content after value")),
    }
}

fn at(span: Span, message: &str) -> String {
    format!("on line {}, column {}: {message}", span.start.line(), span.start.col() + 1)
}

/// A value, and how many nodes it stands for.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    lines: Vec<&'t str>,
    /// How many brackets and braces are open.
    flow: usize,
    /// What each anchor stands for; none while it is being read.
    anchors: HashMap<usize, Option<Node>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), String> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(e)) => {
                let mark = e.marker();
                Err(format!("on line {}, column {}: invalid YAML syntax", mark.line(), mark.col() + 1))
            }
            None => Err("unexpected end of the document".into()),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, String> {
        if depth > MAX_YAML_DEPTH {
            return Err(at(span, "nested too deeply"));
        }
        self.check_tabs(span)?;
        let bracketed = self.opens_bracket(&event, span);
        self.flow += usize::from(bracketed);
        let read = self.read(event, span, depth);
        self.flow -= usize::from(bracketed);
        read
    }

    fn line(&self, span: Span) -> &'t str {
        self.lines.get(span.start.line() - 1).copied().unwrap_or_default()
    }

    /// Outside brackets no tab may stand in the indentation of a value.
    fn check_tabs(&self, span: Span) -> Result<(), String> {
        let mut indentation = self.line(span).chars().take_while(|c| *c == ' ' || *c == '\t');
        if self.flow == 0 && indentation.position(|c| c == '\t').is_some_and(|at| at < span.start.col()) {
            return Err(at(span, "found a tab character that cannot start any token"));
        }
        Ok(())
    }

    /// Whether a collection in brackets or braces begins here; one inside another certainly does.
    fn opens_bracket(&self, event: &Event<'_>, span: Span) -> bool {
        let opens = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        opens && (self.flow > 0 || matches!(self.line(span).chars().nth(span.start.col()), Some('[' | '{')))
    }

    fn read(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, String> {
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref()).map_err(|e| at(span, e))?;
                let value = value.unwrap_or_else(|| Value::string("<<"));
                (anchor, Node { value, size: 1 })
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), "seq").map_err(|e| at(span, e))?;
                self.anchors.insert(anchor, None);
                (anchor, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), "map").map_err(|e| at(span, e))?;
                self.anchors.insert(anchor, None);
                (anchor, self.mapping(depth)?)
            }
            Event::Alias(id) => {
                return match self.anchors.get(&id) {
                    Some(Some(node)) => Ok(node.clone()),
                    _ => Err(at(span, "cannot refer to an anchor from inside its own definition")),
                };
            }
            _ => return Err(at(span, "expecting a value")),
        };
        if node.size > MAX_YAML_NODES {
            return Err(at(span, "too many values"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, String> {
        let (mut items, mut size) = (Vec::new(), 1);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Node { value: Value::tuple(items), size });
            }
            let node = self.node(event, span, depth + 1)?;
            size += node.size;
            items.push(node.value);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Node, String> {
        let (mut items, mut size): (BTreeMap<Arc<str>, Value>, usize) = (BTreeMap::new(), 1);
        loop {
            let (event, key_span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Node { value: Value::object(items), size }),
                Event::Scalar(text, style, _, tag) => {
                    scalar(&text, style, tag.as_deref()).map_err(|e| at(key_span, e))?
                }
                _ => return Err(at(key_span, "only strings are allowed as mapping keys")),
            };
            let key = match key {
                Some(key) => Some(key_text(&key).map_err(|e| at(key_span, e))?),
                None => None,
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            size += node.size;
            match (key, node.value.entries()) {
                (Some(key), _) => {
                    items.insert(key, node.value);
                }
                (None, Some(merged)) => items.extend(merged.iter().map(|(k, v)| (k.clone(), v.clone()))),
                (None, None) => return Err(at(key_span, "only a mapping can be merged into a mapping")),
            }
        }
    }
}

/// A key as text: numbers and bools are written out, as everywhere.
fn key_text(key: &Value) -> Result<Arc<str>, &'static str> {
    let text = convert(key, &Type::String).map_err(|_| "only strings are allowed as mapping keys")?;
    text.as_str().map(Arc::from).ok_or("mapping key cannot be null")
}

/// The short name of a core tag: `str` of `!!str`; none without a tag or for the tag `!`.
fn core_tag(tag: Option<&Tag>) -> Result<Option<&str>, &'static str> {
    match tag {
        None => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() => Ok(Some(&tag.suffix)),
        Some(tag) if tag.suffix.is_empty() && tag.handle == "!" || tag.handle.is_empty() && tag.suffix == "!" => {
            Ok(Some("str"))
        }
        Some(_) => Err("unsupported tag"),
    }
}

fn check_tag(tag: Option<&Tag>, wanted: &str) -> Result<(), &'static str> {
    match core_tag(tag)? {
        Some(name) if name != wanted => Err("the tag does not fit what follows"),
        _ => Ok(()),
    }
}

/// The value of a scalar; none for the merge key `<<`.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Option<Value>, &'static str> {
    const UNFIT: &str = "the value does not fit its tag";
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
    let value = match core_tag(tag)? {
        None if quoted || block => Value::string(text),
        None if text == "<<" => return Ok(None),
        None => plain(text)?,
        Some("str") => Value::string(text),
        Some("binary") => match STANDARD.decode(text) {
            Ok(_) => Value::string(text),
            Err(_) => return Err(UNFIT),
        },
        Some("bool") => boolean(text).map(Value::bool).ok_or(UNFIT)?,
        Some("null") => Value::null(Type::Dynamic),
        Some("int" | "float") if quoted => Value::string(text),
        Some("int" | "float") => number(&text.replace('_', "")).map(Value::number).ok_or(UNFIT)?,
        Some("timestamp") => Timestamp::parse_yaml(text).map(|t| Value::string(t.to_string())).ok_or(UNFIT)?,
        Some(_) => return Err("unsupported tag"),
    };
    Ok(Some(value))
}

/// What a scalar without quotes and tag stands for.
fn plain(text: &str) -> Result<Value, &'static str> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Value::null(Type::Dynamic));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err("floating point NaN is not supported");
    }
    if let Some(b) = boolean(text) {
        return Ok(Value::bool(b));
    }
    if text.len() > 4
        && text.as_bytes()[4] == b'-'
        && let Some(time) = Timestamp::parse_yaml(text)
    {
        return Ok(Value::string(time.to_string()));
    }
    Ok(number(text).map_or_else(|| Value::string(text), Value::number))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Decimal with sign, point and exponent; `0x` and `0o` without a sign; `.inf`.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(Number::infinity(text.starts_with('-')));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+')).map(Number::from);
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let numeric = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    (numeric && exponent.is_none_or(|e| !e.is_empty() && digits(e))).then(|| Number::parse(text))?
}
