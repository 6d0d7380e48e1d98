//! A network between client and server that fails when it is told to.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    /// Nothing.
    Never,
    /// The connection is cut before it gets through.
    Before,
    /// It gets through, and the connection is cut at once.
    Sent,
    /// It gets through, is carried out, and its answer is lost.
    Answered,
}

/// A listener that passes everything on to a server.
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cut: AtomicU8,
    cuts: AtomicU32,
    is_closed: AtomicBool,
}

impl Proxy {
    pub async fn start(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if shared.is_closed.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(pass(client, server, shared.clone()));
            }
        });
        Proxy { port, state }
    }

    /// The database behind it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// What happens to the next COMMIT.
    pub fn cut(&self, cut: Cut) {
        self.state.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// How often a connection was cut.
    pub fn cuts(&self) -> u32 {
        self.state.cuts.load(Ordering::SeqCst)
    }

    /// Whether new connections are refused.
    pub fn close(&self, is_closed: bool) {
        self.state.is_closed.store(is_closed, Ordering::SeqCst);
    }
}

/// Passes on what both sides say until one has ended, or until a COMMIT is to be cut.
async fn pass(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(n @ 1..) = read else { return };
                let said = &from_client[..n];
                let cut = state.cut.load(Ordering::SeqCst);
                if cut != Cut::Never as u8 && said.windows(7).any(|bytes| bytes == b"COMMIT\0") {
                    state.cut.store(Cut::Never as u8, Ordering::SeqCst);
                    state.cuts.fetch_add(1, Ordering::SeqCst);
                    if cut != Cut::Before as u8 {
                        server.write_all(said).await.unwrap();
                    }
                    if cut == Cut::Answered as u8 {
                        assert!(server.read(&mut from_server).await.unwrap() > 0, "the server has answered");
                    }
                    return;
                }
                if server.write_all(said).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(n @ 1..) = read else { return };
                if client.write_all(&from_server[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}
