//! What a body may contain, and taking it out.
use std::collections::BTreeMap;
use std::sync::Arc;

use super::suggest::did_you_mean;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind, Label};
use crate::syntax::json_templates;

/// The arguments and nested blocks a body may have.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Names of arguments, and whether each is required.
    pub attributes: &'static [(&'static str, bool)],
    /// Types of nested blocks, each with the names of its labels.
    pub blocks: &'static [(&'static str, &'static [&'static str])],
}

/// A body, taken apart by a [`Schema`].
#[derive(Debug, Default)]
pub struct Content {
    /// The arguments of the schema.
    pub attributes: BTreeMap<Arc<str>, Attribute>,
    /// The nested blocks of the schema, in order.
    pub blocks: Vec<Block>,
    /// What the schema does not name.
    pub rest: Body,
}

impl Content {
    /// Takes an argument out as it is written: strings of JSON are literals.
    pub fn take(&mut self, name: &str) -> Option<Expr> {
        self.attributes.remove(name).map(|a| a.value)
    }

    /// Takes an argument out that is an expression: strings of JSON are templates.
    pub fn take_expression(&mut self, name: &str, diags: &mut Diagnostics) -> Option<Expr> {
        let value = self.take(name)?;
        Some(if self.rest.json { as_expression(value, diags) } else { value })
    }

    /// Takes out what the schema does not name, every value as an expression.
    pub fn take_rest(&mut self, diags: &mut Diagnostics) -> Body {
        let mut rest = std::mem::take(&mut self.rest);
        self.rest.json = rest.json;
        expressions_of(&mut rest, diags);
        rest
    }
}

/// Makes the values of a body expressions, in place.
pub(super) fn expressions_of(body: &mut Body, diags: &mut Diagnostics) {
    if !body.json {
        return;
    }
    for attribute in std::mem::take(&mut body.attributes) {
        body.attributes.push(Attribute { value: as_expression(attribute.value, diags), ..attribute });
    }
    body.blocks.iter_mut().for_each(|block| expressions_of(&mut block.body, diags));
}

fn as_expression(value: Expr, diags: &mut Diagnostics) -> Expr {
    let (value, findings) = json_templates(value);
    diags.extend(findings);
    value
}

impl Schema {
    /// Takes a body apart; what the schema does not name is an error.
    pub fn content(&self, body: Body, diags: &mut Diagnostics) -> Content {
        let content = self.partial(body, diags);
        for attribute in &content.rest.attributes {
            diags.push(match content.rest.json {
                true => self.extraneous_property(attribute),
                false => self.unsupported_argument(attribute),
            });
        }
        for block in &content.rest.blocks {
            diags.push(self.unsupported_block(block));
        }
        content
    }

    /// Takes a body apart; what the schema does not name stays in `rest`.
    pub fn partial(&self, mut body: Body, diags: &mut Diagnostics) -> Content {
        split_blocks(&mut body, self.blocks, diags);
        let mut content = Content {
            rest: Body { start: body.start, end: body.end, json: body.json, ..Body::default() },
            ..Content::default()
        };
        for attribute in body.attributes {
            if self.attributes.iter().any(|(name, _)| *name == &*attribute.name) {
                content.attributes.entry(attribute.name.clone()).or_insert(attribute);
            } else {
                content.rest.attributes.push(attribute);
            }
        }
        for block in body.blocks {
            match self.blocks.iter().find(|(kind, _)| *kind == &*block.block_type) {
                Some((_, labels)) if labels_fit(&block, labels, diags) => content.blocks.push(block),
                Some(_) => {}
                None => content.rest.blocks.push(block),
            }
        }
        for (name, required) in self.attributes {
            if *required && !content.attributes.contains_key(*name) {
                let detail = format!("The argument {name:?} is required, but no definition was found.");
                diags.push(Diagnostic::error("Missing required argument", detail).at(body.start));
            }
        }
        content
    }

    fn unsupported_argument(&self, attribute: &Attribute) -> Diagnostic {
        let name = &attribute.name;
        let hint = if self.blocks.iter().any(|(kind, _)| *kind == &**name) {
            format!(" Did you mean to define a block of type {name:?}?")
        } else {
            did_you_mean(name, self.attributes.iter().map(|(n, _)| *n))
        };
        let detail = format!("An argument named {name:?} is not expected here.{hint}");
        Diagnostic::error("Unsupported argument", detail).at(attribute.name_span)
    }

    fn extraneous_property(&self, attribute: &Attribute) -> Diagnostic {
        let name = &attribute.name;
        let known = self.attributes.iter().map(|(n, _)| *n).chain(self.blocks.iter().map(|(n, _)| *n));
        let detail = format!("No argument or block type is named {name:?}.{}", did_you_mean(name, known));
        Diagnostic::error("Extraneous JSON object property", detail).at(attribute.name_span)
    }

