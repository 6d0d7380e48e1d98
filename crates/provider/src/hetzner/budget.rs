//! What Hetzner allows: <https://docs.hetzner.cloud/reference/cloud#rate-limiting>.
use std::sync::Arc;

use crate::http::{Budget, Call, Timer};

/// Requests an hour and project, refilled evenly; bursts are allowed.
const REQUESTS: u32 = 3600;
/// Looks at actions an hour and project: they have a bucket of their own.
const ACTIONS: u32 = 7200;

/// The budget of a project, as far as nothing else has been learned from its answers.
pub(crate) fn budget(timer: Arc<dyn Timer>) -> Budget {
    Budget::new(timer, &[REQUESTS, ACTIONS], class)
}

/// Which bucket a call takes from. If Hetzner counts otherwise, the headers of each answer say so.
fn class(call: &Call) -> usize {
    let actions = call.reads && call.path.split('/').any(|segment| segment == "actions");
    usize::from(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_at_actions_are_counted_apart_and_orders_are_not() {
        assert_eq!(class(&Call::get("/actions")), 1);
        assert_eq!(class(&Call::get("/servers/actions")), 1);
        assert_eq!(class(&Call::post("/servers/7/actions/poweron")), 0);
        assert_eq!(class(&Call::get("/servers")), 0);
    }
}
