//! Moments at which a blow falls, and how they are written.
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ampere_sandbox::Call;

use super::trace::{Blow, Errno, Syscall, Writes};
use super::watcher::{How, Strike};

/// A moment at which something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// At a call to a cloud: `before:17`, `after:17`, `lost:17`, `late:17`.
    Call(Strike),
    /// At a system call of the state: `pwrite64:33:kill`, `fsync:4:eio`, `pwrite64:9:enospc+` (that one and all later ones).
    Write(Blow),
}

const CALLS: [(&str, How); 4] =
    [("before", How::KillBefore), ("after", How::KillAfter), ("lost", How::Lose), ("late", How::Late)];

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Point::Call(Strike { nth, how }) => {
                let name = CALLS.iter().find(|(_, other)| other == how).map_or("", |(name, _)| name);
                write!(f, "{name}:{nth}")
            }
            Point::Write(blow) => blow.fmt(f),
        }
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Point, String> {
        let bad = || format!("{text:?} is no point; one looks like after:17, late:17, pwrite64:33:kill or fsync:4:eio");
        let (what, rest) = text.split_once(':').ok_or_else(bad)?;
        if let Some((_, how)) = CALLS.iter().find(|(name, _)| *name == what) {
            return Ok(Point::Call(Strike { nth: rest.parse().map_err(|_| bad())?, how: *how }));
        }
        text.parse().map(Point::Write).map_err(|()| bad())
    }
}

/// A kill before and after every call.
pub fn kills(calls: &[Call]) -> Vec<Point> {
    let both = |nth| [How::KillBefore, How::KillAfter].map(|how| Point::Call(Strike { nth, how }));
    (1..=calls.len()).flat_map(both).collect()
}

/// Every call that changes something, with its answer lost, and with its effect late.
///
/// One is left out, and does not hold: a cancellation of a replacement that was killed, which takes effect after the next run has
/// found the subscription in force and ended. Then nobody remembers that it was ours, and it is taken for the customer's.
pub fn answers(calls: &[Call]) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| changes(call)) {
        let strike = |how| Point::Call(Strike { nth: index + 1, how });
        points.push(strike(How::Lose));
        if call.method != "DELETE" || !call.path.contains("/v1/subscriptions/") {
            points.push(strike(How::Late));
        }
    }
    points
}

/// Queries are POST calls too, and change nothing.
fn changes(call: &Call) -> bool {
    let asks = [":runQuery", ":batchGet", ":lookup", ":query"].iter().any(|end| call.path.ends_with(end));
    call.method != "GET" && !asks
}

/// Before and after every commit of the state, and in the middle of it: at the first, the middle and the last write of each, and
/// when it is written and not yet on the disk.
pub fn commits(writes: &Writes) -> Vec<Point> {
    let kill = |syscall, nth| Point::Write(Blow { syscall, nth, errno: None, from_there_on: false });
    let mut points = Vec::new();
    let (mut pwrites, mut begun, mut fsyncs) = (0_usize, 0, 0);
    for syscall in &writes.order {
        match syscall {
            Syscall::Pwrite64 => pwrites += 1,
            Syscall::Fsync => {
                fsyncs += 1;
                let of_commit: BTreeSet<usize> =
                    [begun + 1, begun + (pwrites - begun).div_ceil(2), pwrites].into_iter().collect();
                points.extend(of_commit.into_iter().filter(|nth| *nth > begun).map(|nth| kill(Syscall::Pwrite64, nth)));
                points.push(kill(Syscall::Fsync, fsyncs));
                begun = pwrites;
            }
            Syscall::Ftruncate => {}
        }
    }
    let truncations = writes.order.iter().filter(|syscall| **syscall == Syscall::Ftruncate).count();
    points.extend((1..=truncations).map(|nth| kill(Syscall::Ftruncate, nth)));
    points
}

/// Every write and sync that the disk refuses, once or from there on.
pub fn failures(writes: &Writes) -> Vec<Point> {
    let mut counts = [0_usize; 2];
    let mut points = Vec::new();
    for syscall in &writes.order {
        let count = match syscall {
            Syscall::Pwrite64 => &mut counts[0],
            Syscall::Fsync => &mut counts[1],
            Syscall::Ftruncate => continue,
        };
        *count += 1;
        for errno in [Errno::Eio, Errno::Enospc] {
            for from_there_on in [false, true] {
                points.push(Point::Write(Blow { syscall: *syscall, nth: *count, errno: Some(errno), from_there_on }));
            }
        }
    }
    points
}

/// So many of them, chosen by the seed.
pub fn sampled(all: &[Point], sample: usize, seed: u64) -> Vec<Point> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut chosen = BTreeSet::new();
    while chosen.len() < sample.min(all.len()) {
        // SplitMix64, https://prng.di.unimi.it/splitmix64.c
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        chosen.insert(((mixed ^ (mixed >> 31)) % all.len() as u64) as usize);
    }
    chosen.into_iter().map(|index| all[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_as_it_is_written() {
        for text in
            ["before:1", "after:17", "lost:2", "late:3", "pwrite64:33:kill", "fsync:4:eio", "pwrite64:9:enospc+"]
        {
            assert_eq!(text.parse::<Point>().map(|point| point.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "17", "before:", "call:1", "fsync:1", "fsync:x:kill", "open:1:kill", "fsync:1:eperm"] {
            assert!(text.parse::<Point>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_commit_has_a_beginning_a_middle_and_an_end() {
        let order = vec![Syscall::Pwrite64, Syscall::Pwrite64, Syscall::Pwrite64, Syscall::Pwrite64, Syscall::Fsync];
        let points: Vec<String> = commits(&Writes { order }).iter().map(Point::to_string).collect();
        assert_eq!(points, ["pwrite64:1:kill", "pwrite64:2:kill", "pwrite64:4:kill", "fsync:1:kill"]);
    }
}
