//! What the bot may do besides talking.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the bot may do besides talking: OpenClaw's tool profiles.
///
/// Whatever is chosen, the bot may not change OpenClaw's own configuration, plugins or version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolsProfile {
    /// Nothing.
    Minimal,
    /// Send messages and keep conversations. No files, no commands, no web.
    #[default]
    Messaging,
    /// Files of its workspace, the web, and commands that the owner approves one by one.
    Coding,
    /// Everything that OpenClaw has, commands included. Whoever can talk to the bot can do on the box what OpenClaw's user can,
    /// and that is to read its keys.
    Full,
}

/// OpenClaw's `tools`. `also` are tools of plugins that a channel needs.
pub(super) fn tools(profile: ToolsProfile, also: &[&str]) -> Value {
    let talking = ["group:runtime", "group:fs", "sessions_spawn", "sessions_send"];
    let (name, security, ask, denied): (_, _, _, &[&str]) = match profile {
        ToolsProfile::Minimal => ("minimal", "deny", "always", &talking),
        ToolsProfile::Messaging => ("messaging", "deny", "always", &talking),
        ToolsProfile::Coding => ("coding", "allowlist", "on-miss", &[]),
        ToolsProfile::Full => ("full", "full", "off", &[]),
    };
    // Its own configuration, plugins and version are not the bot's to change: they come in bundles.
    let denied: Vec<&str> = ["group:automation"].iter().chain(denied).copied().collect();
    let mut tools = json!({
        "profile": name,
        "deny": denied,
        "fs": { "workspaceOnly": true },
        "exec": { "security": security, "ask": ask },
        "elevated": { "enabled": false },
        "sessions": { "visibility": "agent" },
        "agentToAgent": { "enabled": false },
    });
    if !also.is_empty() {
        tools["alsoAllow"] = json!(also);
    }
    tools
}
