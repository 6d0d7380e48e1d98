//! The audit log: append-only, each entry chained to the one before by its hash.
mod entry;

pub use entry::{Entry, Event, Outcome};
