//! The object that a configuration asks for: what the schema says, then what the kind says.
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostics;
use ampere_lang::value::{Marks, Path, Step, Value};

use super::compare::differs_at;
use crate::address::Address;
use crate::kind::{Fingerprint, Kind, Objects, PlanRequest, Planned};
use crate::schema::{Attribute, OnChange, Schema};

/// What is asked for, and whether it can be had in place.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The object wanted, perhaps with unknowns; write-only attributes null, sensitive ones marked.
    pub after: Value,
    /// Attributes whose change forces a replacement, sorted. Empty for a create.
    pub replace: Vec<Path>,
    /// What the kind found.
    pub diagnostics: Diagnostics,
}

/// Works out the object wanted: for a create without `prior`, for a change with the refreshed one. `sealed`: see
/// [`PlanRequest::sealed`].
pub fn propose(
    kind: &dyn Kind,
    address: &Address,
    prior: Option<&Value>,
    config: &Value,
    fingerprint: &dyn Fingerprint,
    objects: &dyn Objects,
    sealed: bool,
) -> Proposal {
    let schema = kind.schema();
    let proposed = generic(schema, prior, config);
    let planned = kind.plan(PlanRequest { address, prior, config, proposed, fingerprint, objects, sealed });
    let Planned { after, replace, diagnostics } = planned;
    let after = tidy(schema, &after);
    let replace = match prior {
        Some(prior) => forcing(schema, prior, &after, replace),
        None => Vec::new(),
    };
    Proposal { after, replace, diagnostics }
}

/// What the schema alone would plan: configured values where there are some, the prior value of computed attributes
/// (unknown on create), null for write-only ones.
fn generic(schema: &Schema, prior: Option<&Value>, config: &Value) -> Value {
    let config = config.entries();
    let prior = prior.and_then(Value::entries);
    let value = |a: &Attribute| {
        let ty = || a.ty.without_optional();
        let configured = config.and_then(|c| c.get(a.name)).filter(|v| !v.is_null());
        match configured {
            _ if a.write_only => Value::null(ty()),
            Some(value) if a.presence.settable() => value.clone(),
            _ if !a.presence.computed() => Value::null(ty()),
            _ => match prior {
                Some(prior) => prior.get(a.name).cloned().unwrap_or_else(|| Value::null(ty())),
                None => Value::unknown(ty()),
            },
        }
    };
    let attributes: BTreeMap<Arc<str>, Value> = schema.attributes.iter().map(|a| (a.name.into(), value(a))).collect();
    Value::object(attributes)
}

/// Takes write-only values out and marks what the schema calls sensitive, whatever a kind answered.
fn tidy(schema: &Schema, after: &Value) -> Value {
    with_attributes(after, |name, value| match schema.attribute(name) {
        Some(a) if a.write_only => Value::null(a.ty.without_optional()),
        Some(a) if a.sensitive => value.clone().with_marks(Marks::SENSITIVE),
        _ => value.clone(),
    })
}

/// Paths that really change and cannot change in place.
fn forcing(schema: &Schema, prior: &Value, after: &Value, named: Vec<Path>) -> Vec<Path> {
    let by_schema = schema.attributes.iter().filter(|a| a.on_change == OnChange::Replace && !a.write_only);
    let mut paths: Vec<Path> = by_schema
        .map(|a| Path(vec![Step::Attribute(a.name.into())]))
        .chain(named)
        .filter(|path| differs_at(prior, after, path))
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// An object of the same attributes, each changed or not.
pub(super) fn with_attributes(object: &Value, change: impl Fn(&str, &Value) -> Value) -> Value {
    match object.entries() {
        Some(entries) => {
            let changed = entries.iter().map(|(name, value)| (name.clone(), change(name, value)));
            Value::object(changed).with_marks(object.marks())
        }
        None => object.clone(),
    }
}
