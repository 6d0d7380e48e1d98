//! `:commit` and `:batchGet`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::documents::masked;
use super::error::Refusal;
use super::rules::Caller;
use super::writes::{apply, mask_of};
use super::{Place, check_document_name, read_body, time};
use crate::server::Clouds;
use crate::world::Kind;

type Answer = Result<Json<Value>, Refusal>;

/// Does all writes or none.
pub(crate) async fn commit(
    State(clouds): State<Clouds>,
    Extension(caller): Extension<Caller>,
    Path((project, database)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let body = read_body(&body)?;
    if body.get("transaction").and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
        return Err(Refusal::unimplemented("transactions"));
    }
    let root = Place { project, database }.root();
    let writes = body.get("writes").and_then(Value::as_array).cloned().unwrap_or_default();
    clouds.change(|change| {
        let mut results = Vec::with_capacity(writes.len());
        for write in &writes {
            let name = write["update"]["name"].as_str().or_else(|| write["delete"].as_str());
            let foreign = |name: &str| !name.starts_with(&root);
            if name.is_some_and(foreign) {
                return Err(Refusal::invalid("A write names another database."));
            }
            results.push(apply(change, &caller, write)?);
        }
        let mut answer = json!({"commitTime": time(change.now())});
        if !results.is_empty() {
            answer["writeResults"] = json!(results);
        }
        Ok(Json(answer))
    })
}

/// Reads several documents; one that is not there is answered as missing.
pub(crate) async fn batch_get(
    State(clouds): State<Clouds>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer {
    let body = read_body(&body)?;
    let names = body.get("documents").and_then(Value::as_array).cloned().unwrap_or_default();
    let mask = body.get("mask").map(mask_of).transpose()?;
    clouds.change(|change| {
        let read_time = time(change.now());
        let mut answers = Vec::with_capacity(names.len());
        for name in &names {
            let name = name.as_str().unwrap_or("");
            check_document_name(name)?;
            let stored = change.get(Kind::Documents, name);
            caller.may_get(name, stored).map_err(Refusal::streamed)?;
            answers.push(match stored {
                Some(found) => {
                    json!({"found": masked(found, mask.as_deref()), "readTime": read_time})
                }
                None => json!({"missing": name, "readTime": read_time}),
            });
        }
        Ok(Json(json!(answers)))
    })
}
