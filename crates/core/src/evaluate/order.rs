//! Which resources are made before their old objects are deleted.
use std::collections::BTreeSet;

use ampere_lang::config::ResourceName;

use super::graph::Node;
use super::world::World;

impl World<'_> {
    /// Resources with `create_before_destroy`, and all they depend on: the old dependency must outlive the old dependent,
    /// which goes last.
    pub fn created_first(&self) -> BTreeSet<ResourceName> {
        let asked =
            |name: &&ResourceName| self.resource(name).is_some_and(|r| r.lifecycle.create_before_destroy == Some(true));
        let mut found: BTreeSet<ResourceName> = BTreeSet::new();
        let mut open: Vec<ResourceName> = self.module().resources.keys().filter(asked).cloned().collect();
        while let Some(name) = open.pop() {
            if found.insert(name.clone()) {
                let needed = self.graph().dependencies(&Node::Resource(name));
                open.extend(needed.iter().map(|d| d.resource.clone()));
            }
        }
        found
    }
}
