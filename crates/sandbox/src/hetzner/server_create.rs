//! `POST /servers`: <https://docs.hetzner.cloud/reference/cloud#servers-create-a-server>.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::Fields;
use super::error::Refusal;
use super::server_view::{Attachments, view};
use super::{HIDDEN, actions, catalog, firewalls, next_id, primary_ips, time};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The most bytes of user data: 32 KiB.
const MOST_USER_DATA: usize = 32 * 1024;

pub(crate) async fn create(State(clouds): State<Clouds>, body: Bytes) -> Result<Response, Refusal> {
    let fields = Fields::read(&body)?;
    let most = clouds.control().limits.servers;
    clouds.change(|change| {
        let wanted = Wanted::read(change, &fields)?;
        if most.is_some_and(|most| change.all(Kind::Servers).len() >= most) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "resource_limit_exceeded", "server limit exceeded"));
        }
        if clouds.control().limits.is_sold_out(&wanted.server_type["name"], &wanted.location["name"]) {
            let message = "no resources available for the server type in this location";
            return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "resource_unavailable", message));
        }
        make(change, &clouds, wanted)
    })
}

/// A create request found to be in order.
struct Wanted {
    name: String,
    labels: Value,
    server_type: &'static Value,
    location: &'static Value,
    image: &'static Value,
    firewalls: Vec<i64>,
    ssh_keys: Vec<Value>,
    ipv4: Option<Address>,
    ipv6: Option<Address>,
    user_data: Option<String>,
    start: bool,
}

/// Where an address comes from.
enum Address {
    New,
    Existing(i64),
}

impl Wanted {
    fn read(change: &Change<'_>, fields: &Fields) -> Result<Wanted, Refusal> {
        let name = fields.required_text("name")?;
        super::servers::check_name(change, name, None)?;
        for unknown in ["networks", "volumes"] {
            if !fields.list(unknown)?.is_empty() {
                return Err(Refusal::invalid(unknown, "the sandbox has none to attach"));
            }
        }
        let server_type = server_type(change, fields)?;
        let location = location(fields, server_type)?;
        let architecture = server_type["architecture"].as_str().unwrap_or("x86");
        let image = catalog::image(&fields.required_reference("image")?, architecture)
            .ok_or_else(|| Refusal::invalid("image", "image not found"))?;
        Ok(Wanted {
            name: name.to_owned(),
            labels: fields.labels()?.unwrap_or_else(|| json!({})),
            server_type,
            location,
            image,
            firewalls: firewall_ids(change, fields)?,
            ssh_keys: ssh_keys(change, fields)?,
            ipv4: address(change, fields, "ipv4")?,
            ipv6: address(change, fields, "ipv6")?,
            user_data: user_data(fields)?,
            start: fields.flag("start_after_create", true)?,
        })
    }
}

