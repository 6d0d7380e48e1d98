//! Who answers from outside: every TCP port of an address, by connecting.
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::lab::Lab;

/// How a port answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody listens.
    Open,
    /// The machine says that nobody does.
    Refused,
    /// Nothing comes back.
    Silence,
}

/// Ports at once.
const AT_ONCE: usize = 2000;
/// Longer than any answer takes on a bridge of one machine.
const PATIENCE: Duration = Duration::from_millis(700);

/// How each of the ports answers.
pub fn scan(lab: &Lab, address: &str, ports: impl Iterator<Item = u16>) -> Vec<(u16, Answer)> {
    let address: IpAddr = address.parse().expect("an address");
    let some = std::sync::Arc::new(Semaphore::new(AT_ONCE));
    lab.runtime.block_on(async {
        let tasks: Vec<_> = ports
            .map(|port| {
                let some = some.clone();
                tokio::spawn(async move {
                    let _permit = some.acquire_owned().await.expect("never closed");
                    let connecting = TcpStream::connect(SocketAddr::new(address, port));
                    match tokio::time::timeout(PATIENCE, connecting).await {
                        Ok(Ok(_)) => (port, Answer::Open),
                        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                            (port, Answer::Refused)
                        }
                        Ok(Err(error)) => panic!("port {port} cannot be asked: {error}"),
                        Err(_) => (port, Answer::Silence),
                    }
                })
            })
            .collect();
        let mut answers = Vec::with_capacity(tasks.len());
        for task in tasks {
            answers.push(task.await.expect("it ends"));
        }
        answers
    })
}
