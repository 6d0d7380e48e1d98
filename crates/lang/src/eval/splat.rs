//! `source[*].rest` and `source.*.rest`
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::{Data, Refinement, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;
use super::range::{definitely_not_null, length_bounds};

impl Evaluator<'_> {
    /// What is no sequence counts as a sequence of one, or of none when it is null.
    pub(super) fn splat(
        &self,
        source: &Expr,
        each: &Expr,
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let (value, ok) = self.checked(source, frame, diags);
        if !ok {
            return Value::unknown(Type::Dynamic);
        }
        let marks = value.marks();
        let is_sequence = matches!(value.ty(), Type::Tuple(_) | Type::List(_) | Type::Set(_));
        if value.is_null() {
            if !is_sequence {
                return Value::tuple([]).with_marks(marks);
            }
            let detail = "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            diags.push(Diagnostic::error("Splat of null value", detail).at(source.span));
            return Value::unknown(Type::Dynamic);
        }
        if *value.ty() == Type::Dynamic {
            return Value::unknown(Type::Dynamic).with_marks(marks);
        }
        if is_sequence {
            return self.splat_sequence(&value, each, span, frame, diags).with_marks(marks);
        }
        // An unknown that may turn out to be null leaves the number of elements open, but what is done with the element is
        // still checked.
        let open = !value.is_known() && !definitely_not_null(&value);
        let result = self.splat_sequence(&Value::tuple([value]), each, span, frame, diags);
        if open { Value::unknown(Type::Dynamic) } else { result }.with_marks(marks)
    }

    fn splat_sequence(
        &self,
        source: &Value,
        each: &Expr,
        span: Span,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Value {
        let Data::Sequence(items) = source.data() else {
            return self.splat_unknown(source, each, frame, diags);
        };
        let mut values = Vec::with_capacity(items.len());
        let mut complete = true;
        let mut holding = self.allowance.hold(span);
        for item in items.iter() {
            let inner = frame.item(item.clone(), source.marks());
            let (value, ok) = self.checked(each, &inner, diags);
            complete &= ok;
            if !holding.take(&value) {
                return Value::unknown(Type::Dynamic);
            }
            values.push(value);
        }
        if !complete {
            // The types of what was computed: evaluating once more to learn them would double the work at every level.
            let mut types = values.iter().map(|v| v.ty().clone());
            return Value::unknown(match source.ty() {
                Type::Tuple(_) => Type::Tuple(types.collect()),
                _ => Type::list(types.next().unwrap_or(Type::Dynamic)),
            });
        }
        if matches!(source.ty(), Type::Tuple(_)) {
            return Value::tuple(values);
        }
        if values.is_empty() {
            return match self.splat_type(source.ty(), each, frame, diags) {
                Type::List(element) => Value::list((*element).clone(), []),
                other => Value::unknown(other),
            };
        }
        let element = values.iter().map(Value::ty).find(|ty| **ty != Type::Dynamic).unwrap_or(&Type::Dynamic).clone();
        if values.iter().any(|v| *v.ty() != element && *v.ty() != Type::Dynamic) {
            diags.push(mixed_elements().at(each.span));
            return Value::unknown(Type::Dynamic);
        }
        Value::list(element, values)
    }

    fn splat_unknown(&self, source: &Value, each: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let ty = self.splat_type(source.ty(), each, frame, diags);
        let mut known = Refinement { not_null: true, ..Refinement::default() };
        if matches!(source.ty(), Type::List(_) | Type::Set(_)) {
            let (low, high) = length_bounds(source);
            known.minimum_length = Some(low).filter(|n| *n > 0);
            known.maximum_length = high;
        }
        Value::refined(ty, known)
    }

    /// The type of the result, from the type of the source alone.
    fn splat_type(&self, source: &Type, each: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Type {
        let mut one = |ty: &Type| {
            let inner = frame.item(Value::unknown(ty.clone()), crate::value::Marks::NONE);
            self.value(each, &inner, diags).ty().clone()
        };
        match source {
            Type::List(element) | Type::Set(element) => Type::list(one(element)),
            Type::Tuple(types) => Type::Tuple(types.iter().map(one).collect()),
            _ => Type::Dynamic,
        }
    }
}

fn mixed_elements() -> Diagnostic {
    Diagnostic::error(
        "Invalid nested splat expressions",
        "The second level of splat expression produced elements of different types, so it isn't possible to construct a valid \
         list to represent the top-level result.\n\nConsider using a for expression instead, to produce a tuple-typed result \
         which can therefore have non-homogenous element types.",
    )
}
