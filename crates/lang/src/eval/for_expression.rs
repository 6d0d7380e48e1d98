//! `[for …]` and `{for …}`
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::ast::{Expr, ForExpr};
use crate::value::convert::convert;
use crate::value::{Data, Marks, Type, Value};

use super::evaluator::Evaluator;
use super::frame::Frame;
use super::render::type_name;

/// The collection of a `for`, ready to go through.
pub(super) struct Rounds {
    collection: Value,
    /// The marks of the collection itself: they mark the result.
    pub(super) marks: Marks,
}

/// What goes through a `for` collects.
struct Collected {
    marks: Marks,
    complete: bool,
}

impl Evaluator<'_> {
    pub(super) fn for_value(&self, f: &ForExpr, span: Span, frame: &Frame<'_>, diags: &mut Diagnostics) -> Value {
        let rounds = match self.rounds(&f.collection, frame, diags) {
            Ok(rounds) => rounds,
            Err(marks) => return Value::unknown(Type::Dynamic).with_marks(marks),
        };
        let mut collected = Collected { marks: rounds.marks, complete: true };
        if let Some(cond) = &f.cond {
            match self.check_filter(f, cond, &rounds, frame, diags) {
                Some(marks) if !rounds.collection.is_known() => collected.marks |= marks,
                Some(_) => {}
                None => return Value::unknown(Type::Dynamic),
            }
        }
        if !rounds.collection.is_known() {
            return Value::unknown(Type::Dynamic).with_marks(collected.marks);
        }
        let result = match &f.key {
            Some(key) => self.for_object(f, key, span, &rounds, frame, &mut collected, diags),
            None => self.for_tuple(f, span, &rounds, frame, &mut collected, diags),
        };
        if collected.complete { result } else { Value::unknown(Type::Dynamic) }.with_marks(collected.marks)
    }

    /// Evaluates the collection of a `for`.
    ///
    /// # Errors
    /// The marks of the result when there is nothing to go through: after a finding, or while the type is unknown.
    pub(super) fn rounds(&self, expr: &Expr, frame: &Frame<'_>, diags: &mut Diagnostics) -> Result<Rounds, Marks> {
        let value = self.value(expr, frame, diags);
        if value.is_null() {
            let detail = "A null value cannot be used as the collection in a 'for' expression.";
            diags.push(Diagnostic::error("Iteration over null value", detail).at(expr.span));
            return Err(value.marks());
        }
        match value.ty() {
            Type::Dynamic => Err(value.marks()),
            Type::Bool | Type::Number | Type::String => {
                let detail = format!(
                    "A value of type {} cannot be used as the collection in a 'for' expression.",
                    type_name(value.ty())
                );
                diags.push(Diagnostic::error("Iteration over non-iterable value", detail).at(expr.span));
                Err(value.marks())
            }
            _ => {
                let (collection, marks) = value.unmark();
                Ok(Rounds { collection, marks })
            }
        }
    }

    /// Evaluates the `if` clause once with nothing known of the element, so that a clause that can never hold is found
    /// once, and in an empty collection too. Returns its marks; nothing after a finding.
    fn check_filter(
        &self,
        f: &ForExpr,
        cond: &Expr,
        rounds: &Rounds,
        frame: &Frame<'_>,
        diags: &mut Diagnostics,
    ) -> Option<Marks> {
        let any = || Value::unknown(Type::Dynamic);
        let key = f.key_name.as_deref().map(|name| (name, any()));
        let inner = frame.round(key, (&f.value_name, any()), rounds.marks);
        let (value, ok) = self.checked(cond, &inner, diags);
        if value.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            diags.push(Diagnostic::error("Condition is null", detail).at(cond.span));
            return None;
        }
        if let Err(e) = convert(&value.clone().with_marks(rounds.marks), &Type::Bool) {
            diags.push(invalid_condition(format!("The 'if' clause value is invalid: {e}.")).at(cond.span));
            return None;
        }
        ok.then(|| value.marks())
    }

    /// Whether the element of this round is wanted.
    fn is_included(&self, f: &ForExpr, inner: &Frame<'_>, collected: &mut Collected, diags: &mut Diagnostics) -> bool {
        let Some(cond) = &f.cond else { return true };
        let value = self.value(cond, inner, diags);
        if value.is_null() {
            diags.push(invalid_condition("The value of the 'if' clause must not be null.".to_owned()).at(cond.span));
            collected.complete = false;
            return false;
        }
        collected.marks |= value.marks();
        match convert(&value.with_marks(inner.concealing()), &Type::Bool) {
            Ok(value) => {
                collected.complete &= value.is_known();
                value.as_bool() == Some(true)
            }
            Err(e) => {
                diags.push(invalid_condition(format!("The 'if' clause value is invalid: {e}.")).at(cond.span));
                collected.complete = false;
                false
            }
        }
    }

    fn for_tuple(
        &self,
        f: &ForExpr,
        span: Span,
        rounds: &Rounds,
        frame: &Frame<'_>,
        collected: &mut Collected,
        diags: &mut Diagnostics,
    ) -> Value {
        let mut values = Vec::new();
        let mut holding = self.allowance.hold(span);
        rounds.each(f.key_name.as_deref(), &f.value_name, frame, &mut |inner| {
            if self.is_included(f, inner, collected, diags) {
                let value = self.value(&f.value, inner, diags);
                if !holding.take(&value) {
                    return false;
                }
                values.push(value);
            }
            true
        });
        Value::tuple(values)
    }

    #[expect(clippy::too_many_arguments, reason = "one round needs all of them")]
    fn for_object(
        &self,
        f: &ForExpr,
        key: &Expr,
        span: Span,
        rounds: &Rounds,
        frame: &Frame<'_>,
        collected: &mut Collected,
        diags: &mut Diagnostics,
    ) -> Value {
        let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        let mut holding = self.allowance.hold(span);
        rounds.each(f.key_name.as_deref(), &f.value_name, frame, &mut |inner| {
            if !self.is_included(f, inner, collected, diags) {
                return true;
            }
            let Some(name) = self.for_key(key, inner, collected, diags) else { return true };
            let value = self.value(&f.value, inner, diags);
            if !holding.take(&value) {
                return false;
            }
            match groups.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(vec![value]);
                }
                Entry::Occupied(mut entry) if f.group => entry.get_mut().push(value),
                Entry::Occupied(entry) => {
                    let shown = (collected.marks | inner.concealing()).is_empty().then(|| &**entry.key());
                    diags.push(duplicate_key(shown).at(key.span).at(span));
                }
            }
            true
        });
        if f.group {
            return Value::object(groups.into_iter().map(|(name, values)| (name, Value::tuple(values))));
        }
        Value::object(groups.into_iter().filter_map(|(name, values)| Some((name, values.into_iter().next()?))))
    }

    /// The key of one item; nothing while it is unknown or after a finding.
    fn for_key(
        &self,
        key: &Expr,
        inner: &Frame<'_>,
        collected: &mut Collected,
        diags: &mut Diagnostics,
    ) -> Option<Arc<str>> {
        let value = self.value(key, inner, diags);
        if value.is_null() {
            let detail = "Key expression in 'for' expression must not produce a null value.";
            diags.push(Diagnostic::error("Invalid object key", detail).at(key.span));
            collected.complete = false;
            return None;
        }
        collected.marks |= value.marks();
        let name = match convert(&value.with_marks(inner.concealing()), &Type::String) {
            Ok(name) => name,
            Err(e) => {
                let detail = format!("The key expression produced an invalid result: {e}.");
                diags.push(Diagnostic::error("Invalid object key", detail).at(key.span));
                collected.complete = false;
                return None;
            }
        };
        match name.data() {
            Data::String(name) => Some(Arc::clone(name)),
            _ => {
                collected.complete = false;
                None
            }
        }
    }
}

