//! Tuple and object constructors.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectItem};
use crate::value::convert::convert;
use crate::value::{Data, Marks, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;
use super::traversal::Chain;

impl Evaluator<'_> {
    /// `[a, b]`
    pub(super) fn tuple(&self, items: &[Expr], span: Span, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let mut values = Vec::with_capacity(items.len());
        let mut holding = self.allowance.hold(span);
        for item in items {
            let value = self.value(item, frame, diags);
            if !holding.take(&value) {
                break;
            }
            values.push(value);
        }
        Value::tuple(values)
    }

    /// `{ a = 1 }`. The marks of the keys mark the object; with an unknown key all of it is unknown.
    pub(super) fn object(&self, items: &[ObjectItem], span: Span, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let mut attributes: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut marks = Marks::NONE;
        let mut complete = true;
        let mut holding = self.allowance.hold(span);
        for item in items {
            let key = self.object_key(&item.key, frame, diags);
            let value = self.value(&item.value, frame, diags);
            if !holding.take(&value) {
                break;
            }
            match key {
                Some((Some(name), key_marks)) => {
                    marks |= key_marks;
                    attributes.insert(name, value);
                }
                Some((None, key_marks)) => {
                    marks |= key_marks;
                    complete = false;
                }
                None => complete = false,
            }
        }
        if complete {
            Value::object(attributes).with_marks(marks)
        } else {
            Value::unknown(Type::Dynamic).with_marks(marks)
        }
    }

    /// The name of an attribute (none while it is unknown) and its marks; nothing after a finding.
    fn object_key(&self, key: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Option<(Option<Arc<str>>, Marks)> {
        match &*key.kind {
            ExprKind::Root(name) => return Some((Some(Arc::clone(name)), Marks::NONE)),
            ExprKind::GetAttr { .. } | ExprKind::Index { .. } if Chain::of(key).root().is_some() => {
                diags.push(ambiguous_key().at(key.span));
                return None;
            }
            _ => {}
        }
        let (value, ok) = self.checked(key, frame, diags);
        if !ok {
            return None;
        }
        if value.is_null() {
            diags.push(Diagnostic::error("Null value as key", "Can't use a null value as a key.").at(key.span));
            return None;
        }
        let marks = value.marks();
        match convert(&value.with_marks(frame.concealing()), &Type::String) {
            Ok(name) => match name.data() {
                Data::String(name) => Some((Some(Arc::clone(name)), marks)),
                _ => Some((None, marks)),
            },
            Err(e) => {
                let detail = format!("Can't use this value as a key: {e}.");
                diags.push(Diagnostic::error("Incorrect key type", detail).at(key.span));
                None
            }
        }
    }
}

fn ambiguous_key() -> Diagnostic {
    Diagnostic::error(
        "Ambiguous attribute key",
        "If this expression is intended to be a reference, wrap it in parentheses. If it's instead intended as a literal name \
         containing periods, wrap it in quotes to create a string literal.",
    )
}
