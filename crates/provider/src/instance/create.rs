//! Making an instance: firewall, key, server, in this order, so that the server is never open.
use std::time::Duration;

use ampere_core::identity::Marker;
use ampere_core::provider::{ProviderError, ProviderErrorKind, Request};
use ampere_lang::value::Value;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use super::model::Thing;
use super::parts::{self, Named, by_name, ensure};
use super::request;
use crate::hetzner::{CLOUD, Hetzner};
use crate::marker;
use crate::service::replaced;

/// What the names of our objects begin with.
pub(super) const PREFIX: &str = "ampere";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// The first pause between two looks at a server that starts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The answer to a create. A root password in it is noticed and not read (N4).
#[derive(Deserialize)]
struct Created {
    server: Json,
    #[serde(default)]
    action: Json,
    #[serde(default)]
    next_actions: Json,
    #[serde(default)]
    root_password: Option<IgnoredAny>,
}

/// Finds or makes the three parts and waits until the server runs. Tells the server's number, whatever happens after it.
pub(super) async fn create(
    cloud: &Hetzner,
    request: &Request<'_>,
    object: &Value,
) -> Result<u64, (Option<u64>, ProviderError)> {
    let before = |error: ProviderError| (None, error);
    let avoided = replaced_name(cloud, request).await.map_err(before)?;
    for generation in 0..marker::GENERATIONS {
        let name = marker::name(PREFIX, request.marker, generation);
        if avoided.as_ref() == Some(&name) {
            continue;
        }
        let Some((firewall, key)) = small_parts(cloud, &name, request.marker).await.map_err(before)? else { continue };
        let call = request::create_server(&name, object, request.marker, firewall.id, &key.name).map_err(before)?;
        return match make_server(cloud, &call, &name, request).await {
            Ok(id) => await_running(cloud, id, request).await.map(|()| id).map_err(|error| (Some(id), error)),
            Err(failed) => Err((failed.0, explain(cloud, failed.1).await)),
        };
    }
    Err((None, parts::taken("server", &marker::name(PREFIX, request.marker, 0))))
}

/// The name of the server that is being replaced: its parts bear the same marker and are not to be taken over.
async fn replaced_name(cloud: &Hetzner, request: &Request<'_>) -> Result<Option<String>, ProviderError> {
    let Some(id) = replaced(request).and_then(|id| id.parse().ok()) else { return Ok(None) };
    let found = cloud.find(&request::get("servers", id)).await?;
    Ok(found.as_ref().and_then(|body| Thing::read(&body["server"])).map(|server| server.name))
}

/// Firewall and key of a name; none if another object holds the name.
async fn small_parts(cloud: &Hetzner, name: &str, marker: &Marker) -> Result<Option<(Thing, Thing)>, ProviderError> {
    let create = request::create_firewall(name, marker);
    let Named::Ours(firewall) = ensure(cloud, "firewalls", "firewall", name, marker, create).await? else {
        return Ok(None);
    };
    let create = request::create_key(name, marker);
    let Named::Ours(key) = ensure(cloud, "ssh_keys", "ssh_key", name, marker, create).await? else { return Ok(None) };
    Ok(Some((firewall, key)))
}

async fn make_server(
    cloud: &Hetzner,
    call: &crate::http::Call,
    name: &str,
    request: &Request<'_>,
) -> Result<u64, (Option<u64>, ProviderError)> {
    let before = |error: ProviderError| (None, error);
    let answer = match cloud.answer(call).await {
        Ok(answer) => answer,
        Err(refused) if refused.code == "uniqueness_error" => {
            return match by_name(cloud, "servers", name).await.map_err(before)? {
                Some(server) if server.marker.as_ref() == Some(request.marker) => Ok(server.id),
                _ => Err((None, parts::taken("server", name))),
            };
        }
        // The request may have had its effect: the list tells at once, and spares a second attempt.
        Err(refused) if refused.error.kind == ProviderErrorKind::Unknown => {
            return found_again(cloud, name, request.marker, refused.error).await;
        }
        Err(refused) => return Err((None, refused.error)),
    };
    let created = match answer.json::<Created>() {
        Ok(created) if created.server["id"].is_u64() => created,
        // It was made; its number is in the list even if the answer cannot be read.
        Ok(_) => return found_again(cloud, name, request.marker, no_id()).await,
        Err(error) => return found_again(cloud, name, request.marker, error).await,
    };
    if created.root_password.is_some() {
        (request.progress)("Hetzner minted a root password although a key was given; it was discarded unread");
    }
    let id = created.server["id"].as_u64().ok_or_else(|| (None, no_id()))?;
    let actions = json!({"action": created.action, "next_actions": created.next_actions});
    cloud.finish(&actions, request.progress).await.map_err(|error| (Some(id), error))?;
    Ok(id)
}

/// Waits until a server has left its first statuses: one that was taken over names no action to wait for.
async fn await_running(cloud: &Hetzner, id: u64, request: &Request<'_>) -> Result<(), ProviderError> {
    let begun = tokio::time::Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let found = cloud.find(&request::get("servers", id)).await?;
        let server = found.as_ref().and_then(|body| Thing::read(&body["server"]));
        match server.as_ref().map(Thing::status) {
            Some("initializing" | "starting") if begun.elapsed() < PATIENCE => {}
            Some("initializing" | "starting") => {
                let message = format!("the server {id} did not start within {} minutes", PATIENCE.as_secs() / 60);
                return Err(ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, message)
                    .with_hint("Look at it in the Hetzner Cloud console, then run the plan again."));
            }
            _ => return Ok(()),
        }
        (request.progress)("starting the server");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn found_again(
    cloud: &Hetzner,
    name: &str,
    marker: &Marker,
    error: ProviderError,
) -> Result<u64, (Option<u64>, ProviderError)> {
    match by_name(cloud, "servers", name).await {
        Ok(Some(server)) if server.marker.as_ref() == Some(marker) => Ok(server.id),
        _ => Err((None, error)),
    }
}

fn no_id() -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Malformed, "the answer to POST /servers has no id")
}

/// Adds the valid choices to the refusal of a location or type. If they cannot be had, the refusal stands as it is.
async fn explain(cloud: &Hetzner, error: ProviderError) -> ProviderError {
    let (ProviderErrorKind::Invalid, Some(attribute)) = (&error.kind, error.attribute) else { return error };
    let names = match attribute {
        "location" => names(cloud, "locations", |_| true).await,
        "server_type" => {
            names(cloud, "server_types", |kind| {
                kind["memory"].as_f64().is_some_and(|memory| memory >= 4.0) && kind["deprecation"].is_null()
            })
            .await
        }
        _ => None,
    };
    match names {
        Some(names) => {
            let what = if attribute == "location" { "Locations" } else { "Server types (not all are sold everywhere)" };
            error.with_hint(format!("{what}: {}.", names.join(", ")))
        }
        None => error,
    }
}

async fn names(cloud: &Hetzner, what: &'static str, fits: impl Fn(&Json) -> bool) -> Option<Vec<String>> {
    let (found, _) = cloud.list(what, &[]).await.ok()?;
    let names: Vec<String> =
        found.iter().filter(|one| fits(one)).filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
    (!names.is_empty()).then_some(names)
}
