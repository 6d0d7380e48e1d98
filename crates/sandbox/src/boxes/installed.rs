//! Which versions a box runs: what its user data has cloud-init install, later what its agent asks root for.

use std::path::Path;

use serde_json::Value;

/// What cloud-init is told to install, as variables of the shell.
const PINS: &str = "etc/ampere/pins";
/// What the agent asks for when a bundle names another version.
const WANTED: &str = "run/ampere/upgrade";
/// What is installed since then.
const CURRENT: &str = "opt/openclaw/current";

/// The version of OpenClaw; none where nothing says what to install.
pub(crate) fn openclaw(root: &Path) -> Option<String> {
    std::fs::read_to_string(root.join(CURRENT)).ok().or_else(|| pinned(root, "OPENCLAW_VERSION"))
}

/// The version of Node.js, likewise.
pub(crate) fn node(root: &Path) -> Option<String> {
    pinned(root, "NODE_VERSION")
}

fn pinned(root: &Path, name: &str) -> Option<String> {
    let pins = std::fs::read_to_string(root.join(PINS)).ok()?;
    let value = pins.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('\'').to_owned())
}

/// Installs what the agent has asked for; whether that is something new.
///
/// # Errors
///
/// The disk's.
pub(crate) fn upgrade(root: &Path) -> std::io::Result<bool> {
    let Ok(text) = std::fs::read(root.join(WANTED)) else { return Ok(false) };
    let wanted = serde_json::from_slice::<Value>(&text).ok();
    let Some(wanted) = wanted.as_ref().and_then(|wanted| wanted["version"].as_str()) else { return Ok(false) };
    if openclaw(root).as_deref() == Some(wanted) {
        return Ok(false);
    }
    super::files::write(&root.join(CURRENT), wanted.as_bytes(), 0o644)?;
    Ok(true)
}
