//! The state in Postgres: on a real server that the test starts.
#![expect(clippy::print_stdout, reason = "figures are for people, who read what a test prints")]
mod apply;
mod command;
mod conformance;
mod faults;
mod kit;
mod migrate;
mod open;
mod proxy;
mod rights;
mod rows;
mod tls;
