//! Primary IPs: a server's own addresses, from ranges that lead nowhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::Refusal;
use super::list::ListQuery;
use super::{HIDDEN, catalog, next_id, time};
use crate::server::Clouds;
use crate::world::{Change, Kind};

pub(crate) async fn list(
    State(clouds): State<Clouds>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::read(pairs, &["name", "ip"])?;
    clouds.change(|change| {
        let addresses = change.all(Kind::PrimaryIps).iter().map(|(_, address)| address);
        Ok(query.answer("primary_ips", addresses, view))
    })
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| Ok(Json(json!({"primary_ip": view(find(change, &id)?)})).into_response()))
}

pub(crate) async fn delete(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| {
        let address = find(change, &id)?;
        if address["protection"]["delete"] == json!(true) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "protected", "primary IP deletion is protected"));
        }
        if !address["assignee_id"].is_null() {
            let message = "the primary IP must be unassigned";
            return Err(Refusal::unprocessable("must_be_unassigned", message));
        }
        change.remove(Kind::PrimaryIps, &id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::PrimaryIps, id).ok_or_else(|| Refusal::not_found("primary IP", id))
}

/// Makes an address for a new server, which takes it along when it is deleted.
pub(crate) fn make(change: &mut Change<'_>, version: &str, location: &Value, server: i64) -> i64 {
    let id = next_id(change, Kind::PrimaryIps);
    let number = change.next_number(version, 0);
    let mut address = defaults(id);
    let (ip, dns_ptr) = match version {
        "ipv4" => {
            let ip = ipv4(number);
            let [a, b, c, d] = ip.octets();
            let name = format!("static.{d}.{c}.{b}.{a}.clients.your-server.de");
            (ip.to_string(), json!([{"ip": ip.to_string(), "dns_ptr": name}]))
        }
        _ => (format!("{}/64", ipv6(number)), json!([])),
    };
    address["id"] = json!(id);
    address["name"] = json!(format!("primary_ip-{id}"));
    address["created"] = json!(time(change.now()));
    address["type"] = json!(version);
    address["ip"] = json!(ip);
    address["dns_ptr"] = dns_ptr;
    address["location"] = location.clone();
    address["assignee_id"] = json!(server);
    address["auto_delete"] = json!(true);
    change.put(Kind::PrimaryIps, &id.to_string(), address);
    id
}

/// Gives an existing address to a server.
pub(crate) fn assign(change: &mut Change<'_>, id: i64, server: i64) {
    let id = id.to_string();
    if let Some(mut address) = change.get(Kind::PrimaryIps, &id).cloned() {
        address["assignee_id"] = json!(server);
        change.put(Kind::PrimaryIps, &id, address);
    }
}

/// Lets go of a deleted server's addresses: those with `auto_delete` are gone with it.
pub(crate) fn release(change: &mut Change<'_>, server: i64) {
    let own: Vec<(String, Value)> = change
        .all(Kind::PrimaryIps)
        .iter()
        .filter(|(_, address)| address["assignee_id"].as_i64() == Some(server))
        .map(|(id, address)| (id.to_owned(), address.clone()))
        .collect();
    for (id, mut address) in own {
        if address["auto_delete"] == json!(true) {
            change.remove(Kind::PrimaryIps, &id);
        } else {
            address["assignee_id"] = Value::Null;
            change.put(Kind::PrimaryIps, &id, address);
        }
    }
}

/// The fields of an address nobody said anything about.
pub(crate) fn defaults(id: i64) -> Value {
    json!({
        "type": "ipv4",
        "ip": ipv4(100_000 + id % 1000).to_string(),
        "assignee_id": null,
        "assignee_type": "server",
        "auto_delete": false,
        "blocked": false,
        "dns_ptr": [],
        "labels": {},
        "location": "nbg1",
        "protection": {"delete": false},
    })
}

fn view(address: &Value) -> Value {
    let mut shown = address.clone();
    let location = address["location"].as_str().and_then(catalog::location);
    let location = location.unwrap_or(&address["location"]);
    shown["datacenter"] = catalog::datacenter(location);
    shown["location"] = location.clone();
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(HIDDEN);
    }
    shown
}

/// The addresses kept for documentation (RFC 5737), then those for benchmarks (RFC 2544).
fn ipv4(number: i64) -> Ipv4Addr {
    const DOCUMENTATION: [[u8; 3]; 3] = [[203, 0, 113], [198, 51, 100], [192, 0, 2]];
    let number = u32::try_from(number.rem_euclid(130_000)).unwrap_or(0);
    let (block, host) = (number / 254, number % 254 + 1);
    match DOCUMENTATION.get(block as usize) {
        Some([a, b, c]) => Ipv4Addr::new(*a, *b, *c, u8::try_from(host).unwrap_or(1)),
        None => Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + number - 3 * 254),
    }
}

/// A /64 out of the range kept for documentation (RFC 3849).
fn ipv6(number: i64) -> Ipv6Addr {
    let number = u128::from(number.unsigned_abs() % (1 << 32));
    Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | (number << 64))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn addresses_stay_in_their_ranges_and_do_not_repeat() {
        let addresses: HashSet<_> = (0..5000).map(ipv4).collect();
        assert_eq!(addresses.len(), 5000);
        assert_eq!(ipv4(0).to_string(), "203.0.113.1");
        assert_eq!(ipv4(762).to_string(), "198.18.0.0");
        assert_eq!(ipv6(3).to_string(), "2001:db8:0:3::");
    }
}
