//! `ampere_secret`: a key or token of the customer's own, sealed (promises C2, S1).
//!
//! The value is write-only: it comes from an ephemeral variable, is sealed before anything is sent, and is kept nowhere in
//! the clear. The Firestore document `ampere/{id}` and the state hold the sealed text; plans show version and
//! fingerprint.
mod client;
mod kind;
mod model;
mod schema;
mod services;

pub(crate) use client::{SEALED, SecretClient};
pub(crate) use kind::SecretKind;
pub(crate) use schema::{KIND, VALUE};
pub(crate) use services::{CHANNELS, MODEL_PROVIDERS, name_on_box};
