//! Values as people read them: the form that `console`, `output` and plans print.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Data, Type, Value, write_quoted};

/// The value in a form like the language's own, in which every type can be told: `tolist([…])`, `tomap({…})`, heredocs for
/// text of several lines, `(known after apply)`, `(sensitive value)`. `indent` is that of the line it will stand in; it
/// matters from the second line on.
///
/// ```
/// use ampere_lang::eval::render::render;
/// use ampere_lang::value::{Marks, Value};
///
/// let v = Value::object([("token", Value::string("x").with_marks(Marks::SENSITIVE)), ("n", Value::number(1))]);
/// assert_eq!(render(&v, 0), "{\n  \"n\" = 1\n  \"token\" = (sensitive value)\n}");
/// ```
pub fn render(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write_value(&mut out, value, indent);
    out
}

fn write_value(out: &mut String, value: &Value, indent: usize) {
    if !value.is_known() {
        return out.push_str("(known after apply)");
    }
    if value.marks().sensitive() {
        return out.push_str("(sensitive value)");
    }
    if value.marks().ephemeral() {
        return out.push_str("(ephemeral value)");
    }
    match (value.data(), value.ty()) {
        (Data::Bool(b), _) => out.push_str(if *b { "true" } else { "false" }),
        (Data::Number(n), _) => out.push_str(&n.to_string()),
        (Data::String(s), _) => write_string(out, s, indent),
        (Data::Sequence(items), Type::List(_)) => wrapped(out, "tolist(", |out| write_sequence(out, items, indent)),
        (Data::Sequence(items), Type::Set(_)) => wrapped(out, "toset(", |out| write_sequence(out, items, indent)),
        (Data::Sequence(items), _) => write_sequence(out, items, indent),
        (Data::Mapping(items), Type::Map(_)) => wrapped(out, "tomap(", |out| write_mapping(out, items, indent)),
        (Data::Mapping(items), _) => write_mapping(out, items, indent),
        (Data::Null | Data::Unknown(_), ty) => write_null(out, ty),
    }
}

fn wrapped(out: &mut String, open: &str, inner: impl FnOnce(&mut String)) {
    out.push_str(open);
    inner(out);
    out.push(')');
}

fn write_null(out: &mut String, ty: &Type) {
    let (open, close) = match ty {
        Type::Dynamic => return out.push_str("null"),
        Type::String => return out.push_str("tostring(null)"),
        Type::Number => return out.push_str("tonumber(null)"),
        Type::Bool => return out.push_str("tobool(null)"),
        Type::List(element) => ("tolist(null) /* of ", type_name(element)),
        Type::Set(element) => ("toset(null) /* of ", type_name(element)),
        Type::Map(element) => ("tomap(null) /* of ", type_name(element)),
        Type::Tuple(_) | Type::Object(_) => ("null /* ", type_name(ty)),
    };
    out.push_str(open);
    out.push_str(&close);
    out.push_str(" */");
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_sequence(out: &mut String, items: &[Value], indent: usize) {
    out.push('[');
    for item in items {
        new_line(out, indent + 2);
        write_value(out, item, indent + 2);
        out.push(',');
    }
    if !items.is_empty() {
        new_line(out, indent);
    }
    out.push(']');
}

fn write_mapping(out: &mut String, items: &BTreeMap<Arc<str>, Value>, indent: usize) {
    out.push('{');
    for (key, value) in items {
        new_line(out, indent + 2);
        write_string(out, key, indent + 2);
        out.push_str(" = ");
        write_value(out, value, indent + 2);
    }
    if !items.is_empty() {
        new_line(out, indent);
    }
    out.push('}');
}

fn write_string(out: &mut String, text: &str, indent: usize) {
    if !text.contains('\n') {
        return write_quoted(text, out);
    }
    let mut delimiter = "EOT".to_owned();
    while text.split('\n').any(|line| line.trim() == delimiter) {
        delimiter.push('_');
    }
    out.push_str(if indent > 0 { "<<-" } else { "<<" });
    out.push_str(&delimiter);
    for line in text.split('\n').chain([delimiter.as_str()]) {
        new_line(out, indent);
        out.push_str(line);
    }
}

/// The text in double quotes, with the escapes that Terraform prints (those of Go's `%q`).
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(text, &mut out);
    out
}

/// What Terraform calls a type in its texts: `list of string`, `object`, `dynamic`.
pub(super) fn type_name(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "dynamic".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(element) => format!("list of {}", type_name(element)),
        Type::Set(element) => format!("set of {}", type_name(element)),
        Type::Map(element) => format!("map of {}", type_name(element)),
        Type::Tuple(_) => "tuple".to_owned(),
        Type::Object(_) => "object".to_owned(),
    }
}

/// A type as the console's `type` function prints it.
pub(super) fn render_type(ty: &Type) -> String {
    let mut out = String::new();
    write_type(&mut out, ty, 0);
    out
}

fn write_type(out: &mut String, ty: &Type, indent: usize) {
    match ty {
        Type::List(element) => write_element_type(out, "list(", element, indent),
        Type::Set(element) => write_element_type(out, "set(", element, indent),
        Type::Map(element) => write_element_type(out, "map(", element, indent),
        Type::Tuple(types) if types.is_empty() => out.push_str("tuple([])"),
        Type::Tuple(types) => {
            out.push_str("tuple([");
            for ty in types.iter() {
                new_line(out, indent + 4);
                write_type(out, ty, indent + 4);
                out.push(',');
            }
            new_line(out, indent);
            out.push_str("])");
        }
        Type::Object(object) if object.attributes.is_empty() => out.push_str("object({})"),
        Type::Object(object) => {
            out.push_str("object({");
            for (name, ty) in &object.attributes {
                new_line(out, indent + 4);
                out.push_str(name);
                out.push_str(": ");
                write_type(out, ty, indent + 4);
                out.push(',');
            }
            new_line(out, indent);
            out.push_str("})");
        }
        plain => out.push_str(&type_name(plain)),
    }
}

fn write_element_type(out: &mut String, open: &str, element: &Type, indent: usize) {
    out.push_str(open);
    if matches!(element, Type::Dynamic | Type::Bool | Type::Number | Type::String) {
        write_type(out, element, indent);
    } else {
        new_line(out, indent + 4);
        write_type(out, element, indent + 4);
        out.push(',');
        new_line(out, indent);
    }
    out.push(')');
}
