//! `-target`: what a plan is limited to.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};

use super::prior::Prior;
use super::{Mode, Options, PlanInput, Target};
use crate::address::Address;
use crate::evaluate::{Dependency, Node, World};

/// What a plan is limited to: everything, or the targets and what they need (what needs them, when they are destroyed).
#[derive(Debug, Default)]
pub(super) struct Aim {
    /// None: everything.
    limited: Option<Limits>,
}

/// The targets with what belongs to them.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// All instances of these.
    resources: BTreeSet<ResourceName>,
    /// These alone.
    instances: BTreeSet<Address>,
    /// Resources of which something is in.
    pub(super) touched: BTreeSet<ResourceName>,
}

impl Limits {
    /// The limits that `-target` sets, if it is given. `existing` are the objects there are, each with the addresses it
    /// depended on when it was made.
    pub(super) fn new<'e>(
        options: &Options,
        world: &World<'_>,
        existing: impl Iterator<Item = (&'e Address, &'e [Arc<str>])>,
    ) -> Option<Limits> {
        if options.targets.is_empty() {
            return None;
        }
        let mut limits = Limits::default();
        for target in &options.targets {
            limits.add(target.clone());
        }
        match options.mode {
            Mode::Destroy => limits.add_dependents(existing),
            Mode::Normal | Mode::RefreshOnly | Mode::Retention | Mode::Recover => {
                limits.add_needed(&options.targets, world)
            }
        }
        let instances = limits.instances.iter().map(|a| a.resource.clone());
        limits.touched = limits.resources.iter().cloned().chain(instances).collect();
        Some(limits)
    }

    /// Whether an instance is in.
    pub(super) fn includes(&self, address: &Address) -> bool {
        self.resources.contains(&address.resource) || self.instances.contains(address)
    }

    /// Takes something in; false if it was in already.
    fn add(&mut self, target: Target) -> bool {
        match target {
            Target::Resource(name) => self.resources.insert(name),
            Target::Instance(address) => !self.includes(&address) && self.instances.insert(address),
        }
    }

    /// Everything that the targets need: of a resource of which an instance needs one instance alone, that one.
    fn add_needed(&mut self, targets: &[Target], world: &World<'_>) {
        let mut open = targets.to_vec();
        while let Some(target) = open.pop() {
            let name = match &target {
                Target::Resource(name) => name,
                Target::Instance(address) => &address.resource,
            };
            for dependency in world.graph().dependencies(&Node::Resource(name.clone())) {
                let needed = match &target {
                    Target::Resource(_) => Target::Resource(dependency.resource.clone()),
                    Target::Instance(address) => one_or_all(world.needed_address(address, dependency)),
                };
                if self.add(needed.clone()) {
                    open.push(needed);
                }
            }
        }
    }

    /// Everything that depended on the targets when it was made: it cannot outlive them.
    fn add_dependents<'e>(&mut self, existing: impl Iterator<Item = (&'e Address, &'e [Arc<str>])>) {
        let mut dependents: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
        let mut open: Vec<&Address> = Vec::new();
        for (address, dependencies) in existing {
            for needed in dependencies {
                dependents.entry(needed).or_default().push(address);
            }
            if self.includes(address) {
                open.push(address);
            }
        }
        while let Some(address) = open.pop() {
            let names = [address.to_string(), address.resource.to_string()];
            for dependent in names.iter().flat_map(|name| dependents.get(&**name)).flatten() {
                if self.add(Target::Instance((*dependent).clone())) {
                    open.push(dependent);
                }
            }
        }
    }
}

/// A needed address that has no key stands for all instances.
fn one_or_all(needed: Address) -> Target {
    match needed.key {
        None => Target::Resource(needed.resource),
        Some(_) => Target::Instance(needed),
    }
}

impl Aim {
    /// The aim of a plan, with the warning that a limited plan deserves.
    pub(super) fn new(input: &PlanInput<'_>, world: &World<'_>, prior: &Prior, diagnostics: &mut Diagnostics) -> Aim {
        let existing = prior.current.iter().map(|(address, existing)| (address, &existing.dependencies[..]));
        let limited = Limits::new(input.options, world, existing);
        if limited.is_some() {
            diagnostics.push(warning());
        }
        Aim { limited }
    }

    /// Whether everything is in.
    pub(super) fn is_everything(&self) -> bool {
        self.limited.is_none()
    }

    /// Whether an instance is in.
    pub(super) fn includes(&self, address: &Address) -> bool {
        self.limited.as_ref().is_none_or(|limits| limits.includes(address))
    }

    /// Whether some instance of a resource is in.
    pub(super) fn includes_resource(&self, name: &ResourceName) -> bool {
        self.limited.as_ref().is_none_or(|limits| limits.touched.contains(name))
    }

    /// Whether an output that needs these is in: all of them must be, and there must be one.
    pub(super) fn includes_output(&self, needed: &[Dependency]) -> bool {
        self.limited
            .as_ref()
            .is_none_or(|limits| !needed.is_empty() && needed.iter().all(|d| limits.touched.contains(&d.resource)))
    }
}

fn warning() -> Diagnostic {
    Diagnostic::warning(
        "Resource targeting is in effect",
        "You are creating a plan with the -target option, which means that the result of this plan may not represent all of \
         the changes requested by the current configuration.\n\nThe -target option is not for routine use, and is provided \
         only for exceptional situations such as recovering from errors or mistakes, or when Ampere specifically suggests \
         to use it as part of an error message.",
    )
}
