//! Planning one instance of a resource.
use ampere_lang::config::Resource;
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::{Path, Step, Value};

use super::compare::marks_differ;
use super::conditions::Checked;
use super::draft::Draft;
use super::gate::Verdict;
use super::ignore::ignore_changes;
use super::planner::Planner;
use super::prior::{Existing, Origin};
use super::propose::{Proposal, propose, with_attributes};
use super::resource::{placed, undecided};
use super::retention::Fate;
use super::{Action, Reason};
use crate::address::Address;
use crate::evaluate::Config;
use crate::identity::ExternalId;
use crate::kind::{Kind, Objects};
use crate::snapshot::Object;

impl Planner<'_> {
    /// Plans one instance and tells the world what will become of it.
    pub(super) fn plan_instance(&mut self, resource: &Resource, kind: &dyn Kind, address: Address) {
        let existing = self.existing(kind, &address);
        match self.fate(&address, existing.as_ref()) {
            Some(Fate::Departs { why, deadline }) => return self.depart(&address, existing, why, deadline),
            Some(Fate::Held { why }) => return self.hold(&address, existing, why),
            None => {}
        }
        let Some(config) = self.instance_config(resource, kind, &address) else {
            self.world.set(&address, undecided());
            if let Some(existing) = existing {
                self.drafts.insert(address.clone(), Draft::keep(address, existing));
            }
            return;
        };
        let holds = {
            let scope = self.world.inside(&address);
            let checked = Checked::precondition(&address);
            checked.all(&resource.lifecycle.preconditions, &scope, self.input.host)
        };
        if !self.record_checks(holds) {
            self.world.set(&address, undecided());
            return;
        }
        let verdict = self.gate(kind, &address, &config, existing.as_ref());
        match verdict {
            Verdict::Go(precondition) => {
                let mut draft = self.decide(resource, kind, &address, existing, &config);
                if draft.change.action == Action::Create || draft.change.action.replaces() {
                    draft.precondition = precondition;
                }
                self.settle(resource, draft, &config);
            }
            Verdict::Wait(deferred) => self.wait(resource, kind, existing, &config, deferred),
            Verdict::End { why, deadline } => self.end(kind, &address, existing, why, deadline),
        }
    }

    /// The configuration of an instance with all findings told; none if there are errors.
    fn instance_config(&mut self, resource: &Resource, kind: &dyn Kind, address: &Address) -> Option<Config> {
        let (config, findings) = self.world.config(address)?;
        let mut broken = findings.has_errors();
        self.diagnostics.extend(findings);
        if !broken {
            let findings = placed(kind.validate(&config.value), resource, kind.schema(), address);
            broken = findings.has_errors();
            self.diagnostics.extend(findings);
        }
        (!broken).then_some(config)
    }

    /// What is to be done about an instance.
    pub(super) fn decide(
        &mut self,
        resource: &Resource,
        kind: &dyn Kind,
        address: &Address,
        existing: Option<Existing>,
        config: &Config,
    ) -> Draft {
        let mut draft = Draft::of(address.clone(), existing);
        draft.needs = self.needs(address);
        draft.dependencies = config.dependencies.clone();
        let Some(existing) = &draft.existing else {
            draft.change.action = Action::Create;
            let vanished = self.prior.vanished(self.input, address);
            if let Some(gone) = self.prior.gone.remove(address) {
                draft.change.reason = Some(Reason::Missing);
                draft.forget = (gone.remembered_at != *address).then_some(gone.remembered_at);
            }
            let proposal = self.propose(resource, kind, address, (None, false), &config.value);
            draft.change.after = Some(match vanished {
                Some(object) => self.again(address, kind, object, &proposal.after),
                None => proposal.after,
            });
            return draft;
        };
        if existing.origin == Origin::Imported {
            draft.change.importing = Some(existing.id.clone());
        }
        let prior = existing.attributes.clone();
        if existing.origin != Origin::State {
            let key = (address.resource.resource_type.clone(), existing.id.clone());
            self.by_id.insert(key, (address.clone(), prior.clone()));
        }
        let wanted = ignore_changes(&resource.lifecycle.ignore_changes, kind.schema(), &prior, &config.value);
        let sealed = existing.sealed;
        let mut proposal = self.propose(resource, kind, address, (Some(&prior), sealed), &wanted);
        if existing.origin != Origin::State {
            // The cloud does not know the attribute, and there is no memory that could: that is no difference to lose a
            // server for (a lost state, an import).
            proposal.replace.retain(|path| !is_unheard_of(&prior, path));
        }
        let reason = match () {
            () if existing.tainted => Some(Reason::Tainted),
            () if !proposal.replace.is_empty() => Some(Reason::CannotUpdate),
            () if self.input.options.replace.contains(address) => Some(Reason::Requested),
            () if self.is_triggered(resource, address) => Some(Reason::Triggered),
            () => None,
        };
        match reason {
            Some(reason) => self.replace(resource, kind, &mut draft, reason, &wanted, proposal),
            None => in_place(&mut draft, &prior, proposal.after),
        }
        draft
    }

    /// A vanished object under the id it had: for those who refer to it nothing changes.
    fn again(&mut self, address: &Address, kind: &dyn Kind, vanished: &Object, after: &Value) -> Value {
        let key = (address.resource.resource_type.clone(), vanished.id.clone());
        self.by_id.insert(key, (address.clone(), vanished.attributes.clone()));
        with_attributes(after, |name, value| match name == kind.id_attribute() {
            true => Value::string(&vanished.id.0),
            false => value.clone(),
        })
    }

    fn replace(
        &mut self,
        resource: &Resource,
        kind: &dyn Kind,
        draft: &mut Draft,
        reason: Reason,
        wanted: &Value,
        proposal: Proposal,
    ) {
        let address = draft.change.address.clone();
        let change = &mut draft.change;
        change.action = match self.create_first.contains(&address.resource) {
            true => Action::CreateThenDelete,
            false => Action::DeleteThenCreate,
        };
        if reason == Reason::CannotUpdate {
            change.replace_paths = proposal.replace;
        }
        change.reason = Some(reason);
        // The new one takes over what is there already.
        self.prior.claim_parts(address.kind(), &(self.input.marker)(&address).address);
        change.loss = change.before.as_ref().and_then(|before| kind.loss(before));
        change.after = Some(self.propose(resource, kind, &address, (None, false), wanted).after);
        self.check_prevent_destroy(&address);
    }

    fn propose(
        &mut self,
        resource: &Resource,
        kind: &dyn Kind,
        address: &Address,
        (prior, sealed): (Option<&Value>, bool),
        config: &Value,
    ) -> Proposal {
        let mut proposal = propose(kind, address, prior, config, self.input.fingerprint, &*self, sealed);
        let findings = std::mem::take(&mut proposal.diagnostics);
        self.diagnostics.extend(placed(findings, resource, kind.schema(), address));
        proposal
    }

    /// Takes a decision into the plan, and checks the postconditions on what will be.
    pub(super) fn settle(&mut self, resource: &Resource, draft: Draft, config: &Config) {
        let address = draft.change.address.clone();
        if self.must_wait(&address, &draft, config) {
            return;
        }
        let after = draft.change.after.clone().unwrap_or_else(undecided);
        self.world.set(&address, after.clone());
        self.drafts.insert(address.clone(), draft);
        let checks = {
            let scope = self.world.inside(&address).with_self(after);
            Checked::postcondition(&address).all(&resource.lifecycle.postconditions, &scope, self.input.host)
        };
        self.record_checks(checks);
    }

    /// `-replace` of what is no instance, but a resource with keys.
    pub(super) fn check_requested(&mut self) {
        for address in &self.input.options.replace {
            let first = Address { resource: address.resource.clone(), key: None };
            let there: Vec<_> =
                self.drafts.range(first..).take_while(|(a, _)| a.resource == address.resource).collect();
            if there.is_empty() || self.drafts.contains_key(address) {
                continue;
            }
            let options: Vec<String> = there.iter().map(|(a, _)| format!("  -replace={:?}", a.to_string())).collect();
            let detail = format!(
                "Your force-replace request for {address} doesn't match any resource instances.\n\nTo force replacement of \
                 particular instances, use one or more of the following options instead:\n{}",
                options.join("\n")
            );
            self.diagnostics.push(Diagnostic::warning("Incompletely-matched force-replace resource instance", detail));
        }
    }

    /// The addresses an instance needs.
    pub(super) fn needs(&self, address: &Address) -> Vec<Address> {
        let node = crate::evaluate::Node::Resource(address.resource.clone());
        let needed = self.world.graph().dependencies(&node);
        needed.iter().map(|d| self.world.needed_address(address, d)).collect()
    }
}

impl Objects for Planner<'_> {
    fn object(&self, kind: &str, id: &str) -> Option<Value> {
        let (address, now) = self.by_id.get(&(kind.into(), ExternalId::from(id)))?;
        match self.drafts.get(address) {
            Some(draft) => draft.change.after.clone(),
            None => Some(now.clone()),
        }
    }
}

/// Nothing to replace: an update, if there is a difference.
fn in_place(draft: &mut Draft, prior: &Value, after: Value) {
    let missing = draft.existing.as_ref().map(|e| e.missing.clone()).unwrap_or_default();
    let change = &mut draft.change;
    if !missing.is_empty() {
        change.action = Action::Update;
        change.reason = Some(Reason::PartsMissing(missing.into_iter().map(Into::into).collect()));
    } else if !after.same(prior) || marks_differ(prior, &after) {
        change.action = Action::Update;
    }
    change.after = Some(after);
}

/// Whether nothing is known of the attribute that a path leads into.
fn is_unheard_of(prior: &Value, path: &Path) -> bool {
    match path.0.first() {
        Some(Step::Attribute(name)) => prior.get(name).is_none_or(|value| value.is_null()),
        _ => false,
    }
}
