//! The state's store: what a disk, a clock and other processes can do to it.
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::kills::{Tally, said};
use super::rig::{Blows, Rig, RigError, Run, copy};
use super::scenario;
use super::trace::{Blow, Errno, Syscall};
use super::watcher::{How, Strike};
use super::world::World;
use super::{Ground, needs};
use crate::say::say;

const APPLY: &str = "apply -auto-approve -parallelism=1";
const PLAN: &str = "plan -detailed-exitcode";
/// How soon a lock must be free whose holder was killed on this machine.
const AT_ONCE: Duration = Duration::from_secs(5);

/// SQLite's.
const PAGE: usize = 4096;

type Case = fn(&Rig, &mut Vec<String>) -> Result<(), RigError>;

/// What is done to a stack that is about to be updated.
const CASES: &[(&str, Case)] = &[
    ("the log's tail is cut off after a kill", |rig, faults| tail(rig, faults, false)),
    ("the log's tail is garbled after a kill", |rig, faults| tail(rig, faults, true)),
    ("each page of the database in turn is garbage", corrupt_page),
    ("the file system is read-only", read_only),
    ("two processes at once", two_at_once),
    ("the holder of the lock is killed", holder_killed),
    ("the clock goes back by a day", |rig, faults| clock(rig, faults, "-1d")),
    ("the clock goes forward by a day", |rig, faults| clock(rig, faults, "+1d")),
    ("the clock of a second process is an hour ahead", clock_of_another),
];

/// Plays them all.
///
/// # Errors
/// The harness itself fails.
pub fn strike(ground: &Ground) -> Result<Tally, Box<dyn Error>> {
    needs("faketime")?;
    let update = scenario::find("update").ok_or("there is no scenario to play")?;
    let template = tempfile::tempdir()?;
    let rig = Rig::open(template.path(), ground, true)?;
    update.prepare(&rig)?;
    drop(rig);
    let mut tally = Tally::default();
    let mut expected: Option<World> = None;
    let undisturbed: (&str, Case) = ("nothing", |_, _| Ok(()));
    for (name, case) in std::iter::once(&undisturbed).chain(CASES) {
        let directory = tempfile::tempdir()?;
        copy(template.path(), directory.path())?;
        let rig = Rig::open(directory.path(), ground, true)?;
        let mut faults = Vec::new();
        case(&rig, &mut faults)?;
        for command in [APPLY, PLAN, "audit verify"] {
            ends(&rig.ampere(command)?, 0, &format!("then `ampere {command}`"), &mut faults);
        }
        let world = World::of(&rig)?;
        faults.extend(world.faults.iter().cloned());
        match &expected {
            Some(expected) => faults.extend(world.difference(expected)),
            None => expected = Some(world),
        }
        tally.points += 1;
        tally.failed += usize::from(!faults.is_empty());
        say(&format!("store: {name}: {}", if faults.is_empty() { "holds" } else { "FAILED" }));
        faults.iter().for_each(|fault| say(&format!("    {}", fault.replace('\n', "\n    "))));
    }
    Ok(tally)
}

fn ends(run: &Run, code: i32, what: &str, faults: &mut Vec<String>) {
    if run.code != code {
        faults.push(format!("{what} ends with {} instead of {code}: {}", run.code, said(run)));
    }
}

fn says(run: &Run, text: &str, faults: &mut Vec<String>) {
    let words: Vec<&str> = run.text.split_whitespace().filter(|word| !["│", "╷", "╵"].contains(word)).collect();
    if !words.join(" ").contains(text) {
        faults.push(format!("it does not say {text:?}: {}", said(run)));
    }
}

fn file(rig: &Rig, name: &str) -> PathBuf {
    rig.path().join(".ampere").join(name)
}

fn failed(path: PathBuf) -> impl FnOnce(std::io::Error) -> RigError {
    move |source| RigError::File { path, source }
}

/// Killed in the middle; then the log loses its end, as a disk without power may have it. What was committed there is forgotten,
/// and happened all the same.
fn tail(rig: &Rig, faults: &mut Vec<String>, garble: bool) -> Result<(), RigError> {
    let strike = Some(Strike { nth: 25, how: How::KillAfter });
    let run = rig.run(APPLY, Blows { strike, ..Blows::default() })?;
    if !run.seen.struck {
        faults.push("it made fewer calls than it should".into());
    }
    let path = file(rig, "state.db-wal");
    let mut log = fs::read(&path).map_err(failed(path.clone()))?;
    // Somewhere inside a frame, some commits before the end.
    let kept = log.len() - log.len() / 4 - 1000;
    match garble {
        false => log.truncate(kept),
        true => log[kept..].iter_mut().for_each(|byte| *byte ^= 0x5a),
    }
    fs::write(&path, log).map_err(failed(path))
}

