//! What depends on what in a module.
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ampere_lang::config::{Condition, Module, Resource, ResourceName};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{Reference, Subject, references, references_in_body};
use ampere_lang::source::Span;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::precise::precise_references;

/// A named thing of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// `var.name`
    Variable(Arc<str>),
    /// `local.name`
    Local(Arc<str>),
    /// All instances of `type.name`
    Resource(ResourceName),
    /// `output.name`
    Output(Arc<str>),
    /// `check.name`
    Check(Arc<str>),
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Variable(name) => write!(f, "var.{name}"),
            Node::Local(name) => write!(f, "local.{name}"),
            Node::Resource(name) => name.fmt(f),
            Node::Output(name) => write!(f, "output.{name}"),
            Node::Check(name) => write!(f, "check.{name}"),
        }
    }
}

/// A resource that another one needs, perhaps by way of locals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The needed one.
    pub resource: ResourceName,
    /// Whether each instance needs only the one of its own key (`x.y[each.key]`, `x.y[count.index]`).
    pub same_key: bool,
}

/// The dependency graph of a module: an edge leads from what is needed to what needs it.
#[derive(Debug)]
pub struct Graph {
    graph: DiGraph<Node, ()>,
    spans: Vec<Span>,
    dependencies: BTreeMap<Node, Arc<[Dependency]>>,
    own: BTreeMap<ResourceName, Vec<Reference>>,
}

impl Graph {
    /// The graph of a module. References to what is not declared make no edge; a reference of a resource to itself neither.
    pub fn new(module: &Module) -> Graph {
        let mut builder = Builder::default();
        builder.add_nodes(module);
        builder.add_edges(module);
        let Builder { graph, spans, own, same_key, .. } = builder;
        let mut graph = Graph { graph, spans, dependencies: BTreeMap::new(), own };
        graph.find_dependencies(&same_key);
        graph
    }

    /// All nodes, each after everything it needs.
    ///
    /// # Errors
    /// A finding for every cycle, which it names as a path `a → b → a`.
    pub fn order(&self) -> Result<Vec<Node>, Diagnostics> {
        match toposort(&self.graph, None) {
            Ok(order) => Ok(order.into_iter().map(|i| self.graph[i].clone()).collect()),
            Err(_) => Err(self.cycles()),
        }
    }

    /// The resources a node needs, directly or by way of locals: not what those need in turn. Sorted.
    pub fn dependencies(&self, node: &Node) -> &[Dependency] {
        self.dependencies.get(node).map_or(&[], |found| found)
    }

    /// References of a resource's arguments to the resource itself.
    pub fn self_references(&self, resource: &ResourceName) -> &[Reference] {
        self.own.get(resource).map_or(&[], |found| found)
    }

    /// All nodes, and for each the nodes that need it, sorted: for drawing.
    pub fn edges(&self) -> BTreeMap<&Node, Vec<&Node>> {
        let of = |i: NodeIndex| {
            let mut dependents: Vec<&Node> = self.graph.neighbors(i).map(|j| &self.graph[j]).collect();
            dependents.sort();
            dependents
        };
        self.graph.node_indices().map(|i| (&self.graph[i], of(i))).collect()
    }

    /// Walks in topological order; a cycle leaves its members without dependencies (it is an error anyway).
    fn find_dependencies(&mut self, same_key: &BTreeMap<ResourceName, BTreeSet<ResourceName>>) {
        let Ok(order) = toposort(&self.graph, None) else { return };
        let empty: Arc<[Dependency]> = Arc::new([]);
        let mut found: Vec<Arc<[Dependency]>> = vec![empty.clone(); order.len()];
        for i in order {
            let mut needed = BTreeSet::new();
            let mut locals = Vec::new();
            for j in self.graph.neighbors_directed(i, petgraph::Direction::Incoming) {
                match &self.graph[j] {
                    Node::Resource(resource) => {
                        let same_key = matches!(&self.graph[i], Node::Resource(this)
                            if same_key.get(this).is_some_and(|all| all.contains(resource)));
                        needed.insert(Dependency { resource: resource.clone(), same_key });
                    }
                    _ => locals.push(j),
                }
            }
            found[i.index()] = match (&locals[..], needed.is_empty()) {
                ([], true) => empty.clone(),
                ([one], true) => found[one.index()].clone(),
                _ => {
                    let through = locals.iter().flat_map(|j| found[j.index()].iter().cloned());
                    without_doubles(needed.into_iter().chain(through))
                }
            };
        }
        let nodes = self.graph.node_indices().map(|i| (self.graph[i].clone(), found[i.index()].clone()));
        self.dependencies = nodes.filter(|(_, found)| !found.is_empty()).collect();
    }

    fn cycles(&self) -> Diagnostics {
        let mut members: Vec<Vec<NodeIndex>> =
            kosaraju_scc(&self.graph).into_iter().filter(|component| component.len() > 1).collect();
        members.iter_mut().for_each(|component| component.sort_by_key(|i| &self.graph[*i]));
        members.sort_by_key(|component| component.first().map(|i| &self.graph[*i]));
        let mut diags = Diagnostics::new();
        for component in members {
            diags.push(self.cycle(&component));
        }
        diags
    }

