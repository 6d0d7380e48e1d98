//! A plan: what will be done, why, in which order, and on which state it is based. A plan is data.
mod compare;
mod propose;
mod types;

pub use propose::{Proposal, propose};
pub use types::*;
