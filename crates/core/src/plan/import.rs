//! `import` blocks.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::{Import, Module};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{Host, Repetition, Scope, Subject, evaluate};
use ampere_lang::source::Span;
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::Value;

use super::PlanInput;
use super::planner::Planner;
use super::prior::{Existing, Origin, adopted};
use super::traversal::{instance_key, split_resource};
use crate::address::Address;
use crate::evaluate::{World, check_each};
use crate::identity::ExternalId;
use crate::kind::{Kind, Kinds};
use crate::snapshot::Snapshot;

/// An object that an `import` block names, to be read before planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRequest {
    /// Where it is to go.
    pub address: Address,
    /// Its id at the cloud.
    pub id: ExternalId,
    /// The block.
    pub span: Span,
}

/// The objects that `import` blocks name and the state does not have yet: whoever calls [`super::plan`] reads them first
/// (`Provider::read`) and gives what exists as [`PlanInput::imported`].
pub fn import_requests(
    module: &Module,
    variables: &BTreeMap<Arc<str>, Value>,
    kinds: &Kinds,
    snapshot: &Snapshot,
    host: &dyn Host,
) -> (Vec<ImportRequest>, Diagnostics) {
    let mut findings = Diagnostics::new();
    if module.imports.is_empty() {
        return (Vec::new(), findings);
    }
    let world = World::new(module, variables, kinds, host);
    for (key, object) in snapshot.objects.iter().filter(|(key, _)| key.deposed.is_none()) {
        world.set(&key.address, object.attributes.clone());
    }
    let mut requests: BTreeMap<Address, ImportRequest> = BTreeMap::new();
    for block in &module.imports {
        for request in of_block(&world, block, &mut findings) {
            if snapshot.objects.contains_key(&crate::snapshot::ObjectKey::current(request.address.clone())) {
                continue;
            }
            if requests.contains_key(&request.address) {
                let detail = format!("The resource {} is imported by more than one block or key.", request.address);
                findings.push(Diagnostic::error("Duplicate import configuration", detail).at(block.span));
                continue;
            }
            requests.insert(request.address.clone(), request);
        }
    }
    (requests.into_values().collect(), findings)
}

fn of_block(world: &World<'_>, block: &Import, findings: &mut Diagnostics) -> Vec<ImportRequest> {
    let Some(for_each) = &block.for_each else {
        return of_instance(world, block, &ImportScope { world, each: None }, findings).into_iter().collect();
    };
    let (value, found) = evaluate(for_each, world, world.host());
    let broken = found.has_errors();
    findings.extend(found);
    if broken {
        return Vec::new();
    }
    match check_each(&value) {
        Err(finding) => {
            findings.push(finding.at(for_each.span));
            Vec::new()
        }
        Ok(elements) => {
            let scopes = elements.into_iter().map(|each| ImportScope { world, each: Some(each) });
            scopes.filter_map(|scope| of_instance(world, block, &scope, findings)).collect()
        }
    }
}

fn of_instance(
    world: &World<'_>,
    block: &Import,
    scope: &ImportScope<'_, '_>,
    findings: &mut Diagnostics,
) -> Option<ImportRequest> {
    let (resource, key, rest) = split_resource(&block.to)?;
    if !rest.is_empty() {
        return None;
    }
    let key = match key {
        None => None,
        Some(expr) => Some(instance_key(&checked(expr, scope, world.host(), findings)?)?),
    };
    let address = Address { resource, key };
    if world.resource(&address.resource).is_none() {
        let detail = format!(
            "The configuration for the import target {address} does not exist. All target instances must have an associated \
             configuration to be imported."
        );
        findings.push(Diagnostic::error("Configuration for import target does not exist", detail).at(block.to.span));
        return None;
    }
    let id = checked(&block.id, scope, world.host(), findings)?;
    let wrong = match &id {
        id if !id.is_known() => {
            "The import block \"id\" argument depends on resource attributes that cannot be determined until apply, so \
             Ampere cannot plan to import this resource."
        }
        id if id.is_null() => "The import ID cannot be null.",
        id if id.deep_marks().sensitive() => "The import ID cannot be sensitive.",
        id if id.deep_marks().ephemeral() => "The import ID cannot be ephemeral.",
        id if id.as_str().is_some_and(str::is_empty) => {
            "The import ID value evaluates to an empty string, please provide a non-empty value."
        }
        id if id.as_str().is_none() => "The import ID value is unsuitable: a string is required.",
        _ => "",
    };
    if !wrong.is_empty() {
        findings.push(Diagnostic::error("Invalid import id argument", wrong).at(block.id.span).about(&address));
        return None;
    }
    Some(ImportRequest { address, id: ExternalId::from(id.as_str()?), span: block.span })
}

