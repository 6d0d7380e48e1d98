//! OpenClaw's settings: everything that a bundle may change about it, and the configuration that is made of them.
use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a bundle may set. What has no field here cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which OpenClaw runs.
    pub openclaw: Version,
    /// The model, as `provider/model`.
    pub model: String,
    /// What the bot's tools may do.
    pub tools: ToolsProfile,
    /// The messengers that are on.
    pub channels: BTreeMap<Channel, ChannelSettings>,
}

impl Settings {
    /// Settings for tests and examples.
    #[doc(hidden)]
    pub fn example() -> Settings {
        Settings {
            openclaw: Version { version: "2026.9.6".into(), integrity: "sha512-EXAMPLE".into() },
            model: "anthropic/claude-sonnet-4-6".into(),
            tools: ToolsProfile::Messaging,
            channels: BTreeMap::from([(Channel::Telegram, ChannelSettings::default())]),
        }
    }
}

/// A release of OpenClaw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// npm's version, such as `2026.9.6`.
    pub version: String,
    /// npm's integrity of the package, `sha512-…`.
    pub integrity: String,
}

/// What the bot's tools may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolsProfile {
    /// Talk, and nothing else.
    Messaging,
}

/// A messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Telegram.
    Telegram,
}

/// The settings of a messenger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Who may write to the bot.
    #[serde(default)]
    pub allow_from: Vec<String>,
}

/// The whole `openclaw.json`, with secrets by reference to the program `resolver`.
pub fn configuration(settings: &Settings, resolver: &Path) -> serde_json::Value {
    let secret = |id: &str| serde_json::json!({ "source": "exec", "provider": "ampere", "id": id });
    serde_json::json!({
        "gateway": { "mode": "local", "bind": "loopback", "auth": { "mode": "token", "token": secret("gateway/token") } },
        "secrets": { "providers": { "ampere": { "source": "exec", "command": resolver } } },
        "agents": { "defaults": { "model": settings.model } },
    })
}
