//! The agent against attacks and accidents, with a mailbox that holds the rules.
// Seeds and figures, for whoever runs it.
#![allow(clippy::print_stdout)]
mod accidents;
mod bars;
mod bundles;
mod chance;
mod enrolment;
mod google;
mod inspection;
mod kills;
mod network;
mod played;
mod reports;
mod resolver;
mod sandbox;
