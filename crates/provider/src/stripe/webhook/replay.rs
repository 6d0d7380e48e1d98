//! Events that were seen, as many as fit.
use std::collections::{HashSet, VecDeque};

/// How many events are remembered. A replay must come within the tolerance of its signature, ten minutes at most; of more
/// events than these in that time the oldest are forgotten, which costs no more than a listing that was not needed.
const MOST: usize = 16_384;

/// Ids of events, the oldest forgotten first.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Seen {
    /// Remembers an event; whether it was not seen before.
    pub fn insert(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let mut seen = Seen::default();
        for n in 0..3 * MOST {
            assert!(seen.insert(&n.to_string()));
        }
        assert_eq!((seen.ids.len(), seen.order.len()), (MOST, MOST));
        assert!(!seen.insert(&(3 * MOST - 1).to_string()) && seen.insert("0"));
    }
}
