//! Accounts in bulk: listed page by page, deleted many at a time.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use serde_json::{Value, json};

use super::error::Refusal;
use super::{fields, key};
use crate::server::Clouds;
use crate::world::Kind;

/// The accounts of a page when the request does not say.
const DEFAULT_PAGE: usize = 20;

/// The most accounts of a page, and of one bulk deletion.
const MOST: usize = 1000;

type Answer = Result<Json<Value>, Refusal>;

/// A page of accounts in the order of their ids; the token is the last id shown.
pub(crate) async fn batch_get(
    State(clouds): State<Clouds>,
    Path(project): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Answer {
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let most = match value("maxResults").map(|text| text.parse::<usize>()) {
        None => DEFAULT_PAGE,
        Some(Ok(number)) if (1..=MOST).contains(&number) => number,
        Some(_) => return Err(Refusal::bad("INVALID_ARGUMENT : maxResults")),
    };
    let after = value("nextPageToken").filter(|token| !token.is_empty());
    let after = after.map(|token| key(&project, token));
    clouds.change(|change| {
        let prefix = key(&project, "");
        let mut page: Vec<&Value> = change
            .all(Kind::Accounts)
            .with_prefix(&prefix, after.as_deref())
            .map(|(_, account)| account)
            .take(most + 1)
            .collect();
        let more = page.len() > most;
        page.truncate(most);
        let mut answer = json!({"kind": "identitytoolkit#DownloadAccountResponse"});
        if more && let Some(last) = page.last() {
            answer["nextPageToken"] = last["localId"].clone();
        }
        if !page.is_empty() {
            answer["users"] = json!(page);
        }
        Ok(Json(answer))
    })
}

/// Deletes accounts; without `force` only those that are disabled. Unknown ids are passed over.
pub(crate) async fn batch_delete(State(clouds): State<Clouds>, Path(project): Path<String>, body: Bytes) -> Answer {
    let body = fields::read(&body)?;
    let force = body.get("force").and_then(Value::as_bool).unwrap_or(false);
    let ids: Vec<String> = body
        .get("localIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    if ids.is_empty() || ids.len() > MOST {
        return Err(Refusal::bad("LOCAL_ID_LIST_EXCEEDS_LIMIT"));
    }
    clouds.change(|change| {
        let mut errors = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            let key = key(&project, id);
            let Some(account) = change.get(Kind::Accounts, &key) else {
                continue;
            };
            if force || account["disabled"] == json!(true) {
                change.remove(Kind::Accounts, &key);
            } else {
                let message = "NOT_DISABLED : Disable the account before batch deletion.";
                errors.push(json!({"index": index, "localId": id, "message": message}));
            }
        }
        Ok(Json(if errors.is_empty() { json!({}) } else { json!({"errors": errors}) }))
    })
}
