//! A resource as one value: the object, the tuple of `count`, the object of `for_each`.
use ampere_lang::config::ResourceName;
use ampere_lang::eval::{InstanceKey, Repetition};
use ampere_lang::value::{Type, Value};

use super::world::{Entry, World};

impl World<'_> {
    /// How a resource block repeats, by what is written in it.
    pub(super) fn written_repetition(&self, name: &ResourceName) -> Repetition {
        match self.module.resources.get(name) {
            None => Repetition::Undecided,
            Some(resource) if resource.count.is_some() => Repetition::Count,
            Some(resource) if resource.for_each.is_some() => Repetition::ForEach,
            Some(_) => Repetition::Single,
        }
    }

    /// The value of `type.name`: unknown while nothing has been set (as in `validate`). None if there is no such block.
    pub(super) fn whole(&self, name: &ResourceName) -> Option<Value> {
        let mut entry = self.entry(name)?;
        if let Some(value) = &entry.whole {
            return Some(value.clone());
        }
        let value = match self.written_repetition(name) {
            Repetition::Count => counted(&entry),
            Repetition::ForEach => keyed(&entry),
            Repetition::Single | Repetition::Undecided => entry.instances.get(&None).cloned(),
        };
        let value = value.unwrap_or_else(|| self.undecided(name));
        entry.whole = Some(value.clone());
        Some(value)
    }

    /// A resource of which nothing is known: for a single one at least its type.
    fn undecided(&self, name: &ResourceName) -> Value {
        let single = self.written_repetition(name) == Repetition::Single;
        let ty = match self.kinds.get(&*name.resource_type) {
            Some(kind) if single => kind.schema().object_type().without_optional(),
            _ => Type::Dynamic,
        };
        Value::unknown(ty)
    }
}

/// The tuple of a resource with `count`; instances that are missing are unknown.
fn counted(entry: &Entry) -> Option<Value> {
    let planned = entry.expansion.as_ref().map(|expansion| expansion.keys().len());
    let highest = entry.instances.keys().rev().find_map(|key| match key {
        Some(InstanceKey::Index(n)) => usize::try_from(*n).ok().map(|n| n + 1),
        _ => None,
    });
    let length = planned.or(highest)?;
    let at = |n: usize| entry.instances.get(&Some(InstanceKey::Index(n as u64))).cloned();
    Some(Value::tuple((0..length).map(|n| at(n).unwrap_or_else(|| Value::unknown(Type::Dynamic)))))
}

/// The object of a resource with `for_each`; instances that are missing are unknown.
fn keyed(entry: &Entry) -> Option<Value> {
    if entry.expansion.is_none() && entry.instances.is_empty() {
        return None;
    }
    let planned = entry.expansion.iter().flat_map(|expansion| expansion.keys());
    let keys = planned.chain(entry.instances.keys()).filter_map(|key| match key {
        Some(InstanceKey::Key(text)) => Some((text.clone(), key)),
        _ => None,
    });
    Some(Value::object(
        keys.map(|(text, key)| {
            (text, entry.instances.get(key).cloned().unwrap_or_else(|| Value::unknown(Type::Dynamic)))
        }),
    ))
}
