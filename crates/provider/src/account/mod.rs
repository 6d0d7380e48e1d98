//! `ampere_account`: a Firebase Auth user and its Firestore document (promises C1, S2).
//!
//! The uid is made from the marker, so that a create whose answer was lost is found again; the marker itself is a custom
//! claim. The document `ampere/{uid}` holds the sealed email address and name, and the marker.
mod client;
mod email;
mod kind;
mod model;
mod schema;

pub(crate) use client::AccountClient;
pub(crate) use kind::AccountKind;
pub(crate) use schema::KIND;
