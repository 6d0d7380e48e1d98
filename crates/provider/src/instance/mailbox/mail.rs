//! All mailboxes of a stack, as a listing holds them.
use std::collections::{BTreeMap, BTreeSet};

use ampere_core::identity::{ExternalId, StackId};
use ampere_core::inventory::{Observed, Part};
use ampere_lang::value::Value;
use jiff::Timestamp;

use super::document::{Mailbox, id_of};
use super::state::{self, ENROLMENT, SEALED, Stage};
use crate::attributes::Attributes;
use crate::firebase::Documents;
use crate::instance::model::{Group, MARKER, SERVER};

/// The part at Firestore.
const MAILBOX: &str = "mailbox";

/// The mailboxes by their ids.
pub(crate) struct Mail {
    mailboxes: BTreeMap<String, Mailbox>,
    now: Timestamp,
}

impl Mail {
    /// Those of a stack among its documents.
    pub fn of(documents: &Documents, stack: &StackId, now: Timestamp) -> Mail {
        let mailboxes = documents.documents.iter().filter_map(Mailbox::listed);
        let ours = mailboxes.filter(|mailbox| mailbox.marker().is_some_and(|marker| marker.stack == *stack));
        Mail { mailboxes: ours.map(|mailbox| (mailbox.id().to_owned(), mailbox)).collect(), now }
    }

    /// What they say of a server. One without a mailbox cannot be reached: its box must say its keys again.
    pub fn of_server(&self, name: &str) -> Attributes {
        match self.mailboxes.get(&id_of(name)) {
            Some(mailbox) => state::attributes(mailbox, self.now),
            None => Attributes::from([
                (SEALED.into(), Value::bool(false)),
                (ENROLMENT.into(), Value::string(Stage::Waiting.as_str())),
            ]),
        }
    }

    /// Adds the mailboxes to the instances they belong to; one whose server is gone is a leftover.
    pub fn add_to(&self, groups: &[Group], objects: &mut Vec<Observed>) {
        let mut seen = BTreeSet::new();
        for (group, observed) in groups.iter().zip(objects.iter_mut()) {
            let Some(name) = group.name() else { continue };
            if group.server.is_some() {
                observed.attributes.extend(self.of_server(name));
            }
            let id = id_of(name);
            if let Some(mailbox) = self.mailboxes.get(&id) {
                observed.parts.push(part(mailbox));
                if group.server.is_some() && mailbox.marker().as_ref() != Some(&observed.marker) {
                    observed.missing.push(MARKER);
                }
                seen.insert(id);
            }
        }
        let left = self.mailboxes.iter().filter(|(id, _)| !seen.contains(*id));
        objects.extend(left.filter_map(|(_, mailbox)| {
            Some(Observed {
                id: None,
                marker: mailbox.marker()?,
                attributes: Attributes::new(),
                parts: vec![part(mailbox)],
                missing: vec![SERVER],
            })
        }));
    }
}

fn part(mailbox: &Mailbox) -> Part {
    Part { what: MAILBOX, id: ExternalId(mailbox.id().into()) }
}
