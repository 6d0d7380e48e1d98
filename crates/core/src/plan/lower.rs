//! From changes to steps: what is called, and in which order.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::ResourceName;

use super::draft::Draft;
use super::planner::Planner;
use super::prior::{Existing, Origin, deposed_marker};
use super::sequence::{Strength, Work, sequence};
use super::{Action, Mode, Operation, Precondition, Step};
use crate::address::Address;
use crate::evaluate::Node;
use crate::identity::AddressHash;

/// More steps than this to wait for are gathered behind one [`Operation::Join`], so that `n` steps that wait for `m` others
/// cost `n + m` and not `n × m`.
const MOST_DIRECT: usize = 8;

/// The steps of a plan, in an order that fits.
pub(super) fn lower(planner: &Planner<'_>) -> Vec<Step> {
    let mut lowering = Lowering::new(planner);
    for name in lowering.resources() {
        lowering.resource(&name);
    }
    for draft in &planner.leftovers {
        lowering.draft(draft);
    }
    for key in &planner.forgotten {
        lowering.add(key.address.clone(), key.deposed.clone(), Operation::Forget);
    }
    super::destruction::order_deletions(&mut lowering);
    sequence(lowering.work)
}

/// Steps in the making.
pub(super) struct Lowering<'a> {
    pub(super) planner: &'a Planner<'a>,
    pub(super) work: Vec<Work>,
    /// The steps after which an instance is as it will be, and all it rests on.
    ready: BTreeMap<Address, Vec<u32>>,
    ready_resources: BTreeMap<ResourceName, Vec<u32>>,
    /// Deletions, for their order.
    pub(super) deletions: Vec<Deletion<'a>>,
    /// Updates of objects, with the addresses they depended on so far.
    pub(super) updates: Vec<(u32, &'a [Arc<str>])>,
    /// Steps that make something, by what they need: only where that is replaced, the new one first.
    pub(super) makers: BTreeMap<String, Vec<u32>>,
}

/// A deletion and what its order depends on.
pub(super) struct Deletion<'a> {
    pub(super) step: u32,
    pub(super) address: &'a Address,
    pub(super) existing: &'a Existing,
    /// Whether nothing takes the object's place.
    pub(super) pure: bool,
    /// Whether its replacement has been made by then.
    pub(super) replaced: bool,
}

