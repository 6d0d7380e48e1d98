//! Ctrl-C, and the SIGTERM of who stops a service or a container: both ask for the same.
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Hears both from the moment it is made.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system has no signals for us.
    pub fn listen() -> Result<Interrupts, Failure> {
        let heard = |kind| signal(kind).map_err(|error| Failure::error("No signals", format!("{error}.")));
        Ok(Interrupts { interrupt: heard(SignalKind::interrupt())?, terminate: heard(SignalKind::terminate())? })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
