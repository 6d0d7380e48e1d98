//! Accidents: a mailbox that is gone or silent, a disk that is full or loses its power.
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ampere_agent::Agent;
use ampere_agent::agent::Trouble;
use ampere_agent::files::{Disk, Machine};
use ampere_agent::mailbox::CallError;
use ampere_bundle::{Outcome, mailbox};

use crate::google::{Google, NOW};
use crate::played::{INSTANCE, Played, bundle, outcome, report, settled, value};

#[test]
fn a_deleted_mailbox_takes_no_key_away_and_is_not_made_again() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    let kept = google.state().documents.remove(INSTANCE).unwrap();
    for round in 0..10 {
        agent.step(NOW + 60 * round);
        assert_eq!(agent.trouble(), Some(Trouble::Call(CallError::Denied)));
        assert_eq!(played.secret("anthropic"), Some(value(1)));
    }
    assert!(google.state().documents.is_empty());
    google.state().documents.insert(INSTANCE.into(), kept);
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 600);
    assert_eq!((agent.trouble(), played.secret("anthropic")), (None, Some(value(2))));
}

#[test]
fn hours_without_firestore_end_nothing() {
    let google = Google::start();
    let (played, mut agent) = settled(&google);
    google.set(INSTANCE, mailbox::SEALED_AT, "2030-03-17T17:46:40Z");
    assert_eq!(agent.step(NOW + 6), Duration::from_secs(30));
    google.state().down = true;
    let (mut now, mut rounds) = (NOW + 6, 0);
    while now < NOW + 3 * 3600 {
        let pause = agent.step(now);
        assert!((Duration::from_secs(30)..=Duration::from_secs(108)).contains(&pause), "{pause:?}");
        now += i64::try_from(pause.as_secs()).unwrap();
        rounds += 1;
    }
    assert_eq!(played.secret("anthropic"), Some(value(1)));
    assert!((100..=180).contains(&rounds), "{rounds} rounds in three hours");
    google.state().down = false;
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 60);
    assert_eq!(played.secret("anthropic"), Some(value(2)));
    assert_eq!(report(&google).health.missed, rounds);
}

/// A disk that is full, or that loses its power at some point and writes nothing from then on.
#[derive(Default)]
struct Faulty {
    full: AtomicBool,
    power_fails_at: Option<usize>,
    done: AtomicUsize,
}

impl Faulty {
    fn step(&self) -> io::Result<()> {
        let done = self.done.fetch_add(1, Ordering::Relaxed);
        match self.power_fails_at {
            Some(at) if done >= at => Err(io::Error::other("the power has failed")),
            _ => Ok(()),
        }
    }
}

impl Disk for Faulty {
    fn create(&self, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
        if let Err(failed) = self.step() {
            // Half of it had been written.
            if self.done.load(Ordering::Relaxed) == self.power_fails_at.unwrap_or(0) + 1 {
                _ = Machine.create(path, &bytes[..bytes.len() / 2], mode);
            }
            return Err(failed);
        }
        if self.full.load(Ordering::Relaxed) {
            _ = Machine.create(path, &bytes[..bytes.len() / 2], mode);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Machine.create(path, bytes, mode)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Machine.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Machine.remove(path)
    }

    fn sync(&self, directory: &Path) -> io::Result<()> {
        self.step()?;
        Machine.sync(directory)
    }
}

#[test]
fn a_full_disk_is_told_and_served_through() {
    let google = Google::start();
    let (played, agent) = settled(&google);
    drop(agent);
    let disk = Arc::new(Faulty::default());
    let mut agent = Agent::start_on(played.root.path(), Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    agent.step(NOW + 10);
    disk.full.store(true, Ordering::Relaxed);
    google.offer(INSTANCE, &bundle(&google, 2));
    agent.step(NOW + 20);
    assert_eq!(agent.trouble(), Some(Trouble::Disk(io::ErrorKind::StorageFull)));
    assert_eq!((played.secret("anthropic"), agent.sequence()), (Some(value(1)), 1));
    assert!(!report(&google).health.disk_writable);
    assert_eq!(report(&google).sequence, 1, "no number is gone past that a crash could go back behind");
    let left: Vec<_> = fs::read_dir(played.state("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.extension().is_none()), "no half file fills the disk: {left:?}");
    disk.full.store(false, Ordering::Relaxed);
    agent.step(NOW + 30);
    assert_eq!((agent.trouble(), played.secret("anthropic")), (None, Some(value(2))));
    assert!(report(&google).health.disk_writable);
}

/// A token is good once. Used up without anything kept of it, it would leave a box that nobody can ever reach.
#[test]
fn a_full_disk_at_first_boot_wastes_no_token() {
    let google = Google::start();
    google.open(INSTANCE);
    let played = Played::new(&google);
    let disk = Arc::new(Faulty::default());
    let mut agent = Agent::start_on(played.root.path(), Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    disk.full.store(true, Ordering::Relaxed);
    for round in 0..3 {
        agent.step(NOW + round);
        assert_eq!(agent.trouble(), Some(Trouble::Disk(io::ErrorKind::StorageFull)));
        assert!(played.state("token").exists() && google.field(INSTANCE, mailbox::ENROLMENT).is_none());
    }
    disk.full.store(false, Ordering::Relaxed);
    agent.step(NOW + 10);
    assert_eq!(agent.trouble(), None);
    drop(agent);
    let mut agent = played.agent();
    agent.step(NOW + 20);
    assert_eq!(agent.trouble(), None);
}

/// The power fails at every step of first boot and of a rotation. Whatever is on disk then, the box comes up with a working key.
#[test]
fn power_may_fail_at_any_step() {
    let mut steps = 0;
    for at in 0.. {
        let google = Google::start();
        google.open(INSTANCE);
        let played = Played::new(&google);
        let disk = || Arc::new(Faulty { power_fails_at: Some(at), ..Faulty::default() });
        let first = disk();
        if let Ok(mut agent) = Agent::start_on(played.root.path(), Arc::clone(&first) as Arc<dyn Disk>) {
            agent.step(NOW);
        }
        // It boots again, with power.
        let mut agent = played.agent();
        agent.step(NOW + 60);
        assert_eq!(agent.trouble(), None, "first boot, step {at}");
        google.offer(INSTANCE, &bundle(&google, 1));
        agent.step(NOW + 63);
        assert_eq!(played.secret("anthropic"), Some(value(1)), "first boot, step {at}");
        drop(agent);

        google.offer(INSTANCE, &bundle(&google, 2));
        let second = disk();
        let mut agent = Agent::start_on(played.root.path(), Arc::clone(&second) as Arc<dyn Disk>).unwrap();
        agent.step(NOW + 90);
        let (reached, told) = (agent.sequence(), outcome(&google));
        drop(agent);
        google.state().down = true;
        let mut agent = played.agent();
        let before = agent.sequence();
        assert!(before >= reached, "rotation, step {at}: {before} after {reached}");
        assert_eq!(played.secret("anthropic"), Some(value(before)), "rotation, step {at}");
        google.state().down = false;
        agent.step(NOW + 120);
        assert_eq!((played.secret("anthropic"), outcome(&google)), (Some(value(2)), Some(Outcome::Applied)));
        assert!(told.is_some());
        let used = first.done.load(Ordering::Relaxed).max(second.done.load(Ordering::Relaxed));
        if at >= used {
            break;
        }
        steps = at + 1;
    }
    assert!(steps >= 12, "only {steps} steps");
}
