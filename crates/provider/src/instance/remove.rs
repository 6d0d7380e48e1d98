//! Deleting an instance and everything of it: Hetzner itself only detaches.
use std::collections::BTreeSet;
use std::time::Duration;

use ampere_core::identity::{ExternalId, Marker};
use ampere_core::provider::{ProviderError, Request};

use super::model::Thing;
use super::parts::by_name;
use super::request;
use crate::hetzner::{CLOUD, Hetzner, of_marker};
use crate::service::not_ours;

/// How often the deletion of a part that is still in use is tried.
const TRIES: u32 = 8;
/// The first pause between two tries; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Deletes the server of a number, then every part of this marker that belongs to no other server. Gives the names that are
/// free now: of the server, of its parts, and of a mailbox that alone was left.
pub(super) async fn remove(
    cloud: &Hetzner,
    id: &ExternalId,
    request: &Request<'_>,
) -> Result<BTreeSet<String>, ProviderError> {
    let server = server(cloud, id, request).await?;
    if let Some(server) = &server {
        (request.progress)("deleting the server");
        if let Some(answer) = cloud.find(&request::delete("servers", server.id)).await? {
            cloud.finish(&answer, request.progress).await?;
        }
    }
    let name = server.map(|server| server.name);
    let mut kept = BTreeSet::new();
    let mut freed: BTreeSet<String> = name.iter().cloned().chain(super::mailbox::server_of(&id.0)).collect();
    for what in ["firewalls", "ssh_keys"] {
        for part in parts(cloud, what, name.as_deref(), request.marker).await? {
            if !belongs_to_another(cloud, &part, name.as_deref(), &mut kept).await? {
                delete_part(cloud, what, &part, request).await?;
                freed.insert(part.name);
            }
        }
    }
    leftovers(cloud, request).await?;
    Ok(freed)
}

/// The server to delete, if it is there and ours. The id of a leftover names another part, and so finds none.
async fn server(cloud: &Hetzner, id: &ExternalId, request: &Request<'_>) -> Result<Option<Thing>, ProviderError> {
    let Ok(number) = id.0.parse::<u64>() else { return Ok(None) };
    let found = cloud.find(&request::get("servers", number)).await?;
    let Some(server) = found.as_ref().and_then(|body| Thing::read(&body["server"])) else { return Ok(None) };
    let known = request.before.and_then(|before| crate::attributes::text(before, "id")) == Some(&id.0);
    match &server.marker {
        Some(marker) if marker.stack == request.marker.stack && (known || marker.address == request.marker.address) => {
            Ok(Some(server))
        }
        _ if !known => Ok(None),
        _ => Err(not_ours(CLOUD, "the server", &id.0)),
    }
}

/// The parts with this marker, and those of this name that bear the stack's marker with another address (a move that was
/// not finished).
async fn parts(
    cloud: &Hetzner,
    what: &'static str,
    name: Option<&str>,
    marker: &Marker,
) -> Result<Vec<Thing>, ProviderError> {
    let (found, _) = cloud.list(what, &[of_marker(marker)]).await?;
    let mut parts: Vec<Thing> = found.iter().filter_map(Thing::read).collect();
    let Some(name) = name.filter(|name| !parts.iter().any(|part| part.name == *name)) else { return Ok(parts) };
    let of_name = by_name(cloud, what, name).await?;
    parts.extend(of_name.filter(|part| part.marker.as_ref().is_some_and(|found| found.stack == marker.stack)));
    Ok(parts)
}

/// Whether a part of another name has a server of its own (the other half of a replacement).
async fn belongs_to_another(
    cloud: &Hetzner,
    part: &Thing,
    deleted: Option<&str>,
    kept: &mut BTreeSet<String>,
) -> Result<bool, ProviderError> {
    if deleted == Some(part.name.as_str()) {
        return Ok(false);
    }
    if !kept.contains(&part.name) && by_name(cloud, "servers", &part.name).await?.is_some() {
        kept.insert(part.name.clone());
    }
    Ok(kept.contains(&part.name))
}

/// Deletes a part; one that is still in use is detached and tried again.
async fn delete_part(
    cloud: &Hetzner,
    what: &'static str,
    part: &Thing,
    request: &Request<'_>,
) -> Result<(), ProviderError> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    loop {
        tries += 1;
        let refused = match cloud.send(&request::delete(what, part.id)).await {
            Ok(answer) => return cloud.finish(&answer, request.progress).await,
            Err(refused) => refused,
        };
        match refused.code.as_str() {
            "not_found" => return Ok(()),
            "resource_in_use" | "must_be_unassigned" | "locked" | "conflict" if tries < TRIES => {}
            _ => return Err(refused.error),
        }
        if what == "firewalls" {
            detach(cloud, part.id, request).await?;
        }
        cloud.pause(pause).await;
        pause *= 2;
    }
}

async fn detach(cloud: &Hetzner, firewall: u64, request: &Request<'_>) -> Result<(), ProviderError> {
    let found = cloud.find(&request::get("firewalls", firewall)).await?;
    let servers = found.as_ref().and_then(|body| Thing::read(&body["firewall"])).map(|firewall| firewall.applied_to());
    let Some(servers) = servers.filter(|servers| !servers.is_empty()) else { return Ok(()) };
    let answer = match cloud.send(&request::detach(firewall, &servers)).await {
        Ok(answer) => answer,
        // Gone from there in the meantime.
        Err(refused)
            if matches!(
                refused.code.as_str(),
                "not_found" | "firewall_already_removed" | "firewall_resource_not_found"
            ) =>
        {
            return Ok(());
        }
        Err(refused) => return Err(refused.error),
    };
    cloud.finish(&answer, request.progress).await
}

/// Addresses and volumes with our marker that outlived the server. (Hetzner deletes the addresses it made for a server with
/// it; these were kept by hand.)
async fn leftovers(cloud: &Hetzner, request: &Request<'_>) -> Result<(), ProviderError> {
    for what in ["primary_ips", "volumes"] {
        let (found, _) = cloud.list(what, &[of_marker(request.marker)]).await?;
        for thing in found.iter().filter_map(Thing::read).filter(|thing| thing.holder().is_none()) {
            delete_part(cloud, what, &thing, request).await?;
        }
    }
    Ok(())
}
