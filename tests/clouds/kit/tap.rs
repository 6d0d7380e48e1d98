//! A tap on the line between the provider and its clouds: it keeps what goes through, loses answers and changes them.
//!
//! The faults of the sandbox's control API exist there alone; those of the tap strike every cloud alike.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use futures::stream;
use serde::Serialize;
use serde_json::Value as Json;

use crate::Bases;
use crate::dialect::{Dialect, Pairs};

/// The largest body that goes through: 64 MiB.
const MOST_BYTES: usize = 64 << 20;

/// Headers that are handed on, both ways.
const HEADERS: [&str; 8] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "stripe-version",
    "retry-after",
    "idempotent-replayed",
    "x-goog-user-project",
    "stripe-account",
];

/// What strikes a request.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// It is done, and the connection breaks before the answer is whole.
    LoseAnswer,
    /// It is not done; this is the answer.
    Refuse(u16),
    /// It is done, and its JSON answer is changed.
    Change(fn(&mut Json)),
}

/// A fault that strikes once: the next request of this method whose path ends so.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// e.g. `POST`
    pub method: &'static str,
    /// How the path ends, without the query.
    pub path: &'static str,
    /// What happens.
    pub effect: Effect,
}

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// Who asked: `ampere`, or a client of others.
    pub by: &'static str,
    /// `hetzner`, `stripe`, `identity_toolkit`, `firestore`
    pub cloud: String,
    /// The method.
    pub method: String,
    /// The path below the cloud's base URL.
    pub path: String,
    /// The query, as sent.
    pub query: String,
    /// The request's body, as sent.
    pub body: String,
    /// Whether an idempotency key was sent.
    pub idempotent: bool,
    /// The status of the answer.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
}

/// What went through several taps.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<Vec<Exchange>>>);

impl Recording {
    /// All of it until now.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0.lock().expect("no panic while held").clone()
    }

    fn push(&self, exchange: Exchange) {
        self.0.lock().expect("no panic while held").push(exchange);
    }
}

/// A tap, alive as long as this value's runtime.
#[derive(Clone, Debug)]
pub struct Tap {
    base: String,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    /// Base URLs by cloud.
    targets: BTreeMap<&'static str, String>,
    dialect: Option<Dialect>,
    recording: Option<Recording>,
    by: &'static str,
    client: reqwest::Client,
    faults: Mutex<Vec<Fault>>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Tap {
    /// Opens one in front of the clouds with these base URLs, for somebody.
    pub async fn open(bases: &Bases, by: &'static str) -> Tap {
        let line = Line {
            targets: bases.urls.clone(),
            dialect: bases.dialect,
            recording: bases.recording.clone(),
            by,
            client: reqwest::Client::new(),
            faults: Mutex::default(),
            exchanges: Mutex::default(),
        };
        let line = Arc::new(line);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let router = Router::new().fallback(forward).with_state(line.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Tap { base, line }
    }

    /// The base URL of clients that know no path before the API's own: Stripe's and the Auth emulator's are at the root, too.
    pub fn root(&self) -> &str {
        &self.base
    }

    /// The base URL that stands for a cloud's.
    pub fn url(&self, cloud: &str) -> String {
        format!("{}/{cloud}", self.base)
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.line.faults.lock().expect("no panic while held").push(fault);
    }

    /// How many faults have not struck yet.
    pub fn waiting(&self) -> usize {
        self.line.faults.lock().expect("no panic while held").len()
    }

    /// What went through until now.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.line.exchanges.lock().expect("no panic while held").clone()
    }
}

impl Line {
    /// The fault that strikes this request; it strikes no other.
    fn strike(&self, method: &str, path: &str) -> Option<Effect> {
        let mut faults = self.faults.lock().expect("no panic while held");
        let at = faults.iter().position(|fault| fault.method == method && path.ends_with(fault.path))?;
        Some(faults.remove(at).effect)
    }

