//! The real process, killed at every step of taking a bundle.
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ampere_bundle::Outcome;
use rustix::process::{Pid, Signal, kill_process};

use crate::chance::Chance;
use crate::google::{Caller, Google, Moment, NOW};
use crate::played::{INSTANCE, Played, bundle_for, issuer, keys, outcome, secret, settled, value};

/// Far enough ahead for the clock of the machine that the test runs on.
const FAR: i64 = 4_000_000_000;

fn spawn(root: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampere-agent"));
    command.args(["run", "--root"]).arg(root).stderr(Stdio::null()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn offer(google: &Google, sequence: u64) {
    google.offer(INSTANCE, &bundle_for(&keys(google), INSTANCE, sequence, FAR, &issuer()));
}

/// Starts the agent, and kills it before or after the request with this number takes effect.
fn kill_at(google: &Google, root: &Path, at: usize, moment: Moment) {
    let child = Arc::new(Mutex::new(None::<Child>));
    let victim = Arc::clone(&child);
    google.watch(move |number, now| {
        if (number, now) != (at, moment) {
            return Caller::Lives;
        }
        signal(victim.lock().unwrap().as_ref().expect("it has been started"), Signal::KILL);
        Caller::Dead
    });
    let mut held = child.lock().unwrap();
    *held = Some(spawn(root));
    drop(held);
    wait_for("it is killed", || child.lock().unwrap().as_mut()?.try_wait().unwrap());
}

/// Before and after each request takes effect: token, look, bundle, receipt.
#[test]
fn a_kill_at_any_request_of_a_rotation_leaves_a_working_key() {
    for at in 1..=4 {
        for moment in [Moment::Before, Moment::After] {
            let google = Google::start();
            let (played, agent) = settled(&google);
            drop(agent);
            offer(&google, 2);
            kill_at(&google, played.root.path(), at, moment);
            assert_eq!((google.asked("fieldPaths=receipt"), google.state().requests.len()), (usize::from(at == 4), at));
            // Without anybody to ask, it comes up with a key that works.
            google.state().down = true;
            let mut child = spawn(played.root.path());
            let served = wait_for("no key", || secret(played.root.path(), "anthropic"));
            assert_eq!(served, value(if at < 4 { 1 } else { 2 }), "request {at}, {moment:?}");
            signal(&child, Signal::TERM);
            let ended = Instant::now();
            child.wait().unwrap();
            assert!(ended.elapsed() < Duration::from_secs(1), "SIGTERM ends it");
            google.state().down = false;
            let mut agent = played.agent();
            agent.step(NOW + 60);
            assert_eq!((agent.trouble(), secret(played.root.path(), "anthropic")), (None, Some(value(2))));
            assert_eq!(outcome(&google), Some(Outcome::Applied));
        }
    }
}

/// Whenever it is, between any two instructions.
#[test]
fn a_kill_at_any_time_leaves_a_working_key() {
    let google = Google::start();
    let (played, agent) = settled(&google);
    drop(agent);
    let mut chance = Chance::seeded();
    let (mut last, mut longest) = (1, 100_000);
    for sequence in 2..=40 {
        offer(&google, sequence);
        let mut child = spawn(played.root.path());
        thread::sleep(Duration::from_micros(chance.below(longest)));
        signal(&child, Signal::KILL);
        child.wait().unwrap();
        google.state().down = true;
        let agent = played.agent();
        assert!(agent.sequence() >= last, "{} after {last}", agent.sequence());
        last = agent.sequence();
        assert_eq!(secret(played.root.path(), "anthropic"), Some(value(last)));
        google.state().down = false;
        // However fast this machine is, half of the kills come before the bundle is taken and half after.
        longest = if last == sequence { longest * 3 / 4 } else { longest * 4 / 3 };
    }
    assert!(last > 1, "none was ever taken: the kills came too early");
}

/// A box that is killed in its first seconds enrols all the same, once: token, look, enrolment, bundle.
#[test]
fn a_kill_during_enrolment_costs_nothing() {
    for at in 1..=4 {
        for moment in [Moment::Before, Moment::After] {
            let google = Google::start();
            google.open(INSTANCE);
            let played = Played::new(&google);
            kill_at(&google, played.root.path(), at, moment);
            let mut agent = played.agent();
            agent.step(NOW + 60);
            assert_eq!(agent.trouble(), None, "request {at}, {moment:?}");
            assert!(!played.state("token").exists());
            let sent = google.asked("updateMask.fieldPaths=enrolment");
            assert_eq!(sent, 1 + usize::from((at, moment) == (3, Moment::Before)), "request {at}, {moment:?}");
        }
    }
}