/// Each page of the database in turn is garbage: an error that says so, and nothing is changed at the clouds; or nobody notices,
/// since it is one that nothing lies on. A backup put back is gone on with.
fn corrupt_page(rig: &Rig, faults: &mut Vec<String>) -> Result<(), RigError> {
    let path = file(rig, "state.db");
    let good = fs::read(&path).map_err(failed(path.clone()))?;
    let before = World::of(rig)?;
    let mut told = Vec::new();
    for start in (0..good.len()).step_by(PAGE) {
        let mut bad = good.clone();
        bad[start..start + PAGE].fill(0xa5);
        fs::write(&path, &bad).map_err(failed(path.clone()))?;
        let run = rig.ampere(PLAN)?;
        match run.code {
            1 => {
                says(&run, "restore the file from a backup", faults);
                told.push(bad);
            }
            _ => ends(&run, 2, "a plan with a page that nothing lies on", faults),
        }
    }
    let pages = good.len() / PAGE;
    if told.len() < pages / 2 {
        faults.push(format!("of {pages} pages only {} are missed when they are garbage", told.len()));
    }
    for bad in [told.first(), told.last()].into_iter().flatten() {
        fs::write(&path, bad).map_err(failed(path.clone()))?;
        ends(&rig.ampere(APPLY)?, 1, "an apply on a damaged state", faults);
    }
    faults.extend(World::of(rig)?.difference(&before));
    fs::write(&path, good).map_err(failed(path))
}

/// The same with a disk that takes nothing.
fn read_only(rig: &Rig, faults: &mut Vec<String>) -> Result<(), RigError> {
    let before = World::of(rig)?;
    let blow = Blow { syscall: Syscall::Pwrite64, nth: 1, errno: Some(Errno::Erofs), from_there_on: true };
    let run = rig.run(APPLY, Blows { wrapper: blow.wrapper(&rig.path().join("strace.log")), ..Blows::default() })?;
    ends(&run, 1, "an apply on a read-only file system", faults);
    says(&run, "State unusable", faults);
    faults.extend(World::of(rig)?.difference(&before));
    Ok(())
}

/// A command that has come to a call and waits there, and what is done meanwhile. It ends with what it is let go to.
fn meanwhile(rig: &Rig, then: impl FnOnce(i32) -> Result<(), RigError>) -> Result<Run, RigError> {
    let strike = Some(Strike { nth: 20, how: How::Hold });
    let (mut command, watcher) = (rig.command(APPLY, &[]), rig.watcher());
    watcher.begin(strike, None);
    let child = command.spawn().map_err(RigError::Child)?;
    let began = Instant::now();
    while !watcher.has_struck() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let done = then(child.id().cast_signed());
    watcher.release();
    let output = child.wait_with_output().map_err(RigError::Child)?;
    done?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok(Run { code: output.status.code().unwrap_or(-9), text, seen: watcher.end() })
}

/// Another one, of which the clouds' watcher is not told.
fn another(rig: &Rig, wrapper: &[&str]) -> Result<Run, RigError> {
    let wrapper: Vec<String> = wrapper.iter().map(|word| (*word).to_owned()).collect();
    let output = rig.command(APPLY, &wrapper).output().map_err(RigError::Child)?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok(Run { code: output.status.code().unwrap_or(-9), text, seen: Default::default() })
}

fn two_at_once(rig: &Rig, faults: &mut Vec<String>) -> Result<(), RigError> {
    let first = meanwhile(rig, |_| {
        let second = another(rig, &[])?;
        ends(&second, 4, "the second of two", faults);
        says(&second, "Another run holds the lock", faults);
        Ok(())
    })?;
    ends(&first, 0, "the first of two", faults);
    Ok(())
}

fn holder_killed(rig: &Rig, faults: &mut Vec<String>) -> Result<(), RigError> {
    meanwhile(rig, |process| {
        if let Some(process) = Pid::from_raw(process) {
            kill_process(process, Signal::KILL).map_err(|error| RigError::Child(error.into()))?;
        }
        let began = Instant::now();
        let next = another(rig, &[])?;
        ends(&next, 0, "the one after a killed holder", faults);
        if began.elapsed() > AT_ONCE {
            faults.push(format!("the lock of a killed holder was free after {:.1} s", began.elapsed().as_secs_f64()));
        }
        Ok(())
    })
    .map(drop)
}

/// The update under another time, killed in the middle; the runs after it have the right one again.
fn clock(rig: &Rig, faults: &mut Vec<String>, offset: &str) -> Result<(), RigError> {
    let wrapper = ["faketime", "-f", offset].map(str::to_owned).to_vec();
    let run = rig.run(APPLY, Blows { wrapper: wrapper.clone(), ..Blows::default() })?;
    ends(&run, 0, "an apply under another clock", faults);
    let run = rig.run(PLAN, Blows { wrapper, ..Blows::default() })?;
    ends(&run, 0, "a plan under another clock", faults);
    Ok(())
}

/// By its clock the lease has run out: it takes the lock, and the first one can write nothing more. Nothing is done twice.
fn clock_of_another(rig: &Rig, faults: &mut Vec<String>) -> Result<(), RigError> {
    let first = meanwhile(rig, |_| {
        let second = another(rig, &["faketime", "-f", "+1h"])?;
        if ![0, 4].contains(&second.code) {
            faults.push(format!("the one with the clock ahead ends with {}: {}", second.code, said(&second)));
        }
        Ok(())
    })?;
    if ![0, 1, 3, 4].contains(&first.code) {
        faults.push(format!("the one whose lock was taken ends with {}: {}", first.code, said(&first)));
    }
    Ok(())
}
