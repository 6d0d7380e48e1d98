//! Kill points of a scenario: which there are, and what must hold after each.
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tempfile::TempDir;
use tokio::runtime::Handle;

use super::Arguments;
use super::rig::{Rig, RigError, Run, copy};
use super::scenario::Scenario;
use super::watcher::{Side, Strike};
use super::world::World;
use crate::say::say;

/// A moment at which the command is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point(Strike);

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.0.side == Side::Before { "before" } else { "after" };
        write!(f, "call:{}:{side}", self.0.nth)
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Point, String> {
        let bad = || format!("{text:?} is no point; one looks like call:17:after");
        let rest = text.strip_prefix("call:").ok_or_else(bad)?;
        let (nth, side) = rest.split_once(':').ok_or_else(bad)?;
        let side = match side {
            "before" => Side::Before,
            "after" => Side::After,
            _ => return Err(bad()),
        };
        Ok(Point(Strike { nth: nth.parse().map_err(|_| bad())?, side }))
    }
}

/// What came of a scenario's points.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many were struck.
    pub points: usize,
    /// After how many something did not hold.
    pub failed: usize,
}

/// How a scenario goes when nobody strikes.
struct Reference {
    template: TempDir,
    before: World,
    world: World,
    calls: usize,
    listing: usize,
    /// Whether it is shown what the commands say.
    tell: bool,
}

/// Strikes at the points that are asked for.
///
/// # Errors
/// The harness itself fails, or the scenario does without any blow.
pub fn strike(
    scenario: &Scenario,
    arguments: &Arguments,
    program: &Path,
    runtime: &Handle,
) -> Result<Tally, Box<dyn Error>> {
    let began = Instant::now();
    let reference = reference(scenario, program, runtime, arguments.point.is_some())?;
    let all = (1..=reference.calls).flat_map(|nth| [Side::Before, Side::After].map(|side| Point(Strike { nth, side })));
    let all: Vec<Point> = all.collect();
    let points = match arguments.point {
        Some(point) => vec![point],
        None if arguments.exhaustive => all.clone(),
        None => sampled(&all, arguments.sample, arguments.seed),
    };
    let (next, extra) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (struck, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match at(*point, scenario, &reference, program, runtime) {
                        Ok(outcome) => {
                            struck.fetch_add(usize::from(outcome.struck), Ordering::Relaxed);
                            extra.fetch_max(outcome.extra, Ordering::Relaxed);
                            if !outcome.faults.is_empty() {
                                failures.lock().unwrap_or_else(PoisonError::into_inner).push((*point, outcome.faults));
                            }
                        }
                        Err(error) => problems.lock().unwrap_or_else(PoisonError::into_inner).push(error),
                    }
                }
            });
        }
    });
    if let Some(problem) = problems.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().next() {
        return Err(problem.into());
    }
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (point, faults) in &failures {
        say(&format!("FAILED --scenario {} --point {point}", scenario.name));
        for fault in faults {
            say(&format!("    {}", fault.replace('\n', "\n    ")));
        }
    }
    let tally = Tally { points: struck.into_inner(), failed: failures.len() };
    say(&format!(
        "{:<12} {:>4} calls, {:>4} of {:>4} points struck, {} failed; the next run costs at most {} calls beyond its listing of {}; {:.1} s  ({})",
        scenario.name,
        reference.calls,
        tally.points,
        all.len(),
        tally.failed,
        extra.into_inner(),
        reference.listing,
        began.elapsed().as_secs_f64(),
        scenario.about,
    ));
    Ok(tally)
}

fn reference(scenario: &Scenario, program: &Path, runtime: &Handle, tell: bool) -> Result<Reference, Box<dyn Error>> {
    let template = tempfile::tempdir()?;
    let rig = Rig::open(template.path(), program, runtime)?;
    scenario.prepare(&rig)?;
    let before = World::of(&rig)?;
    drop(rig);
    let directory = tempfile::tempdir()?;
    copy(template.path(), directory.path())?;
    let rig = Rig::open(directory.path(), program, runtime)?;
    let calls = rig.prepare(scenario.command)?.seen.calls.len();
    let listing = rig.prepare(scenario.idle)?.seen.calls.len();
    let world = World::of(&rig)?;
    if scenario.keeps && !before.identities.is_subset(&world.identities) {
        return Err(format!("{} without any blow: objects are not there any more", scenario.name).into());
    }
    if !world.faults.is_empty() {
        return Err(format!("{} without any blow: {}", scenario.name, world.faults.join("; ")).into());
    }
    Ok(Reference { template, before, world, calls, listing, tell })
}

struct Outcome {
    struck: bool,
    extra: usize,
    faults: Vec<String>,
}

/// Kills at one point, goes on, and looks.
fn at(
    point: Point,
    scenario: &Scenario,
    reference: &Reference,
    program: &Path,
    runtime: &Handle,
) -> Result<Outcome, RigError> {
    let fail = |source| RigError::File { path: std::env::temp_dir(), source };
    let directory = tempfile::tempdir().map_err(fail)?;
    copy(reference.template.path(), directory.path())?;
    let rig = Rig::open(directory.path(), program, runtime)?;
    let first = rig.run(scenario.command, Some(point.0), &[])?;
    let mut calls = first.seen.calls.len();
    let mut runs = Vec::new();
    let mut faults = Vec::new();
    if first.seen.struck && first.code != -9 {
        faults.push(format!("the command outlived its death: {}", said(&first)));
    }
    for command in scenario.again.iter().copied() {
        let run = rig.ampere(command)?;
        calls += run.seen.calls.len();
        if run.code != 0 {
            faults.push(format!("`ampere {command}` ends with {}: {}", run.code, said(&run)));
        }
        runs.push((command, run));
    }
    for command in [scenario.idle, "audit verify"] {
        let run = rig.ampere(command)?;
        if run.code != 0 {
            faults.push(format!("`ampere {command}` ends with {}: {}", run.code, said(&run)));
        }
        runs.push((command, run));
    }
    if reference.tell {
        runs.iter().for_each(|(command, run)| say(&format!("$ ampere {command}  [exit {}]\n{}", run.code, run.text)));
    }
    let world = World::of(&rig)?;
    faults.extend(world.difference(&reference.world));
    if scenario.keeps {
        let lost = reference.before.identities.difference(&world.identities);
        faults.extend(lost.map(|identity| format!("{identity} is not there any more")));
    }
    faults.extend(world.faults);
    let extra = calls.saturating_sub(reference.calls + reference.listing);
    Ok(Outcome { struck: first.seen.struck, extra, faults })
}

fn said(run: &Run) -> String {
    let lines: Vec<&str> = run.text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// So many of them, evenly spread and shifted by the seed.
fn sampled(all: &[Point], sample: usize, seed: u64) -> Vec<Point> {
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
