//! The points of a scenario: which there are, and what must hold after each.
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ampere_sandbox::Call;
use clap::ValueEnum;
use tempfile::TempDir;

use super::point::{self, Point, sampled};
use super::rig::{Blows, Rig, RigError, Run, copy};
use super::scenario::Scenario;
use super::trace::{Writes, has_refused};
use super::watcher::How;
use super::world::World;
use super::{Arguments, Ground};
use crate::say::say;

/// Which points of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Killed before and after each call to a cloud
    Calls,
    /// Killed before, in and after each commit of the state
    Commits,
    /// Each changing call with its answer lost, and with its effect after the next run has begun
    Answers,
    /// Each write of the state refused by the disk (EIO, ENOSPC), once or from there on
    Disk,
}

/// In the order in which they run.
pub const SUITES: [Suite; 4] = [Suite::Calls, Suite::Commits, Suite::Answers, Suite::Disk];

/// A step makes no more calls than this: the costliest is an instance, with its box.
const COSTLIEST_STEP: usize = 30;

/// What came of points.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many were struck.
    pub points: usize,
    /// After how many something did not hold.
    pub failed: usize,
}

/// How a scenario goes when nobody strikes.
pub struct Reference {
    template: TempDir,
    before: World,
    world: World,
    calls: Vec<Call>,
    writes: Writes,
    listing: usize,
}

impl Reference {
    /// Prepares a scenario, and plays it without a blow.
    ///
    /// # Errors
    /// It does not go well.
    pub fn of(scenario: &Scenario<'_>, ground: &Ground) -> Result<Reference, Box<dyn Error>> {
        let template = tempfile::tempdir()?;
        let rig = Rig::open(template.path(), ground, scenario.boxes)?;
        scenario.prepare(&rig)?;
        let before = World::of(&rig)?;
        drop(rig);
        let directory = tempfile::tempdir()?;
        copy(template.path(), directory.path())?;
        let rig = Rig::open(directory.path(), ground, scenario.boxes)?;
        let log = template.path().join("strace.log");
        let run = rig.run(scenario.command, Blows { wrapper: Writes::wrapper(&log), ..Blows::default() })?;
        if run.code != 0 {
            return Err(format!("{} ends with {} without any blow: {}", scenario.name, run.code, said(&run)).into());
        }
        let writes = Writes::read(&std::fs::read_to_string(&log)?);
        let listing = rig.prepare(scenario.idle)?.seen.calls.len();
        let world = World::of(&rig)?;
        if scenario.keeps && !before.identities.is_subset(&world.identities) {
            return Err(format!("{} without any blow: objects are not there any more", scenario.name).into());
        }
        if !world.faults.is_empty() {
            return Err(format!("{} without any blow: {}", scenario.name, world.faults.join("; ")).into());
        }
        Ok(Reference { template, before, world, calls: run.seen.calls, writes, listing })
    }

    /// How many calls it makes.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    fn points(&self, suite: Suite) -> Vec<Point> {
        match suite {
            Suite::Calls => point::kills(&self.calls),
            Suite::Commits => point::commits(&self.writes),
            Suite::Answers => point::answers(&self.calls),
            Suite::Disk => point::failures(&self.writes),
        }
    }
}

/// Strikes at the points of a scenario that are asked for.
///
/// # Errors
/// The harness itself fails.
pub fn strike(
    scenario: &Scenario<'_>,
    suite: Suite,
    reference: &Reference,
    arguments: &Arguments,
    ground: &Ground,
) -> Result<Tally, Box<dyn Error>> {
    let began = Instant::now();
    let all = reference.points(suite);
    let points = match arguments.point {
        Some(point) => vec![point],
        None if arguments.exhaustive && suite != Suite::Disk => all.clone(),
        None if arguments.exhaustive => sampled(&all, 50, arguments.seed),
        None => sampled(&all, arguments.sample, arguments.seed),
    };
    let (next, extra, struck) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let (failures, problems) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match at(*point, scenario, reference, ground, arguments.point.is_some()) {
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
        faults.iter().for_each(|fault| say(&format!("    {}", fault.replace('\n', "\n    "))));
    }
    let tally = Tally { points: struck.into_inner(), failed: failures.len() };
    say(&format!(
        "{:<22} {:<8} {:>4} of {:>4} points struck, {} failed; the next run costs at most {} calls beyond its listing of {}; {:.1} s",
        scenario.name,
        format!("{suite:?}").to_lowercase(),
        tally.points,
        all.len(),
        tally.failed,
        extra.into_inner(),
        reference.listing,
        began.elapsed().as_secs_f64(),
    ));
    Ok(tally)
}

