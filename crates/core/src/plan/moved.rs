//! `moved` blocks, and the moves that Terraform makes by itself when `count` comes or goes.
use std::collections::{BTreeMap, BTreeSet};

use ampere_lang::config::{Module, ResourceName};
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::eval::InstanceKey;
use ampere_lang::source::Span;

use super::traversal::literal_address;
use crate::address::Address;

/// All statements of a module, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct Moves {
    statements: Vec<Statement>,
    /// Statements between whole resources (all instances keep their keys), by `from`.
    resources: BTreeMap<ResourceName, usize>,
    /// Statements between instances, by `from`.
    instances: BTreeMap<Address, usize>,
    /// Instances that some statement names.
    named: BTreeSet<Address>,
    /// Resources that some statement leads to in the end.
    destinations: BTreeSet<ResourceName>,
}

#[derive(Debug)]
struct Statement {
    from: Address,
    to: Address,
    span: Span,
}

impl Statement {
    fn is_whole(&self) -> bool {
        self.from.key.is_none() && self.to.key.is_none()
    }
}

impl Moves {
    /// Reads the blocks; what contradicts itself or another one is a finding and left out.
    pub(super) fn new(module: &Module, diagnostics: &mut Diagnostics) -> Moves {
        let mut moves = Moves::default();
        let mut destinations: BTreeMap<Address, usize> = BTreeMap::new();
        for block in &module.moved {
            let (Some(from), Some(to)) = (literal_address(&block.from), literal_address(&block.to)) else { continue };
            let statement = Statement { from, to, span: block.span };
            if let Err(finding) = moves.check(module, &statement, &destinations) {
                diagnostics.push(finding.at(block.span));
                continue;
            }
            let index = moves.statements.len();
            destinations.insert(statement.to.clone(), index);
            match statement.is_whole() {
                true => moves.resources.insert(statement.from.resource.clone(), index),
                false => moves.instances.insert(statement.from.clone(), index),
            };
            moves.statements.push(statement);
        }
        moves.check_cycles(diagnostics);
        let instances = moves.statements.iter().filter(|s| !s.is_whole());
        moves.named = instances.flat_map(|s| [s.from.clone(), s.to.clone()]).collect();
        moves.destinations = moves.statements.iter().map(|s| moves.destination(&s.from).resource).collect();
        moves
    }

    fn check(
        &self,
        module: &Module,
        statement: &Statement,
        destinations: &BTreeMap<Address, usize>,
    ) -> Result<(), Diagnostic> {
        let Statement { from, to, .. } = statement;
        let what = if statement.is_whole() { "resource" } else { "resource instance" };
        if from == to {
            let detail = format!(
                "This statement declares a move from {from} to the same address, which is the same as not declaring this move \
                 at all."
            );
            return Err(Diagnostic::error("Redundant move statement", detail));
        }
        if from.kind() != to.kind() {
            let detail =
                format!("This statement declares a move from {from} to {to}, which is a resource of a different type.");
            return Err(Diagnostic::error("Resource type mismatch", detail));
        }
        if statement.is_whole() && module.resources.contains_key(&from.resource) {
            return Err(still_exists(from, to, what));
        }
        let same_source = match statement.is_whole() {
            true => self.resources.get(&from.resource),
            false => self.instances.get(from),
        };
        if let Some(other) = same_source.map(|i| &self.statements[*i]).filter(|other| other.to != *to) {
            let detail = format!(
                "Another statement declared that {from} moved to {}, but this statement instead declares that it moved to \
                 {to}.\n\nEach {what} can move to only one destination {what}.",
                other.to
            );
            return Err(Diagnostic::error("Ambiguous move statements", detail));
        }
        if let Some(other) = destinations.get(to).map(|i| &self.statements[*i]).filter(|other| other.from != *from) {
            let detail = format!(
                "Another statement declared that {} moved to {to}, but this statement instead declares that {from} moved \
                 there.\n\nEach {what} can have moved from only one source {what}.",
                other.from
            );
            return Err(Diagnostic::error("Ambiguous move statements", detail));
        }
        Ok(())
    }

