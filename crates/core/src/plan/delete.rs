//! What goes: objects without configuration, orphans, left-over halves, and everything when the stack is destroyed.
use std::sync::Arc;

use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::eval::{InstanceKey, Repetition, Scope, Subject};

use super::draft::Draft;
use super::planner::Planner;
use super::prior::{Existing, Origin, adopted, incomplete_listing, is_listed};
use super::{Action, Mode, Reason};
use crate::address::Address;
use crate::inventory::Observed;
use crate::snapshot::ObjectKey;

/// The name that objects go by which neither configuration nor state knows; no resource block can have it.
pub const ORPHAN: &str = "(orphan)";

impl Planner<'_> {
    /// Objects of the state that the configuration has no more.
    pub(super) fn plan_unconfigured(&mut self) {
        for (address, existing) in std::mem::take(&mut self.prior.current) {
            if !self.aim.includes(&address) {
                continue;
            }
            if self.is_unplanned(&address) {
                // Its block could not be planned: that is an error, and no reason to delete anything.
                self.drafts.insert(address.clone(), Draft::keep(address, existing));
                continue;
            }
            let removed = self.input.module.removed.iter().find(|r| {
                super::traversal::literal_address(&r.from).is_some_and(|from| from.resource == address.resource)
            });
            if removed.is_some_and(|r| !r.destroy) {
                let mut draft = Draft::of(address.clone(), Some(existing));
                draft.change.action = Action::Forget;
                self.drafts.insert(address, draft);
            } else {
                let reason = self.why_deleted(&address, &existing);
                self.delete(address, existing, Some(reason));
            }
        }
        let gone = std::mem::take(&mut self.prior.gone);
        let gone = gone.into_iter().filter(|(address, _)| self.aim.includes(address) && !self.is_unplanned(address));
        let forgotten: Vec<_> = gone.map(|(_, gone)| ObjectKey::current(gone.remembered_at)).collect();
        self.forgotten.extend(forgotten);
    }

    /// Whether an address belongs to a block whose instances could not be worked out.
    fn is_unplanned(&self, address: &Address) -> bool {
        match self.world.resource(&address.resource) {
            None => false,
            Some(_) => self.world.expansion(&address.resource).map_or(true, |e| e.contains(&address.key)),
        }
    }

    fn why_deleted(&self, address: &Address, existing: &Existing) -> Reason {
        let resource = &address.resource;
        if self.world.resource(resource).is_none() {
            let moved = existing.moved_from.is_some() && self.moves.leads_to(address);
            return if moved { Reason::NoMoveTarget } else { Reason::NoResourceConfig };
        }
        match (self.world.repetition(&Subject::Resource(resource.clone())), &address.key) {
            (Repetition::Count, Some(InstanceKey::Index(_))) => Reason::CountIndex,
            (Repetition::ForEach, Some(InstanceKey::Key(_))) => Reason::EachKey,
            _ => Reason::WrongRepetition,
        }
    }

    fn delete(&mut self, address: Address, existing: Existing, reason: Option<Reason>) {
        self.check_prevent_destroy(&address);
        let draft = self.deletion(address.clone(), existing, reason);
        self.drafts.insert(address, draft);
    }

    fn deletion(&self, address: Address, existing: Existing, reason: Option<Reason>) -> Draft {
        let kind = self.world.kind(address.kind());
        let mut draft = Draft::delete(address, existing, reason);
        draft.change.loss = kind.zip(draft.change.before.as_ref()).and_then(|(kind, before)| kind.loss(before));
        draft
    }

    /// Objects that bear our marker and that nobody knows.
    pub(super) fn plan_orphans(&mut self) {
        if !self.aim.is_everything() || self.diagnostics.has_errors() {
            return;
        }
        for ((kind, _), group) in std::mem::take(&mut self.prior.unclaimed) {
            for observed in group {
                let observed = with_part_id(observed);
                let Some(existing) = adopted(self.input, &kind, &observed, Origin::Adopted) else { continue };
                let draft = self.deletion(orphan_address(&kind, &existing), existing, Some(Reason::Orphan));
                self.leftovers.push(draft);
            }
        }
    }

    /// Left-over halves of replacements go, whatever the plan is about.
    pub(super) fn plan_deposed(&mut self) {
        if matches!(self.input.options.mode, Mode::RefreshOnly | Mode::Recover) {
            return;
        }
        for (key, existing) in std::mem::take(&mut self.prior.deposed) {
            if self.aim.includes(&key.address) {
                let mut draft = self.deletion(key.address, existing, None);
                draft.change.deposed = key.deposed;
                self.leftovers.push(draft);
            }
        }
        let gone = std::mem::take(&mut self.prior.gone_deposed);
        self.forgotten.extend(gone.into_iter().filter(|key| self.aim.includes(&key.address)));
    }

    /// Everything goes.
    pub(super) fn plan_destroy(&mut self) {
        for (address, existing) in std::mem::take(&mut self.prior.current) {
            if self.aim.includes(&address) {
                self.delete(address, existing, None);
            }
        }
        let gone = std::mem::take(&mut self.prior.gone);
        let gone = gone.into_iter().filter(|(address, _)| self.aim.includes(address));
        self.forgotten.extend(gone.map(|(_, gone)| ObjectKey::current(gone.remembered_at)));
        self.plan_orphans();
        self.remove_outputs();
    }

    /// `prevent_destroy`.
    pub(super) fn check_prevent_destroy(&mut self, address: &Address) {
        let Some(resource) = self.world.resource(&address.resource).filter(|r| r.lifecycle.prevent_destroy) else {
            return;
        };
        let detail = format!(
            "Resource {address} has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To \
             avoid this error and continue with the plan, either disable lifecycle.prevent_destroy or reduce the scope of the \
             plan using the -target option."
        );
        self.diagnostics.push(Diagnostic::error("Instance cannot be destroyed", detail).at(resource.span));
    }

    /// An incomplete listing allows no deletion of its kind, and no create where one may already have succeeded.
    pub(super) fn check_listings(&mut self) {
        let drafts = || self.drafts.values().chain(&self.leftovers);
        let mut findings = Vec::new();
        for (kind, problems) in &self.prior.incomplete {
            // A promise is kept on the word of the contract, whatever else a listing leaves open.
            let waits =
                |d: &&Draft| d.change.action.destroys() && !matches!(d.change.reason, Some(Reason::Ended { .. }));
            let deleted = drafts().filter(waits).find(|d| d.change.address.kind() == &**kind);
            findings.push(match deleted {
                Some(draft) => {
                    let consequence = format!(
                        "Nothing of this kind is deleted on the word of an incomplete listing, and the plan would destroy {}. \
                         Solve the problem, then plan again.",
                        draft.change.address
                    );
                    incomplete_listing(kind, problems, &consequence)
                }
                None => {
                    let mut finding =
                        incomplete_listing(kind, problems, "The state is believed for what was not seen.");
                    finding.severity = ampere_lang::diagnostic::Severity::Warning;
                    finding
                }
            });
        }
        for pending in &self.input.snapshot.pending {
            let created = drafts().find(|d| {
                d.change.action == Action::Create
                    && d.change.address.to_string() == pending.address
                    && is_listed(self.input, d.change.address.kind())
                    && !self.input.inventory.is_whole(d.change.address.kind())
            });
            if let Some(draft) = created {
                let detail = format!(
                    "A create of {} was begun at {} and its outcome is not known. Without a complete listing it cannot be told \
                     whether the object is there already, so it is not made again. Solve the problem, then plan again.",
                    draft.change.address, pending.started_at
                );
                findings.push(Diagnostic::error("Unknown outcome of an earlier create", detail));
            }
        }
        self.diagnostics.extend(findings);
    }

    /// `moved` blocks that name an instance which is still there.
    pub(super) fn check_moves(&mut self) {
        let declared = |address: &Address| {
            self.world.resource(&address.resource).is_some()
                && self.world.expansion(&address.resource).is_ok_and(|e| e.contains(&address.key))
        };
        let findings = self.moves.still_declared(declared);
        self.diagnostics.extend(findings);
    }
}

/// The address of an object that nobody knows.
pub(super) fn orphan_address(kind: &Arc<str>, existing: &Existing) -> Address {
    let resource = ResourceName { resource_type: kind.clone(), name: ORPHAN.into() };
    Address { resource, key: Some(InstanceKey::Key(existing.id.0.clone())) }
}

/// Parts without a main object are deleted by the id of the first.
pub(super) fn with_part_id(mut observed: Observed) -> Observed {
    if observed.id.is_none() {
        observed.id = observed.parts.first().map(|part| part.id.clone());
    }
    observed
}