impl Rounds {
    /// Whether the collection is known.
    pub(super) fn is_known(&self) -> bool {
        self.collection.is_known()
    }

    /// Calls `round` with the names bound, for each element in order, as long as it says that it wants more.
    pub(super) fn each(
        &self,
        key_name: Option<&str>,
        value_name: &str,
        frame: &Frame<'_>,
        round: &mut dyn FnMut(&Frame<'_>) -> bool,
    ) {
        let mut one = |key: &dyn Fn() -> Value, value: &Value| {
            let key = key_name.map(|name| (name, key()));
            round(&frame.round(key, (value_name, value.clone()), self.marks))
        };
        // Whether all were gone through is of no interest: whoever stopped knows why.
        let _whole = match (self.collection.data(), self.collection.ty()) {
            (Data::Sequence(items), Type::Set(_)) => items.iter().all(|v| one(&|| v.clone(), v)),
            (Data::Sequence(items), _) => items.iter().enumerate().all(|(i, v)| one(&|| Value::number(i), v)),
            (Data::Mapping(items), _) => items.iter().all(|(k, v)| one(&|| Value::string(k), v)),
            _ => true,
        };
    }
}

fn invalid_condition(detail: String) -> Diagnostic {
    Diagnostic::error("Invalid 'for' condition", detail)
}

fn duplicate_key(key: Option<&str>) -> Diagnostic {
    let which =
        key.map_or_else(|| "the same sensitive key".to_owned(), |key| format!("the key {}", super::render::quote(key)));
    let detail = format!(
        "Two different items produced {which} in this 'for' expression. If duplicates are expected, use the ellipsis (...) \
         after the value expression to enable grouping by key."
    );
    Diagnostic::error("Duplicate object key", detail)
}
