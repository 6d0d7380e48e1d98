//! Comma-separated values (RFC 4180, as strict as Terraform).
use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::Arguments;
use super::signature::{Function, FunctionError, Parameter};
use crate::limits::{MAX_VALUE_BYTES, NODE_BYTES};
use crate::value::{Type, Value};

/// `csvdecode`
pub(super) static FUNCTIONS: &[Function] =
    &[Function::typed("csvdecode", &[Parameter::string("str")], table_type, decode)];

/// Reads records; empty lines are none.
struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Reader { rest: text, line: 0 }
    }

    fn fail(&self, message: &str) -> FunctionError {
        FunctionError::new(format!("CSV parse error on line {}: {message}", self.line))
    }

    /// The next line without its end, and past it.
    fn next_line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn record(&mut self) -> Result<Option<Vec<String>>, FunctionError> {
        let mut line = loop {
            match self.next_line() {
                None => return Ok(None),
                Some("") => {}
                Some(line) => break line,
            }
        };
        let mut fields = Vec::new();
        loop {
            let after = match line.strip_prefix('"') {
                None => {
                    let (field, after) = line.split_once(',').map_or((line, None), |(f, rest)| (f, Some(rest)));
                    if field.contains('"') {
                        return Err(self.fail("bare \" in non-quoted-field"));
                    }
                    fields.push(field.to_string());
                    after
                }
                Some(quoted) => {
                    let (field, after) = self.quoted(quoted)?;
                    fields.push(field);
                    after
                }
            };
            match after {
                Some(rest) => line = rest,
                None => return Ok(Some(fields)),
            }
        }
    }

    /// A field in quotes, the first already taken, over as many lines as it has; and what follows its comma.
    fn quoted(&mut self, mut line: &'t str) -> Result<(String, Option<&'t str>), FunctionError> {
        let mut field = String::new();
        loop {
            let Some((part, after)) = line.split_once('"') else {
                field.push_str(line);
                // An unclosed field at the very end is closed by it only if there is a line end to read.
                field.push('\n');
                line = self.next_line().ok_or_else(|| self.fail("extraneous or missing \" in quoted-field"))?;
                continue;
            };
            field.push_str(part);
            if let Some(after) = after.strip_prefix('"') {
                field.push('"');
                line = after;
            } else if after.is_empty() {
                return Ok((field, None));
            } else if let Some(after) = after.strip_prefix(',') {
                return Ok((field, Some(after)));
            } else {
                return Err(self.fail("extraneous or missing \" in quoted-field"));
            }
        }
    }
}

fn headers(reader: &mut Reader<'_>) -> Result<Vec<Arc<str>>, FunctionError> {
    let headers = reader.record()?.ok_or_else(|| FunctionError::new("missing header line"))?;
    let mut seen = BTreeSet::new();
    if let Some(column) = headers.iter().position(|name| !seen.insert(name)) {
        return Err(FunctionError::new(format!("duplicate column name in column {}", column + 1)));
    }
    Ok(headers.into_iter().map(Arc::from).collect())
}

fn table_type(args: &[Value]) -> Result<Type, FunctionError> {
    let Some(text) = args[0].as_str() else { return Ok(Type::Dynamic) };
    let headers = headers(&mut Reader::new(text))?;
    Ok(Type::list(Type::object(headers.into_iter().map(|name| (name, Type::String)))))
}

fn decode(a: &Arguments<'_>) -> Result<Value, FunctionError> {
    let mut reader = Reader::new(a.encoded(0)?);
    let headers = headers(&mut reader)?;
    let mut rows = Vec::new();
    while let Some(fields) = reader.record()? {
        if fields.len() != headers.len() {
            return Err(reader.fail("wrong number of fields"));
        }
        if (rows.len() + 1) * (headers.len() + 1) * NODE_BYTES as usize > MAX_VALUE_BYTES as usize {
            return Err(reader.fail("too many values"));
        }
        rows.push(Value::object(headers.iter().cloned().zip(fields.iter().map(Value::string))));
    }
    Ok(Value::list(a.ty.element().cloned().unwrap_or(Type::Dynamic), rows))
}
