//! What Hetzner offers: locations, server types and images. Ids, sizes and prices are those of early
//! 2026 as far as they are known; a plan must not rely on a price shown here.

use std::sync::LazyLock;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::Refusal;
use super::list::ListQuery;
use crate::control::Limits;
use crate::server::Clouds;

/// Shared vCPU types that Europe offers.
const EUROPE: &[&str] = &["fsn1", "nbg1", "hel1"];
/// The types of the locations outside Europe.
const OVERSEAS: &[&str] = &["ash", "hil", "sin"];
const EVERYWHERE: &[&str] = &["fsn1", "nbg1", "hel1", "ash", "hil", "sin"];

struct Type {
    id: i64,
    name: &'static str,
    category: &'static str,
    cores: u32,
    memory: u32,
    disk: u32,
    monthly_cents: u32,
    locations: &'static [&'static str],
    ends: Option<(&'static str, &'static str)>,
}

#[rustfmt::skip]
const TYPES: &[Type] = &[
    Type { id: 22, name: "cpx11", category: "regular_purpose", cores: 2, memory: 2, disk: 40, monthly_cents: 449, locations: OVERSEAS, ends: None },
    Type { id: 23, name: "cpx21", category: "regular_purpose", cores: 3, memory: 4, disk: 80, monthly_cents: 849, locations: OVERSEAS, ends: None },
    Type { id: 24, name: "cpx31", category: "regular_purpose", cores: 4, memory: 8, disk: 160, monthly_cents: 1549, locations: OVERSEAS, ends: None },
    Type { id: 25, name: "cpx41", category: "regular_purpose", cores: 8, memory: 16, disk: 240, monthly_cents: 2949, locations: OVERSEAS, ends: None },
    Type { id: 45, name: "cax11", category: "cost_optimized", cores: 2, memory: 4, disk: 40, monthly_cents: 329, locations: EUROPE, ends: None },
    Type { id: 93, name: "cax21", category: "cost_optimized", cores: 4, memory: 8, disk: 80, monthly_cents: 599, locations: EUROPE, ends: None },
    Type { id: 94, name: "cax31", category: "cost_optimized", cores: 8, memory: 16, disk: 160, monthly_cents: 1199, locations: EUROPE, ends: None },
    Type { id: 95, name: "cax41", category: "cost_optimized", cores: 16, memory: 32, disk: 320, monthly_cents: 2399, locations: EUROPE, ends: None },
    Type { id: 96, name: "ccx13", category: "general_purpose", cores: 2, memory: 8, disk: 80, monthly_cents: 1199, locations: EVERYWHERE, ends: None },
    Type { id: 104, name: "cx22", category: "cost_optimized", cores: 2, memory: 4, disk: 40, monthly_cents: 329, locations: EUROPE, ends: Some(("2025-10-16T06:00:00Z", "2025-12-31T23:59:59Z")) },
    Type { id: 109, name: "cpx22", category: "regular_purpose", cores: 2, memory: 4, disk: 80, monthly_cents: 549, locations: EUROPE, ends: None },
    Type { id: 110, name: "cpx32", category: "regular_purpose", cores: 4, memory: 8, disk: 160, monthly_cents: 949, locations: EUROPE, ends: None },
    Type { id: 111, name: "cpx42", category: "regular_purpose", cores: 8, memory: 16, disk: 320, monthly_cents: 1749, locations: EUROPE, ends: None },
    Type { id: 114, name: "cx23", category: "cost_optimized", cores: 2, memory: 4, disk: 40, monthly_cents: 299, locations: EUROPE, ends: None },
    Type { id: 115, name: "cx33", category: "cost_optimized", cores: 4, memory: 8, disk: 80, monthly_cents: 499, locations: EUROPE, ends: None },
    Type { id: 116, name: "cx43", category: "cost_optimized", cores: 8, memory: 16, disk: 160, monthly_cents: 899, locations: EUROPE, ends: None },
    Type { id: 117, name: "cx53", category: "cost_optimized", cores: 16, memory: 32, disk: 320, monthly_cents: 1699, locations: EUROPE, ends: None },
];

static LOCATIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    [
        (1, "fsn1", "Falkenstein DC Park 1", "DE", "Falkenstein", 50.476_12, 12.370_071, "eu-central"),
        (2, "nbg1", "Nuremberg DC Park 1", "DE", "Nuremberg", 49.452_102, 11.076_665, "eu-central"),
        (3, "hel1", "Helsinki DC Park 1", "FI", "Helsinki", 60.169_855, 24.938_379, "eu-central"),
        (4, "ash", "Ashburn, VA", "US", "Ashburn, VA", 39.045_821, -77.487_073, "us-east"),
        (5, "hil", "Hillsboro, OR", "US", "Hillsboro, OR", 45.543_13, -122.937_25, "us-west"),
        (6, "sin", "Singapore", "SG", "Singapore", 1.283_333, 103.833_333, "ap-southeast"),
    ]
    .into_iter()
    .map(|(id, name, description, country, city, latitude, longitude, zone)| {
        json!({
            "id": id, "name": name, "description": description, "country": country, "city": city,
            "latitude": latitude, "longitude": longitude, "network_zone": zone,
        })
    })
    .collect()
});

static SERVER_TYPES: LazyLock<Vec<Value>> = LazyLock::new(|| TYPES.iter().map(server_type_object).collect());

static IMAGES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    [
        (114_690_387, "debian-12", "Debian 12", "debian", "12", "x86", "2023-06-13T06:00:00Z"),
        (114_690_389, "debian-12", "Debian 12", "debian", "12", "arm", "2023-06-13T06:00:00Z"),
        (310_557_660, "debian-13", "Debian 13", "debian", "13", "x86", "2025-08-13T06:00:00Z"),
        (310_557_662, "debian-13", "Debian 13", "debian", "13", "arm", "2025-08-13T06:00:00Z"),
        (161_547_269, "ubuntu-24.04", "Ubuntu 24.04", "ubuntu", "24.04", "x86", "2024-04-25T13:26:27Z"),
        (161_547_270, "ubuntu-24.04", "Ubuntu 24.04", "ubuntu", "24.04", "arm", "2024-04-25T13:26:51Z"),
    ]
    .into_iter()
    .map(|(id, name, description, flavor, version, architecture, created)| {
        json!({
            "id": id, "type": "system", "status": "available", "name": name,
            "description": description, "image_size": null, "disk_size": 5, "created": created,
            "created_from": null, "bound_to": null, "os_flavor": flavor, "os_version": version,
            "rapid_deploy": true, "protection": {"delete": false}, "deprecated": null,
            "deleted": null, "labels": {}, "architecture": architecture,
        })
    })
    .collect()
});

fn server_type_object(entry: &Type) -> Value {
    let deprecation =
        entry.ends.map_or(Value::Null, |(announced, ends)| json!({"announced": announced, "unavailable_after": ends}));
    let locations: Vec<Value> = entry
        .locations
        .iter()
        .filter_map(|name| location(name))
        .map(|at| {
            json!({
                "id": at["id"], "name": at["name"], "deprecation": deprecation,
                // Newer than the published document; newer clients ask for them.
                "available": entry.ends.is_none(), "recommended": entry.ends.is_none(),
            })
        })
        .collect();
    let prices: Vec<Value> = entry.locations.iter().map(|name| price(entry, name)).collect();
    let dedicated = entry.name.starts_with("ccx");
    json!({
        "id": entry.id,
        "name": entry.name,
        "description": entry.name.to_uppercase(),
        "category": entry.category,
        "cores": entry.cores,
        "memory": f64::from(entry.memory),
        "disk": entry.disk,
        "deprecated": entry.ends.is_some(),
        "deprecation": deprecation,
        "prices": prices,
        "locations": locations,
        "storage_type": "local",
        "cpu_type": if dedicated { "dedicated" } else { "shared" },
        "architecture": if entry.name.starts_with("cax") { "arm" } else { "x86" },
    })
}

fn price(entry: &Type, location: &str) -> Value {
    let net = f64::from(entry.monthly_cents) / 100.0;
    let amount = |net: f64| json!({"net": format!("{net:.10}"), "gross": format!("{:.16}", net * 1.19)});
    let terabytes: i64 = if EUROPE.contains(&location) { 20 } else { 1 };
    json!({
        "location": location,
        // The monthly price caps the hourly one, which is a little over a 730th of it.
        "price_hourly": amount(net / 624.0),
        "price_monthly": amount(net),
        "included_traffic": terabytes * 1_099_511_627_776,
        "price_per_tb_traffic": amount(1.0),
    })
}

/// A location by name or id.
pub(crate) fn location(key: &str) -> Option<&'static Value> {
    find(&LOCATIONS, key)
}

