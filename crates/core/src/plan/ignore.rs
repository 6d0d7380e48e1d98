//! `ignore_changes`: the configuration with what is ignored taken from the object that is there.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::config::{IgnoreChanges, Resource};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::syntax::ast::{Expr, ExprKind};
use ampere_lang::value::{Data, Type, Value};

use super::traversal::{Access, instance_key, split};
use crate::evaluate::suggestion;
use crate::schema::{Presence, Schema};
use ampere_lang::eval::InstanceKey;

/// The configuration as it counts for an object that exists.
pub(super) fn ignore_changes(ignored: &IgnoreChanges, schema: &Schema, prior: &Value, config: &Value) -> Value {
    match ignored {
        IgnoreChanges::None => config.clone(),
        IgnoreChanges::All => all(schema, prior, config),
        IgnoreChanges::Paths(paths) => paths.iter().fold(config.clone(), |config, path| match steps(path) {
            Some(steps) => taken_back(Some(prior), Some(&config), &steps).unwrap_or(config),
            None => config,
        }),
    }
}

/// Everything that may be configured stays as it is; write-only values have no memory to fall back on.
fn all(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let (Some(prior), Some(entries)) = (prior.entries(), config.entries()) else { return config.clone() };
    Value::object(entries.iter().map(|(name, value)| {
        let kept = schema.attribute(name).filter(|a| a.presence.settable() && !a.write_only);
        (name.clone(), kept.and_then(|_| prior.get(name)).unwrap_or(value).clone())
    }))
}

/// `config` with what lies at the steps taken from `prior`; none where prior has nothing there.
fn taken_back(prior: Option<&Value>, config: Option<&Value>, steps: &[Arc<str>]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return prior.cloned() };
    let Some(config) = config else { return prior.cloned() };
    match config.data() {
        Data::Mapping(entries) => {
            let before = prior.and_then(|p| p.entries()?.get(step));
            let mut entries: BTreeMap<Arc<str>, Value> = (**entries).clone();
            match taken_back(before, entries.get(step), rest) {
                Some(value) => entries.insert(step.clone(), value),
                None => entries.remove(step),
            };
            let value = match config.ty() {
                Type::Map(element) => Value::map((**element).clone(), entries),
                _ => Value::object(entries),
            };
            Some(value.with_marks(config.marks()))
        }
        Data::Sequence(items) => {
            let n: usize = step.parse().ok()?;
            let before = prior.and_then(|p| p.elements()?.get(n));
            let changed = taken_back(before, items.get(n), rest)?;
            let items = items.iter().enumerate().map(|(i, item)| if i == n { changed.clone() } else { item.clone() });
            let value = match config.ty() {
                Type::List(element) => Value::list((**element).clone(), items),
                Type::Tuple(_) => Value::tuple(items),
                _ => return Some(config.clone()),
            };
            Some(value.with_marks(config.marks()))
        }
        // A whole that is null or unknown is replaced as a whole.
        _ => prior.cloned(),
    }
}

/// `tags["x"]` as steps; indexes as digits.
fn steps(path: &Expr) -> Option<Vec<Arc<str>>> {
    let (root, accesses) = split(path)?;
    let mut steps: Vec<Arc<str>> = vec![root.into()];
    for access in accesses {
        steps.push(match access {
            Access::Attribute(name) => name.into(),
            Access::Index(key) => match &*key.kind {
                ExprKind::Literal(value) => match instance_key(value)? {
                    InstanceKey::Key(text) => text,
                    InstanceKey::Index(n) => n.to_string().into(),
                },
                _ => return None,
            },
        });
    }
    Some(steps)
}

/// What is wrong with an `ignore_changes` list.
pub(super) fn check_ignored(resource: &Resource, schema: &Schema) -> Diagnostics {
    let mut findings = Diagnostics::new();
    let IgnoreChanges::Paths(paths) = &resource.lifecycle.ignore_changes else { return findings };
    for path in paths {
        let Some((root, _)) = split(path) else { continue };
        match schema.attribute(root) {
            None => {
                let near = suggestion(root, schema.attributes.iter().map(|a| a.name));
                let hint = near.map(|name| format!(" Did you mean {name:?}?")).unwrap_or_default();
                let detail =
                    format!("This object has no argument, nested block, or exported attribute named {root:?}.{hint}");
                findings.push(Diagnostic::error("Unsupported attribute", detail).at(path.span));
            }
            Some(a) if a.presence == Presence::Computed => {
                let detail = format!(
                    "Adding an attribute name to ignore_changes tells Terraform to ignore future changes to the argument in \
                     configuration after the object has been created, retaining the value originally configured.\n\nThe \
                     attribute {root} is decided by the provider alone and therefore there can be no configured value to \
                     compare with. Including this attribute in ignore_changes has no effect. Remove the attribute from \
                     ignore_changes to quiet this warning."
                );
                findings.push(Diagnostic::warning("Redundant ignore_changes element", detail).at(path.span));
            }
            Some(_) => {}
        }
    }
    findings
}
