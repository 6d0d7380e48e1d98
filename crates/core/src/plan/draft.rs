//! A change on its way into the plan, with what only its lowering needs.
use std::sync::Arc;

use super::prior::Existing;
use super::{Action, Change, Plan, Precondition, Reason};
use crate::address::Address;

/// A change of one object.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What the plan shows.
    pub(super) change: Change,
    /// The object that is there.
    pub(super) existing: Option<Existing>,
    /// Where the state remembers an object that has vanished, when that is another address.
    pub(super) forget: Option<Address>,
    /// What must hold before the object is made.
    pub(super) precondition: Option<Precondition>,
    /// Addresses it needs by its configuration.
    pub(super) needs: Vec<Address>,
    /// The same as the state keeps them.
    pub(super) dependencies: Vec<Arc<str>>,
}

impl Draft {
    /// A change that leaves an existing object as it is.
    pub(super) fn keep(address: Address, existing: Existing) -> Draft {
        let mut draft = Draft::of(address, Some(existing));
        draft.change.after = draft.change.before.clone();
        draft
    }

    /// A deletion.
    pub(super) fn delete(address: Address, existing: Existing, reason: Option<Reason>) -> Draft {
        let mut draft = Draft::of(address, Some(existing));
        draft.change.action = Action::Delete;
        draft.change.reason = reason;
        draft
    }

    /// A change of which nothing is decided yet.
    pub(super) fn of(address: Address, existing: Option<Existing>) -> Draft {
        let change = Change {
            address,
            deposed: None,
            previous_address: existing.as_ref().and_then(|e| e.moved_from.clone()),
            action: Action::NoOp,
            reason: None,
            id: existing.as_ref().map(|e| e.id.clone()),
            before: existing.as_ref().map(|e| e.attributes.clone()),
            after: None,
            replace_paths: Vec::new(),
            importing: None,
            deadline: None,
            loss: None,
        };
        Draft { change, existing, forget: None, precondition: None, needs: Vec::new(), dependencies: Vec::new() }
    }
}

impl Plan {
    /// Instances that are configured and may not be there any more (R2): to those who refer to them they are
    /// [absent](crate::evaluate::World::set_absent), during planning and during apply.
    pub fn ended(&self) -> impl Iterator<Item = &Address> {
        let deleted =
            self.changes.iter().filter(|c| matches!(c.reason, Some(Reason::Ended { .. }))).map(|c| &c.address);
        deleted.chain(self.deferred.iter().filter(|d| d.ended).map(|d| &d.address))
    }
}

impl Action {
    /// Whether an object is destroyed by it.
    pub fn destroys(self) -> bool {
        matches!(self, Action::Delete | Action::DeleteThenCreate | Action::CreateThenDelete)
    }

    /// Whether it is a replacement, in either order.
    pub fn replaces(self) -> bool {
        matches!(self, Action::DeleteThenCreate | Action::CreateThenDelete)
    }
}
