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
    if let Some(tls) = cause::<rustls::Error>(error) {
        return ProviderError::new(
            cloud,
            Kind::Connection,
            format!("no trusted connection to {host}: {}", tls_reason(tls)),
        )
        .with_hint("Check the endpoint's URL and port, the system's clock and its certificate store.");
    }
    if error.is_connect() {
        let why = match cause::<io::Error>(error).map(io::Error::kind) {
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

/// The first cause of a type, also where it is wrapped into an `io::Error`.
fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut next: Option<&(dyn Error + 'static)> = error.source();
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|e| e.downcast_ref::<E>()) {
            return Some(found);
        }
        next = current.source();
    }
    None
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