    /// The dialect of a cloud, if it has one.
    fn dialect(&self, cloud: &str) -> Option<Dialect> {
        self.dialect.filter(|_| cloud == "stripe")
    }
}

async fn forward(State(line): State<Arc<Line>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return plain(StatusCode::PAYLOAD_TOO_LARGE) };
    let (cloud, path) = place(parts.uri.path());
    let Some(target) = line.targets.get(cloud) else { return plain(StatusCode::NOT_FOUND) };
    let method = parts.method.to_string();
    let effect = line.strike(&method, &path);
    let mut exchange = Exchange {
        by: line.by,
        cloud: cloud.to_owned(),
        method,
        path: path.clone(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        idempotent: parts.headers.contains_key("idempotency-key"),
        status: 0,
        answer: String::new(),
    };
    if let Some(Effect::Refuse(code)) = effect {
        return plain(StatusCode::from_u16(code).expect("a status"));
    }
    let (query, body) = match line.dialect(cloud) {
        Some(dialect) => {
            let is_form =
                parts.headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/x-www"));
            let body = if is_form {
                said(&String::from_utf8_lossy(&body), |pairs| (dialect.form)(&path, pairs)).into()
            } else {
                body
            };
            (said(&exchange.query, |pairs| (dialect.query)(&path, pairs)), body)
        }
        None => (exchange.query.clone(), body),
    };
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let mut sent = line.client.request(parts.method.clone(), format!("{target}{path}{query}"));
    for (name, value) in known(&parts.headers) {
        sent = sent.header(name, value);
    }
    let sent = sent.body(body).send().await;
    let Ok(answer) = sent else { return plain(StatusCode::BAD_GATEWAY) };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(bytes) = answer.bytes().await else { return plain(StatusCode::BAD_GATEWAY) };
    let bytes = match line.dialect(cloud) {
        Some(dialect) if status.is_success() => {
            changed(&bytes, |json| (dialect.answer)(&form_pairs(&exchange.query), json))
        }
        _ => bytes,
    };
    exchange.status = status.as_u16();
    exchange.answer = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(recording) = &line.recording {
        recording.push(exchange.clone());
    }
    line.exchanges.lock().expect("no panic while held").push(exchange);
    let bytes = match effect {
        Some(Effect::LoseAnswer) => return lost(status),
        Some(Effect::Change(change)) => changed(&bytes, change),
        _ => bytes,
    };
    let mut response = Response::builder().status(status);
    for (name, value) in known(&headers) {
        response = response.header(name, value);
    }
    response.body(Body::from(bytes)).expect("a response")
}

/// The cloud that a path is for, and the path below its base URL.
fn place(path: &str) -> (&str, String) {
    let whole = path.trim_start_matches('/');
    match whole.split_once('/') {
        Some(("v1", _)) => ("stripe", path.to_owned()),
        Some(("identitytoolkit.googleapis.com", rest)) => ("identity_toolkit", format!("/{rest}")),
        Some((cloud, rest)) => (cloud, format!("/{rest}")),
        None => (whole, String::new()),
    }
}

fn known(headers: &HeaderMap) -> impl Iterator<Item = (&header::HeaderName, &header::HeaderValue)> {
    headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str()) || name.as_str().starts_with("ratelimit-"))
}

fn plain(status: StatusCode) -> Response<Body> {
    Response::builder().status(status).body(Body::from("{}")).expect("a response")
}

/// A response whose body never comes.
fn lost(status: StatusCode) -> Response<Body> {
    let cut = stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    Response::builder().status(status).body(Body::from_stream(cut)).expect("a response")
}

fn changed(bytes: &Bytes, change: impl FnOnce(&mut Json)) -> Bytes {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(mut json) => {
            change(&mut json);
            Bytes::from(json.to_string())
        }
        Err(_) => bytes.clone(),
    }
}

/// A form or a query after a change.
fn said(text: &str, change: impl FnOnce(Pairs) -> Pairs) -> String {
    let mut url = reqwest::Url::parse("http://form/").expect("a URL");
    url.query_pairs_mut().extend_pairs(change(form_pairs(text)));
    url.query().unwrap_or_default().to_owned()
}

fn form_pairs(form: &str) -> Pairs {
    let url = reqwest::Url::parse(&format!("http://form/?{form}")).expect("a query");
    url.query_pairs().into_owned().collect()
}
