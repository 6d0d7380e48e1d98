//! A look at a server from outside: no port may answer.
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Ports that are tried: what a Debian server, a mail relay, a web server, a container engine or OpenClaw would listen on.
/// (All 65 535 are tried by the test of a real box; from here that would be a scan, which providers forbid.)
const PORTS: &[u16] =
    &[21, 22, 23, 25, 53, 80, 111, 443, 465, 587, 993, 2222, 2375, 2376, 3000, 5900, 8080, 8443, 9222, 18789, 18790];
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The ports of an address that take a connection. One that refuses or says nothing is closed.
pub(super) async fn open_ports(address: IpAddr) -> Vec<u16> {
    open_among(address, PORTS).await
}

async fn open_among(address: IpAddr, ports: &[u16]) -> Vec<u16> {
    let tried = ports.iter().map(|port| async move {
        let connected = timeout(PATIENCE, TcpStream::connect(SocketAddr::new(address, *port))).await;
        matches!(connected, Ok(Ok(_))).then_some(*port)
    });
    join_all(tried).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn s5_a_port_that_answers_is_seen() {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let listener = TcpListener::bind((here, 0)).await.unwrap();
        let open = listener.local_addr().unwrap().port();
        let closed = TcpListener::bind((here, 0)).await.unwrap();
        let free = closed.local_addr().unwrap().port();
        drop(closed);
        assert_eq!(open_among(here, &[free, open]).await, [open]);
        assert!(PORTS.contains(&22) && PORTS.contains(&18789));
    }
}
