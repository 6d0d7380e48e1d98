//! Calls that a service counts by the second.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets a burst of calls go at once and spreads the others, so that a quota by the second is kept instead of run into.
pub(crate) struct Pace {
    interval: Duration,
    burst: u32,
    /// When the last call of the queue may go, as if there were no burst.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many calls a second; as many may go at once.
    pub fn per_second(calls: u32) -> Pace {
        let calls = calls.max(1);
        Pace { interval: Duration::from_secs(1) / calls, burst: calls, next: Mutex::new(None) }
    }

    /// Waits for one's turn.
    pub async fn turn(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes the next free turn, and tells how long it is until then.
    fn reserve(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + self.interval);
        turn.duration_since(now).saturating_sub(self.interval * (self.burst - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_no_second_has_more_than_its_share() {
        let (pace, begin) = (Pace::per_second(10), Instant::now());
        let waits: Vec<Duration> = (0..30).map(|_| pace.reserve(begin)).collect();
        assert!(waits[..10].iter().all(Duration::is_zero), "{waits:?}");
        assert_eq!(waits[10], Duration::from_millis(100));
        assert_eq!(waits[29], Duration::from_secs(2));
        // After a pause there is a burst again.
        assert!(pace.reserve(begin + Duration::from_secs(10)).is_zero());
    }
}