    fn check_cycles(&mut self, diagnostics: &mut Diagnostics) {
        let starts: Vec<(Address, Span)> = self.statements.iter().map(|s| (s.from.clone(), s.span)).collect();
        for (start, span) in starts {
            let mut seen = BTreeSet::from([start.clone()]);
            let mut at = start.clone();
            while let Some(next) = self.step(&at) {
                if !seen.insert(next.clone()) {
                    let detail = format!(
                        "The move statements that begin with {start} lead back to {next}, so there is no final address to move \
                         to. Remove one of them."
                    );
                    diagnostics.push(Diagnostic::error("Cyclic dependency in move statements", detail).at(span));
                    self.resources.clear();
                    self.instances.clear();
                    return;
                }
                at = next;
            }
        }
    }

    /// Where one statement takes an address.
    fn step(&self, address: &Address) -> Option<Address> {
        if let Some(&i) = self.instances.get(address) {
            return Some(self.statements[i].to.clone());
        }
        let &i = self.resources.get(&address.resource)?;
        Some(Address { resource: self.statements[i].to.resource.clone(), key: address.key.clone() })
    }

    /// Where all statements together take an address.
    pub(super) fn destination(&self, address: &Address) -> Address {
        let mut at = address.clone();
        while let Some(next) = self.step(&at) {
            at = next;
        }
        at
    }

    /// Where every address of the state goes: explicit moves, then the implied ones. An address whose destination is taken
    /// stays, with a warning.
    pub(super) fn all<'s>(
        &self,
        module: &Module,
        state: impl Iterator<Item = &'s Address> + Clone,
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<Address, Address> {
        let moved: BTreeMap<&Address, Address> = state.clone().map(|a| (a, self.destination(a))).collect();
        let staying: BTreeSet<&Address> =
            moved.iter().filter(|(from, to)| **from == *to).map(|(from, _)| *from).collect();
        let mut taken: BTreeSet<Address> = staying.iter().map(|a| (*a).clone()).collect();
        let mut result = BTreeMap::new();
        for (from, to) in &moved {
            if *from == to || taken.insert(to.clone()) {
                result.insert((*from).clone(), to.clone());
            } else {
                diagnostics.push(unresolved(from, to));
                taken.insert((*from).clone());
                result.insert((*from).clone(), (*from).clone());
            }
        }
        for (_, to) in result.iter_mut() {
            if let Some(implied) = implied(module, to).filter(|i| !taken.contains(i) && !self.named.contains(to)) {
                taken.insert(implied.clone());
                *to = implied;
            }
        }
        result
    }

    /// Statements whose `from` is still an instance of the configuration.
    pub(super) fn still_declared(&self, declared: impl Fn(&Address) -> bool) -> Diagnostics {
        let mut findings = Diagnostics::new();
        for s in self.statements.iter().filter(|s| !s.is_whole() && declared(&s.from)) {
            findings.push(still_exists(&s.from, &s.to, "resource instance").at(s.span));
        }
        findings
    }

    /// Whether some statement leads to that resource.
    pub(super) fn leads_to(&self, address: &Address) -> bool {
        self.destinations.contains(&address.resource)
    }
}

/// `x` becomes `x[0]` when `count` is added, and back (FACTS 17).
fn implied(module: &Module, address: &Address) -> Option<Address> {
    let resource = module.resources.get(&address.resource)?;
    let key = match (&address.key, resource.count.is_some(), resource.for_each.is_some()) {
        (None, true, _) => Some(InstanceKey::Index(0)),
        (Some(InstanceKey::Index(0)), false, false) => None,
        _ => return None,
    };
    Some(address.clone().with_key(key))
}

fn still_exists(from: &Address, to: &Address, what: &str) -> Diagnostic {
    let detail = format!(
        "This statement declares a move from {from}, but that {what} is still declared.\n\nChange your configuration so that \
         this {what} will be declared as {to} instead."
    );
    Diagnostic::error("Moved object still exists", detail)
}

fn unresolved(from: &Address, to: &Address) -> Diagnostic {
    let detail = format!(
        "Terraform tried to adjust resource instance addresses in the prior state based on change information recorded in the \
         configuration, but some adjustments did not succeed due to existing objects already at the intended addresses:\n  - \
         {from} could not move to {to}\n\nTerraform has planned to destroy these objects. If Terraform's proposed changes \
         aren't appropriate, you must first resolve the conflicts using the \"terraform state\" subcommands and then create a \
         new plan."
    );
    Diagnostic::warning("Unresolved resource instance address changes", detail)
}
