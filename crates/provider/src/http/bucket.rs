//! One bucket of requests, as a cloud keeps it and as we reckon it from the answers. No clock, no network.
//!
//! The cloud tells after each request how many are left. Between two answers the bucket is reckoned: it fills evenly, and
//! what was sent takes from it. What is told is compared with what is reckoned; the cloud is right, as far as requests that
//! are still under way allow it to know.
use std::time::Duration;

use jiff::Timestamp;

use super::timer::{after, between};

/// The part of a bucket that stays for others: 24 of 3600 requests. A project's token may be shared by several stacks, and
/// this is what a plan of one with 500 customers needs (18 pages), or the making of four instances, without any waiting.
const RESERVE: f64 = 1.0 / 150.0;
/// The part of the refill that a client takes while the bucket is below the reserve; the other half fills it again, or
/// serves another client of the same manners. Whoever has been quiet may take a reserve's worth before this holds for them.
const SHARE: f64 = 0.5;
/// The fullness below which no request is sent: a little more than one, since two reckonings of the same differ in the last
/// digits.
const ENOUGH: f64 = 1.01;
/// The longest wait after a refusal that names no time; waits double up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The refill is learned from `RateLimit-Reset` only if at least so many requests are missing: it is told in whole seconds.
const TELLING: f64 = 60.0;

/// What an answer says of the bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Told {
    /// What the bucket holds when it is full.
    pub limit: f64,
    /// What it held when the request had been counted.
    pub remaining: f64,
    /// How long it takes from then on until it is full, if the cloud says.
    pub full_in: Option<Duration>,
}

/// The bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: f64,
    /// Requests a second.
    refill: f64,
    /// What is left when all that was sent has been counted; unknown until the first answer.
    left: Option<f64>,
    /// What this client may take below the reserve without waiting.
    allowance: f64,
    /// When `left` and `allowance` were true.
    at: Timestamp,
    /// Requests that were sent, ever.
    sent: u64,
    /// Requests that are under way.
    out: u64,
    /// Nothing is sent before.
    closed_until: Option<Timestamp>,
    /// Refusals in a row.
    refusals: u32,
}

/// A request that was let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    sent: u64,
    out: u64,
}

impl Bucket {
    /// A bucket of so many requests an hour.
    pub fn per_hour(limit: u32, now: Timestamp) -> Bucket {
        let limit = f64::from(limit);
        let mut bucket = Bucket {
            limit,
            refill: limit / 3600.0,
            left: None,
            allowance: 0.0,
            at: now,
            sent: 0,
            out: 0,
            closed_until: None,
            refusals: 0,
        };
        bucket.allowance = bucket.reserve();
        bucket
    }

    fn reserve(&self) -> f64 {
        self.limit * RESERVE
    }

    /// When to ask again; none if a request may be sent now.
    pub fn wait(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.fill(now);
        if let Some(until) = self.closed_until {
            if until > now {
                return Some(until);
            }
            self.closed_until = None;
        }
        let left = self.left?;
        if left < ENOUGH {
            return Some(in_seconds(now, (ENOUGH - left) / self.refill));
        }
        let above = left - 1.0 - self.reserve();
        if above >= 0.0 || self.allowance >= 1.0 {
            return None;
        }
        let risen = -above / self.refill;
        let granted = (1.0 - self.allowance) / (self.refill * SHARE);
        Some(in_seconds(now, risen.min(granted)))
    }

    /// Takes one request out.
    pub fn take(&mut self, now: Timestamp) -> Ticket {
        self.fill(now);
        let ticket = Ticket { sent: self.sent, out: self.out };
        self.left = self.left.map(|left| left - 1.0);
        self.allowance = (self.allowance - 1.0).max(0.0);
        self.sent += 1;
        self.out += 1;
        ticket
    }

    /// An answer came.
    pub fn answered(&mut self, ticket: Ticket, told: Option<Told>, now: Timestamp) {
        self.fill(now);
        self.out = self.out.saturating_sub(1);
        self.refusals = 0;
        if let Some(told) = told {
            self.learn(ticket, told);
        }
    }

    /// The cloud refused for want of budget.
    pub fn refused(&mut self, ticket: Ticket, told: Option<Told>, retry_after: Option<Duration>, now: Timestamp) {
        self.fill(now);
        self.out = self.out.saturating_sub(1);
        if let Some(told) = told {
            self.learn(ticket, told);
        }
        self.left = Some(self.left.unwrap_or(0.0).min(0.0));
        let one = Duration::from_secs_f64(1.0 / self.refill);
        let doubled = one.saturating_mul(1 << self.refusals.min(16)).min(LONGEST_PAUSE.max(one));
        self.refusals += 1;
        self.closed_until = self.closed_until.max(Some(after(now, retry_after.unwrap_or(doubled))));
    }

    /// No answer came: whether the request was counted is not known, so it is taken to be.
    pub fn lost(&mut self) {
        self.out = self.out.saturating_sub(1);
    }

    fn learn(&mut self, ticket: Ticket, told: Told) {
        if told.limit >= 1.0 && told.limit.is_finite() {
            self.limit = told.limit;
            self.refill = refill(&told);
        }
        // Which of the requests that overlapped with this one the cloud had counted, nobody knows: at most all, perhaps none.
        let overlapping = ticket.out + self.sent.saturating_sub(ticket.sent + 1);
        let least = told.remaining - overlapping as f64;
        self.left = Some(match self.left {
            None => least,
            // A whole number is told: up to one more may be there.
            Some(left) if left > told.remaining + 1.0 => told.remaining,
            Some(left) => left.max(least),
        });
    }

