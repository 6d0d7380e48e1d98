//! Names bound inside an expression.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Marks, Value};

/// What is bound where a part of an expression stands; frames nest as the expression does.
pub(super) struct Frame<'f> {
    parent: Option<&'f Frame<'f>>,
    bound: Bound<'f>,
    /// Marks of the collections whose elements are bound here and further out: the elements themselves do not bear them,
    /// yet no finding may show them.
    concealing: Marks,
}

enum Bound<'f> {
    Nothing,
    /// `for key, value in`
    Loop {
        key: Option<(&'f str, Value)>,
        value: (&'f str, Value),
    },
    /// The element of a splat.
    Item(Value),
    /// The variables of a template file.
    Variables(&'f BTreeMap<Arc<str>, Value>),
}

impl<'f> Frame<'f> {
    /// Nothing is bound.
    pub(super) fn empty() -> Frame<'static> {
        Frame { parent: None, bound: Bound::Nothing, concealing: Marks::NONE }
    }

    /// The variables of a template that stands alone.
    pub(super) fn variables(variables: &'f BTreeMap<Arc<str>, Value>, concealing: Marks) -> Frame<'f> {
        Frame { parent: None, bound: Bound::Variables(variables), concealing }
    }

    /// Inside one round of a `for`.
    pub(super) fn round(
        &'f self,
        key: Option<(&'f str, Value)>,
        value: (&'f str, Value),
        concealing: Marks,
    ) -> Frame<'f> {
        let concealing = self.concealing | concealing;
        Frame { parent: Some(self), bound: Bound::Loop { key, value }, concealing }
    }

    /// Inside a splat, at one element.
    pub(super) fn item(&'f self, item: Value, concealing: Marks) -> Frame<'f> {
        Frame { parent: Some(self), bound: Bound::Item(item), concealing: self.concealing | concealing }
    }

    /// Marks that a finding made here must respect although no value bears them.
    pub(super) fn concealing(&self) -> Marks {
        self.concealing
    }

    /// The value bound to a name.
    pub(super) fn lookup(&self, name: &str) -> Option<Value> {
        let mut frame = Some(self);
        while let Some(f) = frame {
            match &f.bound {
                Bound::Loop { value: (bound, value), .. } if *bound == name => return Some(value.clone()),
                Bound::Loop { key: Some((bound, value)), .. } if *bound == name => return Some(value.clone()),
                Bound::Variables(variables) => {
                    if let Some(value) = variables.get(name) {
                        return Some(value.clone());
                    }
                }
                _ => {}
            }
            frame = f.parent;
        }
        None
    }

    /// The element of the innermost splat.
    pub(super) fn splat_item(&self) -> Option<Value> {
        let mut frame = Some(self);
        while let Some(f) = frame {
            if let Bound::Item(value) = &f.bound {
                return Some(value.clone());
            }
            frame = f.parent;
        }
        None
    }
}