    fn unsupported_block(&self, block: &Block) -> Diagnostic {
        let name = &block.block_type;
        let hint = if self.attributes.iter().any(|(n, _)| *n == &**name) {
            format!(" Did you mean to define argument {name:?}? If so, use the equals sign to assign it a value.")
        } else {
            did_you_mean(name, self.blocks.iter().map(|(n, _)| *n))
        };
        let detail = format!("Blocks of type {name:?} are not expected here.{hint}");
        Diagnostic::error("Unsupported block type", detail).at(block.type_span)
    }
}

fn labels_fit(block: &Block, labels: &[&str], diags: &mut Diagnostics) -> bool {
    let kind = &block.block_type;
    if let Some(extra) = block.labels.get(labels.len()) {
        let detail = match labels {
            [] => format!("No labels are expected for {kind} blocks."),
            _ => format!("Only {} labels ({}) are expected for {kind} blocks.", labels.len(), labels.join(", ")),
        };
        diags.push(Diagnostic::error(format!("Extraneous label for {kind}"), detail).at(extra.span));
        return false;
    }
    if let Some(missing) = labels.get(block.labels.len()) {
        let detail = format!("All {kind} blocks must have {} labels ({}).", labels.len(), labels.join(", "));
        diags.push(Diagnostic::error(format!("Missing {missing} for {kind}"), detail).at(block.body.start));
        return false;
    }
    true
}

/// Turns those properties of a JSON body that are nested blocks of the given types (with the names of their labels) into
/// blocks. A body of native syntax stays as it is.
pub fn split_blocks(body: &mut Body, kinds: &[(&str, &[&str])], diags: &mut Diagnostics) {
    if !body.json {
        return;
    }
    body.attributes.retain(|a| &*a.name != "//");
    let attributes = std::mem::take(&mut body.attributes);
    for attribute in attributes {
        match kinds.iter().find(|(kind, _)| *kind == &*attribute.name) {
            Some((_, labels)) => {
                let nest = Nest { kind: &attribute, labels };
                nest.unfold(attribute.value.clone(), &mut Vec::new(), &mut body.blocks, diags);
            }
            None => body.attributes.push(attribute),
        }
    }
}

/// A JSON property that holds blocks: objects keyed by label, as deep as there are labels; an array repeats.
struct Nest<'a> {
    kind: &'a Attribute,
    labels: &'a [&'a str],
}

impl Nest<'_> {
    fn unfold(&self, value: Expr, found: &mut Vec<Label>, blocks: &mut Vec<Block>, diags: &mut Diagnostics) {
        let span = value.span;
        match *value.kind {
            ExprKind::Tuple(items) => {
                for item in items {
                    self.unfold(item, found, blocks, diags);
                }
            }
            ExprKind::Object(items) if found.len() < self.labels.len() => {
                for item in items {
                    let Some(text) = json_name(&item.key) else { continue };
                    found.push(Label { text, span: item.key.span });
                    self.unfold(item.value, found, blocks, diags);
                    found.pop();
                }
            }
            ExprKind::Object(_) => blocks.push(Block {
                block_type: self.kind.name.clone(),
                type_span: self.kind.name_span,
                labels: found.clone(),
                header: found.last().map_or(self.kind.name_span, |label| label.span),
                body: body_of(value, diags),
            }),
            ExprKind::Literal(ref literal) if literal.is_null() => {}
            _ => {
                let what = self
                    .labels
                    .get(found.len())
                    .map_or_else(|| "arguments and nested blocks".to_owned(), |label| format!("{label} labels"));
                let detail = format!("A JSON object is required here, to define {what} of {:?}.", self.kind.name);
                diags.push(Diagnostic::error("Incorrect JSON value type", detail).at(span));
            }
        }
    }
}

/// A JSON object as a body.
fn body_of(value: Expr, diags: &mut Diagnostics) -> Body {
    let mut body = Body { start: value.span, end: value.span, json: true, ..Body::default() };
    let ExprKind::Object(items) = *value.kind else { return body };
    for item in items {
        let Some(name) = json_name(&item.key) else { continue };
        if let Some(first) = body.attributes.iter().find(|a| a.name == name && &*name != "//") {
            let detail = format!("The argument {name:?} was already set at line {}.", first.name_span.start.line);
            diags.push(Diagnostic::error("Duplicate attribute definition", detail).at(item.key.span));
            continue;
        }
        body.attributes.push(Attribute { name, name_span: item.key.span, value: item.value });
    }
    body
}

/// The property name of a parsed JSON object.
fn json_name(key: &Expr) -> Option<Arc<str>> {
    match &*key.kind {
        ExprKind::Literal(name) => name.as_str().map(Arc::from),
        _ => None,
    }
}
