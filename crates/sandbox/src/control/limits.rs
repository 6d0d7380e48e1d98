//! Quotas: what the clouds count, and refuse only when a test asks for it.

use std::time::Instant;

use axum::http::HeaderName;
use serde::{Deserialize, Serialize};

/// Hetzner's budget of requests: it fills again evenly over an hour.
const HETZNER_PER_HOUR: u32 = 3600;

/// What the clouds refuse to go beyond.
#[derive(Debug)]
pub(crate) struct Limits {
    /// The most servers, as the account limit at Hetzner; none by default.
    pub(crate) servers: Option<usize>,
    enforced: bool,
    per_hour: u32,
    left: f64,
    filled: Instant,
}

/// What `POST /_sandbox/limits` can set.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ordered {
    /// The most servers.
    pub(crate) servers: Option<usize>,
    /// Requests an hour, from now on refused beyond that; absent = counted and never refused.
    pub(crate) hetzner_requests_per_hour: Option<u32>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            servers: None,
            enforced: false,
            per_hour: HETZNER_PER_HOUR,
            left: f64::from(HETZNER_PER_HOUR),
            filled: Instant::now(),
        }
    }
}

impl Limits {
    /// Sets what is given and forgets what was set before.
    pub(crate) fn set(&mut self, ordered: &Ordered) {
        let per_hour = ordered.hetzner_requests_per_hour.unwrap_or(HETZNER_PER_HOUR);
        *self = Limits {
            servers: ordered.servers,
            enforced: ordered.hetzner_requests_per_hour.is_some(),
            per_hour,
            left: f64::from(per_hour),
            filled: Instant::now(),
        };
    }

    /// Takes one request from Hetzner's budget; `false` when it is spent and enforced.
    pub(crate) fn take_hetzner(&mut self) -> bool {
        let gained = self.filled.elapsed().as_secs_f64() * f64::from(self.per_hour) / 3600.0;
        self.filled = Instant::now();
        self.left = (self.left + gained).min(f64::from(self.per_hour));
        if self.left < 1.0 {
            return !self.enforced;
        }
        self.left -= 1.0;
        true
    }

    /// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (Unix time of a full budget):
    /// <https://docs.hetzner.cloud/reference/cloud#rate-limiting>.
    pub(crate) fn hetzner_headers(&self) -> [(HeaderName, u64); 3] {
        let limit = u64::from(self.per_hour);
        let left = self.left as u64;
        let wait = (limit - left.min(limit)) * 3600 / limit.max(1);
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
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

    #[test]
    fn a_spent_budget_refuses_only_when_enforced() {
        let mut limits = Limits::default();
        for _ in 0..4000 {
            assert!(limits.take_hetzner());
        }
        limits.set(&Ordered { servers: None, hetzner_requests_per_hour: Some(2) });
        assert!(limits.take_hetzner() && limits.take_hetzner());
        assert!(!limits.take_hetzner());
        assert_eq!(limits.hetzner_headers()[1].1, 0);
    }
}
