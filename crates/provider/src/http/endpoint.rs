//! Sending.
use std::sync::Arc;
use std::time::{Duration, Instant};

use ampere_core::provider::{ProviderError, ProviderErrorKind};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::budget::Budget;
use super::timer::{MachineTimer, Timer, after, between};
use super::{Answer, Authorization, Call, Payload, failure};

/// The largest body that is read: a page of 1000 users is below 2 MiB. In memory a body takes up to 40 times as much.
const MAX_BODY: usize = 16 << 20;
/// How often a read is tried.
const READ_ATTEMPTS: u32 = 4;
/// The first pause between two tries; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a cloud may ask for before we hand the matter up.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// How long a call is repeated that is refused for want of budget: an hour fills any bucket that others do not empty.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How hard a cloud may be worked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Time for one request, from sending to the last byte of the answer.
    pub timeout: Duration,
}

/// A cloud's base URL and what goes with it. It has no `Debug`.
pub(crate) struct Endpoint {
    cloud: &'static str,
    client: Client,
    base: Url,
    authorization: Authorization,
    headers: HeaderMap,
    limits: Limits,
    turns: Semaphore,
    timer: Arc<dyn Timer>,
    budget: Option<Budget>,
}

/// A simulated clock stands still while one of these is there.
struct Exchange<'a>(&'a dyn Timer);

impl<'a> Exchange<'a> {
    fn begin(timer: &'a dyn Timer) -> Exchange<'a> {
        timer.exchange_began();
        Exchange(timer)
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.0.exchange_ended();
    }
}

impl Endpoint {
    /// An endpoint of a cloud; `headers` go with every call.
    pub fn new(
        cloud: &'static str,
        client: Client,
        base: Url,
        authorization: Authorization,
        headers: HeaderMap,
        limits: Limits,
    ) -> Endpoint {
        let turns = Semaphore::new(limits.concurrency);
        let timer = Arc::new(MachineTimer::new());
        Endpoint { cloud, client, base, authorization, headers, limits, turns, timer, budget: None }
    }

    /// The same endpoint, which waits for a budget instead of overdrawing it, by the budget's clock.
    pub fn within(mut self, budget: Budget) -> Endpoint {
        self.timer = budget.timer().clone();
        self.budget = Some(budget);
        self
    }

    /// Whose it is.
    pub fn cloud(&self) -> &'static str {
        self.cloud
    }

    /// The clock it goes by.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.timer
    }

    /// Whether it is a test service on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Sends a call and reads the whole answer, whatever its status. A call that only reads is repeated a few times when
    /// the answer does not come, is 429 or 5xx; any other is sent once: repeating it is the engine's decision. Where there
    /// is a budget, a 429 is waited for, whatever the call: nothing was done.
    ///
    /// # Errors
    ///
    /// Failures without a whole answer: `Unavailable` if nothing was sent, `Connection` for TLS, else `Unknown`.
    pub async fn send(&self, call: &Call) -> Result<Answer, ProviderError> {
        let attempts = if call.reads { READ_ATTEMPTS } else { 1 };
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        let begun = self.timer.now();
        loop {
            let outcome = self.attempt(call).await;
            let refused = outcome.as_ref().is_ok_and(|answer| answer.status == 429);
            if refused && self.budget.is_some() && between(begun, self.timer.now()) < REFUSAL_PATIENCE {
                tracing::info!(cloud = self.cloud, call = ?call, "refused for want of budget; waiting for it");
                continue;
            }
            let Some(wait) = wait_before_next(&outcome, pause).filter(|_| attempt < attempts) else {
                return outcome;
            };
            tracing::debug!(cloud = self.cloud, call = ?call, attempt, ?wait, "repeating a read");
            self.timer.sleep_until(after(self.timer.now(), wait)).await;
            pause *= 2;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, ProviderError> {
        let authorization = self.authorization.headers(self.cloud).await?;
        // The budget first: whoever waits for it holds nobody else up.
        let admission = match &self.budget {
            Some(budget) => budget.admit(call).await,
            None => None,
        };
        let _turn = self.turns.acquire().await;
        let _exchange = Exchange::begin(&*self.timer);
        #[cfg(fuzzing)]
        if self.is_loopback() {
            return crate::fuzzing::answer(self.cloud, call.place());
        }
        let begun = Instant::now();
        let mut request = self
            .client
            .request(call.method.clone(), self.url(call))
            .headers(self.headers.clone())
            .headers(authorization)
            .timeout(self.limits.timeout);
        if let Some(key) = &call.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        request = match &call.payload {
            Payload::Empty => request,
            Payload::Json(body) => request.json(body),
            Payload::Form(fields) => request.form(fields),
        };
        let place = call.place();
        let failed = |error| failure::of_exchange(self.cloud, self.base.host_str().unwrap_or("?"), &place, &error);
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), self.timer.now());
        if let Some(admission) = admission {
            // Only what the cloud asked for itself: without that the pauses double.
            let asked = retry_after.filter(|_| response.headers().contains_key("retry-after"));
            admission.answered(status, response.headers(), asked);
        }
        let body = self.body(response, &place).await?;
        tracing::debug!(cloud = self.cloud, call = ?call, status, elapsed = ?begun.elapsed(), "called");
        Ok(Answer { cloud: self.cloud, place, status, retry_after, body })
    }

    async fn body(&self, mut response: reqwest::Response, place: &str) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let mut body = Zeroizing::new(Vec::new());
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                    let message = format!("the answer to {place} is larger than {} MiB", MAX_BODY >> 20);
                    return Err(ProviderError::new(self.cloud, ProviderErrorKind::Malformed, message));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => {
                    let host = self.base.host_str().unwrap_or("?");
                    return Err(failure::of_exchange(self.cloud, host, place, &error));
                }
            }
        }
    }

    fn url(&self, call: &Call) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), call.path);
        url.set_path(&path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query.iter().map(|(k, v)| (*k, v.as_str())));
        }
        url
    }
}

/// Whether a URL names this machine itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// How long to wait before a read is tried again; none if that would not help.
fn wait_before_next(outcome: &Result<Answer, ProviderError>, pause: Duration) -> Option<Duration> {
    match outcome {
        Ok(answer) if answer.status == 429 || answer.status >= 500 => {
            Some(answer.retry_after.unwrap_or(pause)).filter(|wait| *wait <= LONGEST_PAUSE)
        }
        Ok(_) => None,
        Err(error) => {
            matches!(error.kind, ProviderErrorKind::Unavailable | ProviderErrorKind::Unknown).then_some(pause)
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). Hetzner sends none: a spent budget gets one request more
/// every second (its `RateLimit-Reset` is when the budget is full again, which nobody need wait for).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let Some(value) = text("retry-after") else {
        return (text("ratelimit-remaining") == Some("0")).then_some(Duration::from_secs(1));
    };
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::from_secs(u64::try_from(date.as_second() - now.as_second()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (reqwest::header::HeaderName::from_static(k), v.parse().unwrap())).collect()
    }

    #[test]
    fn the_pause_a_cloud_asks_for_is_understood() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        let of = |pairs: &[(&'static str, &str)]| retry_after(&headers(pairs), now).map(|d| d.as_secs());
        assert_eq!(of(&[("retry-after", "7")]), Some(7));
        assert_eq!(of(&[("retry-after", "Sun, 09 Sep 2001 01:46:45 GMT")]), Some(5));
        assert_eq!(of(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "1000003600")]), Some(1));
        assert_eq!(of(&[("ratelimit-remaining", "12")]), None);
        assert_eq!(of(&[("retry-after", "soon")]), None);
    }
}
