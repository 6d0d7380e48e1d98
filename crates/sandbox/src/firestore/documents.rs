//! Documents one by one, and the list of a collection.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::field_path::FieldPath;
use super::rules::Caller;
use super::writes::{Precondition, Update, delete, update};
use super::{Place, query, read_body};
use crate::server::Clouds;
use crate::world::{Change, Kind};

/// The documents of a page when the request does not say, and the most of any page.
const DEFAULT_PAGE: usize = 20;
const MOST_PER_PAGE: usize = 300;

type Pairs = Vec<(String, String)>;

/// Everything below `documents/`: a document, a collection, or a query below a document.
pub(crate) async fn dispatch(
    State(clouds): State<Clouds>,
    Extension(caller): Extension<Caller>,
    method: Method,
    Path((project, database, path)): Path<(String, String, String)>,
    Query(pairs): Query<Pairs>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let place = Place { project, database };
    if let Some(parent) = path.strip_suffix(":runQuery") {
        if method != Method::POST {
            return Err(Refusal::failure(StatusCode::NOT_FOUND));
        }
        return query::run(&clouds, &caller, &format!("{}/{parent}", place.root()), &body);
    }
    let name = format!("{}/{path}", place.root());
    let is_document = path.split('/').count() % 2 == 0;
    clouds.change(|change| match (method.as_str(), is_document) {
        ("GET", true) => get(change, &caller, &name, &pairs),
        ("GET", false) => list(change, &caller, &name, &pairs),
        ("POST", false) => create(change, &caller, &name, &pairs, &body),
        ("PATCH", true) => patch(change, &caller, &name, &pairs, &body),
        ("DELETE", true) => {
            delete(change, &caller, &name, &precondition(&pairs)?)?;
            Ok(Json(json!({})).into_response())
        }
        ("PATCH" | "DELETE", false) | ("POST", true) => {
            Err(Refusal::invalid("The path does not name what this method is for."))
        }
        _ => Err(Refusal::failure(StatusCode::NOT_FOUND)),
    })
}

fn get(change: &Change<'_>, caller: &Caller, name: &str, pairs: &Pairs) -> Result<Response, Refusal> {
    let stored = change.get(Kind::Documents, name);
    caller.may_get(name, stored)?;
    let document = stored.ok_or_else(|| Refusal::not_found(format!("Document \"{name}\" not found.")))?;
    let mask = mask(pairs, "mask.fieldPaths")?;
    Ok(Json(masked(document, mask.as_deref())).into_response())
}

fn create(
    change: &mut Change<'_>,
    caller: &Caller,
    collection: &str,
    pairs: &Pairs,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let id = value_of(pairs, "documentId").filter(|id| !id.is_empty());
    let id = id.map_or_else(|| uuid::Uuid::new_v4().simple().to_string()[..20].to_owned(), str::to_owned);
    if id.contains('/') {
        return Err(Refusal::invalid("Invalid documentId."));
    }
    let absent = Precondition { exists: Some(false), update_time: None };
    let name = format!("{collection}/{id}");
    let new = Update { name: &name, fields: fields_of(body)?, mask: None, transforms: &[] };
    let (document, _) = update(change, caller, new, &absent)?;
    Ok(Json(masked(&document, None)).into_response())
}

fn patch(
    change: &mut Change<'_>,
    caller: &Caller,
    name: &str,
    pairs: &Pairs,
    body: &Bytes,
) -> Result<Response, Refusal> {
    let fields = fields_of(body)?;
    let written = mask(pairs, "updateMask.fieldPaths")?;
    let condition = precondition(pairs)?;
    let new = Update { name, fields, mask: written.as_deref(), transforms: &[] };
    let (document, _) = update(change, caller, new, &condition)?;
    let shown = mask(pairs, "mask.fieldPaths")?;
    Ok(Json(masked(&document, shown.as_deref())).into_response())
}

/// A page of a collection in the order of names; the token is the last name shown.
fn list(change: &Change<'_>, caller: &Caller, collection: &str, pairs: &Pairs) -> Result<Response, Refusal> {
    caller.may_list()?;
    let size = match value_of(pairs, "pageSize").map(str::parse::<usize>) {
        None | Some(Ok(0)) => DEFAULT_PAGE,
        Some(Ok(size)) => size.min(MOST_PER_PAGE),
        Some(Err(_)) => return Err(Refusal::invalid("Invalid pageSize.")),
    };
    if value_of(pairs, "orderBy").is_some() {
        return Err(Refusal::unimplemented("orderBy in a list; use runQuery"));
    }
    let mask = mask(pairs, "mask.fieldPaths")?;
    let prefix = format!("{collection}/");
    let after = value_of(pairs, "pageToken").filter(|token| !token.is_empty());
    let after = after.map(|token| format!("{prefix}{token}"));
    let mut page: Vec<(&str, &Value)> = change
        .all(Kind::Documents)
        .with_prefix(&prefix, after.as_deref())
        .filter(|(name, _)| !name[prefix.len()..].contains('/'))
        .take(size + 1)
        .collect();
    let more = page.len() > size;
    page.truncate(size);
    let mut answer = json!({});
    if let Some((last, _)) = page.last()
        && more
    {
        answer["nextPageToken"] = json!(&last[prefix.len()..]);
    }
    if !page.is_empty() {
        answer["documents"] = page.into_iter().map(|(_, document)| masked(document, mask.as_deref())).collect();
    }
    Ok(Json(answer).into_response())
}

/// A document as it is answered: only the fields of a mask, when there is one, and no `fields` at
/// all when there are none, as everywhere in Google's JSON.
pub(crate) fn masked(document: &Value, mask: Option<&[FieldPath]>) -> Value {
    let mut shown = document.clone();
    if let Some(mask) = mask {
        let mut fields = Map::new();
        for path in mask {
            if let Some(value) = path.get(&document["fields"]) {
                path.set(&mut fields, Some(value.clone()));
            }
        }
        shown["fields"] = Value::Object(fields);
    }
    let empty = shown["fields"].as_object().is_none_or(Map::is_empty);
    if let Some(shown) = shown.as_object_mut().filter(|_| empty) {
        shown.remove("fields");
    }
    shown
}

fn value_of<'p>(pairs: &'p Pairs, name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn mask(pairs: &Pairs, name: &str) -> Result<Option<Vec<FieldPath>>, Refusal> {
    let paths: Vec<FieldPath> = pairs
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, path)| FieldPath::parse(path))
        .collect::<Result<_, _>>()?;
    Ok((!paths.is_empty()).then_some(paths))
}

fn precondition(pairs: &Pairs) -> Result<Precondition, Refusal> {
    let exists = value_of(pairs, "currentDocument.exists").map(|text| text == "true");
    Precondition::read(&json!({
        "exists": exists,
        "updateTime": value_of(pairs, "currentDocument.updateTime"),
    }))
}

fn fields_of(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    match read_body(body)?.remove("fields") {
        None => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(Refusal::invalid("The fields are no object.")),
    }
}
