//! The files that cloud-init writes.
use std::borrow::Cow;
use std::fmt::Write;

use ampere_bundle::installed::paths;
use serde_json::json;

use super::input::{FirstBoot, FirstBootError};

/// One file of the box, owned by root.
pub(super) struct File {
    pub path: String,
    pub permissions: &'static str,
    pub content: Cow<'static, str>,
}

/// Below which directory of the box a folder of this crate goes, and with which permissions.
macro_rules! folder {
    ($permissions:literal, $into:literal, $from:literal: $($name:literal),+ $(,)?) => {
        &[$(($permissions, concat!($into, $name), include_str!(concat!($from, $name)))),+]
    };
}

type Fixed = &'static [(&'static str, &'static str, &'static str)];

/// What the steps of the first boot, and later ones, run.
pub(super) const SCRIPTS: Fixed = folder!("0755", "/opt/ampere/lib/", "scripts/":
    "apply-bundle", "audit-openclaw", "first-boot", "identify", "install-agent", "install-node", "install-openclaw",
    "install-packages", "install-plugins", "link-whatsapp", "lock-down", "make-users", "openclaw", "swap-on", "upgrade-openclaw",
    "wake-gateway",
);

pub(super) const UNITS: Fixed = folder!("0644", "/etc/systemd/system/", "units/":
    "ampere-agent.service", "ampere-first-boot.service", "ampere-identity.service", "ampere-inspect.service",
    "ampere-inspect.timer", "ampere-swap.service", "openclaw-apply.path", "openclaw-apply.service",
    "openclaw-audit.service", "openclaw-audit.timer", "openclaw-gateway.service", "openclaw-link.service",
    "openclaw-upgrade.path",
    "openclaw-upgrade.service",
);

const SETTINGS: Fixed = &[
    ("0644", "/etc/nftables.conf", include_str!("settings/nftables.conf")),
    ("0644", "/etc/tmpfiles.d/ampere.conf", include_str!("settings/tmpfiles.conf")),
    ("0644", "/etc/systemd/resolved.conf.d/ampere.conf", include_str!("settings/resolved.conf")),
    ("0644", "/etc/apt/apt.conf.d/52ampere", include_str!("settings/auto-upgrades")),
];

/// The files that every box has alike.
pub(super) fn fixed() -> impl Iterator<Item = File> {
    SCRIPTS.iter().chain(UNITS).chain(SETTINGS).map(|&(permissions, path, content)| File {
        path: path.to_owned(),
        permissions,
        content: content.into(),
    })
}

/// The files in which boxes differ.
pub(super) fn of(input: &FirstBoot<'_>) -> Result<Vec<File>, FirstBootError> {
    let agent = json!(input.agent);
    let ports: Vec<String> = input.ports()?.iter().map(u16::to_string).collect();
    let file =
        |path: &str, permissions, content: String| File { path: path.to_owned(), permissions, content: content.into() };
    Ok(vec![
        file(paths::SETTINGS, "0644", format!("{agent}\n")),
        file("/etc/ampere/agent-ports.nft", "0644", format!("define agent_ports = {{ {} }}\n", ports.join(", "))),
        file("/etc/ampere/pins", "0644", pins(input)),
        file(paths::TOKEN, "0600", input.token.to_owned()),
    ])
}

/// What is to be installed, as variables of the shell. No value holds a quote: [`FirstBoot::check`] saw to it.
fn pins(input: &FirstBoot<'_>) -> String {
    let values = [
        ("AGENT_URL", input.agent_program.url.clone()),
        ("AGENT_SHA256", input.agent_program.sha256.clone()),
        ("RESOLVER_URL", input.resolver_program.url.clone()),
        ("RESOLVER_SHA256", input.resolver_program.sha256.clone()),
        ("NODE_MIRROR", input.node_mirror.trim_end_matches('/').to_owned()),
        ("NODE_VERSION", input.node.version.clone()),
        ("NODE_SHA256_AMD64", input.node.sha256_amd64.clone()),
        ("NODE_SHA256_ARM64", input.node.sha256_arm64.clone()),
        ("NPM_REGISTRY", input.npm_registry.trim_end_matches('/').to_owned()),
        ("OPENCLAW_VERSION", input.openclaw.version.to_owned()),
        ("OPENCLAW_LOCK", input.openclaw.lock.to_owned()),
        ("LOCKS_URL", input.locks.trim_end_matches('/').to_owned()),
    ];
    values.into_iter().fold(String::new(), |mut text, (name, value)| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}='{value}'");
        text
    })
}
