//! From text to tree: HCL native syntax and its JSON form.
pub mod ast;
mod escape;
mod format;
mod json;
mod lexer;
mod parser;
mod token;
pub mod walk;

pub(crate) use lexer::ident_len;
pub(crate) use parser::expression_at;

use crate::diagnostic::Diagnostics;
use crate::source::FileId;
use ast::{Body, Expr};

/// Parses a configuration file of native syntax (`.tf`, `.tfvars`).
///
/// All syntax errors of the file are reported at once, and the tree holds whatever could be read; an argument whose
/// value could not be read has an unknown value.
///
/// ```
/// # use ampere_lang::{source::FileId, syntax::parse_native};
/// let (body, findings) = parse_native(FileId(0), "output \"o\" {\n  value = 1 + 1\n}\n");
/// assert!(findings.is_empty());
/// assert_eq!(&*body.blocks[0].labels[0].text, "o");
/// ```
pub fn parse_native(file: FileId, text: &str) -> (Body, Diagnostics) {
    parser::file(file, text)
}

/// Parses a text that is one expression, as `console` and `-var` take it. Line ends do not count.
pub fn parse_expression(file: FileId, text: &str) -> (Expr, Diagnostics) {
    parser::expression(file, text)
}

/// Parses a text that is one template, as `templatefile` takes it.
pub fn parse_template(file: FileId, text: &str) -> (Expr, Diagnostics) {
    parser::template(file, text)
}

/// Parses a file in JSON syntax (`.tf.json`, `.tfvars.json`).
///
/// The result is one body whose properties are all arguments, and whose strings are literals. Which properties are nested
/// blocks only a schema can tell: see [`crate::config::split_blocks`]. Which strings are templates depends on what is
/// wanted there: see [`json_templates`].
pub fn parse_json(file: FileId, text: &str) -> (Body, Diagnostics) {
    json::file(file, text)
}

/// A value out of [`parse_json`] where an expression is wanted: every string in it becomes a template.
///
/// ```
/// use ampere_lang::source::FileId;
/// use ampere_lang::syntax::{ast::ExprKind, json_templates, parse_json};
/// let (mut body, _) = parse_json(FileId(0), r#"{"value": "${var.x}"}"#);
/// let (value, findings) = json_templates(body.attributes.remove(0).value);
/// assert!(findings.is_empty() && matches!(*value.kind, ExprKind::Template(_)));
/// ```
pub fn json_templates(value: Expr) -> (Expr, Diagnostics) {
    let mut diags = Diagnostics::new();
    (json::templates(value, &mut diags), diags)
}

/// Lays a file of native syntax out as `terraform fmt` does, byte for byte. A text with syntax errors is returned as it
/// is: parse it first to report them.
///
/// ```
/// use ampere_lang::syntax::format;
/// assert_eq!(format("locals {\na=1\n  long =2\n}\n"), "locals {\n  a    = 1\n  long = 2\n}\n");
/// ```
pub fn format(text: &str) -> String {
    format::format(text)
}
