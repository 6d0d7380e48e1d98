//! `replace_triggered_by`.
use ampere_lang::config::Resource;
use ampere_lang::eval::{InstanceKey, evaluate};
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::Value;

use super::planner::Planner;
use super::traversal::{Access, instance_key, split_resource};
use super::{Action, Change};
use crate::address::Address;

impl Planner<'_> {
    /// Whether something named in `replace_triggered_by` changes: a resource or an instance that is updated or replaced (a
    /// mere update suffices, FACTS 22), or an attribute whose value changes.
    pub(super) fn is_triggered(&mut self, resource: &Resource, address: &Address) -> bool {
        let references = &resource.lifecycle.replace_triggered_by;
        references.iter().any(|reference| self.fires(reference, address))
    }

    fn fires(&mut self, reference: &Expr, address: &Address) -> bool {
        let Some((name, key, accesses)) = split_resource(reference) else { return false };
        let key = match key {
            None => None,
            Some(expr) => match self.key_of(expr, address) {
                Some(key) => Some(key),
                None => return false,
            },
        };
        let first = Address { resource: name.clone(), key: None };
        let of_resource = self.drafts.range(first..).map(|(_, draft)| &draft.change);
        let mut changes = of_resource.take_while(|c| c.address.resource == name);
        match key {
            Some(_) => changes.any(|c| c.address.key == key && changed(c, &accesses)),
            None => changes.any(|c| changed(c, &accesses)),
        }
    }

    fn key_of(&mut self, expr: &Expr, address: &Address) -> Option<InstanceKey> {
        let (value, findings) = evaluate(expr, &self.world.inside(address), self.input.host);
        self.diagnostics.extend(findings);
        instance_key(&value)
    }
}

fn changed(change: &Change, accesses: &[Access<'_>]) -> bool {
    let acts = change.action == Action::Update || change.action.replaces();
    if !acts || accesses.is_empty() {
        return acts;
    }
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => match (follow(before, accesses), follow(after, accesses)) {
            (Some(before), Some(after)) => !before.same(after),
            (before, after) => before.is_some() != after.is_some(),
        },
        _ => false,
    }
}

fn follow<'v>(value: &'v Value, accesses: &[Access<'_>]) -> Option<&'v Value> {
    use ampere_lang::syntax::ast::ExprKind;
    accesses.iter().try_fold(value, |value, access| match access {
        Access::Attribute(name) => value.entries()?.get(*name),
        Access::Index(key) => match &*key.kind {
            ExprKind::Literal(key) => match instance_key(key)? {
                InstanceKey::Key(text) => value.entries()?.get(&text),
                InstanceKey::Index(n) => value.elements()?.get(usize::try_from(n).ok()?),
            },
            _ => None,
        },
    })
}
