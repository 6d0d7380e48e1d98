//! Quotas: what the clouds count, and refuse only when a test asks for it.

use axum::http::{HeaderName, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Hetzner's budget of requests: it fills again evenly over an hour.
const REQUESTS_PER_HOUR: u32 = 3600;
/// Looks at actions have a budget of their own.
const ACTIONS_PER_HOUR: u32 = 7200;

/// What the clouds refuse to go beyond.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The most servers, as the account limit at Hetzner; none by default.
    pub(crate) servers: Option<usize>,
    requests: Bucket,
    actions: Bucket,
    sold_out: Vec<SoldOut>,
}

/// A bucket of requests that fills evenly.
#[derive(Debug)]
struct Bucket {
    enforced: bool,
    per_hour: u32,
    left: f64,
    filled: Timestamp,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket::new(None, None, REQUESTS_PER_HOUR)
    }
}

/// What `POST /_sandbox/limits` can set.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ordered {
    /// The most servers.
    pub(crate) servers: Option<usize>,
    /// Requests an hour, from now on refused beyond that; absent = counted and never refused.
    pub(crate) hetzner_requests_per_hour: Option<u32>,
    /// How many of them are left; absent = all.
    pub(crate) hetzner_requests_left: Option<u32>,
    /// Looks at actions an hour, likewise.
    pub(crate) hetzner_actions_per_hour: Option<u32>,
    /// Server types that are not to be had somewhere.
    #[serde(default)]
    pub(crate) hetzner_sold_out: Vec<SoldOut>,
}

/// A server type that is sold out in a location, or everywhere if none is named.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoldOut {
    pub(crate) server_type: String,
    #[serde(default)]
    pub(crate) location: Option<String>,
}

impl Limits {
    /// Sets what is given and forgets what was set before.
    pub(crate) fn set(&mut self, ordered: &Ordered) {
        *self = Limits {
            servers: ordered.servers,
            requests: Bucket::new(ordered.hetzner_requests_per_hour, ordered.hetzner_requests_left, REQUESTS_PER_HOUR),
            actions: Bucket::new(ordered.hetzner_actions_per_hour, None, ACTIONS_PER_HOUR),
            sold_out: ordered.hetzner_sold_out.clone(),
        };
    }

    /// Takes one request from Hetzner's budget; `false` when it is spent and enforced.
    pub(crate) fn take_hetzner(&mut self, method: &Method, path: &str, now: Timestamp) -> bool {
        self.bucket(method, path).take(now)
    }

    /// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (Unix time of a full budget):
    /// <https://docs.hetzner.cloud/reference/cloud#rate-limiting>.
    pub(crate) fn hetzner_headers(&mut self, method: &Method, path: &str, now: Timestamp) -> [(HeaderName, u64); 3] {
        self.bucket(method, path).headers(now)
    }

    /// Whether a type is not to be had in a location.
    pub(crate) fn is_sold_out(&self, server_type: &Value, location: &Value) -> bool {
        self.sold_out.iter().any(|one| {
            *server_type == one.server_type.as_str()
                && one.location.as_ref().is_none_or(|name| *location == name.as_str())
        })
    }

    fn bucket(&mut self, method: &Method, path: &str) -> &mut Bucket {
        let actions = method == Method::GET && path.split('/').any(|segment| segment == "actions");
        if actions { &mut self.actions } else { &mut self.requests }
    }
}

impl Bucket {
    fn new(ordered: Option<u32>, left: Option<u32>, usual: u32) -> Bucket {
        let per_hour = ordered.unwrap_or(usual);
        let left = f64::from(left.unwrap_or(per_hour).min(per_hour));
        Bucket { enforced: ordered.is_some(), per_hour, left, filled: Timestamp::MIN }
    }

    fn fill(&mut self, now: Timestamp) {
        if self.filled != Timestamp::MIN {
            let gained = now.duration_since(self.filled).as_secs_f64().max(0.0) * f64::from(self.per_hour) / 3600.0;
            self.left = (self.left + gained).min(f64::from(self.per_hour));
        }
        self.filled = now;
    }

    fn take(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        if self.left < 1.0 {
            return !self.enforced;
        }
        self.left -= 1.0;
        true
    }

    fn headers(&mut self, now: Timestamp) -> [(HeaderName, u64); 3] {
        self.fill(now);
        let limit = u64::from(self.per_hour);
        let left = self.left as u64;
        let wait = (limit - left.min(limit)) * 3600 / limit.max(1);
        let now = u64::try_from(now.as_second()).unwrap_or(0);
        [
            (HeaderName::from_static("ratelimit-limit"), limit),
            (HeaderName::from_static("ratelimit-remaining"), left),
            (HeaderName::from_static("ratelimit-reset"), now + wait),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(requests: u32) -> Ordered {
        Ordered {
            servers: None,
            hetzner_requests_per_hour: Some(requests),
            hetzner_requests_left: None,
            hetzner_actions_per_hour: None,
            hetzner_sold_out: Vec::new(),
        }
    }

    #[test]
    fn a_spent_budget_refuses_only_when_enforced_and_fills_by_the_sandboxs_clock() {
        let mut limits = Limits::default();
        let at = |second| Timestamp::from_second(second).expect("a time");
        let take = |limits: &mut Limits, second| limits.take_hetzner(&Method::GET, "/servers", at(second));
        for _ in 0..4000 {
            assert!(take(&mut limits, 0));
        }
        limits.set(&ordered(2));
        assert!(take(&mut limits, 0) && take(&mut limits, 0));
        assert!(!take(&mut limits, 1000));
        assert_eq!(limits.hetzner_headers(&Method::GET, "/servers", at(1000))[1].1, 0);
        assert!(limits.take_hetzner(&Method::GET, "/actions", at(1000)), "a bucket of their own");
        assert!(take(&mut limits, 1800));
    }
}
