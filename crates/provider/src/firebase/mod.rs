//! Identity Toolkit and Firestore, as far as more than one kind needs them.
mod error;
mod firestore;
mod identity;

pub(crate) use error::{Refusal, refusal};
pub(crate) use firestore::{Document, Field, Firestore};
pub(crate) use identity::{Identity, UID_PREFIX, User};
