//! What the inside of a server knows of it: through the metadata service, or as root finds it at boot.

use jiff::Timestamp;
use serde_json::Value;

use super::server_view::{phase_end, status};
use super::{HIDDEN, catalog};
use crate::world::{Change, Kind};

/// A server, as its inside sees it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) ipv4: Option<String>,
    /// The first address of its network.
    pub(crate) ipv6: Option<String>,
    pub(crate) user_data: Option<String>,
    /// The keys that it was made with.
    pub(crate) public_keys: Vec<String>,
    pub(crate) datacenter: String,
    pub(crate) region: String,
}

/// All servers, and of each whether it runs.
pub(crate) fn seen(change: &Change<'_>) -> Vec<(Seen, bool)> {
    let now = change.now();
    let servers = change.all(Kind::Servers).iter();
    servers.filter_map(|(_, server)| Some((Seen::of(change, server)?, status(server, now) == "running"))).collect()
}

/// When the next server passes into another state by itself.
pub(crate) fn next_phase(change: &Change<'_>) -> Option<Timestamp> {
    let now = change.now();
    change.all(Kind::Servers).iter().filter_map(|(_, server)| phase_end(server, now)).min()
}

impl Seen {
    /// The server of a name.
    pub(crate) fn named(change: &Change<'_>, name: &str) -> Option<Seen> {
        let (_, server) = change.all(Kind::Servers).with_key(name).next()?;
        Seen::of(change, server)
    }

    fn of(change: &Change<'_>, server: &Value) -> Option<Seen> {
        let address = |version: &str| {
            let id = server["public_net"][version]["id"].as_i64()?;
            change.get(Kind::PrimaryIps, &id.to_string())?["ip"].as_str().map(str::to_owned)
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let hidden = &server[HIDDEN];
        let location = server["location"].as_str().and_then(catalog::location).unwrap_or(&Value::Null);
        Some(Seen {
            id: server["id"].as_u64()?,
            name: text(&server["name"]),
            ipv4: address("ipv4"),
            ipv6: address("ipv6").map(|network| network.replace("::/64", "::1")),
            user_data: hidden["user_data"].as_str().map(str::to_owned),
            public_keys: hidden["public_keys"].as_array().into_iter().flatten().map(text).collect(),
            datacenter: text(&catalog::datacenter(location)["name"]),
            region: text(&location["network_zone"]),
        })
    }
}
