//! Firewall and key: made, taken over, repaired.
use std::collections::BTreeMap;

use ampere_core::identity::Marker;
use ampere_core::provider::ProviderError;

use super::model::Thing;
use super::request;
use crate::hetzner::{Hetzner, Refusal};
use crate::http::Call;

/// An object of a name.
pub(super) enum Named {
    /// Ours, made now or by an earlier attempt.
    Ours(Thing),
    /// Another object holds the name.
    Taken,
}

/// The object of a name in a list, if there is one.
pub(super) async fn by_name(cloud: &Hetzner, what: &'static str, name: &str) -> Result<Option<Thing>, ProviderError> {
    let (found, _) = cloud.list(what, &[("name", name.to_owned())]).await?;
    Ok(found.iter().filter_map(Thing::read).find(|thing| thing.name == name))
}

/// A server that has to be there.
pub(super) async fn existing(cloud: &Hetzner, id: u64) -> Result<Thing, ProviderError> {
    let found = cloud.find(&request::get("servers", id)).await?;
    found.as_ref().and_then(|body| Thing::read(&body["server"])).ok_or_else(|| {
        let kind = ampere_core::provider::ProviderErrorKind::NotFound;
        ProviderError::new(crate::hetzner::CLOUD, kind, format!("the server {id} is gone"))
            .with_hint("Run the plan again.")
    })
}

/// Makes an object; one of that name and marker, from an attempt whose answer was lost, is taken over.
pub(super) async fn ensure(
    cloud: &Hetzner,
    what: &'static str,
    singular: &'static str,
    name: &str,
    marker: &Marker,
    create: Call,
) -> Result<Named, ProviderError> {
    let refused = match cloud.send(&create).await {
        Ok(body) => match Thing::read(&body[singular]) {
            Some(made) => return Ok(Named::Ours(made)),
            None => unread(&create),
        },
        Err(refused) => refused,
    };
    if refused.code != "uniqueness_error" && !refused.code.is_empty() {
        return Err(refused.error);
    }
    match by_name(cloud, what, name).await? {
        Some(found) if found.marker.as_ref() == Some(marker) => Ok(Named::Ours(found)),
        Some(_) => Ok(Named::Taken),
        // Another name but the same public key, or a failure without a code.
        None => Err(refused.error),
    }
}

fn unread(call: &Call) -> Refusal {
    let kind = ampere_core::provider::ProviderErrorKind::Malformed;
    ProviderError::new(crate::hetzner::CLOUD, kind, format!("the answer to {} has no id", call.place())).into()
}

/// Sets labels that are missing or wrong, and keeps those that others have put there.
pub(super) async fn relabel(
    cloud: &Hetzner,
    what: &'static str,
    thing: &mut Thing,
    wanted: BTreeMap<String, String>,
) -> Result<(), ProviderError> {
    let mut labels = thing.labels.clone();
    labels.extend(wanted);
    if labels != thing.labels {
        cloud.send(&request::relabel(what, thing.id, &labels)).await?;
        thing.labels = labels;
    }
    Ok(())
}

/// Makes the firewall of a server what it has to be: there, ours, without a rule, applied. Gives its number.
pub(super) async fn repair_firewall(
    cloud: &Hetzner,
    server: &Thing,
    marker: &Marker,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<u64, ProviderError> {
    let mut firewall = match by_name(cloud, "firewalls", &server.name).await? {
        Some(firewall) => firewall,
        None => {
            progress("making the missing firewall again");
            let create = request::create_firewall(&server.name, marker);
            match ensure(cloud, "firewalls", "firewall", &server.name, marker, create).await? {
                Named::Ours(firewall) => firewall,
                Named::Taken => return Err(taken("firewall", &server.name)),
            }
        }
    };
    if !is_ours(&firewall, marker) {
        return Err(taken("firewall", &server.name));
    }
    relabel(cloud, "firewalls", &mut firewall, request::labels(marker)).await?;
    if firewall.has_rules() {
        progress("closing the firewall");
        let answer = cloud.send(&request::close(firewall.id)).await?;
        cloud.finish(&answer, progress).await?;
    }
    if !firewall.applied_to().contains(&server.id) {
        progress("applying the firewall");
        let answer = cloud.send(&request::attach(firewall.id, server.id)).await?;
        cloud.finish(&answer, progress).await?;
    }
    Ok(firewall.id)
}

/// Deletes the key of a server that was made: it is needed in the create call only.
pub(super) async fn remove_key(cloud: &Hetzner, name: &str, marker: &Marker) -> Result<(), ProviderError> {
    match by_name(cloud, "ssh_keys", name).await? {
        Some(key) if is_ours(&key, marker) => delete_key(cloud, key.id).await,
        _ => Ok(()),
    }
}

/// Deletes a key; one that is gone already is a success.
pub(super) async fn delete_key(cloud: &Hetzner, id: u64) -> Result<(), ProviderError> {
    cloud.find(&request::delete("ssh_keys", id)).await.map(drop)
}

/// Whether a part bears our stack's marker. One without any is not taken over, whatever its name: it may serve others.
pub(super) fn is_ours(part: &Thing, marker: &Marker) -> bool {
    part.marker.as_ref().is_some_and(|found| found.stack == marker.stack)
}

/// The name is held by something that is not ours.
pub(super) fn taken(what: &str, name: &str) -> ProviderError {
    let kind = ampere_core::provider::ProviderErrorKind::Conflict;
    ProviderError::new(crate::hetzner::CLOUD, kind, format!("the name {name} is taken by a {what} that is not ours"))
        .with_hint(
            "Rename or delete the other object. If it was made by this tool (its name begins with ampere-), someone took its \
             labels away: put ampere-stack and ampere-address back.",
        )
}
