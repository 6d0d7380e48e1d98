//! The messengers.
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// A messenger (promise F1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Discord, by a bot's token.
    Discord,
    /// iMessage, by a Mac of the customer's.
    Imessage,
    /// Signal, by `signal-cli` on the box.
    Signal,
    /// Telegram, by a bot's token.
    Telegram,
    /// WhatsApp, as a linked device.
    Whatsapp,
}

/// The settings of a messenger, by OpenClaw's names in Terraform's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSettings {
    /// Whether it is on.
    #[serde(default = "on")]
    pub enabled: bool,
    /// Who may write to the bot. Without it: those of `allow_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dm_policy: Option<DmPolicy>,
    /// The senders who may, by the messenger's own ids. The first of them is the bot's owner.
    #[serde(default, deserialize_with = "senders", skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<String>,
    /// Which groups it answers in. Without it: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_policy: Option<GroupPolicy>,
    /// The senders whom it answers in groups.
    #[serde(default, deserialize_with = "senders", skip_serializing_if = "Vec::is_empty")]
    pub group_allow_from: Vec<String>,
    /// Signal: the bot's own number, such as `+15550001111`.
    #[serde(default, deserialize_with = "account", skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// iMessage: the Mac that `imsg` runs on, as `user@host`.
    #[serde(default, deserialize_with = "remote_host", skip_serializing_if = "Option::is_none")]
    pub remote_host: Option<String>,
}

/// Who may write to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DmPolicy {
    /// Those of `allow_from`; everybody else is told their own id and gets no further.
    Pairing,
    /// Those of `allow_from`.
    Allowlist,
    /// Everybody.
    Open,
    /// Nobody.
    Disabled,
}

/// Which groups the bot answers in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupPolicy {
    /// In those where somebody of `group_allow_from` mentions it.
    Allowlist,
    /// In every group that mentions it.
    Open,
    /// In none.
    #[default]
    Disabled,
}

/// What a channel is to OpenClaw, beyond its settings.
struct Nature {
    /// Where the reference to its token stands, if it has one.
    token: Option<&'static str>,
    /// What is always the same.
    fixed: fn() -> Value,
    /// A tool of its plugin that the owner needs.
    tool: Option<&'static str>,
}

impl Channel {
    /// All of them, sorted by name.
    pub const ALL: [Channel; 5] =
        [Channel::Discord, Channel::Imessage, Channel::Signal, Channel::Telegram, Channel::Whatsapp];

    /// OpenClaw's name of it, of its plugin, and of the kind of secret that holds its token.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Discord => "discord",
            Channel::Imessage => "imessage",
            Channel::Signal => "signal",
            Channel::Telegram => "telegram",
            Channel::Whatsapp => "whatsapp",
        }
    }

    fn nature(self) -> Nature {
        let nothing = || json!({});
        match self {
            Channel::Discord => Nature { token: Some("token"), fixed: nothing, tool: None },
            Channel::Telegram => Nature { token: Some("botToken"), fixed: nothing, tool: None },
            // The owner asks the bot on another channel for the code that links the account.
            Channel::Whatsapp => Nature { token: None, fixed: nothing, tool: Some("whatsapp_login") },
            Channel::Signal => Nature {
                token: None,
                fixed: || json!({ "transport": { "kind": "managed-native", "cliPath": "/opt/ampere/openclaw/signal-cli" } }),
                tool: None,
            },
            Channel::Imessage => {
                Nature { token: None, fixed: || json!({ "cliPath": "/opt/ampere/openclaw/imsg" }), tool: None }
            }
        }
    }

    pub(super) fn tool(self) -> Option<&'static str> {
        self.nature().tool
    }

    /// OpenClaw's settings of it. `key` makes the reference to a secret that the box has.
    pub(super) fn entry(self, settings: &ChannelSettings, key: impl Fn(&str) -> Option<Value>) -> Value {
        let nature = self.nature();
        let mut entry = (nature.fixed)();
        entry["enabled"] = json!(true);
        entry["configWrites"] = json!(false);
        let (policy, senders) = settings.direct();
        entry["dmPolicy"] = json!(policy);
        entry["allowFrom"] = json!(senders);
        self.groups(settings, &mut entry);
        if let Some(name) = nature.token
            && let Some(reference) = key(self.name())
        {
            entry[name] = reference;
        }
        if let Some(account) = &settings.account {
            entry["account"] = json!(account);
        }
        if let Some(host) = &settings.remote_host {
            entry["remoteHost"] = json!(host);
        }
        entry
    }

    /// Groups: never without a mention of the bot.
    fn groups(self, settings: &ChannelSettings, entry: &mut Value) {
        let policy = settings.group_policy.unwrap_or_default();
        entry["groupPolicy"] = json!(policy);
        if policy == GroupPolicy::Disabled {
            return;
        }
        let mentioned = json!({ "requireMention": true });
        if self == Channel::Discord {
            // Discord's groups are servers; who may speak is said for each.
            let mut guild = mentioned;
            if policy == GroupPolicy::Allowlist {
                guild["users"] = json!(settings.group_allow_from);
            }
            entry["guilds"] = json!({ "*": guild });
        } else {
            entry["groups"] = json!({ "*": mentioned });
            entry["groupAllowFrom"] = json!(settings.group_allow_from);
        }
    }
}

