//! The lock, held.
use std::any::Any;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::{LockHolder, StoreError};

/// The lock, held. Proof of it is asked for by every write. Give it back with [`Store::unlock`](super::Store::unlock);
/// one that is dropped without that is no longer renewed, and ends by itself.
pub struct Lease {
    /// The holder's id.
    pub id: String,
    // Held for its Drop only: it ends the renewal.
    _guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Lease {
    /// A lease that needs no renewal.
    pub fn new(id: impl Into<String>) -> Lease {
        Lease { id: id.into(), _guard: None }
    }

    /// A lease that is renewed for as long as the guard lives.
    pub fn with_guard(id: impl Into<String>, guard: impl Any + Send + Sync) -> Lease {
        Lease { id: id.into(), _guard: Some(Box::new(guard)) }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How often someone who waits looks whether the lock is free.
const POLL: Duration = Duration::from_millis(100);

/// Someone who waits for a lock.
pub(super) struct Waiting {
    start: Instant,
    wait: Duration,
}

impl Waiting {
    /// Begins to wait, at most so long.
    pub(super) fn start(wait: Duration) -> Waiting {
        Waiting { start: Instant::now(), wait }
    }

    /// Lets some time go by before the next attempt.
    ///
    /// # Errors
    /// [`StoreError::Locked`] by that holder when the time is over.
    pub(super) async fn pause(&self, holder: LockHolder) -> Result<(), StoreError> {
        let left = self.wait.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return Err(StoreError::Locked(holder));
        }
        tokio::time::sleep(left.min(POLL)).await;
        Ok(())
    }
}