/// A server type by name or id.
pub(crate) fn server_type(key: &str) -> Option<&'static Value> {
    find(&SERVER_TYPES, key)
}

/// An image by name or id; a name stands for one image per architecture.
pub(crate) fn image(key: &str, architecture: &str) -> Option<&'static Value> {
    IMAGES
        .iter()
        .find(|image| image["name"] == key && image["architecture"] == architecture)
        .or_else(|| IMAGES.iter().find(|image| has_id(image, key)))
}

fn find(catalog: &'static [Value], key: &str) -> Option<&'static Value> {
    catalog.iter().find(|entry| entry["name"] == key || has_id(entry, key))
}

fn has_id(entry: &Value, text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|id| entry["id"].as_i64() == Some(id))
}

/// The data center of a location, which the API still answers beside it.
pub(crate) fn datacenter(location: &Value) -> Value {
    let id = location["id"].as_i64().unwrap_or(0);
    let name = location["name"].as_str().unwrap_or("");
    let offered: Vec<i64> =
        TYPES.iter().filter(|entry| entry.locations.contains(&name)).map(|entry| entry.id).collect();
    json!({
        "id": id + 1,
        "name": format!("{name}-dc1"),
        "description": format!("{} virtual DC 1", location["city"].as_str().unwrap_or("")),
        "location": location,
        "server_types": {
            "supported": offered, "available": offered, "available_for_migration": offered,
        },
    })
}

type Pairs = Query<Vec<(String, String)>>;

pub(crate) async fn list_server_types(State(clouds): State<Clouds>, Query(pairs): Pairs) -> Result<Response, Refusal> {
    let limits = &clouds.control().limits;
    let show = |entry: &Value| in_stock(entry, limits);
    Ok(ListQuery::read(pairs, &["name"])?.answer("server_types", SERVER_TYPES.iter(), show))
}

pub(crate) async fn list_locations(Query(pairs): Pairs) -> Result<Response, Refusal> {
    list("locations", &LOCATIONS, pairs, &["name"])
}

pub(crate) async fn list_images(Query(pairs): Pairs) -> Result<Response, Refusal> {
    list("images", &IMAGES, pairs, &["name", "type", "status", "architecture"])
}

pub(crate) async fn get_server_type(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    let found = SERVER_TYPES.iter().find(|entry| has_id(entry, &id));
    let entry = found.ok_or_else(|| Refusal::not_found("server_type", &id))?;
    Ok(Json(json!({"server_type": in_stock(entry, &clouds.control().limits)})).into_response())
}

/// A server type with the locations marked in which it is sold out.
fn in_stock(entry: &Value, limits: &Limits) -> Value {
    let mut shown = entry.clone();
    for location in shown["locations"].as_array_mut().into_iter().flatten() {
        if limits.is_sold_out(&entry["name"], &location["name"]) {
            location["available"] = json!(false);
        }
    }
    shown
}

pub(crate) async fn get_location(Path(id): Path<String>) -> Result<Response, Refusal> {
    get("location", &LOCATIONS, &id)
}

pub(crate) async fn get_image(Path(id): Path<String>) -> Result<Response, Refusal> {
    get("image", &IMAGES, &id)
}

fn list(
    name: &str,
    catalog: &'static [Value],
    pairs: Vec<(String, String)>,
    filters: &[&str],
) -> Result<Response, Refusal> {
    Ok(ListQuery::read(pairs, filters)?.answer(name, catalog.iter(), Value::clone))
}

fn get(name: &str, catalog: &[Value], id: &str) -> Result<Response, Refusal> {
    let entry = catalog.iter().find(|entry| has_id(entry, id)).ok_or_else(|| Refusal::not_found(name, id))?;
    Ok(Json(json!({name: entry})).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_name_stands_for_one_image_per_architecture() {
        let x86 = image("debian-13", "x86").expect("offered");
        let arm = image("debian-13", "arm").expect("offered");
        assert_ne!(x86["id"], arm["id"]);
        assert!(image("debian-1", "x86").is_none());
    }

    #[test]
    fn every_type_has_a_price_in_every_location_that_offers_it() {
        for entry in SERVER_TYPES.iter() {
            let named = |list: &Value, field: &str| -> Vec<Value> {
                list.as_array().into_iter().flatten().map(|item| item[field].clone()).collect()
            };
            assert_eq!(named(&entry["prices"], "location"), named(&entry["locations"], "name"));
            assert!(!named(&entry["prices"], "location").is_empty());
        }
    }
}
