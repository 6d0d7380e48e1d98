//! Time for whoever has to wait.
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

/// A clock that can be waited on. The provider waits by it for a cloud's budget, for actions and for servers to start;
/// a simulated one makes an hour of waiting last no time ([`AmpereProvider::with_timer`](crate::AmpereProvider::with_timer)).
pub trait Timer: Send + Sync {
    /// The time now. It never goes back.
    fn now(&self) -> Timestamp;

    /// Waits until the time has come; at once if it is past.
    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()>;

    /// A request goes out. A simulated clock stands still until [`Timer::exchange_ended`] was called as often: what passes
    /// meanwhile is the machine's time and not the simulation's.
    fn exchange_began(&self) {}

    /// The answer is there, or will never come.
    fn exchange_ended(&self) {}
}

/// The machine's own: the wall clock at the start, and from there on the monotonic one, so that nothing waits for an hour
/// because somebody set the clock.
pub(crate) struct MachineTimer {
    start: Timestamp,
    begun: Instant,
}

impl MachineTimer {
    /// The time of this machine.
    pub fn new() -> MachineTimer {
        MachineTimer { start: Timestamp::now(), begun: Instant::now() }
    }
}

impl Timer for MachineTimer {
    fn now(&self) -> Timestamp {
        after(self.start, self.begun.elapsed())
    }

    fn sleep_until(&self, at: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(between(self.now(), at)))
    }
}

/// A moment later by so much; the last there is if that overflows.
pub(crate) fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// How long it is from one moment to another; nothing if that is past.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