fn checked(expr: &Expr, scope: &dyn Scope, host: &dyn Host, findings: &mut Diagnostics) -> Option<Value> {
    let (value, found) = evaluate(expr, scope, host);
    let broken = found.has_errors();
    findings.extend(found);
    (!broken).then_some(value)
}

/// The scope of an `import` block: `each` beside what the world knows.
struct ImportScope<'w, 'a> {
    world: &'w World<'a>,
    each: Option<(Arc<str>, Value)>,
}

impl Scope for ImportScope<'_, '_> {
    fn lookup(&self, subject: &Subject, span: Span) -> Result<Value, Diagnostic> {
        match (subject, &self.each) {
            (Subject::EachKey, Some((key, _))) => Ok(Value::string(key)),
            (Subject::EachValue, Some((_, value))) => Ok(value.clone()),
            _ => self.world.lookup(subject, span),
        }
    }

    fn repetition(&self, subject: &Subject) -> Repetition {
        self.world.repetition(subject)
    }
}

/// Imports that are still to be made, by address.
#[derive(Debug, Default)]
pub(super) struct Imports(BTreeMap<Address, ImportRequest>);

impl Imports {
    pub(super) fn new(input: &PlanInput<'_>, diagnostics: &mut Diagnostics) -> Imports {
        let (requests, findings) =
            import_requests(input.module, input.variables, input.kinds, input.snapshot, input.host);
        diagnostics.extend(findings);
        Imports(requests.into_iter().map(|r| (r.address.clone(), r)).collect())
    }
}

impl Planner<'_> {
    /// The object that an `import` block names for an address.
    pub(super) fn imported(&mut self, kind: &dyn Kind, address: &Address) -> Option<Existing> {
        let request = self.imports.0.remove(address)?;
        let key = (Arc::from(kind.schema().kind), request.id.clone());
        let listed = self.by_id_observed(&key);
        match listed.or_else(|| self.input.imported.get(&key).cloned()) {
            Some(observed) => adopted(self.input, address.kind(), &observed, Origin::Imported),
            None => {
                let detail = format!(
                    "While attempting to import an existing object to \"{address}\", the provider detected that no object \
                     exists with the given id. Only pre-existing objects can be imported; check that the id is correct and \
                     that it is associated with the provider's configured region or endpoint, or use \"ampere apply\" to \
                     create a new remote object for this resource."
                );
                let finding = Diagnostic::error("Cannot import non-existent remote object", detail);
                self.diagnostics.push(finding.at(request.span));
                None
            }
        }
    }

    /// An object with our marker that nobody has claimed, by its id: it is imported rather than deleted as an orphan.
    fn by_id_observed(&mut self, key: &(Arc<str>, ExternalId)) -> Option<crate::inventory::Observed> {
        let (kind, id) = key;
        let group = self.prior.unclaimed.iter().find_map(|((k, hash), group)| {
            (k == kind && group.iter().any(|o| o.id.as_ref() == Some(id))).then(|| (k.clone(), hash.clone()))
        })?;
        let waiting = self.prior.unclaimed.get_mut(&group)?;
        let position = waiting.iter().position(|o| o.id.as_ref() == Some(id))?;
        let observed = waiting.remove(position);
        if waiting.is_empty() {
            self.prior.unclaimed.remove(&group);
        }
        Some(observed)
    }

    /// Import blocks whose address is no instance of the configuration.
    pub(super) fn check_imports(&mut self) {
        let left = std::mem::take(&mut self.imports.0);
        for (address, request) in left.into_iter().filter(|(address, _)| self.aim.includes(address)) {
            let detail = format!(
                "The configuration for the import target {address} does not exist. All target instances must have an \
                 associated configuration to be imported."
            );
            let finding = Diagnostic::error("Configuration for import target does not exist", detail);
            self.diagnostics.push(finding.at(request.span));
        }
    }
}