impl<'a> Lowering<'a> {
    fn new(planner: &'a Planner<'a>) -> Lowering<'a> {
        Lowering {
            planner,
            work: Vec::new(),
            ready: BTreeMap::new(),
            ready_resources: BTreeMap::new(),
            deletions: Vec::new(),
            updates: Vec::new(),
            makers: BTreeMap::new(),
        }
    }

    /// Resources in the order of need, then those that are only in the state.
    fn resources(&self) -> Vec<ResourceName> {
        let order = self.planner.world.order().unwrap_or_default();
        let mut names: Vec<ResourceName> = order
            .into_iter()
            .filter_map(|node| match node {
                Node::Resource(name) => Some(name),
                _ => None,
            })
            .collect();
        let known: BTreeSet<ResourceName> = names.iter().cloned().collect();
        let rest: BTreeSet<&ResourceName> = self.planner.drafts.keys().map(|a| &a.resource).collect();
        names.extend(rest.into_iter().filter(|name| !known.contains(*name)).cloned());
        names
    }

    fn resource(&mut self, name: &ResourceName) {
        let planner = self.planner;
        let first = Address { resource: name.clone(), key: None };
        let mut ready: BTreeSet<u32> = BTreeSet::new();
        let mut some = false;
        for (address, draft) in planner.drafts.range(first..).take_while(|(a, _)| a.resource == *name) {
            some = true;
            let steps = self.draft(draft);
            ready.extend(&steps);
            self.ready.insert(address.clone(), steps);
        }
        if !some {
            // A resource without instances still orders what it needs before what needs it.
            let needed = planner.world.graph().dependencies(&Node::Resource(name.clone()));
            needed.iter().for_each(|d| ready.extend(self.whole(&d.resource)));
        }
        self.ready_resources.insert(name.clone(), ready.into_iter().collect());
    }

    /// A list of steps to wait for, short: itself, or a join of them.
    pub(super) fn gather(&mut self, steps: Vec<u32>, name: &ResourceName) -> Vec<u32> {
        if steps.len() <= MOST_DIRECT {
            return steps;
        }
        let join = self.add(Address { resource: name.clone(), key: None }, None, Operation::Join);
        self.wait_for(join, &steps, Strength::Hard);
        vec![join]
    }

    pub(super) fn add(&mut self, address: Address, deposed: Option<Arc<str>>, operation: Operation) -> u32 {
        let index = u32::try_from(self.work.len()).unwrap_or(u32::MAX);
        self.work.push(Work { address, deposed, operation, precondition: None, after: Vec::new() });
        index
    }

    /// The steps that make something, by kind and address hash.
    pub(super) fn creates(&self) -> BTreeMap<(Arc<str>, AddressHash), u32> {
        let creates = (0..).zip(&self.work).filter(|(_, work)| matches!(work.operation, Operation::Create));
        let marked = |address: &Address| (Arc::from(address.kind()), (self.planner.input.marker)(address).address);
        creates.map(|(step, work)| (marked(&work.address), step)).collect()
    }

    pub(super) fn wait_for(&mut self, step: u32, others: &[u32], strength: Strength) {
        let others = others.iter().filter(|other| **other != step).map(|other| (*other, strength));
        self.work[step as usize].after.extend(others);
    }

    /// The steps of one change; returns those after which the instance is as it will be.
    fn draft(&mut self, draft: &'a Draft) -> Vec<u32> {
        let needed = self.needed(draft);
        let record = self.record(draft);
        let address = &draft.change.address;
        let made = match draft.change.action {
            Action::NoOp | Action::Read => self.marker(draft, record),
            Action::Update => self.update(draft, record),
            Action::Create => Some(self.create(draft, None)),
            Action::DeleteThenCreate => {
                let delete = self.deletion(draft, None, false);
                self.guard(delete, &draft.precondition);
                self.after(delete, record);
                Some(self.create(draft, Some(delete)))
            }
            Action::CreateThenDelete => Some(self.create_then_delete(draft, record)),
            Action::Delete => {
                let delete = self.deletion(draft, draft.change.deposed.clone(), true);
                self.after(delete, record);
                None
            }
            Action::Forget => {
                let at = draft.change.previous_address.as_ref().unwrap_or(address);
                self.add(at.clone(), None, Operation::Forget);
                None
            }
        };
        let Some(made) = made else { return self.gather(needed, &address.resource) };
        self.wait_for(made, &needed, Strength::Hard);
        for needed in draft.needs.iter().filter(|n| self.planner.create_first.contains(&n.resource)) {
            self.makers.entry(needed.to_string()).or_default().push(made);
        }
        vec![made]
    }

    /// What the needs of a change come down to.
    fn needed(&mut self, draft: &Draft) -> Vec<u32> {
        let mut all: BTreeSet<u32> = BTreeSet::new();
        for needed in &draft.needs {
            match self.ready.get(needed) {
                Some(steps) if needed.key.is_some() => all.extend(steps),
                _ => all.extend(self.whole(&needed.resource)),
            }
        }
        all.into_iter().collect()
    }

    /// The steps to wait for to have a whole resource, gathered once somebody asks.
    fn whole(&mut self, name: &ResourceName) -> Vec<u32> {
        let Some(steps) = self.ready_resources.remove(name) else { return Vec::new() };
        let gathered = self.gather(steps, name);
        self.ready_resources.insert(name.clone(), gathered.clone());
        gathered
    }

    /// The state takes over what it does not know yet: another address, an object that was found, drift nobody repairs.
    fn record(&mut self, draft: &Draft) -> Option<u32> {
        let existing = draft.existing.as_ref()?;
        let change = &draft.change;
        let rekeyed = existing.moved_from.is_some() && change.action != Action::Forget;
        let kept = !matches!(change.action, Action::Delete | Action::Forget);
        // The update of one that was found writes what it then is. A row before it would be a memory of attributes that nobody
        // knows yet, and the next run, after a kill between the two, would replace the object for them.
        let found = existing.origin != Origin::State && kept && change.action != Action::Update;
        let learnt = change.action == Action::NoOp && (existing.drifted || self.other_dependencies(draft, existing));
        if !rekeyed && !found && !learnt {
            return None;
        }
        let operation = Operation::Record {
            id: existing.id.clone(),
            attributes: existing.attributes.clone(),
            moved_from: existing.moved_from.clone(),
        };
        Some(self.add(change.address.clone(), None, operation))
    }

    fn other_dependencies(&self, draft: &Draft, existing: &Existing) -> bool {
        let planned = self.planner.input.options.mode == Mode::Normal && !draft.needs.is_empty();
        let before: BTreeSet<&Arc<str>> = existing.dependencies.iter().collect();
        planned && before != draft.dependencies.iter().collect()
    }

    /// Nothing changes, but the object may still bear the marker of another address.
    fn marker(&mut self, draft: &Draft, record: Option<u32>) -> Option<u32> {
        let existing = draft.existing.as_ref()?;
        let address = &draft.change.address;
        let listed = self.planner.world.kind(address.kind()).is_some_and(|kind| kind.listed());
        let right = (self.planner.input.marker)(address) == existing.marker;
        if !listed || right || self.planner.input.options.mode != Mode::Normal {
            return None;
        }
        let update = self.add(address.clone(), None, Operation::Update { id: existing.id.clone() });
        self.after(update, record);
        Some(update)
    }

    fn update(&mut self, draft: &'a Draft, record: Option<u32>) -> Option<u32> {
        let existing = draft.existing.as_ref()?;
        let update = self.add(draft.change.address.clone(), None, Operation::Update { id: existing.id.clone() });
        self.after(update, record);
        self.updates.push((update, &existing.dependencies));
        Some(update)
    }

    fn create(&mut self, draft: &'a Draft, delete: Option<u32>) -> u32 {
        if let Some(at) = &draft.forget {
            self.add(at.clone(), None, Operation::Forget);
        }
        let create = self.add(draft.change.address.clone(), None, Operation::Create);
        match delete {
            Some(delete) => self.wait_for(create, &[delete], Strength::Hard),
            None => self.guard(create, &draft.precondition),
        }
        create
    }

    fn create_then_delete(&mut self, draft: &'a Draft, record: Option<u32>) -> u32 {
        let address = &draft.change.address;
        let key = self.deposed_key(draft);
        let mut before = record;
        if let Some(existing) = &draft.existing {
            let operation = Operation::Depose {
                key: key.clone(),
                id: existing.id.clone(),
                before: existing.attributes.clone(),
                marker: deposed_marker(self.planner.input, address, &key),
            };
            let depose = self.add(address.clone(), None, operation);
            self.guard(depose, &draft.precondition);
            self.after(depose, record);
            before = Some(depose);
        }
        let create = self.add(address.clone(), None, Operation::Create);
        self.after(create, before);
        let delete = self.deletion(draft, Some(key), false);
        self.wait_for(delete, &[create], Strength::Hard);
        create
    }

    fn deletion(&mut self, draft: &'a Draft, deposed: Option<Arc<str>>, pure: bool) -> u32 {
        let address = &draft.change.address;
        let Some(existing) = &draft.existing else {
            return self.add(address.clone(), deposed, Operation::Forget);
        };
        let replaced = deposed.is_some() && draft.change.deposed.is_none();
        let marker = match (&deposed, replaced) {
            (Some(key), true) => deposed_marker(self.planner.input, address, key),
            _ => existing.marker.clone(),
        };
        let operation = Operation::Delete { id: existing.id.clone(), before: existing.attributes.clone(), marker };
        let step = self.add(address.clone(), deposed, operation);
        self.deletions.push(Deletion { step, address, existing, pure, replaced });
        step
    }

    fn after(&mut self, step: u32, other: Option<u32>) {
        if let Some(other) = other {
            self.wait_for(step, &[other], Strength::Hard);
        }
    }

    fn guard(&mut self, step: u32, precondition: &Option<Precondition>) {
        self.work[step as usize].precondition = precondition.clone();
    }

    /// 8 hex digits, the same for the same plan.
    fn deposed_key(&self, draft: &Draft) -> Arc<str> {
        let id = draft.change.id.as_ref().map_or("", |id| &id.0);
        let text = format!("{}\n{id}\n{}", draft.change.address, self.planner.input.snapshot.serial);
        blake3::hash(text.as_bytes()).to_hex()[..8].into()
    }
}
