//! The `channels` argument: which messengers the bot listens to, and to whom (promise F1).
use ampere_lang::diagnostic::{Diagnostic, Diagnostics};
use ampere_lang::value::{Path, Step, Value};

use crate::secret::CHANNELS;

/// What a setting must be.
#[derive(Clone, Copy)]
enum Shape {
    Bool,
    Text,
    Texts,
    OneOf(&'static [&'static str]),
}

/// Settings of every channel. The names are OpenClaw's, in Terraform's spelling.
const SETTINGS: &[(&str, Shape)] = &[
    ("enabled", Shape::Bool),
    ("dm_policy", Shape::OneOf(&["pairing", "allowlist", "open", "disabled"])),
    ("allow_from", Shape::Texts),
    ("group_policy", Shape::OneOf(&["allowlist", "open", "disabled"])),
    ("group_allow_from", Shape::Texts),
];

/// Settings of one channel.
const OWN: &[(&str, &str, Shape)] = &[("signal", "account", Shape::Text), ("imessage", "remote_host", Shape::Text)];

/// Names under which people look for a place for a key.
const SECRET_NAMES: &[&str] = &["token", "bot_token", "app_token", "api_key", "key", "password", "secret"];

/// Names that would put something between the messenger and the box.
const ROUTE_NAMES: &[&str] = &["url", "base_url", "api_url", "endpoint", "proxy", "webhook", "webhook_url", "api_root"];

/// The channels that are on, sorted.
pub(crate) fn enabled(channels: &Value) -> Vec<String> {
    let on = |settings: &Value| !settings.is_null() && settings.get("enabled").and_then(|v| v.as_bool()) != Some(false);
    let entries = channels.entries().into_iter().flatten();
    entries.filter(|(_, settings)| on(settings)).map(|(name, _)| name.to_string()).collect()
}

/// Findings about the channels of a configuration.
pub(crate) fn validate(channels: &Value) -> Diagnostics {
    let mut findings = Diagnostics::new();
    if channels.is_null() || !channels.is_known() {
        return findings;
    }
    let at = Path::attribute("channels");
    let Some(entries) = channels.entries() else {
        let detail = "channels is an object: channels = { telegram = {}, discord = {} }.";
        findings.push(Diagnostic::error("Invalid channels", detail).of_attribute(at));
        return findings;
    };
    for (channel, settings) in entries {
        let at = at.join(Step::Attribute(channel.clone()));
        if !CHANNELS.contains(&&**channel) {
            let detail = format!("There is no such channel. Channels are: {}.", CHANNELS.join(", "));
            findings.push(Diagnostic::error("Unknown channel", detail).of_attribute(at));
            continue;
        }
        if settings.is_null() || !settings.is_known() {
            continue;
        }
        let Some(settings) = settings.entries() else {
            let detail = format!("Settings of {channel} are an object, {{}} at the least.");
            findings.push(Diagnostic::error("Invalid channel", detail).of_attribute(at));
            continue;
        };
        for (name, value) in settings {
            findings.extend(setting(channel, name, value).map(|finding| finding.of_attribute(at.clone())));
        }
    }
    findings
}

/// The finding about one setting, if there is one.
fn setting(channel: &str, name: &str, value: &Value) -> Option<Diagnostic> {
    if SECRET_NAMES.contains(&name) {
        let detail = format!(
            "A {channel} token does not belong here. Make an ampere_secret of kind {channel:?} and list its id in secrets."
        );
        return Some(Diagnostic::error("Secret in the channel settings", detail).concealed().for_promise("S1"));
    }
    if ROUTE_NAMES.contains(&name) {
        let detail = format!(
            "{name} would send messages of {channel} another way. They go between the messenger and the instance directly, \
             and nothing may stand between them."
        );
        return Some(Diagnostic::error("Channel may not be rerouted", detail).for_promise("N1"));
    }
    let own = OWN.iter().filter(|(of, _, _)| *of == channel).map(|(_, name, shape)| (*name, *shape));
    let known: Vec<(&str, Shape)> = SETTINGS.iter().copied().chain(own).collect();
    let Some((_, shape)) = known.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let detail = format!("{channel} has no setting {name}. Settings are: {}.", names.join(", "));
        return Some(Diagnostic::error("Unknown channel setting", detail));
    };
    if value.is_null() || !value.is_known() || fits(*shape, value) {
        return None;
    }
    let wanted = match shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Text => "a text".to_owned(),
        Shape::Texts => "a list of texts, such as [\"123456789\"]".to_owned(),
        Shape::OneOf(choices) => format!("one of {}", choices.join(", ")),
    };
    Some(Diagnostic::error("Invalid channel setting", format!("{name} of {channel} is {wanted}.")))
}

fn fits(shape: Shape, value: &Value) -> bool {
    let text = |value: &Value| value.as_str().is_some() || !value.is_known();
    match shape {
        Shape::Bool => value.as_bool().is_some(),
        Shape::Text => text(value),
        Shape::Texts => value.elements().is_some_and(|items| items.iter().all(text)),
        Shape::OneOf(choices) => value.as_str().is_some_and(|given| choices.contains(&given)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(channel: &'static str, setting: &'static str, value: Value) -> Vec<String> {
        let channels = Value::object([(channel, Value::object([(setting, value)]))]);
        validate(&channels).iter().map(|finding| finding.summary.clone()).collect()
    }

    #[test]
    fn settings_are_checked_by_name_and_shape() {
        let ids = Value::tuple([Value::string("123")]);
        assert!(one("telegram", "allow_from", ids.clone()).is_empty());
        assert!(one("signal", "account", Value::string("+15550001111")).is_empty());
        assert_eq!(one("telegram", "account", Value::string("x")), ["Unknown channel setting"]);
        assert_eq!(one("telegram", "allow_from", Value::string("123")), ["Invalid channel setting"]);
        assert_eq!(one("telegram", "dm_policy", Value::string("everyone")), ["Invalid channel setting"]);
        assert_eq!(one("telegramm", "allow_from", ids), ["Unknown channel"]);
    }

    #[test]
    fn n1_s1_neither_a_route_nor_a_token_has_a_place_here() {
        assert_eq!(one("discord", "proxy", Value::string("http://x")), ["Channel may not be rerouted"]);
        assert_eq!(one("discord", "token", Value::string("dc-EXAMPLE")), ["Secret in the channel settings"]);
    }

    #[test]
    fn a_channel_is_on_unless_it_says_otherwise() {
        let off = Value::object([("enabled", Value::bool(false))]);
        let channels = Value::object([("telegram", Value::object::<&str>([])), ("discord", off)]);
        assert_eq!(enabled(&channels), ["telegram"]);
    }
}
