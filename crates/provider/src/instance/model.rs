//! What Hetzner answers, read leniently, and the parts of an instance put together.
use std::collections::BTreeMap;

use ampere_core::identity::{ExternalId, Marker};
use ampere_core::inventory::{Observed, Part};
use ampere_lang::value::Value;
use serde_json::Value as Json;

use crate::attributes::{Attributes, optional};
use crate::hetzner::marked;

/// The part that makes the instance.
pub(crate) const SERVER: &str = "server";
/// The part that lets nothing in.
pub(crate) const FIREWALL: &str = "firewall";
/// The part that keeps a password from being minted.
pub(crate) const KEY: &str = "ssh key";
/// Reported as missing when the firewall lets something in.
pub(crate) const CLOSED: &str = "closed firewall";
/// Reported as missing when the firewall is not applied to the server.
pub(crate) const APPLIED: &str = "applied firewall";
/// Reported as missing when a part bears another marker than the server.
pub(crate) const MARKER: &str = "marker";
/// The label that holds the version of OpenClaw.
pub(crate) const VERSION: &str = "ampere-openclaw-version";

/// A server, firewall or SSH key: what all have in common.
#[derive(Clone)]
pub(crate) struct Thing {
    /// Its number.
    pub id: u64,
    /// Its name; the parts of one instance share it.
    pub name: String,
    /// Our marker.
    pub marker: Option<Marker>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The whole object.
    pub body: Json,
}

impl Thing {
    /// Reads one.
    pub fn read(body: &Json) -> Option<Thing> {
        let labels = body["labels"].as_object();
        Some(Thing {
            id: body["id"].as_u64()?,
            name: body["name"].as_str().unwrap_or("").to_owned(),
            marker: marked(body),
            labels: labels
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            body: body.clone(),
        })
    }

    fn part(&self, what: &'static str) -> Part {
        Part { what, id: ExternalId(self.id.to_string().into()) }
    }

    /// Numbers of the servers that a firewall is applied to.
    pub fn applied_to(&self) -> Vec<u64> {
        let targets = self.body["applied_to"].as_array();
        targets.into_iter().flatten().filter_map(|target| target["server"]["id"].as_u64()).collect()
    }

    /// Whether a firewall has rules: ours has none, and so lets nothing in.
    pub fn has_rules(&self) -> bool {
        self.body["rules"].as_array().is_some_and(|rules| !rules.is_empty())
    }

    /// `status`
    pub fn status(&self) -> &str {
        self.body["status"].as_str().unwrap_or("")
    }

    /// The name of a server's type.
    pub fn server_type(&self) -> Option<&str> {
        self.body["server_type"]["name"].as_str()
    }

    /// Whether a firewall is applied to a server, as the server says.
    fn has_firewall(&self, id: u64) -> bool {
        let firewalls = self.body["public_net"]["firewalls"].as_array();
        firewalls.into_iter().flatten().any(|firewall| firewall["id"].as_u64() == Some(id))
    }
}

/// What a server says of the attributes.
pub(crate) fn attributes(server: &Thing) -> Attributes {
    let body = &server.body;
    let location = body["location"]["name"].as_str().or_else(|| body["datacenter"]["location"]["name"].as_str());
    let mut attributes = Attributes::from([
        ("id".into(), Value::string(server.id.to_string())),
        ("location".into(), optional(location)),
        ("server_type".into(), optional(server.server_type())),
        ("ipv4".into(), optional(body["public_net"]["ipv4"]["ip"].as_str())),
        ("ipv6".into(), optional(body["public_net"]["ipv6"]["ip"].as_str().map(first_address))),
        ("status".into(), optional(body["status"].as_str())),
    ]);
    if let Some(version) = server.labels.get(VERSION) {
        attributes.insert("openclaw_version".into(), Value::string(version));
    }
    // What a new API version might drop is unknown rather than null: it must not look like a change.
    attributes.retain(|name, value| !(value.is_null() && matches!(&**name, "location" | "server_type" | "status")));
    attributes
}

/// Hetzner gives a server a network; its first address is the one that is configured.
fn first_address(network: &str) -> String {
    let prefix = network.split('/').next().unwrap_or(network);
    if prefix.ends_with("::") { format!("{prefix}1") } else { prefix.to_owned() }
}

