//! The store of values behind a [`World`].
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ampere_lang::config::{Module, Resource, ResourceName};
use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::eval::{Host, InstanceKey};
use ampere_lang::value::{Marks, Value};

use super::expand::Expansion;
use super::graph::{Graph, Node};
use super::local::Locals;
use crate::address::Address;
use crate::kind::{Kind, Kinds};

/// What every name of a module means at one moment of a plan or an apply.
///
/// It may be shared between tasks: values are set through `&self`. Each question costs what its answer costs, however many
/// resources there are: whole-resource values and locals are built once and kept until something they rest on changes.
pub struct World<'a> {
    pub(super) module: &'a Module,
    pub(super) variables: &'a BTreeMap<Arc<str>, Value>,
    pub(super) kinds: &'a Kinds,
    pub(super) host: &'a dyn Host,
    pub(super) workspace: Arc<str>,
    pub(super) applying: bool,
    pub(super) graph: Graph,
    pub(super) locals: Locals,
    /// Rises whenever an instance is set.
    pub(super) generation: AtomicU64,
    resources: BTreeMap<ResourceName, Mutex<Entry>>,
}

/// What is known of one resource block.
#[derive(Default)]
pub(super) struct Entry {
    /// Its instances' keys, once `count` or `for_each` has been evaluated.
    pub(super) expansion: Option<Arc<Expansion>>,
    /// Objects by key.
    pub(super) instances: BTreeMap<Option<InstanceKey>, Value>,
    /// All of them as one value, while it is up to date.
    pub(super) whole: Option<Value>,
}

impl<'a> World<'a> {
    /// A world in which no resource has an object yet.
    ///
    /// `variables` are final: converted, with defaults and marks. A declared variable that is missing there is unknown, as
    /// `validate` wants it.
    pub fn new(
        module: &'a Module,
        variables: &'a BTreeMap<Arc<str>, Value>,
        kinds: &'a Kinds,
        host: &'a dyn Host,
    ) -> World<'a> {
        World {
            module,
            variables,
            kinds,
            host,
            workspace: "default".into(),
            applying: false,
            graph: Graph::new(module),
            locals: Locals::new(module),
            generation: AtomicU64::new(0),
            resources: module.resources.keys().map(|name| (name.clone(), Mutex::default())).collect(),
        }
    }

    /// The same world while a plan is applied: `terraform.applying` is true.
    pub fn applying(mut self) -> World<'a> {
        self.applying = true;
        self
    }

    /// The same world with that `terraform.workspace`; `default` else.
    pub fn in_workspace(mut self, name: impl Into<Arc<str>>) -> World<'a> {
        self.workspace = name.into();
        self
    }

    /// The module.
    pub fn module(&self) -> &'a Module {
        self.module
    }

    /// What the language's functions may use.
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// What depends on what.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Variables, locals, resources, outputs and checks, each after everything it refers to.
    ///
    /// # Errors
    /// A finding for every cycle, which it names as a path `a → b → a`.
    pub fn order(&self) -> Result<Vec<Node>, Diagnostics> {
        self.graph.order()
    }

    /// The kind of a resource type, if it is known.
    pub fn kind(&self, resource_type: &str) -> Option<&'a Arc<dyn Kind>> {
        self.kinds.get(resource_type)
    }

    /// The kinds there are.
    pub fn kinds(&self) -> &'a Kinds {
        self.kinds
    }

    /// The resource block of that name.
    pub fn resource(&self, name: &ResourceName) -> Option<&'a Resource> {
        self.module.resources.get(name)
    }

    /// Sets the object of an instance: planned (with unknowns) or real. Sensitive attributes are to be marked. An address
    /// without a resource block is not referred to by anyone, and setting it does nothing.
    pub fn set(&self, address: &Address, object: Value) {
        let Some(mut entry) = self.entry(&address.resource) else { return };
        entry.instances.insert(address.key.clone(), object);
        entry.whole = None;
        drop(entry);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Says that an instance is configured and will not be there: what is configured can be read of it, and what a provider
    /// would have decided is null.
    pub fn set_absent(&self, address: &Address) {
        let Some((config, findings)) = self.config(address) else { return };
        // An argument that needs something absent is in error, and so unknown: nobody is to wait for it.
        let lost = |value: &Value| findings.has_errors() && !value.is_wholly_known();
        let object = match (self.kind(address.kind()), config.value.entries()) {
            (Some(kind), Some(entries)) => Value::object(entries.iter().map(|(name, value)| {
                let value = match kind.schema().attribute(name) {
                    Some(a) if a.write_only => Value::null(a.ty.without_optional()),
                    Some(a) if lost(value) => Value::null(a.ty.without_optional()),
                    Some(a) if a.sensitive => value.clone().with_marks(Marks::SENSITIVE),
                    _ => value.clone(),
                };
                (name.clone(), value)
            })),
            _ => config.value,
        };
        self.set(address, object);
    }

    /// The object of an instance as it was last set.
    pub fn get(&self, address: &Address) -> Option<Value> {
        self.entry(&address.resource)?.instances.get(&address.key).cloned()
    }

    /// What is known of a resource block, locked.
    pub(super) fn entry(&self, name: &ResourceName) -> Option<MutexGuard<'_, Entry>> {
        Some(self.resources.get(name)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
