//! `condition ? yes : no`
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::syntax::ast::Expr;
use crate::value::convert::convert;
use crate::value::unify::unify;
use crate::value::{Marks, Refinement, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;
use super::range::{Bound, definitely_not_null, length_bounds, number_bounds};
use super::render::type_name;

impl Evaluator<'_> {
    /// Evaluates all three parts, brings the branches to one type, and keeps the findings of the branch taken. The marks of
    /// the condition and of both branches mark the result.
    pub(super) fn conditional(
        &self,
        cond: &Expr,
        yes: &Expr,
        no: &Expr,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let (mut yes_diags, mut no_diags) = (Diagnostics::new(), Diagnostics::new());
        let yes_value = self.value(yes, frame, &mut yes_diags);
        let no_value = self.value(no, frame, &mut no_diags);
        let Some(ty) = result_type(&yes_value, &no_value) else {
            let detail = format!(
                "The true and false result expressions must have consistent types. {}.",
                mismatch(yes_value.ty(), no_value.ty())
            );
            diags.push(inconsistent(detail).at(if yes.span.is_built() { yes.span } else { yes.span.to(no.span) }));
            return Value::unknown(Type::Dynamic);
        };
        let Some((decided, cond_marks)) = self.condition(cond, frame, diags) else {
            return Value::unknown(ty);
        };
        let marks = cond_marks | yes_value.marks() | no_value.marks();
        let (taken, which, found, at) = match decided {
            None => return undecided(&yes_value, &no_value, ty).with_marks(marks),
            Some(true) => (yes_value, "true", yes_diags, yes),
            Some(false) => (no_value, "false", no_diags, no),
        };
        diags.extend(found);
        let taken = taken.with_marks(marks);
        if ty == Type::Dynamic || *taken.ty() == ty {
            return taken;
        }
        convert(&taken, &ty).unwrap_or_else(|e| {
            diags.push(inconsistent(format!("The {which} result value has the wrong type: {e}.")).at(at.span));
            Value::unknown(ty).with_marks(marks)
        })
    }

    /// What a condition says (none while that is unknown) and its marks; nothing after a finding.
    pub(super) fn condition(
        &self,
        cond: &Expr,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Option<(Option<bool>, Marks)> {
        let value = self.value(cond, frame, diags);
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            diags.push(Diagnostic::error("Null condition", detail).at(cond.span));
            return None;
        }
        match convert(&value, &Type::Bool) {
            Ok(b) => Some((b.as_bool(), value.marks())),
            // Only a known value can be of the wrong content; one of the wrong type is wrong already.
            Err(_) if !value.is_known() => Some((None, value.marks())),
            Err(_) => {
                let detail = "The condition expression must be of type bool.";
                diags.push(Diagnostic::error("Incorrect condition type", detail).at(cond.span));
                None
            }
        }
    }
}

fn inconsistent(detail: String) -> Diagnostic {
    Diagnostic::error("Inconsistent conditional result types", detail)
}

/// The type that both branches can have; none if there is no such type.
fn result_type(yes: &Value, no: &Value) -> Option<Type> {
    let untyped_null = |v: &Value| v.is_null() && *v.ty() == Type::Dynamic && v.marks().is_empty();
    if untyped_null(yes) {
        return Some(no.ty().clone());
    }
    if untyped_null(no) {
        return Some(yes.ty().clone());
    }
    if *yes.ty() == Type::Dynamic || *no.ty() == Type::Dynamic {
        return Some(Type::Dynamic);
    }
    if yes.ty() == no.ty() {
        return Some(yes.ty().clone());
    }
    unify(&[yes.ty().clone(), no.ty().clone()])
}

/// The result while the condition is unknown, with what both branches have in common.
fn undecided(yes: &Value, no: &Value, ty: Type) -> Value {
    if yes.is_null() && no.is_null() {
        return Value::null(ty);
    }
    if ty == Type::Dynamic {
        return Value::unknown(ty);
    }
    let mut known =
        Refinement { not_null: definitely_not_null(yes) && definitely_not_null(no), ..Refinement::default() };
    match (yes.ty(), no.ty()) {
        (Type::Number, Type::Number) => {
            let ((yes_low, yes_high), (no_low, no_high)) = (number_bounds(yes), number_bounds(no));
            known.minimum = outer(yes_low, no_low, std::cmp::Ordering::Less);
            known.maximum = outer(yes_high, no_high, std::cmp::Ordering::Greater);
        }
        (a @ (Type::List(_) | Type::Set(_) | Type::Map(_)), b) if a == b && !yes.is_null() && !no.is_null() => {
            let ((yes_low, yes_high), (no_low, no_high)) = (length_bounds(yes), length_bounds(no));
            known.minimum_length = Some(yes_low.min(no_low)).filter(|n| *n > 0);
            known.maximum_length = yes_high.zip(no_high).map(|(a, b)| a.max(b));
        }
        _ => {}
    }
    if known == Refinement::default() {
        return Value::unknown(ty);
    }
    Value::refined(ty, known)
}

/// The bound that lies further out.
fn outer(a: Bound, b: Bound, side: std::cmp::Ordering) -> Bound {
    let ((a, a_included), (b, b_included)) = a.zip(b)?;
    Some(match a.compare(&b) {
        std::cmp::Ordering::Equal => (a, a_included || b_included),
        order if order == side => (a, a_included),
        _ => (b, b_included),
    })
}

/// How two types differ, in Terraform's words.
fn mismatch(yes: &Type, no: &Type) -> String {
    match (yes, no) {
        (Type::Object(a), Type::Object(b)) => {
            for (name, ty) in &a.attributes {
                match b.attributes.get(name) {
                    None => {
                        return format!(
                            "The 'true' value includes object attribute \"{name}\", which is absent in the 'false' value"
                        );
                    }
                    Some(other) if other != ty => {
                        return format!("Type mismatch for object attribute \"{name}\": {}", mismatch(ty, other));
                    }
                    Some(_) => {}
                }
            }
            if let Some(name) = b.attributes.keys().find(|name| !a.attributes.contains_key(*name)) {
                return format!(
                    "The 'false' value includes object attribute \"{name}\", which is absent in the 'true' value"
                );
            }
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() != b.len() => {
            return format!("The 'true' tuple has length {}, but the 'false' tuple has length {}", a.len(), b.len());
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            if let Some((i, (a, b))) = a.iter().zip(b.iter()).enumerate().find(|(_, (a, b))| a != b) {
                return format!("Type mismatch for tuple element {i}: {}", mismatch(a, b));
            }
        }
        (Type::List(a), Type::List(b)) if are_structural(a, b) => return elements("list", a, b),
        (Type::Set(a), Type::Set(b)) if are_structural(a, b) => return elements("set", a, b),
        (Type::Map(a), Type::Map(b)) if are_structural(a, b) => return elements("map", a, b),
        _ => {}
    }
    let (yes, no) = (type_name(yes), type_name(no));
    if yes == no {
        return "At least one deeply-nested attribute or element is not compatible across both the 'true' and the 'false' \
                value"
            .to_owned();
    }
    format!("The 'true' value is {yes}, but the 'false' value is {no}")
}

fn are_structural(a: &Type, b: &Type) -> bool {
    matches!((a, b), (Type::Object(_), Type::Object(_)) | (Type::Tuple(_), Type::Tuple(_)))
}

fn elements(kind: &str, a: &Type, b: &Type) -> String {
    format!("Mismatched {kind} element types: {}", mismatch(a, b))
}
