//! What the boxes reach in their network: forwarders to the sandbox and to npm's registry, and files.
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use crate::lab::{ARCHITECTURE, CLOUD, Lab, MIRROR};

/// The port of npm's registry at [`MIRROR`].
pub const REGISTRY: u16 = 4873;
/// The port of files at [`MIRROR`].
pub const FILES: u16 = 8000;

/// Makes a port of loopback answer at [`CLOUD`].
pub fn forward_cloud(lab: &Lab, port: u16) {
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    forward(lab, &format!("{CLOUD}:{port}"), move || TcpStream::connect(to));
}

/// Makes `tests/box/mirror` answer at [`MIRROR`].
pub fn forward_registry(lab: &Lab) {
    let socket = lab.registry();
    forward(lab, &format!("{MIRROR}:{REGISTRY}"), move || UnixStream::connect(socket.clone()));
}

fn forward<C, F, S>(lab: &Lab, at: &str, connect: C)
where
    C: Fn() -> F + Send + 'static,
    F: Future<Output = std::io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let listener = lab.runtime.block_on(TcpListener::bind(at)).unwrap_or_else(|error| panic!("{at}: {error}"));
    lab.runtime.spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let connecting = connect();
            tokio::spawn(async move {
                // Whoever hangs up is gone; the other end sees it by itself.
                if let Ok(mut to) = connecting.await {
                    _ = copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
}

/// Serves files at [`MIRROR`]: the last part of a path names one of a directory, the first that has it. Whatever a server's type
/// says, boxes have this machine's architecture.
pub fn serve_files(lab: &Lab, directories: Vec<PathBuf>) {
    let router = Router::new().fallback(move |uri: axum::http::Uri| {
        let directories = directories.clone();
        async move {
            let name = uri.path().rsplit('/').next().unwrap_or_default().replace("-amd64", &format!("-{ARCHITECTURE}"));
            let found = directories.iter().map(|directory| directory.join(&name)).find(|path| path.is_file());
            match found {
                Some(path) => tokio::fs::read(path).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR),
                None => Err(StatusCode::NOT_FOUND),
            }
        }
    });
    let listener = lab.runtime.block_on(TcpListener::bind((MIRROR, FILES))).expect("the address is ours");
    lab.runtime.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
}
