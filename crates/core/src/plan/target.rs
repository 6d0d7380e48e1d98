//! `-target`: what a plan is limited to.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};

use super::prior::Prior;
use super::{Mode, PlanInput, Target};
use crate::address::Address;
use crate::evaluate::{Dependency, Graph, Node};

/// What a plan is limited to: everything, or the targets and what they need (what needs them, when they are destroyed).
#[derive(Debug, Default)]
pub(super) struct Aim {
    /// None: everything.
    limited: Option<Limits>,
}

#[derive(Debug, Default)]
struct Limits {
    /// All instances of these.
    resources: BTreeSet<ResourceName>,
    /// These alone.
    instances: BTreeSet<Address>,
    /// Resources of which something is in.
    touched: BTreeSet<ResourceName>,
}

impl Limits {
    fn includes(&self, address: &Address) -> bool {
        self.resources.contains(&address.resource) || self.instances.contains(address)
    }
}

impl Aim {
    /// The aim of a plan, with the warning that a limited plan deserves.
    pub(super) fn new(input: &PlanInput<'_>, graph: &Graph, prior: &Prior, diagnostics: &mut Diagnostics) -> Aim {
        if input.options.targets.is_empty() {
            return Aim::default();
        }
        diagnostics.push(warning());
        let mut limits = Limits::default();
        for target in &input.options.targets {
            match target {
                Target::Resource(name) => limits.resources.insert(name.clone()),
                Target::Instance(address) => limits.instances.insert(address.clone()),
            };
        }
        match input.options.mode {
            Mode::Destroy => add_dependents(&mut limits, prior),
            Mode::Normal | Mode::RefreshOnly | Mode::Retention => add_needed(&mut limits, graph),
        }
        let instances = limits.instances.iter().map(|a| a.resource.clone());
        limits.touched = limits.resources.iter().cloned().chain(instances).collect();
        Aim { limited: Some(limits) }
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

/// Everything that the targets need, whole.
fn add_needed(limits: &mut Limits, graph: &Graph) {
    let mut open: Vec<ResourceName> =
        limits.resources.iter().cloned().chain(limits.instances.iter().map(|a| a.resource.clone())).collect();
    let mut seen: BTreeSet<ResourceName> = open.iter().cloned().collect();
    while let Some(name) = open.pop() {
        for needed in graph.dependencies(&Node::Resource(name)) {
            limits.resources.insert(needed.resource.clone());
            if seen.insert(needed.resource.clone()) {
                open.push(needed.resource.clone());
            }
        }
    }
}

/// Everything that depended on the targets when it was made: it cannot outlive them.
fn add_dependents(limits: &mut Limits, prior: &Prior) {
    let mut dependents: BTreeMap<Arc<str>, Vec<&Address>> = BTreeMap::new();
    for (address, existing) in &prior.current {
        for needed in &existing.dependencies {
            dependents.entry(needed.clone()).or_default().push(address);
        }
    }
    let mut open: Vec<&Address> = prior.current.keys().filter(|a| limits.includes(a)).collect();
    while let Some(address) = open.pop() {
        let names = [address.to_string(), address.resource.to_string()];
        for dependent in names.iter().flat_map(|name| dependents.get(&**name)).flatten() {
            if !limits.includes(dependent) {
                limits.instances.insert((*dependent).clone());
                open.push(dependent);
            }
        }
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
