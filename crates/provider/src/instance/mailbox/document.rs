//! A mailbox as a document.
use std::collections::BTreeMap;

use ampere_bundle::mailbox::{BUNDLE, ENROL_UNTIL, ENROLMENT, OFFERED, RECEIPT, REPORT, SEALED_AT};
use ampere_bundle::{BoxPublic, Enrolment, Receipt, Rejected, Report};
use ampere_core::identity::Marker;
use ampere_core::provider::ProviderError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::firebase::{
    Document, DocumentKind, Field, Firestore, MAILBOX_PREFIX, Precondition, Refusal, TOKEN_LIFETIME, Writing,
};
use crate::http::after;
use crate::instance::create::PREFIX;

/// The fingerprint of the box's keys, once we have accepted them.
pub(super) const BOX_KEY: &str = "boxKey";
/// What the box has confirmed, as [`Offer`].
pub(super) const CONFIRMED: &str = "confirmed";
/// Why the box was refused; then it is replaced.
pub(super) const REFUSAL: &str = "refusal";

/// What was sent, for us to remember: Firestore's own backups hold it, so it names no value and no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    /// The bundle's number.
    pub sequence: u64,
    /// The digest of its text.
    pub digest: String,
    /// A keyed fingerprint of the settings in it.
    pub settings: String,
    /// The version of OpenClaw in it.
    pub openclaw: String,
    /// Versions of the secrets in it, by the secrets' ids.
    pub delivered: BTreeMap<String, u64>,
}

/// The id of the mailbox of a server: its name, with another beginning, so that no account's document can have it.
pub(crate) fn id_of(server: &str) -> String {
    let rest = server.strip_prefix(PREFIX).unwrap_or(server);
    format!("{MAILBOX_PREFIX}{rest}")
}

/// The server whose mailbox has an id.
pub(crate) fn server_of(mailbox: &str) -> Option<String> {
    mailbox.strip_prefix(MAILBOX_PREFIX).filter(|rest| rest.starts_with('-')).map(|rest| format!("{PREFIX}{rest}"))
}

/// A mailbox as it was read.
pub(crate) struct Mailbox(Document);

impl Mailbox {
    /// Reads one; none if there is none.
    ///
    /// # Errors
    ///
    /// Firestore's.
    pub async fn read(firestore: &Firestore, id: &str) -> Result<Option<Mailbox>, ProviderError> {
        let found = firestore.get(id).await?;
        Ok(found.filter(|document| document.kind() == Some(DocumentKind::Mailbox)).map(Mailbox))
    }

    /// One that a listing holds.
    pub fn listed(document: &Document) -> Option<Mailbox> {
        (document.kind() == Some(DocumentKind::Mailbox)).then(|| Mailbox(document.clone()))
    }

    /// Whose it is.
    pub fn marker(&self) -> Option<Marker> {
        self.0.marker()
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Until when a first key is taken.
    pub fn enrol_until(&self) -> Option<Timestamp> {
        self.0.time(ENROL_UNTIL)
    }

    /// The box's first word, if it has come.
    pub fn enrolment(&self) -> Option<Result<Enrolment, Rejected>> {
        self.0.text(ENROLMENT).map(|text| Enrolment::open(text, self.id()))
    }

    /// The fingerprint of the keys that were accepted.
    pub fn box_key(&self) -> Option<&str> {
        self.0.text(BOX_KEY)
    }

    /// What was sent last.
    pub fn offer(&self) -> Option<Offer> {
        self.0.text(OFFERED).and_then(|text| serde_json::from_str(text).ok())
    }

    /// What the box has confirmed last.
    pub fn confirmed(&self) -> Option<Offer> {
        self.0.text(CONFIRMED).and_then(|text| serde_json::from_str(text).ok())
    }

    /// The box's last receipt, if it signed it.
    pub fn receipt(&self, keys: &BoxPublic) -> Option<Receipt> {
        let receipt = Receipt::open(self.0.text(RECEIPT)?, keys).ok()?;
        (receipt.instance == self.id()).then_some(receipt)
    }

    /// The box's last report, if it signed it.
    pub fn report(&self, keys: &BoxPublic) -> Option<Report> {
        let report = Report::open(self.0.text(REPORT)?, keys).ok()?;
        (report.instance == self.id()).then_some(report)
    }

    /// When it was sealed.
    pub fn sealed_at(&self) -> Option<Timestamp> {
        self.0.time(SEALED_AT)
    }

    /// Why it was refused.
    pub fn refusal(&self) -> Option<&str> {
        self.0.text(REFUSAL)
    }

    /// Writes fields of it, if nobody has written it since it was read.
    pub async fn write(&self, firestore: &Firestore, marker: &Marker, fields: &[(&str, Field)]) -> Result<(), Refusal> {
        let writing = Writing { kind: DocumentKind::Mailbox, id: self.id(), marker, fields };
        firestore.write(&writing, &Precondition::as_found(Some(&self.0))).await
    }

    /// Deletes it.
    pub async fn delete(&self, firestore: &Firestore) -> Result<(), ProviderError> {
        firestore.delete(&self.0).await
    }
}

/// Makes a mailbox that waits for a first key from `now` on; one that is there is emptied.
///
/// # Errors
///
/// Firestore's; `Unavailable` if somebody wrote it at the same time.
pub(super) async fn open(
    firestore: &Firestore,
    id: &str,
    marker: &Marker,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let until = Field::Time(after(now, TOKEN_LIFETIME));
    let mut fields = vec![(ENROL_UNTIL, until)];
    let emptied = [ENROLMENT, BUNDLE, OFFERED, RECEIPT, REPORT, SEALED_AT, BOX_KEY, CONFIRMED, REFUSAL];
    fields.extend(emptied.map(|name| (name, Field::Absent)));
    let found = firestore.get(id).await?;
    let writing = Writing { kind: DocumentKind::Mailbox, id, marker, fields: &fields };
    Ok(firestore.write(&writing, &Precondition::as_found(found.as_ref())).await?)
}
