//! Whether the loop keeps its promises: whether a whole pass ended not long ago.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Intervals without a successful pass after which the loop is not well.
const PATIENCE: u32 = 3;

/// What is known of the passes so far.
pub struct Health {
    interval: Duration,
    state: Mutex<State>,
}

struct State {
    /// When the last successful pass ended; at first, when the loop began.
    succeeded: Instant,
    ever: bool,
    trouble: Option<String>,
}

impl Health {
    /// Of a loop with that interval that begins now.
    pub fn new(interval: Duration, now: Instant) -> Health {
        Health { interval, state: Mutex::new(State { succeeded: now, ever: false, trouble: None }) }
    }

    /// A pass ended; `trouble` says in one line what was wrong with it, and names no person.
    pub fn passed(&self, trouble: Option<String>, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_none() {
            state.succeeded = now;
            state.ever = true;
        }
        state.trouble = trouble;
    }

    /// Whether all is well, and why not.
    pub fn report(&self, now: Instant) -> Result<String, String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.saturating_duration_since(state.succeeded);
        let last = match state.ever {
            true => format!("the last successful pass ended {} s ago", age.as_secs()),
            false => format!("no pass has succeeded in {} s", age.as_secs()),
        };
        let trouble = state.trouble.as_ref().map(|trouble| format!("; {trouble}")).unwrap_or_default();
        if age <= self.interval * PATIENCE { Ok(format!("{last}{trouble}")) } else { Err(format!("{last}{trouble}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_intervals_without_success_are_too_many() {
        let (begun, minute) = (Instant::now(), Duration::from_secs(60));
        let health = Health::new(15 * minute, begun);
        assert!(health.report(begun + 45 * minute).is_ok(), "it has only begun");
        assert!(health.report(begun + 46 * minute).is_err());
        health.passed(None, begun + 50 * minute);
        assert_eq!(health.report(begun + 51 * minute), Ok("the last successful pass ended 60 s ago".into()));
        health.passed(Some("the state is locked".into()), begun + 60 * minute);
        assert!(health.report(begun + 61 * minute).is_ok_and(|text| text.ends_with("; the state is locked")));
        assert!(health.report(begun + 96 * minute).is_err());
    }
}
