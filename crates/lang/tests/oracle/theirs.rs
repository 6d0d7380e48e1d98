//! The tree of `hcl-edit` as the same text.
use std::fmt::Write;

use hcl_edit::expr::{Expression, ForExpr, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::Body;
use hcl_edit::template::{Directive, Element, Strip, Template};

use super::shape::{Piece, number, pieces, string};

pub fn shape(text: &str) -> Result<String, String> {
    let parsed: Body = text.parse().map_err(|error: hcl_edit::parser::Error| error.message().to_owned())?;
    Ok(body(&parsed))
}

fn body(of: &Body) -> String {
    let mut text = String::new();
    for attribute in of.attributes() {
        writeln!(text, "{} = {}", attribute.key.as_str(), expr(&attribute.value)).unwrap();
    }
    for block in of.blocks() {
        let labels: Vec<String> = block.labels.iter().map(|label| string(label.as_str())).collect();
        writeln!(text, "{} {} {{\n{}}}", block.ident.as_str(), labels.join(" "), body(&block.body)).unwrap();
    }
    text
}

fn list<'a>(of: impl IntoIterator<Item = &'a Expression>) -> String {
    of.into_iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn expr(of: &Expression) -> String {
    match of {
        Expression::Null(_) => "null".into(),
        Expression::Bool(truth) => truth.value().to_string(),
        Expression::Number(n) => number(&n.value().to_string()),
        Expression::String(text) => string(text),
        Expression::Array(items) => format!("(tuple {})", list(items.iter())),
        Expression::Object(items) => {
            let items = items.iter().map(|(key, value)| {
                let key = match key {
                    ObjectKey::Ident(name) => string(name.as_str()),
                    ObjectKey::Expression(key) => expr(key),
                };
                format!("{key}={}", expr(value.expr()))
            });
            format!("(object {})", items.collect::<Vec<_>>().join(" "))
        }
        Expression::StringTemplate(template) => pieces(elements(template)),
        Expression::HeredocTemplate(heredoc) => pieces(template(&heredoc.template)),
        Expression::Parenthesis(inner) => format!("(parens {})", expr(inner.inner())),
        Expression::Variable(name) => name.as_str().to_owned(),
        Expression::Conditional(of) => {
            format!("(? {} {} {})", expr(&of.cond_expr), expr(&of.true_expr), expr(&of.false_expr))
        }
        Expression::FuncCall(call) => {
            let mut name: Vec<&str> = call.name.namespace.iter().map(|part| part.as_str()).collect();
            name.push(call.name.name.as_str());
            let expand = if call.args.expand_final() { " ..." } else { "" };
            format!("(call {} {}{expand})", name.join("::"), list(call.args.iter()))
        }
        Expression::Traversal(of) => traversal(of),
        Expression::UnaryOp(of) => format!("({} {})", of.operator.value().as_str(), expr(&of.expr)),
        Expression::BinaryOp(of) => {
            format!("({} {} {})", of.operator.value().as_str(), expr(&of.lhs_expr), expr(&of.rhs_expr))
        }
        Expression::ForExpr(of) => for_expr(of),
    }
}

/// A flat list there, nested here: what follows `[*]` is done with each element, and of what follows `.*` the attributes.
fn traversal(of: &Traversal) -> String {
    let operators: Vec<&TraversalOperator> = of.operators.iter().map(|o| o.value()).collect();
    follow(expr(&of.expr), &operators)
}

fn follow(object: String, operators: &[&TraversalOperator]) -> String {
    let Some((first, rest)) = operators.split_first() else { return object };
    match first {
        TraversalOperator::GetAttr(name) => follow(format!("(get {object} {})", name.as_str()), rest),
        TraversalOperator::Index(key) => follow(format!("(index {object} {})", expr(key)), rest),
        TraversalOperator::LegacyIndex(n) => follow(format!("(index {object} {})", n.value()), rest),
        TraversalOperator::FullSplat(_) => format!("(splat {object} {})", follow("@".into(), rest)),
        TraversalOperator::AttrSplat(_) => {
            let end = rest
                .iter()
                .position(|o| !matches!(o, TraversalOperator::GetAttr(_) | TraversalOperator::LegacyIndex(_)));
            let (inside, outside) = rest.split_at(end.unwrap_or(rest.len()));
            follow(format!("(splat {object} {})", follow("@".into(), inside)), outside)
        }
    }
}

fn for_expr(of: &ForExpr) -> String {
    let intro = &of.intro;
    let names = intro.key_var.iter().chain([&intro.value_var]).map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    let key = of.key_expr.as_ref().map_or(String::new(), |key| format!("{} => ", expr(key)));
    let group = if of.grouping { "..." } else { "" };
    let cond = of.cond.as_ref().map_or(String::new(), |cond| format!(" if {}", expr(&cond.expr)));
    format!("(for {names} in {}: {key}{}{group}{cond})", expr(&intro.collection_expr), expr(&of.value_expr))
}

fn template(of: &Template) -> Vec<Piece> {
    elements(of.iter())
}

/// Strip markers are kept there and applied here: `~` takes the white space of the text beside it.
fn elements<'a>(of: impl IntoIterator<Item = &'a Element>) -> Vec<Piece> {
    let mut parts: Vec<Piece> = Vec::new();
    let mut strips = Strip::None;
    for element in of {
        let (part, strip) = match element {
            Element::Literal(text) if strips.strip_end() => (Piece::Text(text.trim_start().to_owned()), Strip::None),
            Element::Literal(text) => (Piece::Text(text.to_string()), Strip::None),
            Element::Interpolation(inner) => (Piece::Code(expr(&inner.expr)), inner.strip),
            Element::Directive(inner) => (Piece::Code(directive(inner)), Strip::None),
        };
        if let (true, Some(Piece::Text(before))) = (strip.strip_start(), parts.last_mut()) {
            before.truncate(before.trim_end().len());
        }
        parts.push(part);
        strips = strip;
    }
    parts
}

fn directive(of: &Directive) -> String {
    match of {
        Directive::If(of) => {
            let no = of.else_expr.as_ref().map_or(Vec::new(), |no| template(&no.template));
            let yes = template(&of.if_expr.template);
            format!("(if {} {} {})", expr(&of.if_expr.cond_expr), pieces(yes), pieces(no))
        }
        Directive::For(of) => {
            let of = &of.for_expr;
            let names = of.key_var.iter().chain([&of.value_var]).map(|name| name.as_str());
            let names = names.collect::<Vec<_>>().join(",");
            format!("(each {names} in {}: {})", expr(&of.collection_expr), pieces(template(&of.template)))
        }
    }
}
