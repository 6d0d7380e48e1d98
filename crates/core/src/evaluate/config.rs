//! The arguments of a resource instance, checked against the schema of its kind.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::Resource;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{InstanceKey, Repetition, Scope, evaluate};
use ampere_lang::syntax::ast;
use ampere_lang::value::convert::convert;
use ampere_lang::value::{Type, Value};

use super::graph::{Dependency, Node};
use super::suggest::did_you_mean;
use super::world::World;
use crate::address::Address;
use crate::schema::{Attribute, Presence, Schema};

/// What the configuration says of one instance.
#[derive(Clone, Debug)]
pub struct Config {
    /// An object of the schema's type: what is not written is null, write-only arguments are there, marks are kept.
    pub value: Value,
    /// Addresses it needs: of an instance where it needs that one alone, of a whole resource block else. Sorted.
    pub dependencies: Vec<Arc<str>>,
}

impl World<'_> {
    /// The arguments of an instance, evaluated and converted, and all that is wrong with them. None if the address has no
    /// resource block of a known kind.
    ///
    /// Parts in which something is wrong are unknown.
    pub fn config(&self, address: &Address) -> Option<(Config, Diagnostics)> {
        let resource = self.resource(&address.resource)?;
        let schema = self.kind(address.kind())?.schema();
        let (value, findings) = self.arguments(resource, schema, address, &self.inside(address));
        Some((Config { value, dependencies: self.dependencies(address) }, findings))
    }

    /// Addresses an instance needs, as [`Config::dependencies`] holds them.
    pub fn dependencies(&self, address: &Address) -> Vec<Arc<str>> {
        let node = Node::Resource(address.resource.clone());
        self.graph.dependencies(&node).iter().map(|d| self.needed_address(address, d).to_string().into()).collect()
    }

    /// The address that one dependency of an instance comes down to: with the instance's own key where it needs no other.
    pub fn needed_address(&self, address: &Address, dependency: &Dependency) -> Address {
        let repetition = self.written_repetition(&dependency.resource);
        let fits = match &address.key {
            Some(InstanceKey::Index(_)) => repetition == Repetition::Count,
            Some(InstanceKey::Key(_)) => repetition == Repetition::ForEach,
            None => false,
        };
        let key = if dependency.same_key && fits { address.key.clone() } else { None };
        Address { resource: dependency.resource.clone(), key }
    }

    pub(crate) fn arguments(
        &self,
        resource: &Resource,
        schema: &Schema,
        address: &Address,
        scope: &dyn Scope,
    ) -> (Value, Diagnostics) {
        let mut findings = Diagnostics::new();
        check_shape(resource, schema, &mut findings);
        let mut values: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for attribute in &schema.attributes {
            let written = resource.config.attributes.iter().find(|a| *a.name == *attribute.name);
            let value = match written {
                Some(written) => {
                    let (value, found) = self.argument(written, attribute, scope);
                    findings.extend(found.into_iter().map(|d| d.about(address)));
                    value
                }
                None => Value::null(value_type(&attribute.ty)),
            };
            values.insert(attribute.name.into(), value);
        }
        (Value::object(values), findings)
    }

    fn argument(&self, written: &ast::Attribute, attribute: &Attribute, scope: &dyn Scope) -> (Value, Diagnostics) {
        let span = written.value.span;
        let (value, mut findings) = evaluate(&written.value, scope, self.host);
        let unknown = || Value::unknown(value_type(&attribute.ty));
        if findings.has_errors() {
            return (unknown(), findings);
        }
        if attribute.presence == Presence::Computed && !value.is_null() {
            let detail = format!(
                "Can't configure a value for {:?}: its value will be decided automatically based on the result of applying \
                 this configuration.",
                attribute.name
            );
            findings.push(Diagnostic::error("Value for unconfigurable attribute", detail).at(span));
            return (unknown(), findings);
        }
        if value.deep_marks().ephemeral() && !attribute.write_only {
            let detail = format!(
                "Ephemeral values are not valid for {:?}, because it is not a write-only attribute and must be persisted \
                 to state.",
                attribute.name
            );
            findings.push(Diagnostic::error("Invalid use of ephemeral value", detail).at(span));
            return (unknown(), findings);
        }
        if attribute.presence == Presence::Required && value.is_null() {
            let detail = format!("The argument {:?} is required, but its value is null.", attribute.name);
            findings.push(Diagnostic::error("Missing required argument", detail).at(span));
            return (unknown(), findings);
        }
        match convert(&value, &attribute.ty) {
            Ok(value) => (value, findings),
            Err(error) => {
                let detail = format!("Inappropriate value for attribute {:?}: {error}.", attribute.name);
                let finding = Diagnostic::error("Incorrect attribute value type", detail).at(span);
                let secret = attribute.sensitive || attribute.write_only || !value.deep_marks().is_empty();
                findings.push(if secret { finding.concealed() } else { finding });
                (unknown(), findings)
            }
        }
    }
}

/// What can be said without a value: arguments and blocks that are not there, arguments that are missing.
fn check_shape(resource: &Resource, schema: &Schema, findings: &mut Diagnostics) {
    let names = || schema.attributes.iter().filter(|a| a.presence.settable()).map(|a| a.name);
    for written in resource.config.attributes.iter().filter(|a| schema.attribute(&a.name).is_none()) {
        let hint = did_you_mean(&written.name, names());
        let detail = format!("An argument named {:?} is not expected here.{hint}", written.name);
        findings.push(Diagnostic::error("Unsupported argument", detail).at(written.name_span));
    }
    for block in &resource.config.blocks {
        let hint = match schema.attribute(&block.block_type) {
            Some(a) => format!(
                " Did you mean to define argument {:?}? If so, use the equals sign to assign it a value.",
                a.name
            ),
            None => String::new(),
        };
        let detail = format!("Blocks of type {:?} are not expected here.{hint}", block.block_type);
        findings.push(Diagnostic::error("Unsupported block type", detail).at(block.type_span));
    }
    for attribute in schema.attributes.iter().filter(|a| a.presence == Presence::Required) {
        if !resource.config.attributes.iter().any(|a| *a.name == *attribute.name) {
            let detail = format!("The argument {:?} is required, but no definition was found.", attribute.name);
            findings.push(Diagnostic::error("Missing required argument", detail).at(resource.span));
        }
    }
}

fn value_type(ty: &Type) -> Type {
    ty.without_optional()
}
