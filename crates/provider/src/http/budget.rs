//! A cloud's budget of requests: who wants to send waits here for their turn, in the order in which they came.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};

use super::Call;
use super::bucket::{Bucket, Ticket, Told};
use super::timer::{Timer, between};

/// A wait that is longer is worth a line in the log.
const NOTABLE: Duration = Duration::from_secs(5);

/// The buckets of a cloud, kept from the `RateLimit-*` headers of its answers.
pub(crate) struct Budget {
    timer: Arc<dyn Timer>,
    lines: Vec<Line>,
    /// Which bucket a call takes from.
    class: fn(&Call) -> usize,
}

/// A bucket, and those who wait for it.
struct Line {
    turn: tokio::sync::Mutex<()>,
    bucket: Mutex<Bucket>,
}

impl Line {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to send one request. Dropped without an answer, the request counts as sent.
pub(crate) struct Admission<'a> {
    budget: &'a Budget,
    line: &'a Line,
    ticket: Option<Ticket>,
}

impl Budget {
    /// A budget of buckets with so many requests an hour each; `class` tells which of them a call takes from.
    pub fn new(timer: Arc<dyn Timer>, per_hour: &[u32], class: fn(&Call) -> usize) -> Budget {
        let now = timer.now();
        let line = |limit: &u32| Line { turn: Default::default(), bucket: Mutex::new(Bucket::per_hour(*limit, now)) };
        Budget { lines: per_hour.iter().map(line).collect(), timer, class }
    }

    /// The clock it goes by.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.timer
    }

    /// Waits until a call may be sent.
    pub async fn admit(&self, call: &Call) -> Option<Admission<'_>> {
        let line = self.lines.get((self.class)(call))?;
        let _turn = line.turn.lock().await;
        let begun = self.timer.now();
        loop {
            let now = self.timer.now();
            let wait = line.bucket().wait(now);
            let Some(until) = wait else { break };
            self.timer.sleep_until(until).await;
        }
        let now = self.timer.now();
        let waited = between(begun, now);
        if waited > NOTABLE {
            tracing::info!(call = ?call, ?waited, "waited for the budget of requests");
        }
        let ticket = line.bucket().take(now);
        Some(Admission { budget: self, line, ticket: Some(ticket) })
    }
}

impl Admission<'_> {
    /// The request was answered; 429 closes the bucket for as long as `retry_after` says.
    pub fn answered(mut self, status: u16, headers: &HeaderMap, retry_after: Option<Duration>) {
        let Some(ticket) = self.ticket.take() else { return };
        let (now, told) = (self.budget.timer.now(), told(headers));
        match status {
            429 => self.line.bucket().refused(ticket, told, retry_after, now),
            _ => self.line.bucket().answered(ticket, told, now),
        }
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        if self.ticket.take().is_some() {
            self.line.bucket().lost();
        }
    }
}

/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (the Unix time of a full bucket, by the cloud's clock):
/// <https://docs.hetzner.cloud/reference/cloud#rate-limiting>.
fn told(headers: &HeaderMap) -> Option<Told> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let date = || headers.get(DATE)?.to_str().ok().and_then(date_of);
    let full_in = || {
        let reset = headers.get("ratelimit-reset")?.to_str().ok()?.trim().parse().ok()?;
        Some(between(date()?, Timestamp::from_second(reset).ok()?))
    };
    let (limit, remaining) = (number("ratelimit-limit")?, number("ratelimit-remaining")?);
    Some(Told { limit: f64::from(limit), remaining: f64::from(remaining), full_in: full_in() })
}

fn date_of(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_understood_and_wrong_ones_are_not() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(k, v)| (reqwest::header::HeaderName::from_static(k), v.parse().unwrap())).collect()
        };
        let full = headers(&[
            ("ratelimit-limit", "3600"),
            ("ratelimit-remaining", "600"),
            ("ratelimit-reset", "1000003000"),
            ("date", "Sun, 09 Sep 2001 01:46:40 GMT"),
        ]);
        let expected = Told { limit: 3600.0, remaining: 600.0, full_in: Some(Duration::from_secs(3000)) };
        assert_eq!(told(&full), Some(expected));
        let without_reset = headers(&[("ratelimit-limit", "3600"), ("ratelimit-remaining", "0")]);
        assert_eq!(told(&without_reset).and_then(|told| told.full_in), None);
        assert_eq!(told(&headers(&[("ratelimit-limit", "many"), ("ratelimit-remaining", "0")])), None);
    }
}
