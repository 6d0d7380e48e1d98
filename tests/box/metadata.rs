//! The metadata service of Hetzner Cloud, as far as a box asks it, and cloud-init's seed beside it.
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::customer::Server;
use crate::lab::{BRIDGE, Lab, METADATA, METADATA_IPV6, run};

/// What is told about the one server.
#[derive(Clone, Default)]
pub struct Metadata(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    server: u64,
    name: String,
    address: String,
    user_data: String,
}

impl Metadata {
    /// Answers at 169.254.169.254, and at the address that goes with it in IPv6.
    pub fn start(lab: &Lab) -> Metadata {
        let metadata = Metadata::default();
        let router = Router::new()
            .route(
                "/hetzner/v1/userdata",
                axum::routing::get(|State(it): State<Metadata>| async move { it.user_data() }),
            )
            .route("/hetzner/v1/metadata/{key}", axum::routing::get(of_hetzner))
            .route("/seed/{file}", axum::routing::get(of_the_seed))
            .with_state(metadata.clone());
        let ipv6 = METADATA_IPV6.parse().expect("an address");
        let ipv6 = SocketAddrV6::new(ipv6, 80, 0, device(BRIDGE)).into();
        let ipv4 = SocketAddr::new(METADATA.parse().expect("an address"), 80);
        for address in [ipv4, ipv6] {
            let listener = lab.runtime.block_on(tokio::net::TcpListener::bind(address)).expect("the address is ours");
            let router = router.clone();
            lab.runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        }
        metadata
    }

    /// What the next box is told.
    pub fn tell(&self, server: &Server) {
        let Server { id, name, address, user_data } = server.clone();
        let told = Told { server: id, name, address, user_data };
        *self.0.lock().expect("nobody panics with it") = told;
    }

    fn user_data(&self) -> String {
        self.0.lock().expect("nobody panics with it").user_data.clone()
    }
}

/// The kernel's number of a network device. (/sys shows the devices of another namespace.)
fn device(name: &str) -> u32 {
    let told = run(&format!("ip -o link show {name}"));
    told.split(':').next().and_then(|number| number.parse().ok()).expect("a number")
}

async fn of_hetzner(State(it): State<Metadata>, Path(key): Path<String>) -> Result<String, StatusCode> {
    let told = it.0.lock().expect("nobody panics with it");
    match key.as_str() {
        "instance-id" => Ok(told.server.to_string()),
        "hostname" => Ok(told.name.clone()),
        "public-ipv4" => Ok(told.address.clone()),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

/// What cloud-init's Hetzner data source would hand over. (It looks for Hetzner's BIOS, so that a container gets it as a seed.)
async fn of_the_seed(State(it): State<Metadata>, Path(file): Path<String>) -> Result<String, StatusCode> {
    let told = it.0.lock().expect("nobody panics with it");
    match file.as_str() {
        "user-data" => Ok(told.user_data.clone()),
        "meta-data" => {
            let key = ampere_provider::null_key_of(&told.name);
            Ok(format!("instance-id: '{}'\nlocal-hostname: {}\npublic-keys: ['{key}']\n", told.server, told.name))
        }
        "vendor-data" => Ok(String::new()),
        _ => Err(StatusCode::NOT_FOUND),
    }
}
