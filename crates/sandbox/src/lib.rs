//! A local cloud on loopback that answers like Hetzner, Stripe and Firebase.

#![recursion_limit = "512"]

mod connection;
mod control;
mod firestore;
mod hetzner;
mod identity;
mod server;
mod stripe;
mod world;

pub use server::{Config, Endpoints, Sandbox, StartError, StopError};
pub use world::JournalError;
