//! What others than the agent leave on a box: root at boot, and OpenClaw's user.
//!
//! The forms are those of `crates/bundle`; a test of the whole project holds both together.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::installed;
use super::order::Orders;
use crate::hetzner::Seen;

/// Which server it is.
const IDENTITY: &str = "run/ampere/identity.json";
/// What root found on the box.
const INSPECTION: &str = "run/ampere/inspection.json";
/// What OpenClaw's user says about OpenClaw.
const AUDIT: &str = "run/ampere/openclaw/audit.json";

/// Writes what a box without a fault would find, changed as it was ordered.
///
/// # Errors
///
/// The disk's.
pub(crate) fn write_found(root: &Path, seen: &Seen, orders: &Orders, now: Timestamp) -> std::io::Result<()> {
    let identity = json!({"server": seen.id.to_string(), "ipv4": seen.ipv4, "ipv6": seen.ipv6});
    let inspection = json!({
        "at": now.as_second(), "listening": [], "sshd": [], "root_locked": true, "passwords": [],
        "authorized_keys": [], "metadata_closed": true,
    });
    let audit = json!({
        "at": now.as_second(), "openclaw": installed::openclaw(root), "node": installed::node(root), "gateway": true, "restarts": 0,
        "security": {
            "ts": now.as_millisecond(), "summary": {"critical": 0, "warn": 0, "info": 0}, "findings": [],
        },
        "secrets": 0,
    });
    for (path, mut found, ordered) in [
        (IDENTITY, identity, orders.identity(&seen.name)),
        (INSPECTION, inspection, orders.inspection(&seen.name)),
        (AUDIT, audit, orders.audit(&seen.name)),
    ] {
        for patch in ordered {
            crate::control::merge(&mut found, patch);
        }
        write(&root.join(path), Value::to_string(&found).as_bytes(), 0o644)?;
    }
    Ok(())
}

/// Writes a file whole, in place of what was there, and the directories that lead to it.
///
/// # Errors
///
/// The disk's.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let new = path.with_extension("new");
    let mut file = std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    std::fs::rename(new, path)
}
