//! The program on a customer's server: it takes sealed secrets out of its mailbox, hands them to OpenClaw, and reports.
//!
//! It has a fixed function. There is no shell in it, it starts no program, it listens on no network, and it talks to three
//! addresses at Google that its settings name. What it is told is signed and sealed (`ampere_bundle`); whatever else reaches it
//! is refused, and what it had before stays in force.
//!
//! | file | what |
//! |---|---|
//! | [`agent`] | a round: sign in, look, take, send |
//! | [`holder`] | the bundle in force: checked, on disk, then served |
//! | [`mailbox`] | the calls to Google |
//! | [`serve`] | the socket where OpenClaw's resolver asks |
//! | [`survey`] | what a report says |
//! | [`inspect`] | what root looks at |
//! | [`configure`] | OpenClaw's configuration, and its resolver's questions |
//! | [`files`] | files that are whole or absent |
//!
//! Two programs: `ampere-agent` (`run`, as a user of its own; `inspect`, as root, once) and `ampere-resolver` (as OpenClaw's user).
//! Every path may lie below another root directory, so that a box can be played without being root.
pub mod agent;
pub mod configure;
pub mod files;
pub mod holder;
pub mod inspect;
pub mod mailbox;
pub mod serve;
pub mod survey;

pub use agent::{Agent, StartError};

/// An error with its reason, in one line.
pub fn in_one_line(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {source}"))
}
