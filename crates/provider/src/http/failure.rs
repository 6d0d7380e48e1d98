//! Failures below the level of any cloud's own errors.
use std::error::Error;
use std::io;
use std::time::Duration;

use ampere_core::provider::{ProviderError, ProviderErrorKind as Kind};

/// What a failed exchange means. The text of a `reqwest::Error` names the URL with its query, so none of it is kept.
///
/// Whether the request can have had an effect decides the kind: a connection that never came about is `Unavailable`
/// (repeating is safe), everything later is `Unknown`.
pub(crate) fn of_exchange(cloud: &'static str, host: &str, place: &str, error: &reqwest::Error) -> ProviderError {
    if error.is_builder() {
        return ProviderError::new(cloud, Kind::Invalid, format!("{place} cannot be made into a request"));
    }
    if let Some(tls) = causes(error).into_iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return ProviderError::new(
            cloud,
            Kind::Connection,
            format!("no trusted connection to {host}: {}", tls_reason(tls)),
        )
        .with_hint("Check the endpoint's URL and port, the system's clock and its certificate store.");
    }
    let broken = broken(error);
    // What answers a TLS greeting by hanging up speaks plain HTTP.
    if error.is_connect() && matches!(broken, Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)) {
        return ProviderError::new(
            cloud,
            Kind::Connection,
            format!("no trusted connection to {host}: what it speaks is not TLS"),
        )
        .with_hint("Check the endpoint's URL and port.");
    }
    if error.is_connect() {
        let why = match broken {
            Some(io::ErrorKind::ConnectionRefused) => "connection refused",
            _ if error.is_timeout() => "connecting took too long",
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => "network unreachable",
            _ => "no connection (is the host name right?)",
        };
        return ProviderError::new(cloud, Kind::Unavailable, format!("cannot reach {host}: {why}"))
            .with_hint("Check the endpoint's URL and the network; nothing was sent.");
    }
    let why =
        if error.is_timeout() { "no answer came in time" } else { "the connection broke before the answer was whole" };
    ProviderError::new(cloud, Kind::Unknown, format!("{place}: {why}"))
}

/// What a status means that comes without an error body we understand (a proxy's page, a cut answer).
pub(crate) fn by_status(cloud: &'static str, place: &str, status: u16, retry_after: Option<Duration>) -> ProviderError {
    let (kind, what) = match status {
        401 => (Kind::Unauthenticated, "the credentials were refused"),
        403 => (Kind::Forbidden, "the credentials do not allow it"),
        404 => (Kind::NotFound, "there is no such object"),
        408 | 502 | 504 => (Kind::Unknown, "something between us and the cloud gave up"),
        409 => (Kind::Conflict, "it conflicts with what is there"),
        423 => (Kind::Unavailable, "the object is locked by other work"),
        429 => (Kind::RateLimited { retry_after }, "too many requests"),
        500.. => (Kind::Unavailable, "the cloud failed"),
        400..=499 => (Kind::Invalid, "the request was refused"),
        _ => (Kind::Malformed, "an answer of a kind the cloud does not document"),
    };
    ProviderError::new(cloud, kind, format!("{place}: {what} (status {status})"))
}

/// The causes of a failure, outermost first, those inside an `io::Error` too (its own `source` skips what it wraps).
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(current) = next {
        causes.push(current);
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => current.source(),
        };
    }
    causes
}

/// The innermost system error.
fn broken(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let found = causes(error).into_iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>());
    found.map(io::Error::kind)
}

fn tls_reason(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "its certificate is signed by nobody we trust"
        }
        rustls::Error::InvalidCertificate(
            rustls::CertificateError::NotValidForName | rustls::CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name",
        rustls::Error::InvalidCertificate(
            rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. },
        ) => "its certificate has expired",
        rustls::Error::InvalidCertificate(_) => "its certificate is not valid",
        rustls::Error::InvalidMessage(_) => "what it speaks is not TLS",
        _ => "the TLS handshake failed",
    }
}
