//! When the next pass begins: pure rules, without a clock.
use std::time::Duration;

/// How much an interval varies, so that many stacks do not list at the same time: a tenth either way.
const JITTER: f64 = 0.1;
/// An event waits so long for others that come with it (Stripe sends several for one change).
const DEBOUNCE: Duration = Duration::from_secs(2);
/// Passes that events bring about take at most one part in so many of the time: whoever floods us with events exhausts no
/// budget of requests.
const SHARE: u32 = 10;

/// The rules of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Between the beginnings of two passes, when nothing happens.
    pub interval: Duration,
}

/// The last pass, as far as the next depends on it. Times are given from any one beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// When it began.
    pub began: Duration,
    /// When it ended.
    pub ended: Duration,
}

impl Schedule {
    /// When the next pass begins if no event comes; `chance` is from 0 to 1. Passes never overlap: one that took longer than
    /// the interval is followed at once.
    pub fn regular(&self, last: Last, chance: f64) -> Duration {
        let factor = 1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0);
        (last.began + self.interval.mul_f64(factor)).max(last.ended)
    }

    /// When the next pass begins if an event has come at `event`: soon, but not so soon that events alone could keep the
    /// clouds busy.
    pub fn after_event(&self, last: Last, event: Duration, chance: f64) -> Duration {
        let took = last.ended.saturating_sub(last.began);
        let pause = (self.interval / 5).max(took * SHARE).min(self.interval);
        (event + DEBOUNCE).max(last.ended + pause).min(self.regular(last, chance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn schedule() -> Schedule {
        Schedule { interval: 15 * MINUTE }
    }

    fn last(began: u32, ended: u32) -> Last {
        Last { began: MINUTE * began, ended: MINUTE * ended }
    }

    #[test]
    fn passes_come_at_intervals_that_vary_a_little() {
        let at = |chance| schedule().regular(last(0, 1), chance).as_secs();
        assert_eq!((at(0.0), at(0.5), at(1.0)), (810, 900, 990));
        assert_eq!(schedule().regular(last(0, 40), 0.5), 40 * MINUTE, "never before the last has ended");
    }

    #[test]
    fn an_event_brings_the_next_pass_forward() {
        let event = Duration::from_secs(300);
        assert_eq!(schedule().after_event(last(0, 0), event, 0.5), event + DEBOUNCE);
        assert_eq!(schedule().after_event(last(0, 0), Duration::ZERO, 0.5), 3 * MINUTE, "not at once after a pass");
        assert_eq!(schedule().after_event(last(0, 1), 14 * MINUTE + MINUTE * 59 / 60, 0.5), 15 * MINUTE, "never later");
    }

    #[test]
    fn a_flood_of_events_makes_few_passes() {
        // A pass of a minute: events that never stop bring one at most every eleven minutes.
        let (mut pass, mut passes) = (last(0, 1), 0);
        while pass.ended < 24 * 60 * MINUTE {
            let began = schedule().after_event(pass, pass.ended, 0.5);
            pass = Last { began, ended: began + MINUTE };
            passes += 1;
        }
        assert!(passes <= 24 * 60 / 11 + 1, "{passes}");
    }
}
