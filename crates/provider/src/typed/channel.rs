//! Channels of an instance.
use ampere_lang::value::Value;

/// A messenger that OpenClaw speaks (promise F1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Messenger {
    /// Telegram
    Telegram,
    /// Discord
    Discord,
    /// WhatsApp
    WhatsApp,
    /// Signal
    Signal,
    /// iMessage
    IMessage,
}

impl Messenger {
    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Messenger::Telegram => "telegram",
            Messenger::Discord => "discord",
            Messenger::WhatsApp => "whatsapp",
            Messenger::Signal => "signal",
            Messenger::IMessage => "imessage",
        }
    }
}

/// Settings of a channel. Without any, the channel is on with OpenClaw's safe defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    texts: Vec<(&'static str, String)>,
    lists: Vec<(&'static str, Vec<String>)>,
}

impl Channel {
    /// A channel without settings.
    pub fn new() -> Channel {
        Channel::default()
    }

    /// Who may write to the bot: ids or numbers of the messenger.
    pub fn allow_from<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Channel {
        self.lists.push(("allow_from", ids.into_iter().map(Into::into).collect()));
        self
    }

    /// What is done with direct messages of others: `pairing`, `allowlist`, `open` or `disabled`.
    pub fn dm_policy(mut self, policy: impl Into<String>) -> Channel {
        self.texts.push(("dm_policy", policy.into()));
        self
    }

    /// What is done with groups: `allowlist`, `open` or `disabled`.
    pub fn group_policy(mut self, policy: impl Into<String>) -> Channel {
        self.texts.push(("group_policy", policy.into()));
        self
    }

    /// The phone number of the bot (Signal).
    pub fn account(mut self, number: impl Into<String>) -> Channel {
        self.texts.push(("account", number.into()));
        self
    }

    /// The Mac that runs `imsg`, as `user@host` (iMessage).
    pub fn remote_host(mut self, host: impl Into<String>) -> Channel {
        self.texts.push(("remote_host", host.into()));
        self
    }

    pub(super) fn value(self) -> Value {
        let texts = self.texts.into_iter().map(|(name, text)| (name, Value::string(text)));
        let lists = self.lists.into_iter().map(|(name, items)| (name, Value::tuple(items.iter().map(Value::string))));
        Value::object(texts.chain(lists))
    }
}
