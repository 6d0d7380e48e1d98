//! Values of locals, each worked out once.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use ampere_lang::config::Module;
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::{Subject, evaluate, references};
use ampere_lang::value::{Type, Value};

use super::world::World;

/// The locals of a module.
pub(super) struct Locals {
    cells: BTreeMap<Arc<str>, Cell>,
}

struct Cell {
    /// Other locals it refers to.
    needs: Vec<Arc<str>>,
    value: Mutex<Option<Cached>>,
}

#[derive(Clone)]
struct Cached {
    value: Value,
    findings: Diagnostics,
    /// The world's generation it was worked out at; none once it is wholly known and can never change.
    generation: Option<u64>,
}

impl Locals {
    pub(super) fn new(module: &Module) -> Locals {
        let cell = |name: &Arc<str>| {
            let expr = &module.locals[name].value;
            let needs: BTreeSet<Arc<str>> = references(expr)
                .into_iter()
                .filter_map(|r| match r.subject {
                    Subject::Local(name) if module.locals.contains_key(&name) => Some(name),
                    _ => None,
                })
                .collect();
            Cell { needs: needs.into_iter().collect(), value: Mutex::default() }
        };
        Locals { cells: module.locals.keys().map(|name| (name.clone(), cell(name))).collect() }
    }
}

impl Cell {
    fn fresh(&self, generation: u64) -> Option<Cached> {
        let cached = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        cached.clone().filter(|c| c.generation.is_none_or(|g| g == generation))
    }

    fn keep(&self, cached: Cached) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(cached);
    }
}

impl World<'_> {
    /// The value of a local, and what was found in its expression. None if there is no such local.
    ///
    /// A value that is wholly known is kept for good, another one until an instance is set.
    pub fn local(&self, name: &str) -> Option<(Value, Diagnostics)> {
        let generation = self.generation.load(Ordering::Acquire);
        let cell = self.locals.cells.get(name)?;
        if let Some(cached) = cell.fresh(generation) {
            return Some((cached.value, cached.findings));
        }
        self.work_out(name, generation);
        let cached = cell.value.lock().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().map(|cached| (cached.value.clone(), cached.findings.clone()))
    }

    /// Works out a local after all locals it needs, however long the chain (no recursion).
    fn work_out(&self, name: &str, generation: u64) {
        let Some((start, _)) = self.locals.cells.get_key_value(name) else { return };
        let mut open: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut stack = vec![start.clone()];
        while let Some(name) = stack.last().cloned() {
            let cell = &self.locals.cells[&name];
            let missing = |needed: &&Arc<str>| self.locals.cells[*needed].fresh(generation).is_none();
            let before = stack.len();
            if cell.fresh(generation).is_none() && open.insert(name.clone()) {
                stack.extend(cell.needs.iter().filter(missing).cloned());
            }
            if stack.len() > before {
                continue;
            }
            stack.pop();
            if cell.fresh(generation).is_none() {
                cell.keep(self.evaluated(&name, cell, generation));
            }
        }
    }

    fn evaluated(&self, name: &Arc<str>, cell: &Cell, generation: u64) -> Cached {
        let local = &self.module.locals[name];
        if let Some(open) = cell.needs.iter().find(|n| self.locals.cells[*n].fresh(generation).is_none()) {
            let detail = format!("local.{name} needs local.{open}, which needs local.{name} in turn.");
            let findings = Diagnostic::error("Cycle", detail).at(local.span).into();
            return Cached { value: Value::unknown(Type::Dynamic), findings, generation: None };
        }
        let (value, findings) = evaluate(&local.value, self, self.host);
        let generation = (!value.is_wholly_known()).then_some(generation);
        Cached { value, findings, generation }
    }
}
