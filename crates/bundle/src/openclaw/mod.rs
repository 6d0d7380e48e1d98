//! OpenClaw's settings: everything that a bundle may change about it, and the configuration that is made of them.
//!
//! [`Settings`] is the allow-list. It has no field for a gateway setting, a URL, a proxy, an endpoint, a plugin or a path, so no
//! bundle can set one, whoever made it (promises S4, N1, N2). [`configuration`] makes the whole `openclaw.json` of it; keys stand
//! there by reference only, and OpenClaw asks the resolver for them.
//!
//! ```
//! use ampere_bundle::openclaw::{Settings, configuration};
//! use std::path::Path;
//!
//! let settings: Settings = serde_json::from_str(
//!     r#"{
//!         "openclaw": { "version": "2026.9.6", "lock": "EXAMPLE" },
//!         "model": "anthropic/claude-sonnet-4-6",
//!         "channels": { "telegram": { "allow_from": ["123456789"] } }
//!     }"#,
//! )?;
//! let resolver = Path::new("/opt/ampere/openclaw/ampere-resolver");
//! let configuration = configuration(&settings, resolver, ["anthropic", "telegram"]);
//! assert_eq!(configuration["gateway"]["bind"], "loopback");
//! assert_eq!(configuration["channels"]["telegram"]["botToken"]["id"], "telegram");
//! # Ok::<(), serde_json::Error>(())
//! ```
mod channels;
mod configuration;
mod model;
mod providers;
mod release;
mod settings;
mod tools;

pub use channels::{Channel, ChannelSettings, DmPolicy, GroupPolicy};
pub use configuration::{GATEWAY_TOKEN, configuration};
pub use model::{InvalidModel, Model};
pub use providers::{MODEL_PROVIDERS, ModelProvider};
pub use release::{DEFAULT, RELEASES, Release, Version};
pub use settings::Settings;
pub use tools::ToolsProfile;
