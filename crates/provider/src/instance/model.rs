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
/// The part that keeps a password from being minted. It is there only while a server is being made.
pub(crate) const KEY: &str = "ssh key";
/// An address with our marker; Hetzner's own for a server bear none.
pub(crate) const ADDRESS: &str = "primary ip";
/// A volume with our marker; we make none.
pub(crate) const VOLUME: &str = "volume";
/// Reported as missing when the key of a server that was made is still there.
pub(crate) const KEYLESS: &str = "removal of the ssh key";
/// Reported as missing when the firewall lets something in.
pub(crate) const CLOSED: &str = "closed firewall";
/// Reported as missing when the firewall is not applied to the server.
pub(crate) const APPLIED: &str = "applied firewall";
/// Reported as missing when a part bears another marker than the server.
pub(crate) const MARKER: &str = "marker";
/// The label of a server that holds the number of its firewall, so that the server alone tells whether it has the right one.
pub(crate) const ITS_FIREWALL: &str = "ampere-firewall";
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

    /// Numbers of the firewalls that are applied to a server, as the server says.
    fn firewalls(&self) -> impl Iterator<Item = u64> {
        let firewalls = self.body["public_net"]["firewalls"].as_array();
        firewalls.into_iter().flatten().filter_map(|firewall| firewall["id"].as_u64())
    }

    /// Whether a server says that its own firewall is applied. One without the label was made before there was one.
    fn is_guarded(&self) -> bool {
        let own = self.labels.get(ITS_FIREWALL);
        self.firewalls().any(|id| own.is_none_or(|own| *own == id.to_string()))
    }

    /// The server that an address or a volume belongs to at this moment.
    pub fn holder(&self) -> Option<u64> {
        self.body["assignee_id"].as_u64().or_else(|| self.body["server"].as_u64())
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

/// A server as its list alone shows it: what lies behind is taken to be as it should.
pub(crate) fn observed_alone(server: &Thing) -> Observed {
    let missing = if server.is_guarded() { Vec::new() } else { vec![FIREWALL] };
    Observed {
        id: Some(ExternalId(server.id.to_string().into())),
        marker: server.marker.clone().unwrap_or_else(crate::marker::none),
        attributes: attributes(server),
        parts: vec![server.part(SERVER)],
        missing,
    }
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
    /// Addresses and volumes.
    pub others: Vec<(&'static str, Thing)>,
}

impl Group {
    /// The name that its parts share; none if only addresses or volumes are left.
    pub fn name(&self) -> Option<&str> {
        let named = [&self.server, &self.firewall, &self.key].into_iter().flatten();
        named.map(|thing| thing.name.as_str()).next()
    }

    /// All parts, the server first.
    fn things(&self) -> impl Iterator<Item = (&'static str, &Thing)> {
        let named = [(SERVER, &self.server), (FIREWALL, &self.firewall), (KEY, &self.key)];
        let named = named.into_iter().filter_map(|(what, part)| Some((what, part.as_ref()?)));
        named.chain(self.others.iter().map(|(what, part)| (*what, part)))
    }

    /// Our marker: the server's, else that of the first part there is.
    pub fn marker(&self) -> Option<Marker> {
        self.things().find_map(|(_, part)| part.marker.clone())
    }

    /// The parts as one object.
    pub fn observed(&self) -> Observed {
        let marker = self.marker().unwrap_or_else(crate::marker::none);
        let mut missing = Vec::new();
        if self.server.is_none() {
            missing.push(SERVER);
        }
        match &self.firewall {
            None => missing.push(FIREWALL),
            Some(firewall) if firewall.has_rules() => missing.push(CLOSED),
            Some(_) => {}
        }
        if let Some(server) = &self.server {
            let firewall = self.firewall.as_ref().map(|firewall| firewall.id);
            if firewall.is_some_and(|id| !server.firewalls().any(|applied| applied == id)) {
                missing.push(APPLIED);
            }
            if self.key.is_some() {
                missing.push(KEYLESS);
            }
            let own = server.labels.get(ITS_FIREWALL);
            let renamed = own.zip(firewall).is_some_and(|(own, id)| *own != id.to_string());
            // Left over by an interrupted move to another address, or by the repair of a firewall.
            if renamed || self.things().any(|(_, part)| part.marker.as_ref().is_some_and(|found| *found != marker)) {
                missing.push(MARKER);
            }
        }
        Observed {
            id: self.server.as_ref().map(|server| ExternalId(server.id.to_string().into())),
            marker,
            attributes: self.server.as_ref().map(attributes).unwrap_or_default(),
            parts: self.things().map(|(what, part)| part.part(what)).collect(),
            missing,
        }
    }
}

/// Everything of a stack, each list by itself.
#[derive(Default)]
pub(crate) struct Lists {
    /// Servers.
    pub servers: Vec<Thing>,
    /// Firewalls.
    pub firewalls: Vec<Thing>,
    /// SSH keys.
    pub keys: Vec<Thing>,
    /// Primary IPs.
    pub addresses: Vec<Thing>,
    /// Volumes.
    pub volumes: Vec<Thing>,
}

/// Puts together what belongs together: the parts of one instance share its name, and names are unique in a project.
/// Addresses and volumes have names of their own and are found by their marker.
pub(crate) fn groups(lists: Lists) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut put = |things: Vec<Thing>, place: fn(&mut Group) -> &mut Option<Thing>| {
        for thing in things.into_iter().filter(|thing| thing.marker.is_some()) {
            let group = groups.entry(thing.name.clone()).or_default();
            *place(group) = Some(thing);
        }
    };
    put(lists.servers, |group| &mut group.server);
    put(lists.firewalls, |group| &mut group.firewall);
    put(lists.keys, |group| &mut group.key);
    let mut groups: Vec<Group> = groups.into_values().collect();
    let others = [(ADDRESS, lists.addresses), (VOLUME, lists.volumes)];
    for (what, thing) in others.into_iter().flat_map(|(what, list)| list.into_iter().map(move |thing| (what, thing))) {
        place(&mut groups, what, thing);
    }
    groups
}

/// Puts an address or a volume to the instance of its marker; one that nothing else is left of makes a group of its own.
/// What a server holds that is not of the same instance is left to that server.
fn place(groups: &mut Vec<Group>, what: &'static str, thing: Thing) {
    let Some(marker) = &thing.marker else { return };
    let holder = thing.holder();
    let fits = |group: &&mut Group| {
        let server = group.server.as_ref().map(|server| server.id);
        group.marker().as_ref() == Some(marker) && (holder.is_none() || holder == server)
    };
    match groups.iter_mut().find(fits) {
        Some(group) => group.others.push((what, thing)),
        None if holder.is_none() => groups.push(Group { others: vec![(what, thing)], ..Group::default() }),
        None => {}
    }
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
            ..Group::default()
        };
        assert!(closed.observed().missing.is_empty());
        let opened = Group { firewall: firewall(json!({"id": 7, "rules": [{"direction": "in"}]})), ..closed.clone() };
        assert_eq!(opened.observed().missing, [CLOSED]);
        let other = Group { firewall: firewall(json!({"id": 70, "rules": []})), ..closed };
        assert_eq!(other.observed().missing, [APPLIED]);
    }

    #[test]
    fn n4_a_key_beside_a_server_that_was_made_is_to_go() {
        let group = Group {
            server: Some(server(json!({}))),
            firewall: Thing::read(&json!({"id": 7, "rules": []})),
            key: Thing::read(&json!({"id": 8})),
            ..Group::default()
        };
        assert_eq!(group.observed().missing, [KEYLESS]);
        let leftover = Group { server: None, ..group };
        assert_eq!(leftover.observed().missing, [SERVER], "it is needed for the server that is still to be made");
    }

    #[test]
    fn s3_a_server_alone_tells_whether_its_own_firewall_is_applied() {
        let labelled =
            |own: &str| json!({"labels": {"ampere-stack": "aa", "ampere-address": "bb", "ampere-firewall": own}});
        assert!(observed_alone(&server(json!({}))).missing.is_empty(), "made before there was the label");
        assert!(observed_alone(&server(labelled("7"))).missing.is_empty());
        assert_eq!(observed_alone(&server(labelled("8"))).missing, [FIREWALL], "another one is applied");
        let bare = server(json!({"public_net": {"firewalls": []}}));
        assert_eq!(observed_alone(&bare).missing, [FIREWALL]);
    }

    #[test]
    fn an_address_or_volume_belongs_to_its_marker_unless_another_server_holds_it() {
        let labels = json!({"ampere-stack": "aa", "ampere-address": "bb"});
        let volume = |id: u64, holder: Json| {
            Thing::read(&json!({"id": id, "name": format!("v{id}"), "labels": labels, "server": holder})).unwrap()
        };
        let volumes = vec![volume(1, Json::Null), volume(2, json!(42)), volume(3, json!(43))];
        let with_server =
            groups(Lists { servers: vec![server(json!({}))], volumes: volumes.clone(), ..Lists::default() });
        assert_eq!(with_server.len(), 1);
        assert_eq!(with_server[0].observed().parts.len(), 3, "the server, its volume, a free one");
        let leftover = groups(Lists { volumes, ..Lists::default() });
        assert_eq!(leftover.len(), 1);
        assert_eq!((leftover[0].observed().id, leftover[0].observed().parts.len()), (None, 1));
    }
}
