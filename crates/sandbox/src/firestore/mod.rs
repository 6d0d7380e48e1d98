//! Cloud Firestore v1 over REST, after
//! <https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents>.

mod batch;
mod documents;
mod error;
mod field_path;
mod filter;
mod query;
mod rules;
mod value;
mod writes;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) use error::Refusal;
use rules::Caller;

use crate::connection::Switch;
use crate::identity;
use crate::server::Clouds;
use crate::world::Change;

/// The longest name of a document.
const LONGEST_NAME: usize = 6 * 1024;

/// A database.
struct Place {
    project: String,
    database: String,
}

impl Place {
    /// What the names of its documents begin with.
    fn root(&self) -> String {
        format!("projects/{}/databases/{}/documents", self.project, self.database)
    }
}

/// The routes below `/firestore`.
pub(crate) fn router(clouds: &Clouds) -> Router<Clouds> {
    const DOCUMENTS: &str = "/v1/projects/{project}/databases/{database}/documents";
    Router::new()
        .route(&format!("{DOCUMENTS}:commit"), post(batch::commit))
        .route(&format!("{DOCUMENTS}:batchGet"), post(batch::batch_get))
        .route(&format!("{DOCUMENTS}:runQuery"), post(query::run_at_root))
        .route(&format!("{DOCUMENTS}/{{*path}}"), any(documents::dispatch))
        .fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Refusal::failure(StatusCode::NOT_FOUND) })
        .layer(from_fn_with_state(clouds.clone(), admit))
}

/// Finds out who calls.
async fn admit(State(clouds): State<Clouds>, mut request: Request, next: Next) -> Response {
    match caller(&clouds, &request) {
        Some(Caller::Person { uid }) if cut_off(&clouds, &request, &uid) => StatusCode::OK.into_response(),
        Some(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        None => Refusal::failure(StatusCode::UNAUTHORIZED).into_response(),
    }
}

/// Whether the caller is a box without a network; nothing that is answered reaches it then.
fn cut_off(clouds: &Clouds, request: &Request, uid: &str) -> bool {
    let switch = request.extensions().get::<ConnectInfo<Switch>>();
    switch.is_some_and(|ConnectInfo(switch)| clouds.is_cut_off(uid, switch))
}

/// Who calls; none if the token is not in order. Without one it is nobody, whom the rules may still let in.
fn caller(clouds: &Clouds, request: &Request) -> Option<Caller> {
    let Some(header) = request.headers().get(header::AUTHORIZATION) else { return Some(Caller::Nobody) };
    let token = header.to_str().ok()?.strip_prefix("Bearer ")?;
    let issuer = identity::decoded(token).map(|(_, claims)| claims["iss"].as_str().unwrap_or_default().to_owned());
    if !issuer.is_some_and(|issuer| issuer.starts_with("https://securetoken.google.com/")) {
        return identity::bearer(request).then_some(Caller::Service);
    }
    let claims = clouds.signer.claims(token)?;
    let project = request.uri().path().split('/').nth(3)?;
    let lives = claims["exp"].as_i64()? > clouds.now().as_second();
    let uid = claims["sub"].as_str()?.to_owned();
    (lives && claims["aud"] == project).then_some(Caller::Person { uid })
}

/// Gives a document that is put in by hand its times; it must have a full name.
pub(crate) fn complete(change: &mut Change<'_>, object: &mut Value) -> Option<String> {
    let name = object["name"].as_str()?.to_owned();
    check_document_name(&name).ok()?;
    let now = time(change.now());
    let fields = object.as_object_mut()?;
    fields.entry("fields").or_insert_with(|| json!({}));
    fields.entry("createTime").or_insert_with(|| json!(now));
    fields.entry("updateTime").or_insert_with(|| json!(now));
    Some(name)
}

/// A time as Firestore writes it: microseconds.
fn time(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn read_body(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|_| Refusal::invalid("Invalid JSON payload received. Parsing terminated."))
}

/// Checks the full name of a document: `projects/P/databases/D/documents/` and pairs of segments.
fn check_document_name(name: &str) -> Result<(), Refusal> {
    let segments: Vec<&str> = name.split('/').collect();
    let valid = match segments.as_slice() {
        ["projects", project, "databases", database, "documents", path @ ..] => {
            !project.is_empty()
                && !database.is_empty()
                && path.len() >= 2
                && path.len() % 2 == 0
                && path.iter().all(|segment| !matches!(*segment, "" | "." | ".."))
        }
        _ => false,
    };
    if valid && name.len() <= LONGEST_NAME { Ok(()) } else { Err(Refusal::invalid("A document name is not valid.")) }
}
