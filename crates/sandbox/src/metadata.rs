//! Hetzner's metadata service for one server, at an address of its own: what a real box finds at `http://169.254.169.254/hetzner/v1`.
//!
//! The calls are those of <https://docs.hetzner.cloud/reference/cloud#server-metadata>, and what cloud-init's data source `Hetzner` reads.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::hetzner::Seen;
use crate::server::Clouds;
use crate::world::NotWritten;

/// The name servers that Hetzner's boxes are told.
const NAME_SERVERS: [&str; 2] = ["185.12.64.1", "185.12.64.2"];

/// Why the metadata of a server cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// Others could reach it there.
    #[error("metadata is served on loopback and link-local addresses only, not on {address}")]
    Reachable {
        /// The refused address.
        address: SocketAddr,
    },
    /// The address could not be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Whose metadata it is: a server that may be made later.
#[derive(Clone)]
struct Of {
    clouds: Clouds,
    server: String,
}

/// Serves the metadata of a server by its name, as long as the sandbox runs.
///
/// # Errors
///
/// [`MetadataError`].
pub(crate) async fn serve(clouds: Clouds, server: String, address: SocketAddr) -> Result<Served, MetadataError> {
    let link_local = match address.ip() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if !link_local && !address.ip().is_loopback() {
        return Err(MetadataError::Reachable { address });
    }
    let listen = |source| MetadataError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let router = Router::new()
        .route("/hetzner/v1/userdata", get(user_data))
        .route("/hetzner/v1/metadata", get(everything))
        .route("/hetzner/v1/metadata/{field}", get(field))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found\n") })
        .with_state(Of { clouds, server });
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the metadata service of the sandbox has failed");
        }
    });
    Ok(Served { address, task })
}

/// A service that runs; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Of {
    /// The server; none while there is none of the name.
    fn seen(&self) -> Option<Seen> {
        self.clouds.change(|change| Ok::<_, NotWritten>(Seen::named(change, &self.server))).ok().flatten()
    }
}

async fn user_data(State(of): State<Of>) -> Response {
    match of.seen() {
        Some(seen) => seen.user_data.unwrap_or_default().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// All fields as YAML, of which JSON is a part.
async fn everything(State(of): State<Of>) -> Response {
    match of.seen() {
        Some(seen) => format!("{}\n", metadata(&seen)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// One field: a text as it is, anything else as YAML.
async fn field(State(of): State<Of>, Path(field): Path<String>) -> Response {
    let found = of.seen().and_then(|seen| metadata(&seen).get(&field).cloned());
    match found {
        Some(Value::String(text)) => text.into_response(),
        Some(other) => other.to_string().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn metadata(seen: &Seen) -> Value {
    let mut subnets = vec![json!({"type": "dhcp", "ipv4": true, "dns_nameservers": NAME_SERVERS})];
    if let Some(ipv6) = &seen.ipv6 {
        subnets.push(json!({
            "type": "static", "ipv6": true, "address": format!("{ipv6}/64"), "gateway": "fe80::1",
            "dns_nameservers": ["2a01:4ff:ff00::add:2", "2a01:4ff:ff00::add:1"],
        }));
    }
    let mac = seen.id.to_be_bytes();
    let mac = format!("96:00:{:02x}:{:02x}:{:02x}:{:02x}", mac[4], mac[5], mac[6], mac[7]);
    json!({
        "availability-zone": seen.datacenter,
        "hostname": seen.name,
        "instance-id": seen.id,
        "local-ipv4": "",
        "network-config": {
            "version": 1,
            "config": [{"type": "physical", "name": "eth0", "mac_address": mac, "subnets": subnets}],
        },
        "private-networks": [],
        "public-ipv4": seen.ipv4.clone().unwrap_or_default(),
        "public-keys": seen.public_keys,
        "region": seen.region,
        "vendor_data": "",
    })
}
