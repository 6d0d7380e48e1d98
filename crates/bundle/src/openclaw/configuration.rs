//! The whole `openclaw.json`.
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::tools::tools;
use super::{Channel, ChannelSettings, ModelProvider, Settings};

/// The id under which OpenClaw asks the resolver for its gateway's token, which the box makes for itself.
pub const GATEWAY_TOKEN: &str = "gateway/token";

/// OpenClaw's plugin for the bot's memory.
const MEMORY: &str = "memory-core";

/// OpenClaw's name of the resolver.
const RESOLVER: &str = "ampere";

/// The whole `openclaw.json`: what `settings` say, and everything that no bundle can change.
///
/// `resolver` is the program that OpenClaw asks for secrets. `secrets` are the ids that the box has: what is not there is not
/// referred to, since OpenClaw does not start with a reference that leads nowhere. The same input gives the same text.
pub fn configuration<'a>(settings: &Settings, resolver: &Path, secrets: impl IntoIterator<Item = &'a str>) -> Value {
    let secrets: BTreeSet<&str> = secrets.into_iter().collect();
    let key = |id: &str| secrets.contains(id).then(|| reference(id));
    let channels = || settings.channels.iter().filter(|(_, settings)| settings.enabled);
    let also: Vec<&str> = channels().filter_map(|(channel, _)| channel.tool()).collect();
    let entries: Map<String, Value> =
        channels().map(|(channel, settings)| (channel.name().into(), channel.entry(settings, key))).collect();
    json!({
        // Nobody outside the box can reach it, and nobody on the box without the token (promise S4).
        "gateway": {
            "mode": "local",
            "bind": "loopback",
            "port": 18789,
            "auth": { "mode": "token", "token": reference(GATEWAY_TOKEN) },
            "controlUi": { "enabled": false },
            "terminal": { "enabled": false },
            "tailscale": { "mode": "off" },
        },
        "secrets": {
            "providers": { RESOLVER: { "source": "exec", "command": resolver, "timeoutMs": 10_000 } },
            "defaults": { "exec": RESOLVER },
        },
        "agents": { "defaults": {
            "model": { "primary": settings.model.to_string() },
            // Titles and the like would be another model's, that nobody chose.
            "utilityModel": "",
            "workspace": "~/.openclaw/workspace",
            // It would call the model every half hour, at the customer's cost.
            "heartbeat": { "every": "0m" },
        } },
        "models": { "providers": providers(settings, &secrets), "catalogRefresh": { "enabled": false } },
        "channels": entries,
        "plugins": plugins(settings, &secrets, channels()),
        "tools": tools(settings.tools, &also),
        "commands": commands(channels()),
        // Two people who write to the bot do not see each other's conversations.
        "session": { "dmScope": "per-channel-peer" },
        // It would want a model for embeddings, from the network.
        "memory": { "search": { "enabled": false } },
        "logging": { "level": "info", "file": "~/.openclaw/logs/gateway.log" },
        // Nothing that speaks of the box to others: versions come in bundles.
        "update": { "checkOnStart": false, "auto": { "enabled": false } },
        "telemetry": { "enabled": false },
        "discovery": { "mdns": { "mode": "off" } },
        "browser": { "enabled": false },
    })
}

/// A secret, by reference.
fn reference(id: &str) -> Value {
    json!({ "source": "exec", "provider": RESOLVER, "id": id })
}

/// The providers whose keys the box has, so that the owner may change the model in a conversation, and the model's own.
fn used<'a>(settings: &Settings, secrets: &'a BTreeSet<&str>) -> impl Iterator<Item = &'static ModelProvider> + 'a {
    let main = settings.model.provider();
    let others = secrets.iter().filter_map(|id| ModelProvider::named(id)).filter(move |other| *other != main);
    std::iter::once(main).chain(others)
}

fn providers(settings: &Settings, secrets: &BTreeSet<&str>) -> Map<String, Value> {
    let entry = |provider: &'static ModelProvider| {
        let model = (provider == settings.model.provider()).then(|| settings.model.id());
        let key = secrets.contains(provider.name).then(|| reference(provider.name));
        Some((provider.name.to_owned(), provider.entry(model, key)?))
    };
    used(settings, secrets).filter_map(entry).collect()
}

/// The plugins that are needed. No other is loaded, though OpenClaw's package has some sixty.
fn plugins<'a>(
    settings: &Settings,
    secrets: &BTreeSet<&str>,
    channels: impl Iterator<Item = (&'a Channel, &'a ChannelSettings)>,
) -> Value {
    let channels: Vec<&str> = channels.map(|(channel, _)| channel.name()).collect();
    let mut allowed: BTreeSet<&str> = used(settings, secrets).filter_map(ModelProvider::plugin).collect();
    allowed.extend(&channels);
    allowed.insert(MEMORY);
    // One that comes from outside the package stays stopped unless it is named here, too.
    let mut entries: Map<String, Value> =
        channels.iter().map(|channel| ((*channel).to_owned(), json!({ "enabled": true }))).collect();
    // It would call the model every night, at the customer's cost.
    entries.insert(MEMORY.into(), json!({ "config": { "dreaming": { "enabled": false } } }));
    json!({ "allow": allowed, "entries": entries })
}