impl ChannelSettings {
    /// OpenClaw's policy for direct messages, with its senders. OpenClaw refuses an allow list of nobody, and an open door that
    /// is not said twice.
    fn direct(&self) -> (DmPolicy, Vec<&str>) {
        let senders = || self.allow_from.iter().map(String::as_str).collect();
        match self.dm_policy {
            Some(DmPolicy::Open) => (DmPolicy::Open, vec!["*"]),
            Some(DmPolicy::Disabled) => (DmPolicy::Disabled, Vec::new()),
            Some(DmPolicy::Pairing) => (DmPolicy::Pairing, senders()),
            Some(DmPolicy::Allowlist) if self.allow_from.is_empty() => (DmPolicy::Disabled, Vec::new()),
            None if self.allow_from.is_empty() => (DmPolicy::Pairing, Vec::new()),
            Some(DmPolicy::Allowlist) | None => (DmPolicy::Allowlist, senders()),
        }
    }

    /// The sender whose word is the owner's.
    pub(super) fn owner(&self) -> Option<&str> {
        self.allow_from.first().map(String::as_str).filter(|first| *first != "*")
    }

    /// What is wrong with it as settings of `channel`.
    pub(super) fn flaw(&self, channel: Channel) -> Option<&'static str> {
        if self.account.is_some() && channel != Channel::Signal {
            return Some("account is a setting of signal");
        }
        (self.remote_host.is_some() && channel != Channel::Imessage).then_some("remote_host is a setting of imessage")
    }
}

impl Default for ChannelSettings {
    fn default() -> ChannelSettings {
        ChannelSettings {
            enabled: true,
            dm_policy: None,
            allow_from: Vec::new(),
            group_policy: None,
            group_allow_from: Vec::new(),
            account: None,
            remote_host: None,
        }
    }
}

fn on() -> bool {
    true
}

/// Ids of senders: OpenClaw writes them into its messages and its log.
fn senders<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let senders = Vec::<String>::deserialize(deserializer)?;
    let is_id = |id: &String| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if senders.len() > 1000 || !senders.iter().all(is_id) {
        return Err(serde::de::Error::custom("a sender is the messenger's id of 1 to 128 signs"));
    }
    Ok(senders)
}

/// A number by E.164. `signal-cli` gets it as an argument.
fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let account = Option::<String>::deserialize(deserializer)?;
    let is_number = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or_default();
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match account {
        Some(text) if !is_number(&text) => Err(serde::de::Error::custom("account is a number such as +15550001111")),
        account => Ok(account),
    }
}

/// `user@host`, of which neither can be taken for an option of ssh.
fn remote_host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let host = Option::<String>::deserialize(deserializer)?;
    let is_word = |text: &str| {
        (1..=128).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    match host {
        Some(text) if !text.split_once('@').is_some_and(|(user, host)| is_word(user) && is_word(host)) => {
            Err(serde::de::Error::custom("remote_host is written as user@host"))
        }
        host => Ok(host),
    }
}
