//! Firewalls and what they are applied to.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::Fields;
use super::error::Refusal;
use super::list::ListQuery;
use super::selector::Selector;
use super::server_view::current_entries;
use super::{HIDDEN, actions, firewall_rules, next_id, time};
use crate::server::Clouds;
use crate::world::{Change, Kind};

type Answer = Result<Response, Refusal>;

pub(crate) async fn list(State(clouds): State<Clouds>, Query(pairs): Query<Vec<(String, String)>>) -> Answer {
    let query = ListQuery::read(pairs, &["name"])?;
    clouds.change(|change| {
        let firewalls = change.all(Kind::Firewalls);
        let show = |firewall: &Value| view(change, firewall);
        Ok(match query.name() {
            Some(name) => query.answer("firewalls", firewalls.with_key(name).map(|(_, firewall)| firewall), show),
            None => query.answer("firewalls", firewalls.iter().map(|(_, firewall)| firewall), show),
        })
    })
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Answer {
    clouds.change(|change| {
        let shown = view(change, find(change, &id)?);
        Ok(Json(json!({"firewall": shown})).into_response())
    })
}

pub(crate) async fn create(State(clouds): State<Clouds>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let name = fields.required_text("name")?;
        check_name(change, name, None)?;
        let rules = firewall_rules::rules(fields.list("rules")?)?;
        let labels = fields.labels()?.unwrap_or_else(|| json!({}));
        let id = next_id(change, Kind::Firewalls);
        let firewall = json!({
            "id": id, "name": name, "created": time(change.now()), "labels": labels,
            "rules": rules, "applied_to": [],
        });
        change.put(Kind::Firewalls, &id.to_string(), firewall);
        let actions = apply_entries(change, &clouds, id, fields.list("apply_to")?)?;
        let shown = view(change, find(change, &id.to_string())?);
        let body = json!({"firewall": shown, "actions": actions});
        Ok((StatusCode::CREATED, Json(body)).into_response())
    })
}

pub(crate) async fn update(State(clouds): State<Clouds>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut firewall = find(change, &id)?.clone();
        if let Some(name) = fields.text("name")? {
            check_name(change, name, Some(&id))?;
            firewall["name"] = json!(name);
        }
        if let Some(labels) = fields.labels()? {
            firewall["labels"] = labels;
        }
        change.put(Kind::Firewalls, &id, firewall.clone());
        Ok(Json(json!({"firewall": view(change, &firewall)})).into_response())
    })
}

pub(crate) async fn delete(State(clouds): State<Clouds>, Path(id): Path<String>) -> Answer {
    clouds.change(|change| {
        let firewall = find(change, &id)?;
        if current_entries(firewall, change.now().as_millisecond()).next().is_some() {
            let message = "firewall is still in use";
            return Err(Refusal::unprocessable("resource_in_use", message));
        }
        change.remove(Kind::Firewalls, &id);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

pub(crate) async fn set_rules(State(clouds): State<Clouds>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut firewall = find(change, &id)?.clone();
        firewall["rules"] = firewall_rules::rules(fields.list("rules")?)?;
        let number = firewall["id"].as_i64().unwrap_or(0);
        change.put(Kind::Firewalls, &id, firewall);
        let now = change.now();
        let end = actions::end(&clouds, now);
        let action = actions::start(change, "set_firewall_rules", &[("firewall", number)], now, end);
        Ok((StatusCode::CREATED, Json(json!({"actions": [action]}))).into_response())
    })
}

pub(crate) async fn apply(State(clouds): State<Clouds>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let number = find(change, &id)?["id"].as_i64().unwrap_or(0);
        let actions = apply_entries(change, &clouds, number, fields.list("apply_to")?)?;
        Ok((StatusCode::CREATED, Json(json!({"actions": actions}))).into_response())
    })
}

pub(crate) async fn remove(State(clouds): State<Clouds>, Path(id): Path<String>, body: Bytes) -> Answer {
    let fields = Fields::read(&body)?;
    clouds.change(|change| {
        let mut firewall = find(change, &id)?.clone();
        let now = change.now();
        let end = actions::end(&clouds, now);
        let mut started = Vec::new();
        for target in fields.list("remove_from")? {
            let target = resource(target)?;
            if !let_go(&mut firewall, &target, now, end) {
                let message = "the firewall is not applied to the resource";
                return Err(Refusal::unprocessable("firewall_resource_not_found", message));
            }
            started.push(action(change, "remove_firewall", &firewall, &target, now, end));
        }
        change.put(Kind::Firewalls, &id, firewall);
        Ok((StatusCode::CREATED, Json(json!({"actions": started}))).into_response())
    })
}

/// Applies a firewall to a server that is being made.
pub(crate) fn attach(change: &mut Change<'_>, firewall: i64, server: i64, from: Timestamp) {
    let id = firewall.to_string();
    let Some(mut firewall) = change.get(Kind::Firewalls, &id).cloned() else {
        return;
    };
    let target = json!({"type": "server", "server": {"id": server}});
    hold(&mut firewall, target, change.now(), from);
    change.put(Kind::Firewalls, &id, firewall);
}

/// Takes a deleted server out of every firewall, as of the end of the deletion.
pub(crate) fn detach(change: &mut Change<'_>, server: i64, end: Timestamp) {
    let now = change.now();
    let target = json!({"type": "server", "server": {"id": server}});
    let changed: Vec<(String, Value)> = change
        .all(Kind::Firewalls)
        .iter()
        .filter_map(|(id, firewall)| {
            let holds = current_entries(firewall, now.as_millisecond())
                .any(|entry| entry["server"]["id"].as_i64() == Some(server));
            let mut firewall = holds.then(|| firewall.clone())?;
            let_go(&mut firewall, &target, now, end);
            Some((id.to_owned(), firewall))
        })
        .collect();
    for (id, firewall) in changed {
        change.put(Kind::Firewalls, &id, firewall);
    }
}

