//! The walk through a configuration that makes a plan.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::Value;

use super::draft::Draft;
use super::import::Imports;
use super::moved::Moves;
use super::prior::Prior;
use super::retention::Departing;
use super::target::Aim;
use super::{CheckStatus, Deferred, Looked, Mode, OutputChange, Plan, PlanInput, id, lower, validate};
use crate::address::Address;
use crate::evaluate::{Node, World};
use crate::identity::ExternalId;
use crate::snapshot::ObjectKey;

/// A plan in the making.
pub(super) struct Planner<'a> {
    pub(super) input: &'a PlanInput<'a>,
    pub(super) world: World<'a>,
    pub(super) moves: Moves,
    pub(super) prior: Prior,
    pub(super) imports: Imports,
    pub(super) aim: Aim,
    /// Resources whose replacements are made first.
    pub(super) create_first: BTreeSet<ResourceName>,
    pub(super) departing: Departing,
    /// Where the objects that are there belong, by kind and id, and what they are.
    pub(super) by_id: BTreeMap<(Arc<str>, ExternalId), (Address, Value)>,
    pub(super) drafts: BTreeMap<Address, Draft>,
    /// Deposed objects and orphans: they share addresses with nobody that is referred to.
    pub(super) leftovers: Vec<Draft>,
    /// Rows of the state whose objects have vanished and are not made again.
    pub(super) forgotten: Vec<ObjectKey>,
    pub(super) deferred: BTreeMap<Address, Deferred>,
    /// One deferred instance of each resource that has some.
    pub(super) deferred_resources: BTreeMap<ResourceName, Address>,
    pub(super) outputs: BTreeMap<Arc<str>, OutputChange>,
    pub(super) checks: BTreeMap<String, CheckStatus>,
    pub(super) diagnostics: Diagnostics,
}

/// Makes a plan. It is pure and total: whatever is wrong becomes a finding in the plan, and a plan with errors is shown and
/// never applied.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut planner = Planner::new(input);
    planner.run();
    planner.finish()
}

impl<'a> Planner<'a> {
    fn new(input: &'a PlanInput<'a>) -> Planner<'a> {
        let mut diagnostics = Diagnostics::new();
        let moves = Moves::new(input.module, &mut diagnostics);
        let prior = Prior::new(input, &moves, &mut diagnostics);
        let world = World::new(input.module, input.variables, input.kinds, input.host);
        let create_first = world.created_first();
        let by_id = prior.by_id();
        let departing = Departing::new(input, &prior);
        Planner {
            input,
            aim: Aim::new(input, &world, &prior, &mut diagnostics),
            world,
            moves,
            prior,
            imports: Imports::default(),
            create_first,
            departing,
            by_id,
            drafts: BTreeMap::new(),
            leftovers: Vec::new(),
            forgotten: Vec::new(),
            deferred: BTreeMap::new(),
            deferred_resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            checks: BTreeMap::new(),
            diagnostics,
        }
    }

    fn run(&mut self) {
        match self.input.options.mode {
            Mode::Destroy => self.plan_destroy(),
            Mode::RefreshOnly => self.plan_refresh(),
            Mode::Normal => self.plan_configuration(),
            Mode::Retention => self.plan_departing(),
            Mode::Recover => self.plan_recovery(),
        }
        if self.input.options.mode != Mode::Retention {
            self.plan_deposed();
        }
        self.check_listings();
    }

    fn plan_configuration(&mut self) {
        let findings = validate(self.input.module, self.input.kinds, self.input.host);
        let broken = findings.has_errors();
        self.diagnostics.extend(findings);
        if broken || !self.check_variables() {
            return;
        }
        self.imports = Imports::new(self.input, &mut self.diagnostics);
        let order = match self.world.order() {
            Ok(order) => order,
            Err(cycles) => return self.diagnostics.extend(cycles),
        };
        for node in &order {
            match node {
                Node::Variable(_) => {}
                Node::Local(name) => {
                    if let Some((_, findings)) = self.world.local(name) {
                        self.diagnostics.extend(findings);
                    }
                }
                Node::Resource(name) => self.plan_resource(name),
                Node::Output(name) => self.plan_output(name),
                Node::Check(name) => self.plan_check(name),
            }
        }
        self.plan_departing();
        self.plan_unconfigured();
        self.plan_orphans();
        self.plan_removed_outputs();
        self.check_moves();
        self.check_requested();
        self.check_imports();
    }

    fn finish(mut self) -> Plan {
        let steps = lower::lower(&self);
        let leftovers = self.leftovers.into_iter().map(|draft| draft.change);
        let mut changes: Vec<_> = self.drafts.into_values().map(|draft| draft.change).chain(leftovers).collect();
        changes.sort_by(|a, b| (&a.address, &a.deposed, &a.id).cmp(&(&b.address, &b.deposed, &b.id)));
        let drift = std::mem::take(&mut self.prior.drift);
        let departures = self.departing.begun(|address| (self.input.marker)(address).address);
        let plan = Plan {
            id: String::new(),
            mode: self.input.options.mode,
            base: self.input.snapshot.serial,
            made_at: self.input.now,
            looked: Looked::of(self.input),
            changes,
            drift: drift.into_iter().filter(|d| self.aim.includes(&d.address)).collect(),
            deferred: self.deferred.into_values().collect(),
            outputs: self.outputs,
            steps,
            departures,
            checks: self.checks,
            targets: self.input.options.targets.clone(),
            diagnostics: self.diagnostics,
        };
        id::identified(plan, self.input.fingerprint)
    }
}
