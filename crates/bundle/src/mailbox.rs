//! The mailbox: one Firestore document for each box, named after it.
//!
//! The box may read its own document and write three of its fields; `deploy/firebase/firestore.rules` holds it to that.

/// The collection that all our documents lie in.
pub const COLLECTION: &str = "ampere";
/// What field [`KIND_FIELD`] says of a mailbox.
pub const KIND: &str = "mailbox";
/// The field that tells the kind of a document.
pub const KIND_FIELD: &str = "ampereKind";
/// Ours, a timestamp: until when the rules let a first key in.
pub const ENROL_UNTIL: &str = "enrolUntil";
/// The box's, written once: its signed [`Enrolment`](crate::Enrolment).
pub const ENROLMENT: &str = "enrolment";
/// Ours: the bundle's text.
pub const BUNDLE: &str = "bundle";
/// Ours, beside the bundle, JSON: what it is, for us to remember.
pub const OFFERED: &str = "offered";
/// The box's: its signed [`Receipt`](crate::Receipt) for the last bundle.
pub const RECEIPT: &str = "receipt";
/// The box's: its last signed [`Report`](crate::Report).
pub const REPORT: &str = "report";
/// Ours, a timestamp: when attestation and outside probe had passed.
pub const SEALED_AT: &str = "sealedAt";

/// How long an enrolment token is good for, in seconds.
pub const ENROL_WITHIN: i64 = 15 * 60;
/// The longest bundle's text, in bytes. (A Firestore document holds 1 MiB.)
pub const LONGEST_BUNDLE: usize = 256 * 1024;
/// The longest enrolment, receipt or report, in bytes.
pub const LONGEST_SIGNED: usize = 16 * 1024;