    fn fill(&mut self, now: Timestamp) {
        let seconds = between(self.at, now).as_secs_f64();
        self.at = self.at.max(now);
        self.left = self.left.map(|left| (left + seconds * self.refill).min(self.limit));
        self.allowance = (self.allowance + seconds * self.refill * SHARE).min(self.reserve());
    }
}

/// Requests a second: by when the bucket is full again if that is told plausibly, else so that an hour fills it.
fn refill(told: &Told) -> f64 {
    let hourly = told.limit / 3600.0;
    let missing = told.limit - told.remaining;
    let seconds = told.full_in.map(|wait| wait.as_secs_f64()).filter(|seconds| *seconds >= 1.0);
    let learned = seconds.filter(|_| missing >= TELLING).map(|seconds| missing / seconds);
    learned.filter(|rate| (hourly / 4.0..=hourly * 4.0).contains(rate)).unwrap_or(hourly)
}

/// Rounded up to whole milliseconds, so that the time is not a hair too early.
fn in_seconds(now: Timestamp, seconds: f64) -> Timestamp {
    after(now, Duration::from_millis((seconds * 1000.0).ceil().max(1.0) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000_000_000 + (seconds * 1000.0) as i64).unwrap()
    }

    fn told(remaining: f64) -> Option<Told> {
        Some(Told { limit: 3600.0, remaining, full_in: None })
    }

    /// A bucket of which the cloud has told, asked by a client that has been busy.
    fn busy(remaining: f64) -> Bucket {
        let mut bucket = Bucket::per_hour(3600, at(0.0));
        for _ in 0..30 {
            let ticket = bucket.take(at(0.0));
            bucket.answered(ticket, told(remaining), at(0.0));
        }
        bucket.left = Some(remaining);
        bucket
    }

    /// How many requests a client that always wants to send gets through in so many seconds.
    fn sent_within(bucket: &mut Bucket, seconds: f64) -> u32 {
        let (mut now, mut sent) = (at(0.0), 0);
        while now <= at(seconds) {
            match bucket.wait(now) {
                Some(later) => now = later,
                None => {
                    let ticket = bucket.take(now);
                    bucket.answered(ticket, None, now);
                    sent += 1;
                }
            }
        }
        sent
    }

    #[test]
    fn above_the_reserve_nothing_waits() {
        assert_eq!(sent_within(&mut busy(500.0), 0.0), 500 - 24);
    }

    #[test]
    fn the_reserve_is_left_to_others_and_the_refill_is_used() {
        let mut bucket = busy(24.0);
        let sent = sent_within(&mut bucket, 600.0);
        assert!((590..=601).contains(&sent), "{sent} in 600 s");
        assert!(bucket.left.is_some_and(|left| left >= 22.0), "{bucket:?}");
    }

    #[test]
    fn below_the_reserve_half_the_refill_fills_it_again() {
        let mut bucket = busy(0.0);
        let sent = sent_within(&mut bucket, 20.0);
        assert!((8..=11).contains(&sent), "{sent} in 20 s");
        assert!(bucket.left.is_some_and(|left| left >= 8.0), "{bucket:?}");
    }

    #[test]
    fn who_has_been_quiet_may_use_the_reserve() {
        let mut quiet = Bucket::per_hour(3600, at(0.0));
        let ticket = quiet.take(at(0.0));
        quiet.answered(ticket, told(20.0), at(0.0));
        assert!(sent_within(&mut quiet, 0.0) >= 18);
    }

    #[test]
    fn what_others_take_is_learned_and_what_is_under_way_is_counted() {
        let mut bucket = busy(1000.0);
        let first = bucket.take(at(1.0));
        let second = bucket.take(at(1.0));
        bucket.answered(first, told(40.0), at(1.1));
        assert_eq!(bucket.left, Some(40.0), "another stack was busy");
        bucket.answered(second, told(39.0), at(1.1));
        assert!(bucket.left.is_some_and(|left| (39.0..=40.0).contains(&left)), "{bucket:?}");
        let mut unknown = Bucket::per_hour(3600, at(0.0));
        let tickets: Vec<Ticket> = (0..8).map(|_| unknown.take(at(0.0))).collect();
        unknown.answered(tickets[0], told(100.0), at(0.0));
        assert_eq!(unknown.left, Some(93.0), "seven more may not have been counted");
    }

    #[test]
    fn a_refusal_closes_the_bucket_for_a_while_that_doubles() {
        let mut bucket = busy(10.0);
        let mut waits = Vec::new();
        for _ in 0..3 {
            let ticket = bucket.take(at(0.0));
            bucket.refused(ticket, None, None, at(0.0));
            waits.push(between(at(0.0), bucket.wait(at(0.0)).unwrap()).as_secs());
        }
        assert_eq!(waits, [1, 2, 4]);
        let ticket = bucket.take(at(0.0));
        bucket.refused(ticket, told(0.0), Some(Duration::from_secs(30)), at(0.0));
        assert_eq!(bucket.wait(at(0.0)), Some(at(30.0)));
    }

    #[test]
    fn the_refill_is_learned_from_the_time_of_a_full_bucket() {
        let of =
            |limit, remaining, seconds| refill(&Told { limit, remaining, full_in: Some(Duration::from_secs(seconds)) });
        assert_eq!(of(3600.0, 600.0, 1500), 2.0);
        assert_eq!(of(3600.0, 3599.0, 1), 1.0, "too little is missing to tell");
        assert_eq!(of(3600.0, 0.0, 1), 1.0, "not plausible");
        assert_eq!(of(7200.0, 7100.0, 50), 2.0);
    }
}
