//! Our tree as one text.
use std::fmt::Write;

use ampere_lang::source::FileId;
use ampere_lang::syntax::ast::{BinaryOp, Body, Expr, ExprKind, ForExpr, TemplatePart, UnaryOp};
use ampere_lang::syntax::parse_native;
use ampere_lang::value::Value;

use super::shape::{Piece, number, pieces, string};

pub fn shape(text: &str) -> Result<String, String> {
    let (parsed, findings) = parse_native(FileId(0), text);
    if findings.has_errors() {
        return Err(findings.iter().map(|d| d.summary.to_string()).collect::<Vec<_>>().join("; "));
    }
    Ok(body(&parsed))
}

fn body(of: &Body) -> String {
    let mut text = String::new();
    for attribute in &of.attributes {
        writeln!(text, "{} = {}", attribute.name, expr(&attribute.value)).unwrap();
    }
    for block in &of.blocks {
        let labels: Vec<String> = block.labels.iter().map(|label| string(&label.text)).collect();
        writeln!(text, "{} {} {{\n{}}}", block.block_type, labels.join(" "), body(&block.body)).unwrap();
    }
    text
}

fn list(of: &[Expr]) -> String {
    of.iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn expr(of: &Expr) -> String {
    match &*of.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Template(parts) => pieces(template(parts)),
        ExprKind::Tuple(items) => format!("(tuple {})", list(items)),
        ExprKind::Object(items) => {
            let items = items.iter().map(|item| format!("{}={}", expr(&item.key), expr(&item.value)));
            format!("(object {})", items.collect::<Vec<_>>().join(" "))
        }
        ExprKind::For(of) => for_expr(of),
        ExprKind::Call(call) => {
            format!("(call {} {}{})", call.name, list(&call.args), if call.expand { " ..." } else { "" })
        }
        ExprKind::Root(name) => name.to_string(),
        ExprKind::GetAttr { object, name, .. } => format!("(get {} {name})", expr(object)),
        ExprKind::Index { object, key } => format!("(index {} {})", expr(object), expr(key)),
        ExprKind::Splat { source, each } => format!("(splat {} {})", expr(source), expr(each)),
        ExprKind::SplatItem => "@".into(),
        ExprKind::Unary { op: UnaryOp::Not, operand } => format!("(! {})", expr(operand)),
        ExprKind::Unary { op: UnaryOp::Negate, operand } => format!("(- {})", expr(operand)),
        ExprKind::Binary { op, lhs, rhs } => format!("({} {} {})", sign(*op), expr(lhs), expr(rhs)),
        ExprKind::Conditional { cond, yes, no } => format!("(? {} {} {})", expr(cond), expr(yes), expr(no)),
        ExprKind::Parens(inner) => format!("(parens {})", expr(inner)),
    }
}

fn literal(value: &Value) -> String {
    match (value.as_str(), value.as_number(), value.as_bool()) {
        (Some(text), ..) => string(text),
        (_, Some(n), _) => number(&n.to_string()),
        (_, _, Some(truth)) => truth.to_string(),
        _ => "null".into(),
    }
}

fn for_expr(of: &ForExpr) -> String {
    let names = of.key_name.iter().chain([&of.value_name]).map(|name| &**name).collect::<Vec<_>>().join(",");
    let key = of.key.as_ref().map_or(String::new(), |key| format!("{} => ", expr(key)));
    let group = if of.group { "..." } else { "" };
    let cond = of.cond.as_ref().map_or(String::new(), |cond| format!(" if {}", expr(cond)));
    format!("(for {names} in {}: {key}{}{group}{cond})", expr(&of.collection), expr(&of.value))
}

fn template(parts: &[TemplatePart]) -> Vec<Piece> {
    parts.iter().map(part).collect()
}

fn part(of: &TemplatePart) -> Piece {
    match of {
        TemplatePart::Literal(text) => Piece::Text(text.to_string()),
        TemplatePart::Interpolation(inner) => Piece::Code(expr(inner)),
        TemplatePart::If { cond, yes, no } => {
            Piece::Code(format!("(if {} {} {})", expr(cond), pieces(template(yes)), pieces(template(no))))
        }
        TemplatePart::For { key, value, collection, body } => {
            let names = key.iter().chain([value]).map(|name| &**name).collect::<Vec<_>>().join(",");
            Piece::Code(format!("(each {names} in {}: {})", expr(collection), pieces(template(body))))
        }
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}
