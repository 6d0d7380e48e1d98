//! Making an instance: firewall, key, server, in this order, so that the server is never open. The key goes again as soon as
//! the server is made: it is there to keep a password from being minted, and nothing else needs it.
use std::time::Duration;

use ampere_core::identity::Marker;
use ampere_core::provider::{ProviderError, ProviderErrorKind, Request};
use ampere_lang::value::Value;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use super::client::{Crew, Prepared};
use super::model::Thing;
use super::parts::{self, Named, by_name, ensure};
use super::request;
use crate::attributes::text;
use crate::hetzner::{CLOUD, Hetzner, Refusal};
use crate::http::between;
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

/// A server that runs.
pub(super) enum Made {
    /// Made now, with all that was wanted.
    Fresh(Box<Thing>),
    /// Made by an earlier attempt: it may differ from what is wanted by now.
    TakenOver(u64),
}

/// A failure, and the number of the server if that was made before.
type Failed = (Option<u64>, Refusal);

/// Finds or makes the three parts and waits until the server runs. Tells the server's number, whatever happens after it.
pub(super) async fn create(
    cloud: &Hetzner,
    crew: Option<&Crew>,
    request: &Request<'_>,
    object: &Value,
) -> Result<Made, (Option<u64>, ProviderError)> {
    match attempt(cloud, crew, request, object).await {
        Ok(made) => Ok(made),
        Err((Some(id), refused)) => Err((Some(id), refused.error)),
        Err((None, refused)) => Err((None, explain(cloud, refused, object).await)),
    }
}

