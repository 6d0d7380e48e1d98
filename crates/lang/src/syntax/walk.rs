//! Going through an expression.
use std::sync::Arc;

use super::ast::{Expr, ExprKind, TemplatePart};

/// Calls `f` for an expression and all inside it, outer ones first, with the names that `for` binds there.
pub fn visit<'e>(expr: &'e Expr, f: &mut impl FnMut(&'e Expr, &[Arc<str>])) {
    go(expr, &mut Vec::new(), f);
}

fn go<'e>(expr: &'e Expr, bound: &mut Vec<Arc<str>>, f: &mut impl FnMut(&'e Expr, &[Arc<str>])) {
    f(expr, bound);
    match &*expr.kind {
        ExprKind::Literal(_) | ExprKind::Root(_) | ExprKind::SplatItem => {}
        ExprKind::Template(parts) => go_parts(parts, bound, f),
        ExprKind::Tuple(items) => items.iter().for_each(|item| go(item, bound, f)),
        ExprKind::Object(items) => {
            for item in items {
                go(&item.key, bound, f);
                go(&item.value, bound, f);
            }
        }
        ExprKind::For(each) => {
            go(&each.collection, bound, f);
            with_names(&each.key_name, &each.value_name, bound, |bound| {
                let inner = each.key.iter().chain([&each.value]).chain(&each.cond);
                inner.for_each(|e| go(e, bound, f));
            });
        }
        ExprKind::Call(call) => call.args.iter().for_each(|arg| go(arg, bound, f)),
        ExprKind::GetAttr { object, .. } => go(object, bound, f),
        ExprKind::Index { object, key } => {
            go(object, bound, f);
            go(key, bound, f);
        }
        ExprKind::Splat { source, each } => {
            go(source, bound, f);
            go(each, bound, f);
        }
        ExprKind::Unary { operand, .. } => go(operand, bound, f),
        ExprKind::Binary { lhs, rhs, .. } => {
            go(lhs, bound, f);
            go(rhs, bound, f);
        }
        ExprKind::Conditional { cond, yes, no } => [cond, yes, no].into_iter().for_each(|e| go(e, bound, f)),
        ExprKind::Parens(inner) => go(inner, bound, f),
    }
}

fn go_parts<'e>(parts: &'e [TemplatePart], bound: &mut Vec<Arc<str>>, f: &mut impl FnMut(&'e Expr, &[Arc<str>])) {
    for part in parts {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation(expr) => go(expr, bound, f),
            TemplatePart::If { cond, yes, no } => {
                go(cond, bound, f);
                go_parts(yes, bound, f);
                go_parts(no, bound, f);
            }
            TemplatePart::For { key, value, collection, body } => {
                go(collection, bound, f);
                with_names(key, value, bound, |bound| go_parts(body, bound, f));
            }
        }
    }
}

fn with_names(key: &Option<Arc<str>>, value: &Arc<str>, bound: &mut Vec<Arc<str>>, f: impl FnOnce(&mut Vec<Arc<str>>)) {
    let outer = bound.len();
    bound.extend(key.iter().cloned());
    bound.push(value.clone());
    f(bound);
    bound.truncate(outer);
}
