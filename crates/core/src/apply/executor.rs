//! Which step may run when.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ampere_lang::config::{Condition, Lifecycle, ResourceName};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use ampere_lang::eval::{ConditionOutcome, check_condition};
use ampere_lang::value::Value;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::step::{End, bug};
use super::{ApplyInput, Outcome};
use crate::address::Address;
use crate::evaluate::{Config, World};
use crate::identity::ExternalId;
use crate::plan::{Action, Change, Deferred, Operation, Precondition, Step};
use crate::snapshot::{Object, ObjectKey};
use crate::store::StoreError;
use crate::vault::Sealed;

/// Runs the plan's steps.
///
/// # Errors
/// [`StoreError::Stale`] if the state has moved on since the plan was made; then nothing was done. Everything else that goes
/// wrong is in the [`Outcome`].
pub async fn apply(input: ApplyInput<'_>) -> Result<Outcome, StoreError> {
    let found = input.snapshot.serial;
    if found != input.plan.base {
        return Err(StoreError::Stale { expected: input.plan.base, found });
    }
    input.begin_departures().await?;
    let run = Run::new(&input);
    let mut outcome = run.steps().await;
    run.outputs(&mut outcome).await;
    Ok(outcome)
}

/// An apply under way.
pub(super) struct Run<'a> {
    pub(super) input: &'a ApplyInput<'a>,
    pub(super) world: World<'a>,
    changes: BTreeMap<(&'a Address, Option<&'a str>), &'a Change>,
    created_first: BTreeSet<ResourceName>,
    /// Addresses by kind and id, of what is there.
    ids: Mutex<BTreeMap<(Arc<str>, ExternalId), Address>>,
}

impl<'a> Run<'a> {
    fn new(input: &'a ApplyInput<'a>) -> Run<'a> {
        let world = World::new(input.module, input.variables, input.providers.kinds(), input.host).applying();
        let mut changes = BTreeMap::new();
        let mut ids = BTreeMap::new();
        for change in &input.plan.changes {
            changes.insert((&change.address, change.deposed.as_deref()), change);
            if let (None, Some(after)) = (&change.deposed, &change.after) {
                world.set(&change.address, after.clone());
                let kind = &change.address.resource.resource_type;
                ids.extend(change.id.iter().map(|id| ((kind.clone(), id.clone()), change.address.clone())));
            }
        }
        world.expand_all();
        input.plan.ended().for_each(|address| world.set_absent(address));
        let created_first = world.created_first();
        Run { input, world, changes, created_first, ids: Mutex::new(ids) }
    }

    /// Runs steps as soon as what they wait for is done, at most `parallelism` at a time.
    async fn steps(&self) -> Outcome {
        let steps = &self.input.plan.steps;
        let mut queue = Queue::new(steps);
        let mut outcome = Outcome::default();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < self.input.parallelism.max(1) && !self.input.cancel.is_cancelled() {
                let Some(next) = queue.ready.pop_first() else { break };
                let step = &steps[next];
                running.push(async move { (next, self.step(step).await) });
            }
            let Some((index, end)) = running.next().await else { break };
            let step = &steps[index];
            match end {
                End::Done => {
                    self.count(step, &mut outcome);
                    queue.done(index);
                }
                End::Broken(finding) => {
                    self.count(step, &mut outcome);
                    outcome.failed += 1;
                    outcome.diagnostics.push(finding);
                }
                End::Failed(finding) => {
                    outcome.failed += 1;
                    outcome.diagnostics.push(finding);
                }
                End::Deferred(deferred) => {
                    for dependent in queue.put_off(index) {
                        outcome.deferred.push(waits_for(&steps[dependent], step));
                    }
                    outcome.deferred.push(deferred);
                }
            }
        }
        let unfinished = queue.waiting() > 0 || !outcome.deferred.is_empty();
        outcome.cancelled = self.input.cancel.is_cancelled() && unfinished;
        outcome.skipped = queue.waiting();
        outcome
    }

    fn count(&self, step: &Step, outcome: &mut Outcome) {
        let change = self.changes.get(&(&step.address, step.deposed.as_deref()));
        match &step.operation {
            Operation::Create => outcome.done.added += 1,
            Operation::Update { .. } if change.is_some_and(|c| c.action == Action::Update) => {
                outcome.done.changed += 1;
                outcome.done.imported += usize::from(change.is_some_and(|c| c.importing.is_some()));
            }
            Operation::Delete { .. } => outcome.done.destroyed += 1,
            Operation::Forget => outcome.done.forgotten += 1,
            Operation::Record { .. } if change.is_some_and(|c| c.importing.is_some()) => outcome.done.imported += 1,
            _ => {}
        }
    }

    /// The planned change of a step.
    pub(super) fn change_of(&self, step: &Step) -> Result<&'a Change, Diagnostic> {
        let change = self.changes.get(&(&step.address, None)).copied();
        change.ok_or_else(|| bug(&step.address, "a step has no change"))
    }

    /// The configuration of an instance, evaluated with what is known now, its preconditions checked again.
    pub(super) fn config(&self, address: &Address) -> Result<Config, Diagnostic> {
        self.world.expansion(&address.resource).map_err(first)?;
        let (config, findings) =
            self.world.config(address).ok_or_else(|| bug(address, "a step has no resource block"))?;
        first_error(findings)?;
        self.check(address, |lifecycle| &lifecycle.preconditions, None)?;
        Ok(config)
    }

    /// Checks the postconditions of an instance that was just made.
    pub(super) fn postconditions(&self, address: &Address, object: &Value) -> Result<(), Diagnostic> {
        self.check(address, |lifecycle| &lifecycle.postconditions, Some(object))
    }

    fn check(
        &self,
        address: &Address,
        conditions: impl Fn(&Lifecycle) -> &Vec<Condition>,
        this: Option<&Value>,
    ) -> Result<(), Diagnostic> {
        let Some(resource) = self.world.resource(&address.resource) else { return Ok(()) };
        let scope = self.world.inside(address);
        let scope = match this {
            Some(object) => scope.with_self(object.clone()),
            None => scope,
        };
        for condition in conditions(&resource.lifecycle) {
            let result = check_condition(condition, &scope, self.input.host);
            first_error(result.diagnostics)?;
            if let ConditionOutcome::Failed { message } = result.outcome {
                let what =
                    if this.is_some() { "Resource postcondition failed" } else { "Resource precondition failed" };
                return Err(Diagnostic::error(what, message).at(condition.condition.span).about(address));
            }
        }
        Ok(())
    }

    pub(super) fn dependencies(&self, address: &Address) -> Vec<Arc<str>> {
        self.world.dependencies(address)
    }

    pub(super) fn create_before_destroy(&self, address: &Address) -> bool {
        self.created_first.contains(&address.resource)
    }

    /// Lets the others see an object as it is now.
    pub(super) fn publish(&self, address: &Address, id: &ExternalId, attributes: Value) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert((address.resource.resource_type.clone(), id.clone()), address.clone());
        drop(ids);
        self.world.set(address, attributes);
    }

    /// The object of a kind that has this id.
    fn find(&self, kind: &str, id: &str) -> Option<Value> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let address = ids.get(&(kind.into(), ExternalId(id.into())))?;
        self.world.get(address)
    }

    /// What the state remembers of an object, wherever it was before it moved; nothing of one that was only just found.
    pub(super) fn known(&self, address: &Address) -> Option<&'a Object> {
        let moved_from = self.changes.get(&(address, None)).and_then(|change| change.previous_address.as_ref());
        self.input.snapshot.objects.get(&ObjectKey::current(moved_from.unwrap_or(address).clone()))
    }

    /// What an earlier run put aside at an address, to make what replaces it, and had no time to delete.
    pub(super) fn put_aside(&self, address: &Address) -> Option<&'a Object> {
        let from = ObjectKey::current(address.clone());
        let mut here = self.input.snapshot.objects.range(from..).take_while(|(key, _)| key.address == *address);
        here.find(|(key, _)| key.deposed.is_some()).map(|(_, object)| object)
    }

    pub(super) fn sealed_before(&self, address: &Address) -> Option<Sealed> {
        self.known(address)?.sealed.clone()
    }

    /// Puts a step off whose precondition does not hold.
    pub(super) fn hold_back(&self, step: &Step, config: &Value) -> Result<(), super::step::Stop> {
        let Some(precondition) = &step.precondition else { return Ok(()) };
        let target = config.get(&precondition.attribute).and_then(|id| self.find(&precondition.kind, id.as_str()?));
        if target.as_ref().is_some_and(|target| holds(precondition, target)) {
            return Ok(());
        }
        let url = target.and_then(|t| t.get(&precondition.url_attribute)?.as_str().map(str::to_owned));
        let reason = precondition.waiting.to_string();
        Err(super::step::Stop::Waiting(Deferred { address: step.address.clone(), reason, url, ended: false }))
    }
}

