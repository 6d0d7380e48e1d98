//! Which server types can carry OpenClaw.
//!
//! Measured with OpenClaw 2026.9.6: 745–900 MB idle, 1.2 GB after a turn; with 1 GiB it is killed at the first turn, and
//! 4 GiB are advised. Types that are known to have less are refused before anything is made.

/// Types with less than 4 GiB of memory, and how much they have: <https://www.hetzner.com/cloud>.
const TOO_SMALL: &[(&str, u32)] = &[("cx11", 2), ("cx11-ceph", 2), ("cpx11", 2), ("cpx12", 2)];

/// The memory of a type that is known to be too small, in GiB.
pub(crate) fn too_small(server_type: &str) -> Option<u32> {
    TOO_SMALL.iter().find(|(name, _)| *name == server_type).map(|(_, memory)| *memory)
}

/// Whether a type has ARM processors: a disk made for the one cannot start on the other.
pub(crate) fn is_arm(server_type: &str) -> bool {
    server_type.starts_with("cax")
}
