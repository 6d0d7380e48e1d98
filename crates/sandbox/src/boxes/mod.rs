//! What runs inside servers: nobody, or whoever the sandbox was started with.
//!
//! A server that runs for the first time plays cloud-init in a directory of its own: the files of its user data, and nothing else of
//! them. At every start it gets what root and OpenClaw's user would have found on a real box. Then it is powered on, and powered off when
//! the server stops or is deleted.

mod files;
mod first_boot;
mod installed;
mod keeper;
mod moved;
mod order;

use std::path::Path;

pub(crate) use keeper::{Keeper, keep};
pub(crate) use order::{Order, Orders};

/// What is inside servers.
///
/// Both calls may come from any thread, one at a time, and must not take long.
pub trait Boxes: Send + Sync {
    /// A server starts. `root` is its file system, as far as there is one; it stays the same at every start.
    fn power_on(&self, server: u64, root: &Path);
    /// It stops, or is deleted. Its file system goes only after this.
    fn power_off(&self, server: u64);
}
