//! What may exist only while something else is in order, and what waits.
use ampere_lang::config::Resource;
use jiff::Timestamp;

use super::draft::Draft;
use super::planner::Planner;
use super::prior::Existing;
use super::{Action, Deferred, Precondition, Reason};
use crate::address::Address;
use crate::evaluate::Config;
use crate::identity::ExternalId;
use crate::kind::{Gate, Gated, Kind};
use crate::retention::deadline;
use crate::snapshot::ObjectKey;

/// Whether an instance may exist.
pub(super) enum Verdict {
    /// It may, if this holds at apply.
    Go(Option<Precondition>),
    /// Not yet.
    Wait(Deferred),
    /// Not any more.
    End {
        /// Why, as a sentence.
        why: String,
        /// When it must be gone.
        deadline: Timestamp,
    },
}

impl Planner<'_> {
    /// Asks the gate of a kind, if it has one.
    pub(super) fn gate(
        &self,
        kind: &dyn Kind,
        address: &Address,
        config: &Config,
        existing: Option<&Existing>,
    ) -> Verdict {
        let Some(gated) = kind.gate_on() else { return Verdict::Go(None) };
        let reference = config.value.get(gated.attribute);
        let Some(reference) = reference.filter(|v| !v.is_null()) else { return Verdict::Go(None) };
        let unsure = || Verdict::Go(Some(precondition(&gated)));
        let Some(id) = reference.as_str() else { return unsure() };
        let target = self.by_id.get(&(gated.kind.into(), ExternalId::from(id)));
        let Some((_, target)) = target else { return unsure() };
        match (gated.judge)(target, self.input.now) {
            Gate::Open => Verdict::Go(None),
            Gate::Unknown => unsure(),
            // An object that is there is never deleted for a payment that is late.
            Gate::Waiting { .. } if existing.is_some() => Verdict::Go(Some(precondition(&gated))),
            Gate::Waiting { reason, url } => {
                Verdict::Wait(Deferred { address: address.clone(), reason, url, ended: false })
            }
            Gate::Ended { reason, since, .. } => {
                Verdict::End { why: reason, deadline: deadline(since.unwrap_or(self.input.now)) }
            }
        }
    }

    /// Puts an instance off: nothing is done about it, and what needs it waits too.
    pub(super) fn wait(
        &mut self,
        resource: &Resource,
        kind: &dyn Kind,
        existing: Option<Existing>,
        config: &Config,
        deferred: Deferred,
    ) {
        let address = deferred.address.clone();
        let draft = self.decide(resource, kind, &address, existing, config);
        self.forget_vanished(&draft);
        self.world.set(&address, draft.change.after.unwrap_or_else(super::resource::undecided));
        self.defer(deferred);
    }

    /// Lets an instance go with its household: one that is there is deleted, one that is not is not made.
    pub(super) fn depart(&mut self, address: &Address, existing: Option<Existing>, why: String, deadline: Timestamp) {
        self.world.set_absent(address);
        match existing {
            None => self.not_made(address, why),
            Some(existing) => {
                let draft = self.departure(address.clone(), existing, why, deadline);
                self.drafts.insert(address.clone(), draft);
            }
        }
    }

    /// Leaves an instance as it is until a person has agreed that its household goes.
    pub(super) fn hold(&mut self, address: &Address, existing: Option<Existing>, why: String) {
        match existing {
            None => {
                self.world.set_absent(address);
                self.not_made(address, why);
            }
            Some(existing) => {
                self.world.set(address, existing.attributes.clone());
                self.drafts.insert(address.clone(), Draft::keep(address.clone(), existing));
                let reason = format!("The deletion guard holds it back, though {why}");
                self.defer(Deferred { address: address.clone(), reason, url: None, ended: false });
            }
        }
    }

    /// Puts an instance off for good; one that has vanished is forgotten.
    fn not_made(&mut self, address: &Address, why: String) {
        if let Some(gone) = self.prior.gone.remove(address) {
            self.forgotten.push(ObjectKey::current(gone.remembered_at));
        }
        self.defer(Deferred { address: address.clone(), reason: why, url: None, ended: true });
    }

    /// Ends an instance: one that is there is deleted, one that is not is not made (R2).
    pub(super) fn end(
        &mut self,
        kind: &dyn Kind,
        address: &Address,
        existing: Option<Existing>,
        why: String,
        deadline: Timestamp,
    ) {
        self.world.set_absent(address);
        let Some(existing) = existing else { return self.not_made(address, why) };
        let mut draft = Draft::delete(address.clone(), existing, Some(Reason::Ended { why }));
        draft.change.deadline = Some(deadline);
        draft.change.loss = draft.change.before.as_ref().and_then(|before| kind.loss(before));
        self.check_prevent_destroy(address);
        self.drafts.insert(address.clone(), draft);
    }

    fn defer(&mut self, deferred: Deferred) {
        let address = deferred.address.clone();
        self.deferred_resources.entry(address.resource.clone()).or_insert_with(|| address.clone());
        self.deferred.insert(address, deferred);
    }

    /// Puts a change off that needs something that was put off. One that can be made all the same is made.
    pub(super) fn must_wait(&mut self, address: &Address, draft: &Draft, config: &Config) -> bool {
        let Some(cause) = draft.needs.iter().find_map(|needed| self.waiting(needed)) else { return false };
        let makes = draft.change.action == Action::Create || draft.change.action.replaces();
        let changes = draft.change.action == Action::Update && !config.value.is_wholly_known();
        if !makes && !changes {
            return false;
        }
        let reason = format!("It needs {}, which is not there yet: {}", cause.address, cause.reason);
        let deferred = Deferred { address: address.clone(), reason, url: cause.url.clone(), ended: false };
        match draft.existing.clone() {
            Some(existing) => {
                self.world.set(address, existing.attributes.clone());
                self.drafts.insert(address.clone(), Draft::keep(address.clone(), existing));
            }
            None => {
                self.forget_vanished(draft);
                self.world.set(address, draft.change.after.clone().unwrap_or_else(super::resource::undecided));
            }
        }
        self.defer(deferred);
        true
    }

    /// An object that has vanished and is not made again now leaves the state, lest every plan tell of it anew.
    fn forget_vanished(&mut self, draft: &Draft) {
        if draft.change.reason == Some(Reason::Missing) {
            let at = draft.forget.as_ref().unwrap_or(&draft.change.address);
            self.forgotten.push(ObjectKey::current(at.clone()));
        }
    }

    /// The deferred instance behind an address, or behind one of a resource's instances.
    fn waiting(&self, needed: &Address) -> Option<&Deferred> {
        let one = self.deferred.get(needed);
        let whole = needed.key.is_none().then(|| self.deferred_resources.get(&needed.resource)).flatten();
        one.or_else(|| self.deferred.get(whole?))
    }
}

fn precondition(gated: &Gated) -> Precondition {
    let (target_attribute, accepted) = gated.condition;
    let (waiting, url_attribute) = gated.waiting;
    Precondition {
        attribute: gated.attribute.into(),
        kind: gated.kind.into(),
        target_attribute: target_attribute.into(),
        accepted: accepted.iter().map(|value| (*value).into()).collect(),
        waiting: waiting.into(),
        url_attribute: url_attribute.into(),
    }
}
