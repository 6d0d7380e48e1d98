//! One step from its precondition to its last transaction.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::{Marks, Value};

use super::EventKind;
use super::executor::Run;
use super::record::{delete_row, no_more_made_for};
use super::resolve::{Wanted, mark_like, wanted};
use crate::address::Address;
use crate::identity::{ExternalId, Marker};
use crate::plan::{Action, Change, Deferred, Operation, Step};
use crate::provider::{Applied, Provider};
use crate::snapshot::{Object, ObjectKey};
use crate::store::{Mutation, StoreError};

/// How a step ended.
pub(super) enum End {
    Done,
    /// It is done, and what it made breaks a postcondition: what needs it must not begin.
    Broken(Diagnostic),
    Failed(Diagnostic),
    Deferred(Deferred),
}

/// What stops a step, before it is told to people.
pub(super) enum Stop {
    Finding(Diagnostic),
    Waiting(Deferred),
}

impl From<Diagnostic> for Stop {
    fn from(finding: Diagnostic) -> Stop {
        Stop::Finding(finding)
    }
}

impl Run<'_> {
    /// Runs a step. Whatever happens is in the state, in the events and in the returned end.
    pub(super) async fn step(&self, step: &Step) -> End {
        let began = self.input.clock.now();
        let outcome = match &step.operation {
            Operation::Create | Operation::Update { .. } => self.make(step).await,
            Operation::Delete { id, before, marker } => self.delete(step, id, before, marker).await,
            Operation::Depose { key, id, before, marker } => self.depose(step, key, id, before, marker).await,
            Operation::Record { id, attributes, moved_from } => {
                self.record(step, id, attributes, moved_from.as_ref()).await
            }
            Operation::Forget => self.forget(step).await,
            Operation::Join => return End::Done,
        };
        let elapsed = self.since(began);
        match outcome {
            Ok(id) => {
                self.tell(step, id, elapsed, EventKind::Succeeded);
                self.checked(step)
            }
            Err(Stop::Finding(finding)) => {
                self.tell(step, None, elapsed, EventKind::Failed);
                End::Failed(finding.about(&step.address))
            }
            Err(Stop::Waiting(deferred)) => {
                let kind = EventKind::Deferred { reason: deferred.reason.clone(), url: deferred.url.clone() };
                self.tell(step, None, elapsed, kind);
                End::Deferred(deferred)
            }
        }
    }

    /// What a step that did its work comes to: an object that was made may break a postcondition.
    fn checked(&self, step: &Step) -> End {
        let made = matches!(step.operation, Operation::Create | Operation::Update { .. });
        let object = self.world.get(&step.address).filter(|_| made);
        match object.map(|object| self.postconditions(&step.address, &object)) {
            Some(Err(finding)) => End::Broken(finding.about(&step.address)),
            _ => End::Done,
        }
    }

    /// Creates or updates.
    async fn make(&self, step: &Step) -> Result<Option<ExternalId>, Stop> {
        let (provider, schema) = self.provider_of(&step.address)?;
        let change = self.change_of(step)?;
        let config = self.config(&step.address)?.value;
        self.hold_back(step, &config)?;
        let planned = change.after.as_ref().ok_or_else(|| bug(&step.address, "the plan has no object to make"))?;
        let Wanted { after, write_only } = wanted(&step.address, schema, planned, &config)?;
        let marker = self.marker(&step.address);
        let before = match &step.operation {
            Operation::Update { .. } => change.before.as_ref(),
            _ if change.action == Action::CreateThenDelete => change.before.as_ref(),
            // A listing that lags may show it with the marker it no longer bears.
            _ => self.put_aside(&step.address).map(|object| &object.attributes),
        };
        let id = match &step.operation {
            Operation::Update { id } => Some(id),
            _ => None,
        };
        self.prepare_key(&step.address, &marker, &after)?;
        let began = self.input.clock.now();
        let progress = self.progress(step, id, began);
        let call = || async {
            let request = self.request(step, &marker, before, Some(&after), &write_only, &progress);
            match id {
                Some(id) => provider.update(id, request).await,
                None => provider.create(request).await,
            }
        };
        let kind = self.input.providers.kind(step.address.kind()).filter(|_| id.is_none());
        let owner = kind.and_then(|kind| kind.owner(&after)).map(|uid| crate::plan::owner(self.input.vault, uid));
        let applied = self.call(step, id, owner.as_ref(), call).await?;
        let id = applied.id.clone();
        // From here on the object says itself whose it is.
        let said = owner.map(|owner| no_more_made_for(&marker.address, &owner));
        self.keep(step, applied, &after, said).await?;
        Ok(Some(id))
    }

    /// Makes the key that this step will seal under; the journal's `Started` commits it before the call.
    fn prepare_key(&self, address: &Address, marker: &Marker, after: &Value) -> Result<(), Diagnostic> {
        let owner = self.input.providers.kind(address.kind()).and_then(|kind| kind.seals_for(marker, after));
        match owner {
            Some(owner) => self.input.vault.prepare(&owner).map_err(|e| unsealed(address, &e)),
            None => Ok(()),
        }
    }

    /// Writes a made object into the state and lets the others see it.
    async fn keep(&self, step: &Step, applied: Applied, after: &Value, more: Option<Mutation>) -> Result<(), Stop> {
        let (_, schema) = self.provider_of(&step.address)?;
        let attributes = mark_schema(mark_like(applied.attributes, after), schema);
        let object = Object {
            id: applied.id,
            attributes: attributes.clone(),
            dependencies: self.dependencies(&step.address),
            create_before_destroy: self.create_before_destroy(&step.address),
            tainted: false,
            schema_version: schema.version,
            sealed: applied.sealed.or_else(|| self.sealed_before(&step.address)),
        };
        let key = ObjectKey::current(step.address.clone());
        let row = self.input.object_row(&key, &object).map_err(|e| unsealed(&step.address, &e))?;
        let rows = std::iter::once(row).chain(more).collect();
        self.input.journal_succeeded(step, rows).await.map_err(|e| unwritten(&step.address, &e))?;
        self.publish(&step.address, &object.id, attributes.clone());
        Ok(())
    }

    async fn delete(
        &self,
        step: &Step,
        id: &ExternalId,
        before: &Value,
        marker: &Marker,
    ) -> Result<Option<ExternalId>, Stop> {
        let (provider, _) = self.provider_of(&step.address)?;
        let began = self.input.clock.now();
        let progress = self.progress(step, Some(id), began);
        let none = BTreeMap::new();
        let call = || provider.delete(id, self.request(step, marker, Some(before), None, &none, &progress));
        self.call(step, Some(id), None, call).await?;
        let mut rows = vec![delete_row(&step.address, step.deposed.as_deref())];
        rows.extend(self.destroy_key(id));
        self.rows(step, rows).await?;
        Ok(Some(id.clone()))
    }

    /// Moves the state row under the deposed key; the object gets another marker, so that what is made next at this
    /// address is not taken for it.
    async fn depose(
        &self,
        step: &Step,
        deposed: &Arc<str>,
        id: &ExternalId,
        before: &Value,
        marker: &Marker,
    ) -> Result<Option<ExternalId>, Stop> {
        let (provider, _) = self.provider_of(&step.address)?;
        if self.input.providers.kind(step.address.kind()).is_some_and(|kind| kind.listed()) {
            let began = self.input.clock.now();
            let progress = self.progress(step, Some(id), began);
            let none = BTreeMap::new();
            let call = || provider.update(id, self.request(step, marker, Some(before), Some(before), &none, &progress));
            self.call(step, Some(id), None, call).await?;
        }
        let object = match self.known(&step.address) {
            Some(known) => Object { id: id.clone(), attributes: before.clone(), ..known.clone() },
            None => self.found(step, id, before)?,
        };
        let aside = ObjectKey { address: step.address.clone(), deposed: Some(deposed.clone()) };
        let put = self.input.object_row(&aside, &object).map_err(|e| unsealed(&step.address, &e))?;
        self.rows(step, vec![delete_row(&step.address, None), put]).await?;
        Ok(Some(id.clone()))
    }

    /// An object of which only the cloud knows so far.
    fn found(&self, step: &Step, id: &ExternalId, attributes: &Value) -> Result<Object, Stop> {
        let (_, schema) = self.provider_of(&step.address)?;
        Ok(Object {
            id: id.clone(),
            attributes: attributes.clone(),
            dependencies: self.dependencies(&step.address),
            create_before_destroy: self.create_before_destroy(&step.address),
            tainted: false,
            schema_version: schema.version,
            sealed: None,
        })
    }

    async fn record(
        &self,
        step: &Step,
        id: &ExternalId,
        attributes: &Value,
        moved_from: Option<&Address>,
    ) -> Result<Option<ExternalId>, Stop> {
        let mut object = self.found(step, id, attributes)?;
        if let Some(known) =
            self.input.snapshot.objects.get(&ObjectKey::current(moved_from.unwrap_or(&step.address).clone()))
        {
            let declared = self.input.module.resources.contains_key(&step.address.resource);
            if !declared {
                object.dependencies = known.dependencies.clone();
            }
            (object.tainted, object.sealed) = (known.tainted, known.sealed.clone());
        }
        let key = ObjectKey { address: step.address.clone(), deposed: step.deposed.clone() };
        let mut rows = vec![self.input.object_row(&key, &object).map_err(|e| unsealed(&step.address, &e))?];
        rows.extend(moved_from.map(|from| delete_row(from, None)));
        self.rows(step, rows).await?;
        Ok(Some(id.clone()))
    }

    /// Removes the state row. An object that is there is released first: one that bears our marker and that nobody knows
    /// would be deleted by the next plan.
    async fn forget(&self, step: &Step) -> Result<Option<ExternalId>, Stop> {
        if let Some((id, before)) = self.let_go(step) {
            let (provider, _) = self.provider_of(&step.address)?;
            let began = self.input.clock.now();
            let progress = self.progress(step, Some(id), began);
            let marker = self.marker(&step.address).released();
            let none = BTreeMap::new();
            let call =
                || provider.update(id, self.request(step, &marker, Some(before), Some(before), &none, &progress));
            self.call(step, Some(id), None, call).await?;
        }
        let mut rows = vec![delete_row(&step.address, step.deposed.as_deref())];
        rows.extend(self.deleted_before(step).and_then(|id| self.destroy_key(id)));
        self.rows(step, rows).await?;
        Ok(None)
    }

    /// The object that an earlier run deleted without living to write it down; one that is only let go is not deleted.
    fn deleted_before(&self, step: &Step) -> Option<&ExternalId> {
        let let_go = self.change_of(step).is_ok_and(|change| change.action == Action::Forget);
        let deleted = self.input.left_open(&step.address).any(|entry| entry.operation == "delete");
        let key = ObjectKey { address: step.address.clone(), deposed: step.deposed.clone() };
        self.input.snapshot.objects.get(&key).filter(|_| deleted && !let_go).map(|object| &object.id)
    }

    /// With an account goes its key, and with that whatever copy of its data is left anywhere.
    fn destroy_key(&self, id: &ExternalId) -> Option<Mutation> {
        let vault = self.input.vault;
        vault.holds(&id.0).then(|| Mutation::DeleteKey { id: vault.destroy(&id.0) })
    }

    /// The object that a step forgets, if it is there and a cloud marks it.
    fn let_go(&self, step: &Step) -> Option<(&ExternalId, &Value)> {
        self.input.providers.kind(step.address.kind()).filter(|kind| kind.listed())?;
        let forgets = |change: &&Change| change.action == Action::Forget;
        let here = self.change_of(step).ok().filter(forgets);
        // A moved object is forgotten where the state has it.
        let moved = || {
            let mut changes = self.input.plan.changes.iter().filter(forgets);
            changes.find(|change| change.previous_address.as_ref() == Some(&step.address))
        };
        let change = here.or_else(moved)?;
        change.id.as_ref().zip(change.before.as_ref())
    }

    async fn rows(&self, step: &Step, rows: Vec<Mutation>) -> Result<(), Stop> {
        self.input.journal_succeeded(step, rows).await.map_err(|e| unwritten(&step.address, &e).into())
    }

    fn marker(&self, address: &Address) -> Marker {
        self.input.vault.marker(address)
    }

    fn provider_of(&self, address: &Address) -> Result<(&Arc<dyn Provider>, &crate::schema::Schema), Diagnostic> {
        let kind = self.input.providers.kind(address.kind());
        let provider = self.input.providers.provider(address.kind());
        match (provider, kind) {
            (Some(provider), Some(kind)) => Ok((provider, kind.schema())),
            _ => Err(bug(address, "no provider serves this resource type")),
        }
    }
}

/// Marks what the schema calls sensitive.
fn mark_schema(value: Value, schema: &crate::schema::Schema) -> Value {
    let Some(entries) = value.entries() else { return value };
    let entries = entries.iter().map(|(name, item)| {
        let sensitive = schema.attribute(name).is_some_and(|a| a.sensitive);
        (name.clone(), if sensitive { item.clone().with_marks(Marks::SENSITIVE) } else { item.clone() })
    });
    let entries = entries.collect();
    value.with_entries(entries)
}

pub(super) fn unwritten(address: &Address, error: &StoreError) -> Diagnostic {
    Diagnostic::error(
        "The state could not be written",
        format!("{error}. What the step did at the cloud is not lost: the object bears our marker and the next plan finds it."),
    )
    .about(address)
}

pub(super) fn unsealed(address: &Address, error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error("A sensitive value could not be sealed", format!("{error}; nothing was written.")).about(address)
}

/// A contradiction between plan and engine: our fault.
pub(super) fn bug(address: &Address, what: &str) -> Diagnostic {
    Diagnostic::error("The plan cannot be carried out", format!("This is a bug in Ampere: {what}.")).about(address)
}
