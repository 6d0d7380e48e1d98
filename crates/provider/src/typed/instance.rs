//! `ampere_instance`.
use std::collections::BTreeMap;

use ampere_lang::syntax::ast::Expr;
use ampere_lang::value::Value;

use super::channel::{Channel, Messenger};
use super::input::{Input, Typed, tuple};

/// A customer's own server that runs OpenClaw.
///
/// Location, server type and model must be given; what is left out is reported by the plan, as it is for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    account: Input,
    subscription: Input,
    settings: BTreeMap<&'static str, Input>,
    channels: BTreeMap<Messenger, Channel>,
    secrets: Vec<Input>,
}

impl Instance {
    /// An instance of an account, paid by a subscription.
    pub fn new(account: impl Into<Input>, subscription: impl Into<Input>) -> Instance {
        Instance {
            account: account.into(),
            subscription: subscription.into(),
            settings: BTreeMap::new(),
            channels: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    fn set(mut self, name: &'static str, value: impl Into<Input>) -> Instance {
        self.settings.insert(name, value.into());
        self
    }

    /// Where it stands, e.g. `nbg1`.
    pub fn location(self, location: impl Into<Input>) -> Instance {
        self.set("location", location)
    }

    /// Its size, e.g. `cx23`.
    pub fn server_type(self, server_type: impl Into<Input>) -> Instance {
        self.set("server_type", server_type)
    }

    /// The model, as `provider/model`.
    pub fn model(self, model: impl Into<Input>) -> Instance {
        self.set("model", model)
    }

    /// Another version of OpenClaw than the one this version of Ampere was made with.
    pub fn openclaw_version(self, version: impl Into<Input>) -> Instance {
        self.set("openclaw_version", version)
    }

    /// With a messenger.
    pub fn channel(mut self, messenger: Messenger, channel: Channel) -> Instance {
        self.channels.insert(messenger, channel);
        self
    }

    /// With a secret that is delivered to it.
    pub fn secret(mut self, id: impl Into<Input>) -> Instance {
        self.secrets.push(id.into());
        self
    }
}

impl Typed for Instance {
    const RESOURCE_TYPE: &'static str = crate::instance::KIND;

    fn arguments(self) -> Vec<(&'static str, Expr)> {
        let mut arguments =
            vec![("account", self.account.expression()), ("subscription", self.subscription.expression())];
        arguments.extend(self.settings.into_iter().map(|(name, value)| (name, value.expression())));
        if !self.channels.is_empty() {
            let channels = self.channels.into_iter().map(|(messenger, channel)| (messenger.name(), channel.value()));
            arguments.push(("channels", Expr::literal(Value::object(channels))));
        }
        if !self.secrets.is_empty() {
            arguments.push(("secrets", tuple(self.secrets.into_iter().map(Input::expression))));
        }
        arguments
    }
}
