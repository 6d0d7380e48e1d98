//! The way to a box and back: its mailbox, what lies in it, and the steps from a server that starts to one that is sealed
//! (promises S4, S5, N4, F2).
//!
//! | step | who | what |
//! |---|---|---|
//! | opened | us | the document, before the server is made; it takes a first key for a quarter of an hour |
//! | enrolled | the box | its keys, signed with them; we hold them against the server's number and address |
//! | offered | us | a bundle: secrets and settings, sealed to those keys |
//! | received | the box | its receipt for this very bundle |
//! | sealed | us | when the box's report shows no way in, and no port answers from outside |
//!
//! Every step is told from what the document holds: a run that was interrupted is gone on with by the next one.
mod contents;
mod document;
mod mail;
mod probe;
mod state;
mod status;
mod verdict;
mod wait;

pub(crate) use document::{id_of, server_of};
pub(crate) use mail::Mail;
pub(crate) use state::{DELIVERED, ENROLMENT, KEY, SEALED, Stage};
pub(crate) use wait::{Errand, Postmaster};
