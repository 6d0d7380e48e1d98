//! What a bundle may set.
use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Channel, ChannelSettings, Model, ToolsProfile, Version};

/// What a bundle may set. What has no field here cannot be set, and a field that is not known is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which OpenClaw runs.
    pub openclaw: Version,
    /// The model.
    pub model: Model,
    /// What the bot may do besides talking.
    #[serde(default)]
    pub tools: ToolsProfile,
    /// The messengers.
    #[serde(default, deserialize_with = "checked")]
    pub channels: BTreeMap<Channel, ChannelSettings>,
}

impl Settings {
    /// Settings for tests and examples.
    #[doc(hidden)]
    pub fn example() -> Settings {
        Settings {
            openclaw: super::DEFAULT.version(),
            model: Model::example(),
            tools: ToolsProfile::default(),
            channels: BTreeMap::from([(Channel::Telegram, ChannelSettings::default())]),
        }
    }
}

/// Channels, each with settings that are its own.
fn checked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Channel, ChannelSettings>, D::Error> {
    let channels = BTreeMap::<Channel, ChannelSettings>::deserialize(deserializer)?;
    match channels.iter().find_map(|(channel, settings)| settings.flaw(*channel)) {
        Some(flaw) => Err(D::Error::custom(flaw)),
        None => Ok(channels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(change: impl FnOnce(&mut Value)) -> Result<Settings, String> {
        let mut text = json!({
            "openclaw": { "version": "2026.9.6", "lock": "EXAMPLE" },
            "model": "anthropic/claude-sonnet-4-6",
            "tools": "messaging",
            "channels": { "signal": { "account": "+15550001111", "allow_from": ["+15551234567"] } },
        });
        change(&mut text);
        serde_json::from_value(text).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_survive_their_text() {
        let settings = read(|_| ()).unwrap();
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(
            read(|text| drop(text.as_object_mut().unwrap().remove("tools"))).unwrap().tools,
            ToolsProfile::Messaging
        );
    }

    #[test]
    fn s4_n1_n2_a_bundle_has_no_word_for_the_gateway_a_url_or_a_proxy() {
        for name in ["gateway", "models", "baseUrl", "base_url", "proxy", "plugins", "secrets", "env", "update"] {
            let refused = read(|text| text[name] = json!({ "bind": "lan" })).unwrap_err();
            assert!(refused.contains("unknown field"), "{name}: {refused}");
        }
        let routes = [
            "apiRoot",
            "api_root",
            "proxy",
            "webhookUrl",
            "url",
            "transport",
            "cliPath",
            "token",
            "botToken",
            "tokenFile",
        ];
        for name in routes {
            let refused = read(|text| text["channels"]["signal"][name] = json!("http://127.0.0.1:1")).unwrap_err();
            assert!(refused.contains("unknown field"), "{name}: {refused}");
        }
        for channel in ["slack", "webhooks", "defaults", "a2a"] {
            assert!(read(|text| text["channels"][channel] = json!({})).unwrap_err().contains("unknown variant"));
        }
    }

    #[test]
    fn a_setting_of_one_channel_is_not_another_ones() {
        assert!(read(|text| text["channels"]["telegram"] = json!({ "account": "+15550001111" })).is_err());
        assert!(read(|text| text["channels"]["signal"]["remote_host"] = json!("ada@mac.example.com")).is_err());
        assert!(read(|text| text["channels"]["imessage"] = json!({ "remote_host": "ada@mac.example.com" })).is_ok());
    }

    #[test]
    fn what_would_be_an_option_of_a_program_is_no_host_and_no_account() {
        for host in ["-oProxyCommand=sh@x", "ada@-oProxyCommand=sh", "ada@mac example", "mac.example.com", "ada@mac:22"]
        {
            assert!(read(|text| text["channels"]["imessage"] = json!({ "remote_host": host })).is_err(), "{host}");
        }
        for account in ["--config", "15550001111", "+1555 000", "+1", ""] {
            assert!(read(|text| text["channels"]["signal"]["account"] = json!(account)).is_err(), "{account}");
        }
        for sender in ["", "a\nb", "\u{202e}1"] {
            assert!(read(|text| text["channels"]["signal"]["allow_from"] = json!([sender])).is_err(), "{sender:?}");
        }
    }
}
