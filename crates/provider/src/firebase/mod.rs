//! Identity Toolkit and Firestore, as far as more than one kind needs them.
mod document;
mod error;
mod firestore;
mod identity;
mod lists;
mod pace;
mod user;

pub(crate) use document::{Document, DocumentKind, Field, Precondition, SECRET_PREFIX, Writing};
pub(crate) use error::{Refusal, refusal};
pub(crate) use firestore::{Documents, Firestore};
pub(crate) use identity::{Identity, UID_PREFIX};
pub(crate) use lists::Lists;
pub(crate) use user::{Profile, User, Users};
