//! Listing, reading, renaming and deleting servers.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::Fields;
use super::error::Refusal;
use super::list::ListQuery;
use super::server_view::{Attachments, status, view};
use super::{actions, firewalls, primary_ips};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The longest host name.
const LONGEST_NAME: usize = 253;

pub(crate) async fn list(
    State(clouds): State<Clouds>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let wanted_status: Vec<String> =
        pairs.iter().filter(|(key, _)| key == "status").map(|(_, value)| value.clone()).collect();
    let query = ListQuery::read(pairs, &["name"])?;
    clouds.change(|change| {
        let change = &*change;
        let attachments = Attachments::read(change);
        let in_status = |server: &&Value| {
            wanted_status.is_empty() || wanted_status.iter().any(|wanted| wanted == status(server, change.now()))
        };
        let show = |server: &Value| view(change, server, &attachments);
        let servers = change.all(Kind::Servers);
        Ok(match query.name() {
            Some(name) => {
                let named = servers.with_key(name).map(|(_, server)| server);
                query.answer("servers", named.filter(in_status), show)
            }
            None => {
                let all = servers.iter().map(|(_, server)| server);
                query.answer("servers", all.filter(in_status), show)
            }
        })
    })
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| {
        let shown = view(change, find(change, &id)?, &Attachments::read(change));
        Ok(Json(json!({"server": shown})).into_response())
    })
}

pub(crate) async fn update(
    State(clouds): State<Clouds>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut server = find(change, &id)?.clone();
        if let Some(name) = fields.text("name")? {
            check_name(change, name, Some(&id))?;
            server["name"] = json!(name);
        }
        if let Some(labels) = fields.labels()? {
            server["labels"] = labels;
        }
        change.put(Kind::Servers, &id, server.clone());
        let shown = view(change, &server, &Attachments::read(change));
        Ok(Json(json!({"server": shown})).into_response())
    })
}

/// Deletes a server at once; its firewalls let go of it when the action ends.
pub(crate) async fn delete(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| {
        let server = find(change, &id)?;
        if server["protection"]["delete"] == json!(true) {
            let message = "server deletion is protected";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "protected", message));
        }
        let number = server["id"].as_i64().unwrap_or(0);
        let now = change.now();
        let end = actions::end(&clouds, now);
        change.remove(Kind::Servers, &id);
        primary_ips::release(change, number);
        super::volumes::detach(change, number);
        firewalls::detach(change, number, end);
        let action = actions::start(change, "delete_server", &[("server", number)], now, end);
        Ok(Json(json!({"action": action})).into_response())
    })
}

/// The stored server.
///
/// # Errors
///
/// 404 when there is none.
pub(crate) fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Servers, id).ok_or_else(|| Refusal::not_found("server", id))
}

/// Checks that a name is a host name (RFC 1123) nobody else has.
///
/// # Errors
///
/// 422 or 409 `uniqueness_error`.
pub(crate) fn check_name(change: &Change<'_>, name: &str, own_id: Option<&str>) -> Result<(), Refusal> {
    let label_ok = |label: &str| {
        let bytes = label.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > LONGEST_NAME || !name.split('.').all(label_ok) {
        return Err(Refusal::invalid("name", "Name must be a valid hostname."));
    }
    let taken = change.all(Kind::Servers).with_key(name).any(|(id, _)| Some(id) != own_id);
    if taken {
        return Err(Refusal::not_unique("server name is already used", "name"));
    }
    Ok(())
}
