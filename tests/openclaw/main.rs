//! What a box tells OpenClaw, held against the real OpenClaw of the npm registry.
//!
//! `tests/run` runs it; by hand: `tests/tools && cargo build -p ampere-agent && cargo test -p ampere-tests-openclaw --test openclaw`.
//! Everything listens on loopback, with stubs in the places of the model provider and the messenger.
mod accepted;
mod agent;
mod home;
mod installed;
mod life;
mod link;
mod stubs;
