//! What it costs to look at many customers: requests counted by the clouds, rows counted by the state.
#![expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]

mod bars;
mod boxes;
mod clouds;
mod fleet;
mod ledger;
mod rotation;
mod seed;
