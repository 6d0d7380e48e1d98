//! A proxy in front of a cloud that changes its answers in ways the sandbox cannot be ordered to.
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};
use serde_json::Value as Json;

/// Changes the answer to a request, named as `POST /servers`.
pub type Change = fn(&str, &mut Json);

#[derive(Clone)]
struct Target {
    base: String,
    client: reqwest::Client,
    change: Change,
}

/// Starts a proxy; gives its base URL.
pub async fn start(base: &str, client: reqwest::Client, change: Change) -> String {
    let target = Arc::new(Target { base: base.to_owned(), client, change });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(forward).with_state(target);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn forward(State(target): State<Arc<Target>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let mut sent = target.client.request(parts.method.clone(), format!("{}{path}", target.base));
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
        if let Some(value) = parts.headers.get(&name) {
            sent = sent.header(name, value);
        }
    }
    let answer = sent.body(to_bytes(body, 1 << 20).await.unwrap()).send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap();
    let body = match serde_json::from_slice::<Json>(&bytes) {
        Ok(mut json) if status.is_success() => {
            (target.change)(&format!("{} {}", parts.method, parts.uri.path()), &mut json);
            Body::from(json.to_string())
        }
        _ => Body::from(bytes),
    };
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}
