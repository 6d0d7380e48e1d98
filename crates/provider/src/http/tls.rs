//! The client below all clouds: TLS by aws-lc-rs alone, the system's roots, no redirects.
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The client could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up")]
    Tls,
    /// The HTTP library failed to start.
    #[error("the HTTP client cannot be set up")]
    Http,
}

/// A client. Reading the system's roots takes milliseconds, so they are read only if some endpoint speaks `https`.
///
/// The provider is named explicitly: with two of them compiled in, rustls would panic at the first use of its default.
///
/// # Errors
///
/// [`ClientError`] if the libraries refuse; a missing root is found out at the first call.
pub(crate) fn client(tls: bool) -> Result<reqwest::Client, ClientError> {
    let mut roots = RootCertStore::empty();
    if tls {
        // Certificates that cannot be read are left out; without any, every call fails with a TLS error that says so.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| ClientError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    reqwest::Client::builder()
        .use_preconfigured_tls(config)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("ampere/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| ClientError::Http)
}
