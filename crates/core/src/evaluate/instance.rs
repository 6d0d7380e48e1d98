//! The scope inside one instance of a resource: `count`, `each` and `self` beside what the world knows.
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::eval::{InstanceKey, Repetition, Scope, Subject};
use ampere_lang::source::Span;
use ampere_lang::value::{Type, Value};

use super::graph::Node;
use super::scope::anything;
use super::world::World;
use crate::address::Address;

/// What names mean inside one instance of a resource.
pub struct InstanceScope<'w, 'a> {
    world: &'w World<'a>,
    address: &'w Address,
    each_value: Option<Value>,
    this: Option<Value>,
    /// Set for a block as such, of which no instance is meant: then key, index and value are unknown.
    any: Option<Repetition>,
}

impl<'a> World<'a> {
    /// The scope inside an instance.
    pub fn inside<'w>(&'w self, address: &'w Address) -> InstanceScope<'w, 'a> {
        let each_value = match &address.key {
            Some(key) => self.expansion(&address.resource).ok().and_then(|expansion| expansion.each_value(key)),
            None => None,
        };
        InstanceScope { world: self, address, each_value, this: None, any: None }
    }
}

impl<'a> World<'a> {
    /// The scope inside a block as such, for checks that come before `count` and `for_each` are known: the address has no
    /// key, and `count.index`, `each.key` and `each.value` are unknown where the block has them.
    pub fn inside_block<'w>(&'w self, address: &'w Address) -> InstanceScope<'w, 'a> {
        let any = Some(self.written_repetition(&address.resource));
        InstanceScope { world: self, address, each_value: None, this: None, any }
    }
}

impl InstanceScope<'_, '_> {
    /// The same scope with that `self` (in postconditions).
    pub fn with_self(mut self, object: Value) -> Self {
        self.this = Some(object);
        self
    }

    /// The one instance that a reference to `subject` can mean here, dressed up as the whole resource: an object with one
    /// attribute. Only for resources that the block refers to by its own key and no other way.
    fn same_key(&self, subject: &Subject) -> Option<Value> {
        let (Subject::Resource(name), Some(key)) = (subject, &self.address.key) else { return None };
        let node = Node::Resource(self.address.resource.clone());
        let needed = self.world.graph().dependencies(&node).iter().any(|d| d.same_key && d.resource == *name);
        let wanted = match key {
            InstanceKey::Index(_) => Repetition::Count,
            InstanceKey::Key(_) => Repetition::ForEach,
        };
        if !needed || self.world.written_repetition(name) != wanted {
            return None;
        }
        let instance = self.world.get(&Address { resource: name.clone(), key: Some(key.clone()) })?;
        Some(match key {
            InstanceKey::Index(n) => Value::object([(n.to_string(), instance)]),
            InstanceKey::Key(text) => Value::object([(text.clone(), instance)]),
        })
    }
}

impl Scope for InstanceScope<'_, '_> {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        let found = match (subject, &self.address.key) {
            (Subject::CountIndex, Some(InstanceKey::Index(n))) => Some(Value::number(*n)),
            (Subject::EachKey, Some(InstanceKey::Key(text))) => Some(Value::string(text)),
            (Subject::EachValue, Some(InstanceKey::Key(_))) => self.each_value.clone(),
            (Subject::CountIndex, _) if self.any == Some(Repetition::Count) => Some(Value::unknown(Type::Number)),
            (Subject::EachKey, _) if self.any == Some(Repetition::ForEach) => Some(Value::unknown(Type::String)),
            (Subject::EachValue, _) if self.any == Some(Repetition::ForEach) => Some(anything()),
            (Subject::SelfObject, _) => self.this.clone(),
            (Subject::Resource(_), _) => self.same_key(subject),
            _ => None,
        };
        match found {
            Some(value) => Ok(value),
            None => self.world.lookup(subject, span),
        }
    }

    fn repetition(&self, subject: &Subject) -> Repetition {
        self.world.repetition(subject)
    }
}
