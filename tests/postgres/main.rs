//! The state in Postgres: on a real server that the test starts.
#![expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]
mod command;
mod conformance;
mod kit;
mod open;
mod rows;
