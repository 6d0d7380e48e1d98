//! What the loop answers over HTTP: webhooks in, metrics and health out.
//!
//! An event is a hint and nothing more: it says that something may have changed, and the next pass comes sooner. What has
//! changed the pass sees for itself. So whoever could forge one would gain a listing, and those are bounded (see `schedule`).
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_provider::stripe_webhook::{MAX_BODY, SIGNATURE_HEADER};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::LengthLimitError;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::metrics::Metrics;

/// Connections at the same time; more are closed unanswered.
const MOST_CONNECTIONS: usize = 64;
/// How long the head of a request may take to come.
const HEAD: Duration = Duration::from_secs(5);
/// How long a whole exchange may take.
const EXCHANGE: Duration = Duration::from_secs(15);

/// What a verified event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is genuine, and new.
    Accepted,
    /// It is genuine, and was here before.
    Repeated,
    /// Its signature is missing, wrong or too old.
    Refused,
}

/// Says of the body of an event and its signature what they mean.
pub type Verify = dyn Fn(&[u8], &str) -> Verdict + Send + Sync;

/// What the answers are made of.
pub struct Answers {
    /// Counts and times.
    pub metrics: Arc<Metrics>,
    /// How the loop is.
    pub health: Arc<Health>,
    /// Wakes the loop.
    pub wake: Arc<Notify>,
    /// Looks at events; none: there is no secret to verify them with, and they are refused.
    pub verify: Option<Box<Verify>>,
}

/// A listener at work.
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens until it is cancelled.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(address: SocketAddr, answers: Answers, cancel: CancellationToken) -> io::Result<Listener> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/webhooks/stripe", post(event))
            .route("/metrics", get(metrics))
            .route("/healthz", get(health))
            .with_state(Arc::new(answers));
        let task = tokio::spawn(serve(listener, router, cancel));
        Ok(Listener { address, task })
    }

    /// Waits until the listener has ended.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the listener did not end in good order");
        }
    }
}

async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = cancel.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                // No room: the connection is closed as it is dropped.
                let Ok(place) = room.clone().try_acquire_owned() else { continue };
                let router = router.clone();
                tokio::spawn(async move {
                    exchange(stream, router).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                // Out of file descriptors: accepting at once again would only spin.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One request and its answer, in bounded time.
async fn exchange(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(HEAD).keep_alive(false).max_buf_size(16 * 1024);
    match tokio::time::timeout(EXCHANGE, protocol.serve_connection(TokioIo::new(stream), service)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection broke"),
        Err(_) => tracing::debug!("a connection took too long"),
    }
}

async fn event(State(answers): State<Arc<Answers>>, request: Request) -> Response {
    let Some(verify) = &answers.verify else {
        return (StatusCode::NOT_FOUND, "STRIPE_WEBHOOK_SECRET is not set: events are not taken\n").into_response();
    };
    if announced(request.headers()).is_some_and(|length| length > MAX_BODY as u64) {
        return refused(&answers, StatusCode::PAYLOAD_TOO_LARGE, "too large");
    }
    let signature = request.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Some(signature) = signature else { return refused(&answers, StatusCode::BAD_REQUEST, "no signature") };
    let body = match read(request.into_body()).await {
        Ok(body) => body,
        Err(status) => return refused(&answers, status, "the body was not read"),
    };
    match verify(&body, &signature) {
        Verdict::Accepted => {
            answers.metrics.event("accepted");
            answers.wake.notify_one();
            (StatusCode::OK, "thank you\n").into_response()
        }
        Verdict::Repeated => {
            answers.metrics.event("repeated");
            (StatusCode::OK, "known\n").into_response()
        }
        Verdict::Refused => refused(&answers, StatusCode::BAD_REQUEST, "bad signature"),
    }
}

fn refused(answers: &Answers, status: StatusCode, why: &'static str) -> Response {
    answers.metrics.event("refused");
    (status, format!("{why}\n")).into_response()
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body, if it is not longer than it may be.
async fn read(body: Body) -> Result<Vec<u8>, StatusCode> {
    match to_bytes(body, MAX_BODY).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if std::error::Error::source(&error).is_some_and(|cause| cause.is::<LengthLimitError>()) => {
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

async fn metrics(State(answers): State<Arc<Answers>>) -> Result<Response, Infallible> {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], answers.metrics.text()).into_response())
}

async fn health(State(answers): State<Arc<Answers>>) -> Response {
    match answers.health.report(Instant::now()) {
        Ok(text) => (StatusCode::OK, format!("ok: {text}\n")).into_response(),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, format!("not well: {text}\n")).into_response(),
    }
}