fn server_type(change: &Change<'_>, fields: &Fields) -> Result<&'static Value, Refusal> {
    let name = fields.required_reference("server_type")?;
    let server_type =
        catalog::server_type(&name).ok_or_else(|| Refusal::invalid("server_type", "server type not found"))?;
    let ends = server_type["deprecation"]["unavailable_after"].as_str();
    if ends.and_then(|ends| ends.parse().ok()).is_some_and(|ends| change.now() > ends) {
        return Err(Refusal::invalid("server_type", "server type is deprecated"));
    }
    Ok(server_type)
}

fn location(fields: &Fields, server_type: &Value) -> Result<&'static Value, Refusal> {
    let offered: Vec<&str> = server_type["locations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|location| location["name"].as_str())
        .collect();
    let (given, datacenter) = (fields.reference("location")?, fields.text("datacenter")?);
    let wanted = match (given.as_deref(), datacenter) {
        (Some(location), _) => location,
        (None, Some(datacenter)) => datacenter.split("-dc").next().unwrap_or(datacenter),
        // The real service places the server where it likes; here it is always the same place.
        (None, None) => offered.first().copied().unwrap_or("nbg1"),
    };
    let location = catalog::location(wanted).ok_or_else(|| Refusal::invalid("location", "location not found"))?;
    if location["name"].as_str().is_some_and(|name| offered.contains(&name)) {
        Ok(location)
    } else {
        Err(Refusal::invalid("server_type", "unsupported location for server type"))
    }
}

fn firewall_ids(change: &Change<'_>, fields: &Fields) -> Result<Vec<i64>, Refusal> {
    let firewalls = fields.list("firewalls")?.iter();
    firewalls
        .map(|entry| {
            let id = entry["firewall"]
                .as_i64()
                .ok_or_else(|| Refusal::invalid("firewalls", "must be a list of firewall ids"))?;
            let known = change.get(Kind::Firewalls, &id.to_string()).is_some();
            known.then_some(id).ok_or_else(|| Refusal::not_found("firewall", id))
        })
        .collect()
}

/// The keys' public halves; they are given by id or by name.
fn ssh_keys(change: &Change<'_>, fields: &Fields) -> Result<Vec<Value>, Refusal> {
    let keys = fields.list("ssh_keys")?.iter();
    keys.map(|key| {
        let text = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        let named = || change.all(Kind::SshKeys).with_key(&text).next().map(|(_, key)| key);
        let key = change.get(Kind::SshKeys, &text).or_else(named);
        key.map(|key| key["public_key"].clone()).ok_or_else(|| Refusal::not_found("SSH key", &text))
    })
    .collect()
}

fn address(change: &Change<'_>, fields: &Fields, version: &'static str) -> Result<Option<Address>, Refusal> {
    let public_net = fields.get("public_net").unwrap_or(&Value::Null);
    if let Some(id) = public_net[version].as_i64() {
        let address =
            change.get(Kind::PrimaryIps, &id.to_string()).ok_or_else(|| Refusal::not_found("primary IP", id))?;
        if address["type"] != version {
            let message = "the primary IP has the wrong version";
            return Err(Refusal::unprocessable("primary_ip_version_mismatch", message));
        }
        if !address["assignee_id"].is_null() {
            let message = "the primary IP is already assigned";
            return Err(Refusal::unprocessable("primary_ip_assigned", message));
        }
        return Ok(Some(Address::Existing(id)));
    }
    let enabled = public_net[format!("enable_{version}")].as_bool().unwrap_or(true);
    Ok(enabled.then_some(Address::New))
}

fn user_data(fields: &Fields) -> Result<Option<String>, Refusal> {
    let user_data = fields.text("user_data")?;
    if user_data.is_some_and(|text| text.len() > MOST_USER_DATA) {
        return Err(Refusal::invalid("user_data", "must not be longer than 32768 bytes"));
    }
    Ok(user_data.map(str::to_owned))
}

fn make(change: &mut Change<'_>, clouds: &Clouds, wanted: Wanted) -> Result<Response, Refusal> {
    let now = change.now();
    let (created, started) = (actions::end(clouds, now), actions::end(clouds, actions::end(clouds, now)));
    let id = next_id(change, Kind::Servers);
    let location = &wanted.location["name"];
    let mut assign = |address: Option<Address>, version: &str| match address {
        None => Value::Null,
        Some(Address::New) => json!({"id": primary_ips::make(change, version, location, id)}),
        Some(Address::Existing(existing)) => {
            primary_ips::assign(change, existing, id);
            json!({"id": existing})
        }
    };
    let public_net = json!({"ipv4": assign(wanted.ipv4, "ipv4"), "ipv6": assign(wanted.ipv6, "ipv6")});
    let mut phases = vec![json!({"status": "initializing", "until_ms": created.as_millisecond()})];
    if wanted.start {
        phases.push(json!({"status": "starting", "until_ms": started.as_millisecond()}));
    }
    let server = json!({
        "id": id,
        "name": wanted.name,
        "created": time(now),
        "labels": wanted.labels,
        "status": if wanted.start { "running" } else { "off" },
        "server_type": wanted.server_type["name"],
        "primary_disk_size": wanted.server_type["disk"],
        "location": location,
        "image": wanted.image["name"],
        "public_net": public_net,
        HIDDEN: {
            "phases": phases,
            "locked_until_ms": created.as_millisecond(),
            "user_data": wanted.user_data,
            "public_keys": wanted.ssh_keys,
        },
    });
    change.put(Kind::Servers, &id.to_string(), server.clone());
    for firewall in wanted.firewalls {
        firewalls::attach(change, firewall, id, created);
    }
    let action = actions::start(change, "create_server", &[("server", id)], now, created);
    let mut next = Vec::new();
    if wanted.start {
        next.push(actions::start(change, "start_server", &[("server", id)], created, started));
    }
    // Without a key the real service mints a password; it is answered once and kept nowhere.
    let password = wanted.ssh_keys.is_empty().then(|| uuid::Uuid::new_v4().simple().to_string());
    let shown = view(change, &server, &Attachments::read(change));
    let body = json!({
        "server": shown, "action": action, "next_actions": next, "root_password": password,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