    /// The shortest way from the first member back to itself, told as a chain of needs.
    fn cycle(&self, component: &[NodeIndex]) -> Diagnostic {
        let inside: BTreeSet<NodeIndex> = component.iter().copied().collect();
        let start = component[0];
        let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start]);
        'search: while let Some(i) = queue.pop_front() {
            let mut needed: Vec<NodeIndex> = self
                .graph
                .neighbors_directed(i, petgraph::Direction::Incoming)
                .filter(|j| inside.contains(j))
                .collect();
            needed.sort_by_key(|j| &self.graph[*j]);
            for j in needed {
                if j == start {
                    came_from.insert(start, i);
                    break 'search;
                }
                if let Entry::Vacant(unseen) = came_from.entry(j) {
                    unseen.insert(i);
                    queue.push_back(j);
                }
            }
        }
        let mut path = vec![self.graph[start].to_string()];
        let mut at = start;
        while let Some(before) = came_from.get(&at).copied() {
            path.push(self.graph[before].to_string());
            at = before;
            if at == start {
                break;
            }
        }
        path.reverse();
        let detail = format!(
            "{}: each of them needs the next one to be known before itself. Remove one of these references, or split one of \
             the blocks in two.",
            path.join(" → ")
        );
        let names: Vec<&str> = path.iter().take(path.len() - 1).map(String::as_str).collect();
        Diagnostic::error(format!("Cycle: {}", names.join(", ")), detail).at(self.spans[start.index()])
    }
}

/// One dependency a resource; a need of all instances outweighs that of one.
fn without_doubles(all: impl Iterator<Item = Dependency>) -> Arc<[Dependency]> {
    let mut merged: BTreeMap<ResourceName, bool> = BTreeMap::new();
    for d in all {
        merged.entry(d.resource).and_modify(|same| *same &= d.same_key).or_insert(d.same_key);
    }
    merged.into_iter().map(|(resource, same_key)| Dependency { resource, same_key }).collect()
}

#[derive(Default)]
struct Builder {
    graph: DiGraph<Node, ()>,
    spans: Vec<Span>,
    index: BTreeMap<Node, NodeIndex>,
    own: BTreeMap<ResourceName, Vec<Reference>>,
    same_key: BTreeMap<ResourceName, BTreeSet<ResourceName>>,
}

impl Builder {
    fn add_nodes(&mut self, module: &Module) {
        module.variables.values().for_each(|v| self.node(Node::Variable(v.name.clone()), v.span));
        module.locals.iter().for_each(|(name, l)| self.node(Node::Local(name.clone()), l.span));
        module.resources.values().for_each(|r| self.node(Node::Resource(r.name.clone()), r.span));
        module.outputs.iter().for_each(|(name, o)| self.node(Node::Output(name.clone()), o.span));
        module.checks.iter().for_each(|(name, c)| self.node(Node::Check(name.clone()), c.span));
    }

    fn node(&mut self, node: Node, span: Span) {
        let index = self.graph.add_node(node.clone());
        self.index.insert(node, index);
        self.spans.push(span);
    }

    fn add_edges(&mut self, module: &Module) {
        for (name, local) in &module.locals {
            self.connect(&Node::Local(name.clone()), &references(&local.value));
        }
        for resource in module.resources.values() {
            self.add_resource(resource);
        }
        for (name, output) in &module.outputs {
            let mut found = references(&output.value);
            found.extend(output.depends_on.iter().flat_map(references));
            found.extend(conditions(&output.preconditions));
            self.connect(&Node::Output(name.clone()), &found);
        }
        for (name, check) in &module.checks {
            self.connect(&Node::Check(name.clone()), &conditions(&check.asserts));
        }
    }

    fn add_resource(&mut self, resource: &Resource) {
        let mut arguments = references_in_body(&resource.config);
        let exact = precise_references(resource, &arguments);
        arguments.extend(resource.count.iter().chain(&resource.for_each).flat_map(references));
        let own = arguments.iter().filter(|r| refers_to(r, &resource.name)).cloned().collect::<Vec<_>>();
        if !own.is_empty() {
            self.own.insert(resource.name.clone(), own);
        }
        let lifecycle = &resource.lifecycle;
        let mut others: Vec<Reference> = resource.count.iter().chain(&resource.for_each).flat_map(references).collect();
        others.extend(resource.depends_on.iter().chain(&lifecycle.replace_triggered_by).flat_map(references));
        others.extend(conditions(&lifecycle.preconditions));
        others.extend(conditions(&lifecycle.postconditions));
        let exact = exact.into_iter().filter(|name| !others.iter().any(|r| refers_to(r, name))).collect();
        self.same_key.insert(resource.name.clone(), exact);
        arguments.extend(others);
        self.connect(&Node::Resource(resource.name.clone()), &arguments);
    }

    fn connect(&mut self, node: &Node, references: &[Reference]) {
        let Some(&to) = self.index.get(node) else { return };
        let needed: BTreeSet<NodeIndex> = references
            .iter()
            .filter_map(|r| self.index.get(&target(&r.subject)?).copied())
            .filter(|from| *from != to || !matches!(node, Node::Resource(_)))
            .collect();
        for from in needed {
            self.graph.add_edge(from, to, ());
        }
    }
}

fn conditions(all: &[Condition]) -> Vec<Reference> {
    all.iter().flat_map(|c| references(&c.condition).into_iter().chain(references(&c.error_message))).collect()
}

fn refers_to(reference: &Reference, resource: &ResourceName) -> bool {
    matches!(&reference.subject, Subject::Resource(name) if name == resource)
}

fn target(subject: &Subject) -> Option<Node> {
    match subject {
        Subject::Variable(name) => Some(Node::Variable(name.clone())),
        Subject::Local(name) => Some(Node::Local(name.clone())),
        Subject::Resource(name) => Some(Node::Resource(name.clone())),
        _ => None,
    }
}