fn apply_entries(change: &mut Change<'_>, clouds: &Clouds, id: i64, targets: &[Value]) -> Result<Vec<Value>, Refusal> {
    let key = id.to_string();
    let mut firewall = find(change, &key)?.clone();
    let now = change.now();
    let end = actions::end(clouds, now);
    let mut started = Vec::new();
    for target in targets {
        let target = resource(target)?;
        if let Some(server) = target["server"]["id"].as_i64()
            && change.get(Kind::Servers, &server.to_string()).is_none()
        {
            let message = "the server to apply the firewall to was not found";
            return Err(Refusal::new(StatusCode::NOT_FOUND, "firewall_resource_not_found", message));
        }
        let applied = current_entries(&firewall, now.as_millisecond())
            .any(|entry| same(entry, &target) && entry["until_ms"].is_null());
        if applied {
            let message = "the firewall is already applied to the resource";
            return Err(Refusal::unprocessable("firewall_already_applied", message));
        }
        hold(&mut firewall, target.clone(), now, end);
        started.push(action(change, "apply_firewall", &firewall, &target, now, end));
    }
    change.put(Kind::Firewalls, &key, firewall);
    Ok(started)
}

/// Adds an entry, and forgets those that are over.
fn hold(firewall: &mut Value, target: Value, now: Timestamp, from: Timestamp) {
    let mut entries: Vec<Value> =
        current_entries(firewall, now.as_millisecond()).filter(|entry| !same(entry, &target)).cloned().collect();
    let mut entry = target;
    entry["from_ms"] = json!(from.as_millisecond());
    entries.push(entry);
    firewall["applied_to"] = json!(entries);
}

/// Marks an entry as ending; `false` when there is none.
fn let_go(firewall: &mut Value, target: &Value, now: Timestamp, end: Timestamp) -> bool {
    let mut found = false;
    let now = now.as_millisecond();
    for entry in firewall["applied_to"].as_array_mut().into_iter().flatten() {
        let current = entry["until_ms"].as_i64().is_none_or(|until| now < until);
        if current && same(entry, target) {
            entry["until_ms"] = json!(end.as_millisecond());
            found = true;
        }
    }
    found
}

fn same(entry: &Value, target: &Value) -> bool {
    entry["server"] == target["server"] && entry["label_selector"] == target["label_selector"]
}

/// The resource a request names, and nothing else of what it says.
fn resource(target: &Value) -> Result<Value, Refusal> {
    let wrong = || Refusal::invalid("apply_to", "must name servers or label selectors");
    match target["type"].as_str() {
        Some("server") => {
            let id = target["server"]["id"].as_i64().ok_or_else(wrong)?;
            Ok(json!({"type": "server", "server": {"id": id}}))
        }
        Some("label_selector") => {
            let text = target["label_selector"]["selector"].as_str().ok_or_else(wrong)?;
            Selector::parse(text)?;
            Ok(json!({"type": "label_selector", "label_selector": {"selector": text}}))
        }
        _ => Err(wrong()),
    }
}

fn action(
    change: &mut Change<'_>,
    command: &str,
    firewall: &Value,
    target: &Value,
    now: Timestamp,
    end: Timestamp,
) -> Value {
    let mut resources = vec![("firewall", firewall["id"].as_i64().unwrap_or(0))];
    if let Some(server) = target["server"]["id"].as_i64() {
        resources.push(("server", server));
    }
    actions::start(change, command, &resources, now, end)
}

fn find<'c>(change: &'c Change<'_>, id: &str) -> Result<&'c Value, Refusal> {
    change.get(Kind::Firewalls, id).ok_or_else(|| Refusal::not_found("firewall", id))
}

fn check_name(change: &Change<'_>, name: &str, own_id: Option<&str>) -> Result<(), Refusal> {
    if name.is_empty() || name.chars().count() > 128 {
        return Err(Refusal::invalid("name", "must have between 1 and 128 characters"));
    }
    if change.all(Kind::Firewalls).with_key(name).any(|(id, _)| Some(id) != own_id) {
        return Err(Refusal::not_unique("firewall name is already used", "name"));
    }
    Ok(())
}

/// A firewall as it is answered: what its selectors match is computed now.
fn view(change: &Change<'_>, firewall: &Value) -> Value {
    let applied: Vec<Value> = current_entries(firewall, change.now().as_millisecond())
        .map(|entry| match entry["label_selector"]["selector"].as_str() {
            Some(selector) => json!({
                "type": "label_selector",
                "label_selector": {"selector": selector},
                "applied_to_resources": selected_servers(change, selector),
            }),
            None => json!({"type": "server", "server": entry["server"]}),
        })
        .collect();
    let mut shown = firewall.clone();
    shown["applied_to"] = json!(applied);
    if let Some(fields) = shown.as_object_mut() {
        fields.remove(HIDDEN);
    }
    shown
}

fn selected_servers(change: &Change<'_>, selector: &str) -> Vec<Value> {
    let Ok(selector) = Selector::parse(selector) else {
        return Vec::new();
    };
    change
        .all(Kind::Servers)
        .iter()
        .filter(|(_, server)| selector.matches(&server["labels"]))
        .map(|(_, server)| json!({"type": "server", "server": {"id": server["id"]}}))
        .collect()
}