struct Outcome {
    struck: bool,
    extra: usize,
    faults: Vec<String>,
}

/// Strikes at one point, goes on, and looks.
fn at(
    point: Point,
    scenario: &Scenario<'_>,
    reference: &Reference,
    ground: &Ground,
    tell: bool,
) -> Result<Outcome, RigError> {
    let fail = |source| RigError::File { path: std::env::temp_dir(), source };
    let directory = tempfile::tempdir().map_err(fail)?;
    copy(reference.template.path(), directory.path())?;
    let rig = Rig::open(directory.path(), ground, scenario.boxes)?;
    let log = directory.path().join("strace.log");
    let blows = match point {
        Point::Call(strike) => Blows { strike: Some(strike), ..Blows::default() },
        Point::Write(blow) => Blows { wrapper: blow.wrapper(&log), ..Blows::default() },
    };
    let first = rig.run(scenario.command, blows)?;
    let mut faults = Vec::new();
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    let struck = is_struck(point, &first, &log, &mut faults);
    let mut calls = cost(&first.seen.calls);
    let mut runs = vec![(scenario.command, first)];
    let late = matches!(point, Point::Call(strike) if strike.how == How::Late);
    // What a late call has made is found by the listing after it, and deleted by that plan.
    let again = scenario.again.iter().chain(scenario.again.iter().filter(|_| late));
    for (index, command) in again.enumerate() {
        let late_after = (late && index == 0).then_some(reference.listing);
        let run = rig.run(command, Blows { late_after, ..Blows::default() })?;
        calls += cost(&run.seen.calls);
        if run.code != 0 && !(late && index == 0) {
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
    let bad = |(_, run): &&(&str, Run)| [70, 101].contains(&run.code) || run.text.contains("panicked");
    faults.extend(runs.iter().filter(bad).map(|(command, run)| format!("`ampere {command}` panics: {}", said(run))));
    if tell {
        runs.iter().for_each(|(command, run)| say(&format!("$ ampere {command}  [exit {}]\n{}", run.code, run.text)));
    }
    let world = World::of(&rig)?;
    faults.extend(world.difference(&reference.world));
    if scenario.keeps {
        let lost = reference.before.identities.difference(&world.identities);
        faults.extend(lost.map(|identity| format!("{identity} is not there any more")));
    }
    faults.extend(world.faults);
    let listings = scenario.again.len() * if late { 2 } else { 1 };
    let extra = calls.saturating_sub(cost(&reference.calls) + reference.listing * listings);
    let in_flight = scenario.parallelism;
    if struck && !late && extra > COSTLIEST_STEP * in_flight {
        faults.push(format!("it cost {extra} calls more than a listing: more than the steps in flight"));
    }
    Ok(Outcome { struck, extra, faults })
}

/// How many calls there were. Asking the same thing again is waiting, and counts once: how often it is asked is the machine's speed.
fn cost(calls: &[Call]) -> usize {
    let mut asked: Vec<(&str, &str)> = calls.iter().map(|call| (&*call.method, &*call.path)).collect();
    asked.dedup();
    asked.len()
}

/// Whether the blow hit, and whether the command ended as it must then.
fn is_struck(point: Point, run: &Run, log: &str, faults: &mut Vec<String>) -> bool {
    let (struck, dies) = match point {
        Point::Call(strike) => (run.seen.struck, strike.how != How::Lose),
        Point::Write(blow) if blow.errno.is_none() => (run.code == -9, true),
        Point::Write(_) => (has_refused(log), false),
    };
    let ends_well = match (struck, dies) {
        (true, true) => run.code == -9,
        (true, false) => [0, 1, 3].contains(&run.code),
        (false, _) => run.code == 0,
    };
    if !ends_well {
        faults.push(format!("the command that was struck ends with {}: {}", run.code, said(run)));
    }
    struck
}

/// The last lines of what a command said.
pub fn said(run: &Run) -> String {
    let lines: Vec<&str> = run.text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