/// What can be ordered in a conversation, and by whom.
fn commands<'a>(channels: impl Iterator<Item = (&'a Channel, &'a ChannelSettings)>) -> Value {
    let owner = |(channel, settings): (&Channel, &ChannelSettings)| {
        settings.owner().map(|owner| format!("{}:{owner}", channel.name()))
    };
    json!({
        "ownerAllowFrom": channels.filter_map(owner).collect::<Vec<_>>(),
        "bash": false,
        "config": false,
        "debug": false,
        "mcp": false,
        "plugins": false,
        "restart": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openclaw::{MODEL_PROVIDERS, Model, ToolsProfile};

    fn of(change: impl FnOnce(&mut Settings), secrets: &[&'static str]) -> Value {
        let mut settings = Settings::example();
        change(&mut settings);
        configuration(&settings, Path::new("/opt/ampere/openclaw/ampere-resolver"), secrets.iter().copied())
    }

    fn channel(text: &str) -> ChannelSettings {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn s4_the_gateway_is_on_loopback_behind_a_token() {
        let gateway = of(|_| (), &[])["gateway"].clone();
        assert_eq!((&gateway["bind"], &gateway["auth"]["mode"]), (&json!("loopback"), &json!("token")));
        assert_eq!(gateway["auth"]["token"], json!({ "source": "exec", "provider": "ampere", "id": "gateway/token" }));
    }

    #[test]
    fn n2_the_only_urls_are_the_providers_own() {
        for provider in MODEL_PROVIDERS {
            let model = Model::try_from(format!("{provider}/m1")).unwrap();
            let mut configuration = of(|settings| settings.model = model, &[provider, "telegram"]);
            let entry = &mut configuration["models"]["providers"][provider];
            assert_eq!(entry["apiKey"]["id"], provider);
            entry.as_object_mut().unwrap().remove("baseUrl");
            assert!(!configuration.to_string().contains("://"), "{provider}: {configuration}");
        }
    }

    #[test]
    fn keys_stand_there_by_reference_and_only_those_that_the_box_has() {
        let with = of(|_| (), &["anthropic", "groq", "openai", "telegram", "generic/NAME"]);
        assert_eq!(
            with["models"]["providers"].as_object().unwrap().keys().collect::<Vec<_>>(),
            ["anthropic", "openai"]
        );
        assert_eq!(with["models"]["providers"]["openai"]["agentRuntime"]["id"], "openclaw");
        assert_eq!(with["channels"]["telegram"]["botToken"]["id"], "telegram");
        let without = of(|_| (), &[]);
        assert_eq!(without["models"]["providers"], json!({}));
        assert_eq!(without["channels"]["telegram"].get("botToken"), None);
    }

    #[test]
    fn who_may_write_to_the_bot() {
        let direct = |text: &str| {
            let settings = channel(text);
            let entry = Channel::Telegram.entry(&settings, |_| None);
            format!("{} {}", entry["dmPolicy"].as_str().unwrap(), entry["allowFrom"])
        };
        assert_eq!(direct("{}"), "pairing []");
        assert_eq!(direct(r#"{"allow_from":["1"]}"#), r#"allowlist ["1"]"#);
        assert_eq!(direct(r#"{"dm_policy":"allowlist"}"#), "disabled []");
        assert_eq!(direct(r#"{"dm_policy":"open","allow_from":["1"]}"#), r#"open ["*"]"#);
        assert_eq!(direct(r#"{"dm_policy":"disabled","allow_from":["1"]}"#), "disabled []");
    }

    #[test]
    fn the_owner_is_the_first_sender_of_each_channel_and_never_everybody() {
        let commands = of(
            |settings| {
                settings.channels.insert(Channel::Telegram, channel(r#"{"allow_from":["1","2"]}"#));
                settings.channels.insert(Channel::Discord, channel(r#"{"allow_from":["*"],"dm_policy":"open"}"#));
            },
            &[],
        )["commands"]
            .clone();
        assert_eq!(commands["ownerAllowFrom"], json!(["telegram:1"]));
    }

    #[test]
    fn only_channels_that_are_on_are_there_and_only_needed_plugins_are_loaded() {
        let configuration = of(
            |settings| {
                settings.channels.insert(Channel::Discord, channel(r#"{"enabled":false}"#));
                settings.channels.insert(Channel::Whatsapp, channel("{}"));
            },
            &["anthropic"],
        );
        assert_eq!(configuration["channels"].as_object().unwrap().keys().collect::<Vec<_>>(), ["telegram", "whatsapp"]);
        assert_eq!(configuration["plugins"]["allow"], json!(["anthropic", "memory-core", "telegram", "whatsapp"]));
        assert_eq!(configuration["tools"]["alsoAllow"], json!(["whatsapp_login"]));
    }

    #[test]
    fn the_bot_never_changes_what_comes_in_bundles() {
        for profile in [ToolsProfile::Minimal, ToolsProfile::Messaging, ToolsProfile::Coding, ToolsProfile::Full] {
            let tools = of(|settings| settings.tools = profile, &[])["tools"].clone();
            assert_eq!(tools["deny"][0], "group:automation", "{profile:?}");
            assert_eq!(tools["elevated"]["enabled"], false, "{profile:?}");
        }
        assert_eq!(of(|_| (), &[])["tools"]["exec"]["security"], "deny");
    }
}
