//! Faults of boxes, as they are ordered by `POST /_sandbox/boxes/faults`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wrong with a box.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Order {
    /// The name of a server; every server without one.
    pub(crate) server: Option<String>,
    /// It is started, and nothing comes up.
    pub(crate) never_boots: bool,
    /// Whatever it asks of Google's services gets no answer.
    pub(crate) no_network: bool,
    /// What root finds otherwise, as a merge patch (RFC 7396): `{"sshd": ["/usr/sbin/sshd"]}`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) inspection: Value,
    /// What OpenClaw's user says otherwise.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) audit: Value,
    /// Which server the metadata service says it is.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) identity: Value,
}

/// All of them, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Orders {
    all: Vec<Order>,
    version: u64,
}

impl Orders {
    /// Adds one.
    pub(crate) fn add(&mut self, order: Order) {
        self.version += 1;
        self.all.push(order);
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.version += 1;
        self.all.clear();
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Order] {
        &self.all
    }

    /// Differs when they do.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Order> {
        self.all.iter().filter(move |order| order.server.as_deref().is_none_or(|server| server == name))
    }

    /// Whether nothing comes up.
    pub(crate) fn never_boots(&self, name: &str) -> bool {
        self.of(name).any(|order| order.never_boots)
    }

    /// Whether Google's services are out of reach of any box.
    pub(crate) fn cuts_any_off(&self) -> bool {
        self.all.iter().any(|order| order.no_network)
    }

    /// Whether Google's services are out of reach.
    pub(crate) fn no_network(&self, name: &str) -> bool {
        self.of(name).any(|order| order.no_network)
    }

    /// Patches of what root finds.
    pub(crate) fn inspection<'a>(&'a self, name: &'a str) -> Vec<&'a Value> {
        self.of(name).map(|order| &order.inspection).filter(|patch| patch.is_object()).collect()
    }

    /// Patches of what OpenClaw's user says.
    pub(crate) fn audit<'a>(&'a self, name: &'a str) -> Vec<&'a Value> {
        self.of(name).map(|order| &order.audit).filter(|patch| patch.is_object()).collect()
    }

    /// Patches of which server it is.
    pub(crate) fn identity<'a>(&'a self, name: &'a str) -> Vec<&'a Value> {
        self.of(name).map(|order| &order.identity).filter(|patch| patch.is_object()).collect()
    }
}
