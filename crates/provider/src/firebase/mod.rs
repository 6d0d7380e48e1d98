//! Identity Toolkit and Firestore, as far as more than one kind needs them.
mod custom_token;
mod document;
mod error;
mod firestore;
mod identity;
mod lists;
mod pace;
mod user;

use std::time::Duration;

use crate::http::Limits;

/// How hard Google is worked: Identity Toolkit allows far more, Firestore advises to begin gently.
pub(crate) const GOOGLE: Limits = Limits { concurrency: 16, timeout: Duration::from_secs(30) };

pub(crate) use custom_token::{LIFETIME as TOKEN_LIFETIME, Minter};
pub(crate) use document::{Document, DocumentKind, Field, MAILBOX_PREFIX, Precondition, SECRET_PREFIX, Writing};
pub(crate) use error::{Refusal, refusal};
pub(crate) use firestore::{Documents, Firestore};
pub(crate) use identity::{Identity, UID_PREFIX};
pub(crate) use lists::Lists;
pub(crate) use user::{Profile, User, Users};
