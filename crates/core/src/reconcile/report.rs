//! What a pass found and did.
use ampere_lang::diagnostic::Diagnostics;
use jiff::Timestamp;

use super::Posted;
use crate::apply::Outcome;
use crate::plan::Plan;
use crate::provider::ForeignAction;
use crate::retention::{Alarm, Departure, Owner, Tombstone};

/// What a pass found and did.
#[derive(Debug)]
pub struct PassReport {
    /// When it began.
    pub at: Timestamp,
    /// Accounts that are there.
    pub accounts: usize,
    /// The plan that was applied.
    pub plan: Plan,
    /// How that ended.
    pub outcome: Outcome,
    /// Whether no more than the promises was looked at: there was no sound configuration, or a cloud could not be listed.
    pub retention_only: bool,
    /// Departures that the guard holds back, in the order of their deadlines.
    pub held: Vec<Departure>,
    /// Departures that are not over yet, held ones too.
    pub open: Vec<Tombstone>,
    /// Households of which two listings found nothing any more, the second by another reader.
    pub confirmed: Vec<Tombstone>,
    /// Alarms raised by this pass.
    pub alarms: Vec<(Owner, Alarm)>,
    /// What others did to objects of the stack since the last pass, as the clouds' logs tell it.
    pub foreign: Vec<ForeignAction>,
    /// What became of the notices.
    pub posted: Posted,
    /// Findings: of the listings, of the configuration's plan, of the steps.
    pub findings: Diagnostics,
}

impl PassReport {
    /// Whether everything that this pass wanted is done.
    pub fn is_sound(&self) -> bool {
        self.outcome.is_complete() && !self.findings.has_errors()
    }

    /// When the oldest departure that is not over began to count.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.open.iter().map(|tombstone| tombstone.since).min()
    }
}
