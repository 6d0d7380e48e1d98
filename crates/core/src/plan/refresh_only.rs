//! `-refresh-only`: the state takes over what is there.
use super::draft::Draft;
use super::planner::Planner;
use crate::evaluate::Node;
use crate::snapshot::ObjectKey;

impl Planner<'_> {
    /// Plans no change of any object: only what the state is to remember, and the outputs that follow from it.
    pub(super) fn plan_refresh(&mut self) {
        let order = match self.world.order() {
            Ok(order) => order,
            Err(cycles) => return self.diagnostics.extend(cycles),
        };
        for node in &order {
            match node {
                Node::Resource(name) => self.show_prior(name),
                Node::Output(name) => self.refresh_output(name),
                Node::Check(name) => self.plan_check(name),
                Node::Variable(_) | Node::Local(_) => {}
            }
        }
        self.keep_the_rest();
    }

    /// What the state has stays as it is, and what has vanished is forgotten.
    pub(super) fn keep_the_rest(&mut self) {
        for (address, existing) in std::mem::take(&mut self.prior.current) {
            if self.aim.includes(&address) {
                self.drafts.insert(address.clone(), Draft::keep(address, existing));
            }
        }
        let gone = std::mem::take(&mut self.prior.gone);
        let gone = gone.into_iter().filter(|(address, _)| self.aim.includes(address));
        self.forgotten.extend(gone.map(|(_, gone)| ObjectKey::current(gone.remembered_at)));
        let gone = std::mem::take(&mut self.prior.gone_deposed);
        self.forgotten.extend(gone);
    }

    /// An output that cannot be known without making something is left as it is.
    pub(super) fn refresh_output(&mut self, name: &std::sync::Arc<str>) {
        let known =
            self.world.output(name).is_some_and(|(value, findings)| findings.has_errors() || value.is_wholly_known());
        if known {
            self.plan_output(name);
        }
    }
}
