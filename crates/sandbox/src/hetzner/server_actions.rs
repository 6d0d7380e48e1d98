//! What can be done to a server: power and type. There is no verb here for rescue, console,
//! password, rebuild, snapshot or backup, because the product promises not to use them (N3, N4).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::Fields;
use super::error::Refusal;
use super::server_view::{locked, status};
use super::servers::find;
use super::{HIDDEN, actions, catalog};
use crate::server::Clouds;
use crate::world::{Change, Kind};

pub(crate) async fn run(
    State(clouds): State<Clouds>,
    Path((id, command)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut server = find(change, &id)?.clone();
        let now = change.now();
        if locked(&server, now) {
            return Err(Refusal::locked("server"));
        }
        let end = actions::end(&clouds, now);
        let after = actions::end(&clouds, end);
        let (name, phases, last) = match command.as_str() {
            "poweron" => ("start_server", vec![("starting", end)], "running"),
            "poweroff" => ("stop_server", vec![("stopping", end)], "off"),
            "shutdown" => ("shutdown_server", vec![("stopping", end)], "off"),
            "change_type" => {
                change_type(change, &mut server, &fields)?;
                ("change_server_type", vec![("migrating", end), ("starting", after)], "running")
            }
            _ => return Err(Refusal::failure(StatusCode::NOT_FOUND)),
        };
        let rests = status(&server, now) == last && command != "change_type";
        let phases: Vec<Value> = phases
            .into_iter()
            .filter(|_| !rests)
            .map(|(status, until)| json!({"status": status, "until_ms": until.as_millisecond()}))
            .collect();
        server["status"] = json!(last);
        server[HIDDEN]["phases"] = json!(phases);
        server[HIDDEN]["locked_until_ms"] = json!(end.as_millisecond());
        let number = server["id"].as_i64().unwrap_or(0);
        change.put(Kind::Servers, &id, server);
        let action = actions::start(change, name, &[("server", number)], now, end);
        Ok((StatusCode::CREATED, Json(json!({"action": action}))).into_response())
    })
}

/// Checks a change of type and writes it into the server.
fn change_type(change: &Change<'_>, server: &mut Value, fields: &Fields) -> Result<(), Refusal> {
    let unfit = |message: &str| Refusal::unprocessable("invalid_server_type", message);
    let name = fields.required_reference("server_type")?;
    let wanted = catalog::server_type(&name).ok_or_else(|| Refusal::invalid("server_type", "server type not found"))?;
    if fields.get("upgrade_disk").is_none() {
        return Err(Refusal::invalid("upgrade_disk", "Missing data for required field."));
    }
    let upgrade_disk = fields.flag("upgrade_disk", false)?;
    if status(server, change.now()) != "off" {
        return Err(Refusal::unprocessable("server_not_stopped", "server must be stopped"));
    }
    let current = server["server_type"].as_str().and_then(catalog::server_type).unwrap_or(wanted);
    if wanted["name"] == server["server_type"] {
        return Err(unfit("the server already has this type"));
    }
    if wanted["deprecated"] == json!(true) {
        return Err(unfit("server type is deprecated"));
    }
    if wanted["architecture"] != current["architecture"] {
        return Err(unfit("the architecture of the server type does not fit"));
    }
    let offered = wanted["locations"].as_array().into_iter().flatten();
    if !offered.into_iter().any(|location| location["name"] == server["location"]) {
        return Err(unfit("unsupported location for server type"));
    }
    let disk = server["primary_disk_size"].as_i64().or_else(|| current["disk"].as_i64());
    if wanted["disk"].as_i64() < disk {
        return Err(unfit("the disk of the server type is too small"));
    }
    server["server_type"] = wanted["name"].clone();
    server["primary_disk_size"] = if upgrade_disk { wanted["disk"].clone() } else { json!(disk) };
    Ok(())
}
