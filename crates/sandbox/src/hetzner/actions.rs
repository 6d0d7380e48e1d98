//! Actions: work that takes time, computed from the clock when it is read.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::error::Refusal;
use super::list::ListQuery;
use super::{HIDDEN, next_id, time};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The most actions one call can ask for.
const MOST_IDS: usize = 25;

/// Starts an action that runs from `from` to `until`, and shows it.
pub(crate) fn start(
    change: &mut Change<'_>,
    command: &str,
    resources: &[(&str, i64)],
    from: Timestamp,
    until: Timestamp,
) -> Value {
    let id = next_id(change, Kind::Actions);
    let resources: Vec<Value> = resources.iter().map(|(kind, id)| json!({"type": kind, "id": id})).collect();
    let action = json!({
        "id": id,
        "command": command,
        "resources": resources,
        "started": time(from),
        "error": null,
        HIDDEN: {"from_ms": from.as_millisecond(), "until_ms": until.as_millisecond()},
    });
    let shown = view(&action, change.now());
    change.put(Kind::Actions, &id.to_string(), action);
    shown
}

/// An action as it is at this moment.
pub(crate) fn view(action: &Value, now: Timestamp) -> Value {
    let from = action[HIDDEN]["from_ms"].as_i64().unwrap_or(0);
    let until = action[HIDDEN]["until_ms"].as_i64().unwrap_or(0);
    let passed = now.as_millisecond() - from;
    let finished = now.as_millisecond() >= until;
    let progress = if finished { 100 } else { (100 * passed.max(0) / (until - from).max(1)).min(99) };
    let status = match (finished, action["error"].is_null()) {
        (false, _) => "running",
        (true, true) => "success",
        (true, false) => "error",
    };
    let end = Timestamp::from_millisecond(until).unwrap_or(now);
    json!({
        "id": action["id"],
        "command": action["command"],
        "status": status,
        "progress": progress,
        "started": action["started"],
        "finished": finished.then(|| time(end)),
        "resources": action["resources"],
        "error": if finished { action["error"].clone() } else { Value::Null },
    })
}

/// When something that begins now and takes one action's time ends.
pub(crate) fn end(clouds: &Clouds, from: Timestamp) -> Timestamp {
    let length = SignedDuration::try_from(clouds.action_time).unwrap_or(SignedDuration::MAX);
    from.saturating_add(length).unwrap_or(Timestamp::MAX)
}

pub(crate) async fn get(State(clouds): State<Clouds>, Path(id): Path<String>) -> Result<Response, Refusal> {
    clouds.change(|change| {
        let action = change.get(Kind::Actions, &id).ok_or_else(|| Refusal::not_found("action", &id))?;
        Ok(Json(json!({"action": view(action, change.now())})).into_response())
    })
}

/// Several actions by id; the real service ended the listing of all actions in 2025.
pub(crate) async fn list(
    State(clouds): State<Clouds>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    let ids: Vec<String> = pairs.into_iter().filter(|(key, _)| key == "id").map(|(_, id)| id).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        return Err(Refusal::invalid("id", "between 1 and 25 ids must be given"));
    }
    clouds.change(|change| {
        let actions: Vec<Value> = ids
            .iter()
            .filter_map(|id| change.get(Kind::Actions, id))
            .map(|action| view(action, change.now()))
            .collect();
        Ok(Json(json!({"actions": actions})).into_response())
    })
}

/// The actions on all servers, deleted ones too.
pub(crate) async fn of_servers(
    State(clouds): State<Clouds>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    answer(&clouds, pairs, |action| on(action, "server").next().is_some())
}

/// The actions on one server.
pub(crate) async fn of_server(
    State(clouds): State<Clouds>,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Refusal> {
    clouds.change(|change| super::servers::find(change, &id).map(drop))?;
    let number = id.parse::<i64>().ok();
    answer(&clouds, pairs, |action| on(action, "server").any(|server| Some(server) == number))
}

/// One action, if it is one of this server's.
pub(crate) async fn get_of_server(
    State(clouds): State<Clouds>,
    Path((server, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let number = server.parse::<i64>().ok();
    clouds.change(|change| {
        let action = change
            .get(Kind::Actions, &id)
            .filter(|action| on(action, "server").any(|server| Some(server) == number))
            .ok_or_else(|| Refusal::not_found("action", &id))?;
        Ok(Json(json!({"action": view(action, change.now())})).into_response())
    })
}

/// What an action that is put in by hand says unless it says otherwise: it has just succeeded.
pub(crate) fn defaults(now: Timestamp) -> Value {
    let at = now.as_millisecond();
    json!({
        "command": "reboot_server", "resources": [], "started": time(now), "error": null,
        HIDDEN: {"from_ms": at, "until_ms": at},
    })
}

fn on<'a>(action: &'a Value, kind: &'a str) -> impl Iterator<Item = i64> + 'a {
    let resources = action["resources"].as_array().into_iter().flatten();
    resources.filter(move |resource| resource["type"] == kind).filter_map(|resource| resource["id"].as_i64())
}

fn answer(
    clouds: &Clouds,
    pairs: Vec<(String, String)>,
    belongs: impl Fn(&Value) -> bool,
) -> Result<Response, Refusal> {
    let query = ListQuery::read(pairs, &["id", "status"])?;
    clouds.change(|change| {
        let now = change.now();
        let actions: Vec<Value> =
            change.all(Kind::Actions).iter().filter(|(_, a)| belongs(a)).map(|(_, a)| view(a, now)).collect();
        Ok(query.answer("actions", actions.iter(), Value::clone))
    })
}
