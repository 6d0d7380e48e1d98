//! What can be said of a configuration without variables, state and clouds: `validate`.
use std::collections::BTreeMap;

use ampere_lang::config::{Condition, Import, Module, Resource};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use ampere_lang::eval::{Host, Reference, Scope, Subject, check_condition, references};
use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::{Type, Value};

use super::absent::refuse;
use super::ignore::check_ignored;
use super::moved::Moves;
use super::resource::placed;
use super::traversal::{Access, literal_address, split};
use crate::address::Address;
use crate::evaluate::{World, suggestion};
use crate::kind::{Kind, Kinds};

/// All findings about a configuration, variables and real objects being unknown.
pub fn validate(module: &Module, kinds: &Kinds, host: &dyn Host) -> Diagnostics {
    let variables = BTreeMap::new();
    let world = World::new(module, &variables, kinds, host);
    let mut findings = Diagnostics::new();
    refuse(module, &mut findings);
    if let Err(cycles) = world.order() {
        findings.extend(cycles);
        return findings;
    }
    Moves::new(module, &mut findings);
    for name in module.locals.keys() {
        findings.extend(world.local(name).into_iter().flat_map(|(_, found)| found));
    }
    for resource in module.resources.values() {
        validate_resource(&world, resource, &mut findings);
    }
    for (name, output) in &module.outputs {
        findings.extend(world.output(name).into_iter().flat_map(|(_, found)| found));
        findings.extend(conditions(&output.preconditions, &world, host));
        findings.extend(depends_on(&output.depends_on, &world));
    }
    for check in module.checks.values() {
        findings.extend(conditions(&check.asserts, &world, host));
    }
    validate_removed(module, &mut findings);
    validate_imports(module, &mut findings);
    in_source_order(findings)
}

/// The findings as a reader of the files meets them; those without a place last.
fn in_source_order(findings: Diagnostics) -> Diagnostics {
    let mut all: Vec<Diagnostic> = findings.into_iter().collect();
    all.sort_by_key(|d| (d.subject.is_none(), d.subject.map(|span| (span.file, span.start))));
    let mut sorted = Diagnostics::new();
    sorted.extend(all);
    sorted
}

fn validate_resource(world: &World<'_>, resource: &Resource, findings: &mut Diagnostics) {
    let Some(kind) = world.kind(&resource.name.resource_type) else {
        return findings.push(unknown_type(world, resource));
    };
    let address = Address { resource: resource.name.clone(), key: None };
    findings.extend(world.check_repetition(resource));
    let scope = world.inside_block(&address);
    let (config, found) = world.arguments(resource, kind.schema(), &address, &scope);
    findings.extend(found);
    // Whatever is wrong with one argument (it is unknown then), the kind looks at the others: all findings at once.
    findings.extend(placed(kind.validate(&config), resource, kind.schema(), &address));
    findings.extend(check_ignored(resource, kind.schema()));
    findings.extend(depends_on(&resource.depends_on, world));
    findings.extend(provider(world.module(), resource));
    findings.extend(undeclared(&resource.lifecycle.replace_triggered_by, world));
    findings.extend(conditions(&resource.lifecycle.preconditions, &scope, world.host()));
    let this = Value::unknown(kind_type(&**kind));
    let scope = world.inside_block(&address).with_self(this);
    findings.extend(conditions(&resource.lifecycle.postconditions, &scope, world.host()));
}

fn kind_type(kind: &dyn Kind) -> Type {
    kind.schema().object_type().without_optional()
}

fn unknown_type(world: &World<'_>, resource: &Resource) -> Diagnostic {
    let resource_type = &resource.name.resource_type;
    let near = suggestion(resource_type, world.kinds().keys().copied());
    let hint = near.map(|name| format!(" Did you mean {name:?}?")).unwrap_or_default();
    let provider = resource_type.split('_').next().unwrap_or(resource_type);
    let detail = format!("The provider {provider} does not support resource type {resource_type:?}.{hint}");
    Diagnostic::error("Invalid resource type", detail).at(resource.span)
}

/// Findings of conditions: what is wrong with them, not whether they hold.
fn conditions(all: &[Condition], scope: &dyn Scope, host: &dyn Host) -> Diagnostics {
    let mut findings = Diagnostics::new();
    for condition in all {
        let found = check_condition(condition, scope, host).diagnostics;
        findings.extend(found.into_iter().filter(|d| d.severity == Severity::Error));
    }
    findings
}

/// References in lists of references that lead nowhere.
fn undeclared(expressions: &[Expr], world: &World<'_>) -> Diagnostics {
    let mut findings = Diagnostics::new();
    for Reference { subject, span, .. } in expressions.iter().flat_map(references) {
        if matches!(subject, Subject::CountIndex | Subject::EachKey | Subject::EachValue) {
            continue;
        }
        if let Err(finding) = world.lookup(&subject, span) {
            findings.push(finding);
        }
    }
    findings
}

/// `depends_on` names whole objects.
fn depends_on(expressions: &[Expr], world: &World<'_>) -> Diagnostics {
    let mut findings = undeclared(expressions, world);
    for reference in expressions.iter().flat_map(references).filter(|r| !r.attributes.is_empty()) {
        let detail =
            "References in depends_on must be to a whole object (resource, etc), not to an attribute of an object.";
        findings.push(Diagnostic::error("Invalid depends_on reference", detail).at(reference.span));
    }
    findings
}

/// A `provider` argument names a `provider` block: without an alias it may be left out.
fn provider(module: &Module, resource: &Resource) -> Option<Diagnostic> {
    let expr = resource.provider.as_ref()?;
    let (name, accesses) = split(expr)?;
    let Some(Access::Attribute(alias)) = accesses.first() else { return None };
    let known = module.providers.iter().any(|p| &*p.name == name && p.alias.as_deref() == Some(alias));
    let detail = format!(
        "{} asks for the provider configuration {name}.{alias}, and there is no provider {name:?} block with alias = {alias:?}. \
         Add one, or remove the provider argument.",
        resource.name
    );
    (!known).then(|| Diagnostic::error("Provider configuration not present", detail).at(expr.span))
}

/// An address is imported once.
fn validate_imports(module: &Module, findings: &mut Diagnostics) {
    let mut seen: BTreeMap<Address, &Import> = BTreeMap::new();
    for import in &module.imports {
        let Some(to) = literal_address(&import.to) else { continue };
        let Some(first) = seen.get(&to) else {
            seen.insert(to, import);
            continue;
        };
        let place = module.sources.get(first.span.file).map_or(String::new(), |file| {
            format!(" at {}:{},{}", file.name, first.span.start.line, first.span.start.column)
        });
        let detail = format!(
            "An import block for the resource \"{to}\" was already declared{place}. A resource can have only one import block."
        );
        let summary = format!("Duplicate import configuration for \"{to}\"");
        findings.push(Diagnostic::error(summary, detail).at(import.span));
    }
}

fn validate_removed(module: &Module, findings: &mut Diagnostics) {
    for removed in &module.removed {
        let Some(from) = literal_address(&removed.from) else { continue };
        if let Some(resource) = module.resources.get(&from.resource) {
            let detail = format!(
                "This statement declares that {} was removed, but it is still declared in the configuration. Remove either \
                 the resource block or this removed block.",
                resource.name
            );
            findings.push(Diagnostic::error("Removed resource still exists", detail).at(removed.span));
        }
    }
}