/// The parts of one instance.
#[derive(Clone, Default)]
pub(crate) struct Group {
    /// The server.
    pub server: Option<Thing>,
    /// The firewall.
    pub firewall: Option<Thing>,
    /// The SSH key.
    pub key: Option<Thing>,
}

impl Group {
    /// Our marker: the server's, else that of the first part there is.
    pub fn marker(&self) -> Option<Marker> {
        [&self.server, &self.firewall, &self.key].into_iter().flatten().find_map(|part| part.marker.clone())
    }

    /// The parts as one object.
    pub fn observed(&self) -> Observed {
        let marker = self.marker().unwrap_or_else(crate::marker::none);
        let parts = [(SERVER, &self.server), (FIREWALL, &self.firewall), (KEY, &self.key)];
        let mut missing: Vec<&'static str> =
            parts.iter().filter(|(_, part)| part.is_none()).map(|(what, _)| *what).collect();
        if let Some(firewall) = &self.firewall {
            if firewall.has_rules() {
                missing.push(CLOSED);
            }
            if self.server.as_ref().is_some_and(|server| !server.has_firewall(firewall.id)) {
                missing.push(APPLIED);
            }
        }
        // Left over by an interrupted move to another address.
        if parts.iter().filter_map(|(_, part)| part.as_ref()?.marker.as_ref()).any(|found| *found != marker) {
            missing.push(MARKER);
        }
        Observed {
            id: self.server.as_ref().map(|server| ExternalId(server.id.to_string().into())),
            marker,
            attributes: self.server.as_ref().map(attributes).unwrap_or_default(),
            parts: parts.iter().filter_map(|(what, part)| part.as_ref().map(|part| part.part(what))).collect(),
            missing,
        }
    }
}

/// Groups by name: the parts of one instance share it, and names are unique in a project.
pub(crate) fn groups(servers: Vec<Thing>, firewalls: Vec<Thing>, keys: Vec<Thing>) -> BTreeMap<String, Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut put = |things: Vec<Thing>, place: fn(&mut Group) -> &mut Option<Thing>| {
        for thing in things.into_iter().filter(|thing| thing.marker.is_some()) {
            let group = groups.entry(thing.name.clone()).or_default();
            *place(group) = Some(thing);
        }
    };
    put(servers, |group| &mut group.server);
    put(firewalls, |group| &mut group.firewall);
    put(keys, |group| &mut group.key);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server(more: Json) -> Thing {
        let mut body = json!({"id": 42, "name": "n", "status": "a status that is new to us",
            "labels": {"ampere-stack": "aa", "ampere-address": "bb"},
            "public_net": {"ipv4": {"ip": "203.0.113.7"}, "ipv6": {"ip": "2001:db8:1::/64"}, "firewalls": [{"id": 7}]}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Thing::read(&body).unwrap()
    }

    #[test]
    fn an_unknown_value_or_a_missing_field_loses_neither_id_nor_the_rest() {
        let observed = Group { server: Some(server(json!({}))), ..Group::default() }.observed();
        assert_eq!(observed.id, Some("42".into()));
        assert_eq!(observed.attributes["ipv6"].as_str(), Some("2001:db8:1::1"));
        assert!(!observed.attributes.contains_key("location"));
        assert_eq!(Thing::read(&json!({"id": 9_000_000_000u64})).unwrap().id, 9_000_000_000, "more than 32 bits");
    }

    #[test]
    fn s3_an_opened_or_detached_firewall_is_something_missing() {
        let firewall = |body: Json| Thing::read(&body);
        let closed = Group {
            server: Some(server(json!({}))),
            firewall: firewall(json!({"id": 7, "name": "n", "rules": []})),
            key: Thing::read(&json!({"id": 8, "name": "n"})),
        };
        assert!(closed.observed().missing.is_empty());
        let opened = Group { firewall: firewall(json!({"id": 7, "rules": [{"direction": "in"}]})), ..closed.clone() };
        assert_eq!(opened.observed().missing, [CLOSED]);
        let other = Group { firewall: firewall(json!({"id": 70, "rules": []})), ..closed };
        assert_eq!(other.observed().missing, [APPLIED]);
    }
}
