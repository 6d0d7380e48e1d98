//! The audit log: append-only, each entry chained to the one before by its hash.
mod canonical;
mod chain;
mod entry;

pub use canonical::canonical;
pub use chain::{Broken, Fault, Head, verify, verify_against};
pub use entry::{Entry, Event, Outcome};
