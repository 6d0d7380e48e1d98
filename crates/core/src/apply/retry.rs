//! When a failed call is made again, and after how long.
use std::time::Duration;

use crate::clock::Random;
use crate::provider::{ProviderError, ProviderErrorKind};

/// Calls of one step at most.
const MOST_CALLS: u32 = 6;
/// First wait; it doubles each time, so that a step tries for about 16 seconds.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// No wait is longer, whatever a cloud asks for: the next run goes on where this one stopped.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// How long to wait before the next call after `calls` calls, or none if there is to be no other.
///
/// An answer that was lost (`Unknown`) may be asked for again: every call of a provider can be repeated, since it carries
/// the marker and an idempotency key.
pub(super) fn wait_before_next(error: &ProviderError, calls: u32, random: &dyn Random) -> Option<Duration> {
    if calls >= MOST_CALLS {
        return None;
    }
    let backoff = FIRST_WAIT.saturating_mul(1 << calls.saturating_sub(1).min(10));
    match &error.kind {
        ProviderErrorKind::RateLimited { retry_after: Some(wait) } if *wait > LONGEST_WAIT => None,
        ProviderErrorKind::RateLimited { retry_after } => Some(retry_after.unwrap_or(backoff) + jitter(random)),
        ProviderErrorKind::Unavailable | ProviderErrorKind::Unknown => Some(backoff + jitter(random)),
        _ => None,
    }
}

/// Up to a quarter of a second, so that steps that failed together do not come back together.
fn jitter(random: &dyn Random) -> Duration {
    let mut byte = [0];
    match random.fill(&mut byte) {
        Ok(()) => Duration::from_millis(u64::from(byte[0])),
        Err(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NoRandomness;

    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            buffer.fill(0);
            Ok(())
        }
    }

    fn error(kind: ProviderErrorKind) -> ProviderError {
        ProviderError { cloud: "Test", kind, message: "no".into(), hint: None, attribute: None, partial_id: None }
    }

    #[test]
    fn waits_double_and_end() {
        let error = error(ProviderErrorKind::Unavailable);
        let waits: Vec<_> = (1..).map_while(|n| wait_before_next(&error, n, &Zeros)).map(|w| w.as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
    }

    #[test]
    fn what_is_wrong_is_not_repeated() {
        for kind in [ProviderErrorKind::Invalid, ProviderErrorKind::Forbidden, ProviderErrorKind::Malformed] {
            assert_eq!(wait_before_next(&error(kind), 1, &Zeros), None);
        }
    }

    #[test]
    fn the_cloud_says_how_long_but_not_for_ever() {
        let limited =
            |seconds| error(ProviderErrorKind::RateLimited { retry_after: Some(Duration::from_secs(seconds)) });
        assert_eq!(wait_before_next(&limited(7), 1, &Zeros), Some(Duration::from_secs(7)));
        assert_eq!(wait_before_next(&limited(3600), 1, &Zeros), None);
    }
}