async fn attempt(cloud: &Hetzner, crew: Option<&Crew>, request: &Request<'_>, object: &Value) -> Result<Made, Failed> {
    let before = |error: ProviderError| (None, error.into());
    let avoided = replaced_name(cloud, request).await.map_err(before)?;
    for generation in 0..marker::GENERATIONS {
        let name = marker::name(PREFIX, request.marker, generation);
        if avoided.as_ref() == Some(&name) {
            continue;
        }
        let Some((firewall, key)) = small_parts(cloud, &name, request.marker).await.map_err(before)? else { continue };
        let user_data = match crew {
            None => None,
            Some(crew) => match crew.prepare(cloud, &name, request, object).await.map_err(before)? {
                Prepared::UserData(text) => Some(text),
                Prepared::There(id) => return Ok(Made::TakenOver(id)),
            },
        };
        let call = request::create_server(&name, object, request.marker, firewall.id, &key.name, user_data);
        let (id, fresh) = make_server(cloud, &call.map_err(before)?, &name, request).await?;
        let after = |error: ProviderError| (Some(id), error.into());
        let server = await_running(cloud, id, request).await.map_err(after)?;
        if !fresh {
            return Ok(Made::TakenOver(id));
        }
        parts::delete_key(cloud, key.id).await.map_err(after)?;
        return Ok(Made::Fresh(Box::new(server)));
    }
    Err((None, parts::taken("server", &marker::name(PREFIX, request.marker, 0)).into()))
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

/// Makes the server and waits for its actions. Tells its number, and whether it was made by this very call.
async fn make_server(
    cloud: &Hetzner,
    call: &crate::http::Call,
    name: &str,
    request: &Request<'_>,
) -> Result<(u64, bool), Failed> {
    let answer = match cloud.answer(call).await {
        Ok(answer) => answer,
        Err(refused) if refused.code == "uniqueness_error" => {
            return found_again(cloud, name, request.marker, parts::taken("server", name).into()).await;
        }
        // The request may have had its effect: the list tells at once, and spares a second attempt.
        Err(refused) if refused.error.kind == ProviderErrorKind::Unknown => {
            return found_again(cloud, name, request.marker, refused).await;
        }
        Err(refused) => return Err((None, refused)),
    };
    let created = match answer.json::<Created>() {
        Ok(created) => created,
        // It was made; its number is in the list even if the answer cannot be read.
        Err(error) => return found_again(cloud, name, request.marker, error.into()).await,
    };
    if created.root_password.is_some() {
        tracing::warn!(server = name, "Hetzner made a root password although a key was given; it was not read");
        (request.progress)(
            "Hetzner made a root password although a key was given; it was not read and is kept nowhere",
        );
    }
    let Some(id) = created.server["id"].as_u64() else {
        return found_again(cloud, name, request.marker, no_id().into()).await;
    };
    let actions = json!({"action": created.action, "next_actions": created.next_actions});
    cloud.finish(&actions, request.progress).await.map_err(|error| (Some(id), error.into()))?;
    Ok((id, true))
}

/// Waits until a server has left its first statuses: one that was taken over names no action to wait for.
async fn await_running(cloud: &Hetzner, id: u64, request: &Request<'_>) -> Result<Thing, ProviderError> {
    let begun = cloud.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let server = parts::existing(cloud, id).await?;
        match server.status() {
            "initializing" | "starting" if between(begun, cloud.now()) < PATIENCE => {}
            "initializing" | "starting" => {
                let message = format!("the server {id} did not start within {} minutes", PATIENCE.as_secs() / 60);
                return Err(ProviderError::new(CLOUD, ProviderErrorKind::Unavailable, message)
                    .with_hint("Look at it in the Hetzner Cloud console, then run the plan again."));
            }
            _ => return Ok(server),
        }
        (request.progress)("starting the server");
        cloud.pause(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The server of a name if it is ours; else the failure that made us look.
async fn found_again(cloud: &Hetzner, name: &str, marker: &Marker, refused: Refusal) -> Result<(u64, bool), Failed> {
    match by_name(cloud, "servers", name).await {
        Ok(Some(server)) if server.marker.as_ref() == Some(marker) => Ok((server.id, false)),
        Ok(_) => Err((None, refused)),
        // A name that is taken, by whom cannot be told now: that may pass.
        Err(error) if refused.code == "uniqueness_error" => Err((None, error.into())),
        Err(_) => Err((None, refused)),
    }
}

fn no_id() -> ProviderError {
    ProviderError::new(CLOUD, ProviderErrorKind::Malformed, "the answer to POST /servers has no id")
}

/// Adds the valid choices to the refusal of a location or type. If they cannot be had, the refusal stands as it is.
async fn explain(cloud: &Hetzner, refused: Refusal, object: &Value) -> ProviderError {
    let Refusal { code, error } = refused;
    if matches!(code.as_str(), "resource_unavailable" | "placement_error") {
        return match text(object, "server_type") {
            Some(server_type) => sold_out(cloud, error, server_type).await,
            None => error,
        };
    }
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

/// Says where a type that is sold out can be had: a server type lists the locations that offer it, and since 2026 whether
/// there are any left (`available`).
async fn sold_out(cloud: &Hetzner, error: ProviderError, server_type: &str) -> ProviderError {
    let found = cloud.list("server_types", &[("name", server_type.to_owned())]).await;
    let Ok((types, _)) = found else { return error };
    let locations = types.iter().filter_map(|kind| kind["locations"].as_array()).flatten();
    let open = locations.filter(|at| at["available"] != Json::Bool(false) && at["deprecation"].is_null());
    let names: Vec<&str> = open.filter_map(|at| at["name"].as_str()).collect();
    let hint = match names.as_slice() {
        [] => format!("{server_type} is to be had nowhere just now: choose another type, or wait."),
        names => {
            format!("{server_type} is offered in: {}. Wait, or choose one of these or another type.", names.join(", "))
        }
    };
    error.with_hint(hint).about("server_type")
}

async fn names(cloud: &Hetzner, what: &'static str, fits: impl Fn(&Json) -> bool) -> Option<Vec<String>> {
    let (found, _) = cloud.list(what, &[]).await.ok()?;
    let names: Vec<String> =
        found.iter().filter(|one| fits(one)).filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
    (!names.is_empty()).then_some(names)
}
