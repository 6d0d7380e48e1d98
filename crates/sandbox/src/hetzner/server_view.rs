//! A server as it is answered: status by the clock, names expanded, addresses and firewalls joined.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::selector::Selector;
use super::{HIDDEN, catalog};
use crate::world::{Change, Kind};

/// Which firewalls lie on which server, read once for a whole list.
#[derive(Debug)]
pub(crate) struct Attachments {
    by_server: HashMap<i64, Vec<Value>>,
    by_selector: Vec<(Selector, Value)>,
}

impl Attachments {
    /// Reads the firewalls' own lists of what they are applied to.
    pub(crate) fn read(change: &Change<'_>) -> Attachments {
        let now = change.now().as_millisecond();
        let mut read = Attachments { by_server: HashMap::new(), by_selector: Vec::new() };
        for (_, firewall) in change.all(Kind::Firewalls).iter() {
            for entry in current_entries(firewall, now) {
                let pending = entry["from_ms"].as_i64().is_some_and(|from| now < from);
                let status = if pending { "pending" } else { "applied" };
                let shown = json!({"id": firewall["id"], "status": status});
                if let Some(server) = entry["server"]["id"].as_i64() {
                    read.by_server.entry(server).or_default().push(shown);
                } else if let Some(selector) = entry["label_selector"]["selector"].as_str()
                    && let Ok(selector) = Selector::parse(selector)
                {
                    read.by_selector.push((selector, shown));
                }
            }
        }
        read
    }

    fn of(&self, id: i64, labels: &Value) -> Vec<Value> {
        let direct = self.by_server.get(&id).into_iter().flatten();
        let selected = self.by_selector.iter().filter(|(selector, _)| selector.matches(labels)).map(|(_, shown)| shown);
        direct.chain(selected).cloned().collect()
    }
}

/// What a firewall is applied to at this moment: an entry may be on its way out.
pub(crate) fn current_entries(firewall: &Value, now: i64) -> impl Iterator<Item = &Value> {
    firewall["applied_to"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |entry| entry["until_ms"].as_i64().is_none_or(|until| now < until))
}

/// The status of a server at this moment: the first phase that is not over, else where it ends.
pub(crate) fn status(server: &Value, now: Timestamp) -> &str {
    server[HIDDEN]["phases"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|phase| phase["until_ms"].as_i64().is_some_and(|until| now.as_millisecond() < until))
        .and_then(|phase| phase["status"].as_str())
        .or_else(|| server["status"].as_str())
        .unwrap_or("unknown")
}

/// When the phase that a server is in ends.
pub(crate) fn phase_end(server: &Value, now: Timestamp) -> Option<Timestamp> {
    let phases = server[HIDDEN]["phases"].as_array().into_iter().flatten();
    let ends = phases.filter_map(|phase| phase["until_ms"].as_i64());
    ends.filter(|end| now.as_millisecond() < *end).min().and_then(|end| Timestamp::from_millisecond(end).ok())
}

/// Whether an action on the server is still running.
pub(crate) fn locked(server: &Value, now: Timestamp) -> bool {
    server[HIDDEN]["locked_until_ms"].as_i64().is_some_and(|until| now.as_millisecond() < until)
}

/// The server as it is answered.
pub(crate) fn view(change: &Change<'_>, server: &Value, attachments: &Attachments) -> Value {
    let now = change.now();
    let mut shown = defaults();
    for (field, value) in server.as_object().into_iter().flatten() {
        if field != HIDDEN {
            shown.insert(field.clone(), value.clone());
        }
    }
    let id = server["id"].as_i64().unwrap_or(0);
    let server_type = expand(&shown["server_type"], catalog::server_type);
    let location = expand(&shown["location"], catalog::location);
    let architecture = server_type["architecture"].as_str().unwrap_or("x86");
    let image = expand(&shown["image"], |name| catalog::image(name, architecture));
    if shown["primary_disk_size"].is_null() {
        shown.insert("primary_disk_size".into(), server_type["disk"].clone());
    }
    if shown["included_traffic"].is_null() {
        shown.insert("included_traffic".into(), included_traffic(&server_type, &location));
    }
    let public_net = public_net(change, server, attachments.of(id, &server["labels"]));
    shown.insert("datacenter".into(), catalog::datacenter(&location));
    shown.insert("server_type".into(), server_type);
    shown.insert("location".into(), location);
    shown.insert("image".into(), image);
    shown.insert("public_net".into(), public_net);
    shown.insert("volumes".into(), volumes(change, id));
    shown.insert("status".into(), json!(status(server, now)));
    shown.insert("locked".into(), json!(locked(server, now)));
    Value::Object(shown)
}

fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "backup_window": null, "iso": null, "labels": {}, "load_balancers": [],
        "included_traffic": null, "ingoing_traffic": 0, "outgoing_traffic": 0,
        "placement_group": null, "primary_disk_size": null, "private_net": [],
        "protection": {"delete": false, "rebuild": false}, "rescue_enabled": false,
        "server_type": "cx23", "location": "nbg1", "image": "debian-13",
    });
    match defaults {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// What the catalogue knows under a name; anything else was put in by hand and stays as it is.
fn expand(value: &Value, find: impl Fn(&str) -> Option<&'static Value>) -> Value {
    value.as_str().and_then(find).unwrap_or(value).clone()
}

fn included_traffic(server_type: &Value, location: &Value) -> Value {
    server_type["prices"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|price| price["location"] == location["name"])
        .map_or(Value::Null, |price| price["included_traffic"].clone())
}

fn public_net(change: &Change<'_>, server: &Value, firewalls: Vec<Value>) -> Value {
    let address = |version: &str| {
        let id = server["public_net"][version]["id"].as_i64()?;
        let address = change.get(Kind::PrimaryIps, &id.to_string())?;
        let dns_ptr = &address["dns_ptr"];
        let dns_ptr = if version == "ipv4" { &dns_ptr[0]["dns_ptr"] } else { dns_ptr };
        let (ip, blocked) = (&address["ip"], &address["blocked"]);
        Some(json!({"id": id, "ip": ip, "blocked": blocked, "dns_ptr": dns_ptr}))
    };
    json!({
        "ipv4": address("ipv4"),
        "ipv6": address("ipv6"),
        "floating_ips": [],
        "firewalls": firewalls,
    })
}

fn volumes(change: &Change<'_>, server: i64) -> Value {
    change
        .all(Kind::Volumes)
        .iter()
        .filter(|(_, volume)| volume["server"].as_i64() == Some(server))
        .map(|(_, volume)| volume["id"].clone())
        .collect()
}
