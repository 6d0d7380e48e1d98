//! What others did to our objects, as the clouds' own logs tell it (promises N3, N4).
use std::collections::BTreeMap;
use std::sync::Arc;

use ampere_lang::diagnostic::Diagnostic;

use super::{PassReport, Reconciler};
use crate::audit::{Event, Outcome};
use crate::engine::EngineError;
use crate::engine::refresh::known;
use crate::inventory::Depth;
use crate::provider::{ForeignAction, ForeignActions, Inquiry};
use crate::snapshot::{RecordKind, Snapshot, StoredRecord};
use crate::store::{Lease, Mutation, StoreChange};

/// The mark of how far a log has been read, by the first of the kinds whose objects it is about.
fn mark(kind: &str) -> String {
    format!("actions.{kind}")
}

impl Reconciler {
    /// Reads the logs on from where the last pass ended. What was not ordered by Ampere is written down and reported. A log
    /// that cannot be read is read by a later pass.
    pub(super) async fn look_for_strangers(
        &self,
        lease: &Lease,
        snapshot: &Snapshot,
        report: &mut PassReport,
    ) -> Result<(), EngineError> {
        let kinds = self.engine.listed_kinds();
        let known = known(snapshot);
        for (provider, share) in self.engine.providers.serving(kinds.iter().map(|kind| &**kind)) {
            let Some(first) = share.first() else { continue };
            let mark = mark(first);
            let inquiry =
                Inquiry { stack: self.engine.vault.stack_id(), kinds: &share, depth: Depth::Objects, known: &known };
            let after = snapshot.marks.get(&*mark).cloned();
            match provider.foreign_actions(&inquiry, after.as_deref()).await {
                Ok(found) => self.write_down(lease, mark, after, found, report).await?,
                Err(error) => {
                    let detail = format!("{}. The next pass tries again.", error.message.trim_end_matches('.'));
                    let summary = format!("The log of actions could not be read from {}", error.cloud);
                    report.findings.push(Diagnostic::warning(summary, detail));
                }
            }
        }
        Ok(())
    }

    async fn write_down(
        &self,
        lease: &Lease,
        mark: String,
        after: Option<Arc<str>>,
        found: ForeignActions,
        report: &mut PassReport,
    ) -> Result<(), EngineError> {
        for action in &found.actions {
            // An event of its own, and no row: the mark comes last, so that a killed run writes twice rather than not at all.
            let change = StoreChange { base: None, mutations: Vec::new(), event: Some(self.seen(action)) };
            self.engine.store.commit(lease, change).await?;
            report.findings.push(told(action));
        }
        if let Some(last) = found.last.filter(|last| after.as_ref() != Some(last)) {
            let record = StoredRecord { kind: RecordKind::Mark, id: mark, body: last.to_string() };
            let change = StoreChange { base: None, mutations: vec![Mutation::PutRecord(record)], event: None };
            self.engine.store.commit(lease, change).await?;
        }
        report.foreign.extend(found.actions);
        Ok(())
    }

    fn seen(&self, action: &ForeignAction) -> Event {
        let details = BTreeMap::from([
            ("action".to_owned(), action.id.to_string()),
            ("command".to_owned(), action.command.clone()),
            ("kind".to_owned(), action.kind.to_owned()),
            ("object".to_owned(), action.object.to_string()),
            ("began".to_owned(), action.at.to_string()),
            ("promise".to_owned(), "N3, N4".to_owned()),
        ]);
        Event {
            at: self.engine.clock.now(),
            actor: self.engine.actor.clone(),
            action: "foreign.action".to_owned(),
            address: None,
            outcome: Outcome::Succeeded,
            details,
        }
    }
}

fn told(action: &ForeignAction) -> Diagnostic {
    let detail = format!(
        "The cloud's log has {:?} on the {} {} at {}. Ampere has no such call: somebody else who holds the project's token, or \
         sits at its console, ordered it. Find out who, and withdraw the token if it was none of you.",
        action.command, action.kind, action.object, action.at
    );
    Diagnostic::warning("Somebody else acted on an object of this stack", detail)
}
