//! Planning the instances of one resource block.
use ampere_lang::config::{Resource, ResourceName};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::Subject;
use ampere_lang::value::{Path, Step, Type, Value};

use super::Mode;
use super::planner::Planner;
use super::prior::{Existing, Origin, adopted};
use crate::address::Address;
use crate::kind::Kind;
use crate::schema::Schema;

impl Planner<'_> {
    /// Plans every instance of a resource, or shows the world what is there when it is out of the plan's aim.
    pub(super) fn plan_resource(&mut self, name: &ResourceName) {
        let Some(resource) = self.world.resource(name) else { return };
        let Some(kind) = self.world.kind(&name.resource_type) else { return };
        if !self.aim.includes_resource(name) {
            return self.show_prior(name);
        }
        if self.refers_to_itself(resource) {
            return;
        }
        let expansion = match self.world.expansion(name) {
            Ok(expansion) => expansion,
            Err(findings) => return self.diagnostics.extend(findings.into_iter().map(|d| d.about(name))),
        };
        for key in expansion.keys() {
            let address = Address { resource: name.clone(), key: key.clone() };
            if self.aim.includes(&address) {
                self.plan_instance(resource, &**kind, address);
            } else if let Some(existing) = self.prior.current.get(&address) {
                self.world.set(&address, existing.attributes.clone());
            }
        }
    }

    /// A resource that is not planned is what it was.
    pub(super) fn show_prior(&mut self, name: &ResourceName) {
        let first = Address { resource: name.clone(), key: None };
        for (address, existing) in self.prior.current.range(first..).take_while(|(a, _)| a.resource == *name) {
            self.world.set(address, existing.attributes.clone());
        }
    }

    fn refers_to_itself(&mut self, resource: &Resource) -> bool {
        let references = self.world.graph().self_references(&resource.name);
        for reference in references {
            let Subject::Resource(name) = &reference.subject else { continue };
            let address = Address { resource: name.clone(), key: reference.key.clone() };
            let detail = format!("Configuration for {address} may not refer to itself.");
            self.diagnostics.push(Diagnostic::error("Self-referential block", detail).at(reference.span));
        }
        !references.is_empty()
    }

    /// The object of an address: of the state, named by an `import` block, or bearing the address's marker (what a create
    /// whose answer was lost has left).
    pub(super) fn existing(&mut self, kind: &dyn Kind, address: &Address) -> Option<Existing> {
        let hash = (self.input.marker)(address).address;
        let existing = match self.prior.current.remove(address) {
            Some(existing) => Some(existing),
            None => self.imported(kind, address).or_else(|| {
                let observed = self.prior.claim(address.kind(), &hash)?;
                adopted(self.input, address.kind(), &observed, Origin::Adopted)
            }),
        };
        // What is left of something whose household must go waits for no create. What bears the mark of something that is whole
        // came too late to be a part of it; unless nobody can be sure what is whole.
        let is_whole = existing.as_ref().is_some_and(|existing| existing.missing.is_empty());
        let takes_over = !is_whole || self.prior.incomplete.contains_key(address.kind());
        if (takes_over || self.input.options.mode == Mode::Recover) && !self.departing.takes(&hash) {
            self.prior.claim_parts(address.kind(), &hash);
        }
        existing
    }
}

/// Gives findings their place: the argument they are about, else the block.
pub(super) fn placed(findings: Diagnostics, resource: &Resource, schema: &Schema, address: &Address) -> Diagnostics {
    let mut result = Diagnostics::new();
    for finding in findings {
        let name = finding.attribute.as_ref().and_then(attribute_name).map(str::to_owned);
        let written = name.as_ref().and_then(|name| resource.config.attributes.iter().find(|a| *a.name == **name));
        let secret = name.and_then(|name| schema.attribute(&name)).is_some_and(|a| a.write_only || a.sensitive);
        let finding = finding.at(written.map_or(resource.span, |a| a.value.span)).about(address);
        result.push(if secret { finding.concealed() } else { finding });
    }
    result
}

fn attribute_name(path: &Path) -> Option<&str> {
    match path.0.first()? {
        Step::Attribute(name) => Some(name),
        _ => None,
    }
}

/// What stands for an instance that could not be planned.
pub(super) fn undecided() -> Value {
    Value::unknown(Type::Dynamic)
}
