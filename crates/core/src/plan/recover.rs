//! A state that was lost learns again whose object is whose: from the markers that the objects bear.
use ampere_lang::config::ResourceName;
use ampere_lang::diagnostic::Diagnostic;
use ampere_lang::value::Value;

use super::draft::Draft;
use super::planner::Planner;
use super::prior::{Existing, Origin};
use super::propose::with_attributes;
use super::resource::undecided;
use crate::address::Address;
use crate::evaluate::Node;
use crate::schema::{OnChange, Schema};

/// Objects that a warning names one by one.
const NAMED: usize = 10;

impl Planner<'_> {
    /// Takes over every object that bears the marker of a configured address. No object changes; what the state knows stays.
    pub(super) fn plan_recovery(&mut self) {
        let order = match self.world.order() {
            Ok(order) => order,
            Err(cycles) => return self.diagnostics.extend(cycles),
        };
        for node in &order {
            match node {
                Node::Resource(name) => self.recover_resource(name),
                Node::Output(name) => self.refresh_output(name),
                Node::Check(_) | Node::Variable(_) | Node::Local(_) => {}
            }
        }
        self.keep_the_rest();
        self.tell_unnamed();
    }

    fn recover_resource(&mut self, name: &ResourceName) {
        let Some(kind) = self.world.kind(&name.resource_type) else { return };
        let expansion = match self.world.expansion(name) {
            Ok(expansion) => expansion,
            Err(findings) => return self.diagnostics.extend(findings.into_iter().map(|d| d.about(name))),
        };
        for key in expansion.keys() {
            let address = Address { resource: name.clone(), key: key.clone() };
            let Some(mut existing) = self.existing(&**kind, &address) else {
                self.world.set(&address, undecided());
                continue;
            };
            let config = self.world.config(&address).map(|(config, _)| config);
            if let Some(config) = config.as_ref().filter(|_| existing.origin == Origin::Adopted) {
                existing.attributes = with_what_binds(kind.schema(), &existing.attributes, &config.value);
            }
            self.world.set(&address, existing.attributes.clone());
            self.recovered(address, existing);
        }
    }

    fn recovered(&mut self, address: Address, existing: Existing) {
        let mut draft = Draft::keep(address.clone(), existing);
        draft.needs = self.needs(&address);
        self.drafts.insert(address, draft);
    }

    /// Objects that bear this stack's marker and that no block names: whoever has lost the blocks with the state must know.
    fn tell_unnamed(&mut self) {
        let unclaimed = std::mem::take(&mut self.prior.unclaimed);
        let mut named: Vec<String> = unclaimed
            .iter()
            .flat_map(|((kind, _), group)| group.iter().map(move |observed| (kind, observed)))
            .map(|(kind, observed)| match &observed.id {
                Some(id) => format!("{kind} {}", id.0),
                None => format!("parts of an {kind}"),
            })
            .collect();
        if named.is_empty() {
            return;
        }
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let detail = format!(
            "They bear this stack's marker, and no block of the configuration has their address: {}{more}. Which address it was \
             cannot be told from a marker. The next plan would delete them. If their blocks (or the values that for_each \
             goes by) are missing, put them back and recover once more.",
            named.join(", ")
        );
        self.diagnostics.push(Diagnostic::warning("Objects that no block names", detail));
    }
}

/// What is there, with what no cloud says taken from the configuration where another value would cost the object: nobody
/// knows better, and a lost state is no reason to lose a server.
fn with_what_binds(schema: &Schema, found: &Value, config: &Value) -> Value {
    with_attributes(found, |name, value| {
        let binds = schema.attribute(name).is_some_and(|a| a.on_change == OnChange::Replace && !a.write_only);
        match config.get(name).filter(|wanted| binds && value.is_null() && wanted.is_wholly_known()) {
            Some(wanted) => wanted.with_marks(value.marks()),
            None => value.clone(),
        }
    })
}
