//! How deep a refresh must look.
//!
//! What lies behind an object and stands in no list of objects (a firewall's rules, refunds, what an interrupted run has left)
//! costs pages of its own. It is looked at whenever something may have happened to it, and once an hour in any case.
use jiff::{SignedDuration, Timestamp};

use crate::inventory::Depth;
use crate::plan::{Mode, Options};
use crate::snapshot::Snapshot;

/// How long it is enough to have listed all parts.
pub const PARTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// With fewer objects of every kind than this, parts cost next to nothing.
const SMALL: usize = 50;

/// How deep a plan must look.
///
/// Everything is listed with all its parts when the stack is small or new, when a step has no end or a household departs,
/// for destruction and refresh-only, when it is asked for, and when the last such listing is an hour old.
pub fn depth(snapshot: &Snapshot, options: &Options, now: Timestamp) -> Depth {
    let asked = options.thorough || options.mode != Mode::Normal;
    let departing = snapshot.tombstones.values().any(|tombstone| tombstone.confirmed_at.is_none());
    let in_doubt = !snapshot.pending.is_empty() || departing;
    match asked || in_doubt || is_small(snapshot) || !listed_lately(snapshot, now) {
        true => Depth::Parts,
        false => Depth::Objects,
    }
}

/// Whether there are few objects of every kind.
pub(super) fn is_small(snapshot: &Snapshot) -> bool {
    super::refresh::known(snapshot).values().all(|ids| ids.len() < SMALL)
}

/// A mark of the future comes from a clock that was wrong: it counts for nothing.
fn listed_lately(snapshot: &Snapshot, now: Timestamp) -> bool {
    let age = snapshot.parts_listed_at().map(|at| now.duration_since(at));
    age.is_some_and(|age| !age.is_negative() && age < PARTS_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::identity::ExternalId;
    use crate::lang::eval::InstanceKey;
    use crate::lang::value::Value;
    use crate::retention::{Cause, Owner, Tombstone};
    use crate::snapshot::{Object, ObjectKey, PARTS_LISTED_AT, PendingStep};

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    /// So many servers, whose parts were listed so many minutes ago.
    fn stack(n: u64, minutes: i64) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for i in 0..n {
            let address = Address::new("server", "s").with_key(Some(InstanceKey::Index(i)));
            let object = Object {
                id: ExternalId(i.to_string().into()),
                attributes: Value::object(Vec::<(&str, Value)>::new()),
                dependencies: Vec::new(),
                create_before_destroy: false,
                tainted: false,
                schema_version: 0,
                sealed: None,
            };
            snapshot.objects.insert(ObjectKey::current(address), object);
        }
        let at = now().checked_sub(SignedDuration::from_mins(minutes)).unwrap();
        snapshot.marks.insert(PARTS_LISTED_AT.into(), at.to_string().into());
        snapshot
    }

    fn of(snapshot: &Snapshot) -> Depth {
        depth(snapshot, &Options::default(), now())
    }

    #[test]
    fn a_large_stack_is_looked_at_wholly_once_an_hour() {
        assert_eq!(of(&stack(50, 59)), Depth::Objects);
        assert_eq!(of(&stack(50, 60)), Depth::Parts);
        assert_eq!(of(&stack(50, -1)), Depth::Parts, "a clock was wrong");
        let mut unmarked = stack(50, 0);
        unmarked.marks.clear();
        assert_eq!(of(&unmarked), Depth::Parts);
        unmarked.marks.insert(PARTS_LISTED_AT.into(), "lately".into());
        assert_eq!(of(&unmarked), Depth::Parts);
    }

    #[test]
    fn a_small_or_new_stack_is_looked_at_wholly() {
        assert_eq!(of(&stack(49, 1)), Depth::Parts);
        assert_eq!(of(&Snapshot::default()), Depth::Parts);
    }

    #[test]
    fn whoever_asks_gets_everything() {
        let snapshot = stack(50, 1);
        for mode in [Mode::Destroy, Mode::RefreshOnly] {
            assert_eq!(depth(&snapshot, &Options { mode, ..Options::default() }, now()), Depth::Parts);
        }
        assert_eq!(depth(&snapshot, &Options { thorough: true, ..Options::default() }, now()), Depth::Parts);
    }

    #[test]
    fn what_is_in_doubt_is_looked_at_wholly() {
        let mut snapshot = stack(50, 1);
        snapshot.pending.push(PendingStep {
            key: "k".into(),
            address: "server.s[0]".into(),
            operation: "delete".into(),
            started_at: now(),
        });
        assert_eq!(of(&snapshot), Depth::Parts);
        let mut snapshot = stack(50, 1);
        let owner = Owner("0123".into());
        let mut tombstone = Tombstone {
            owner: owner.clone(),
            members: Vec::new(),
            cause: Cause::Refunded,
            since: now(),
            begun_at: Some(now()),
            gone_at: Some(now()),
            confirmed_at: None,
            alarm: None,
        };
        snapshot.tombstones.insert(owner.clone(), tombstone.clone());
        assert_eq!(of(&snapshot), Depth::Parts);
        tombstone.confirmed_at = Some(now());
        snapshot.tombstones.insert(owner, tombstone);
        assert_eq!(of(&snapshot), Depth::Objects);
    }
}