fn holds(precondition: &Precondition, target: &Value) -> bool {
    let value = target.get(&precondition.target_attribute);
    value.as_ref().and_then(Value::as_str).is_some_and(|value| precondition.accepted.iter().any(|a| **a == *value))
}

fn first_error(findings: Diagnostics) -> Result<(), Diagnostic> {
    let error = findings.into_iter().find(|d| d.severity == Severity::Error);
    error.map_or(Ok(()), Err)
}

fn first(findings: Diagnostics) -> Diagnostic {
    let mut findings = findings.into_iter();
    findings.next().unwrap_or_else(|| Diagnostic::error("Invalid configuration", "It cannot be evaluated."))
}

fn waits_for(step: &Step, on: &Step) -> Deferred {
    let reason = format!("It needs {}, which waits.", on.address);
    Deferred { address: step.address.clone(), reason, url: None, ended: false }
}

/// Steps by what they still wait for.
struct Queue {
    /// How many steps each one waits for; none for a step that was put off.
    open: Vec<Option<usize>>,
    dependents: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl Queue {
    fn new(steps: &[Step]) -> Queue {
        let mut dependents = vec![Vec::new(); steps.len()];
        let mut open = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            for &before in &step.after {
                dependents[before as usize].push(index);
            }
            open.push(Some(step.after.len()));
        }
        let ready = open.iter().enumerate().filter(|(_, n)| **n == Some(0)).map(|(i, _)| i).collect();
        Queue { open, dependents, ready }
    }

    /// A step is done: those that waited for it alone may run.
    fn done(&mut self, index: usize) {
        self.open[index] = None;
        for &next in &self.dependents[index] {
            if let Some(n) = &mut self.open[next] {
                *n -= 1;
                if *n == 0 {
                    self.ready.insert(next);
                }
            }
        }
    }

    /// A step is put off, and with it all that need it; those are returned.
    fn put_off(&mut self, index: usize) -> Vec<usize> {
        self.open[index] = None;
        let mut put_off = Vec::new();
        let mut look = vec![index];
        while let Some(index) = look.pop() {
            for &next in &self.dependents[index] {
                if self.open[next].take().is_some() {
                    put_off.push(next);
                    look.push(next);
                }
            }
        }
        put_off
    }

    /// Steps that were neither done nor put off nor run and failed.
    fn waiting(&self) -> usize {
        self.open.iter().enumerate().filter(|(i, n)| n.is_some_and(|n| n > 0) || self.ready.contains(i)).count()
    }
}
