//! What the four clouds hold: objects in memory, every change written to a journal before it is
//! answered.
//!
//! A request runs inside one [`Change`]. It becomes durable as one line when the request succeeds
//! and is taken back as a whole when it fails.

mod collection;
mod journal;
mod kind;

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use collection::{Collection, Replaced};
use journal::{Journal, Record};

pub use journal::JournalError;
pub(crate) use kind::{Cloud, Kind};

/// A journal with fewer stale records than this is not rewritten when it is opened.
const STALE_RECORDS: usize = 256;

/// How long an idempotency key is kept, in seconds: Stripe promises at least 24 hours.
pub(crate) const KEY_LIFE: i64 = 24 * 60 * 60;

/// The counter of what the clock was advanced by, in milliseconds.
const OFFSET: &str = "clock_offset_ms";
/// The counter of the moment at which the clock stands still, in milliseconds.
const STOPPED: &str = "clock_stopped_ms";

/// The world is closed, or its journal could not be written; nothing of the change remains.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox could not write its journal")]
pub(crate) struct NotWritten;

/// Why a world could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("another sandbox holds the directory")]
    Busy { address: Option<String> },
    #[error("cannot use the directory {}", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Everything the sandbox holds.
#[derive(Debug)]
pub(crate) struct World {
    collections: Vec<Collection>,
    storage: Storage,
    /// Whether servers or the clock have changed since somebody last asked.
    moved: bool,
}

#[derive(Debug)]
enum Storage {
    Memory,
    Directory { path: PathBuf, journal: Journal, _lock: File },
    Closed,
}

/// The world while one request works on it.
#[derive(Debug)]
pub(crate) struct Change<'w> {
    collections: &'w mut Vec<Collection>,
    done: Vec<(Kind, String, Replaced)>,
    now: Timestamp,
}

impl World {
    /// An empty world that lives in memory only.
    pub(crate) fn in_memory() -> World {
        World { collections: empty(), storage: Storage::Memory, moved: false }
    }

    /// Opens the world kept in `directory`, or begins one there; the directory is locked until the
    /// world is closed or the process ends.
    ///
    /// # Errors
    ///
    /// When another sandbox holds it, the directory cannot be used, or the journal is not readable.
    pub(crate) fn open(directory: &Path) -> Result<World, OpenError> {
        let unusable = |source| OpenError::Directory { path: directory.to_owned(), source };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(directory.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let address = std::fs::read_to_string(directory.join("address")).ok();
                return Err(OpenError::Busy { address: address.map(|text| text.trim().to_owned()) });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut collections = empty();
        let mut records = 0_usize;
        let mut journal = Journal::open(directory, |record| {
            records += 1;
            replay(&mut collections, record)
        })?;
        forget_old_keys(&mut collections);
        let live: usize = collections.iter().map(Collection::len).sum();
        if records > 2 * live + STALE_RECORDS {
            journal.rewrite(all_records(&collections))?;
        }
        let path = directory.to_owned();
        Ok(World { collections, storage: Storage::Directory { path, journal, _lock: lock }, moved: false })
    }

    /// Writes the base URL into the file `address`, for whoever finds the directory locked.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn announce(&self, address: &str) -> Result<(), OpenError> {
        let Storage::Directory { path, .. } = &self.storage else {
            return Ok(());
        };
        std::fs::write(path.join("address"), format!("{address}\n"))
            .map_err(|source| OpenError::Directory { path: path.clone(), source })
    }

    /// Removes the address and releases the lock; every later change fails.
    pub(crate) fn close(&mut self) {
        if let Storage::Directory { path, .. } = &self.storage {
            // The lock is what counts; an address left behind is only read while somebody holds it.
            let _ = std::fs::remove_file(path.join("address"));
        }
        self.storage = Storage::Closed;
    }

    /// Whether nothing was ever written here.
    pub(crate) fn is_new(&self) -> bool {
        self.collections.iter().all(|collection| collection.len() == 0)
    }

    /// Runs one request: keeps what it wrote when it succeeds, takes it back when it fails.
    ///
    /// # Errors
    ///
    /// The request's own error, or [`NotWritten`] when the journal refused the change.
    pub(crate) fn change<T, E: From<NotWritten>>(
        &mut self,
        request: impl FnOnce(&mut Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if matches!(self.storage, Storage::Closed) {
            return Err(NotWritten.into());
        }
        let now = self.now();
        let mut change = Change { collections: &mut self.collections, done: Vec::new(), now };
        // A refused request's change is dropped with its writes, which takes them back.
        let value = request(&mut change)?;
        let done = std::mem::take(&mut change.done);
        drop(change);
        if let Err(error) = self.write(&done) {
            tracing::error!(%error, "the sandbox could not write its journal");
            take_back(&mut self.collections, done);
            return Err(NotWritten.into());
        }
        let is_clock = |id: &str| id == OFFSET || id == STOPPED;
        self.moved |= done.iter().any(|(kind, id, _)| match kind {
            Kind::Servers => true,
            Kind::Counters => is_clock(id),
            _ => false,
        });
        Ok(value)
    }

    /// Whether servers or the clock have changed since the last call.
    pub(crate) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// The sandbox's time: the system's and what the clock was advanced by, or the moment at which it stands still.
    pub(crate) fn now(&self) -> Timestamp {
        let counter = |name: &str| self.collections[Kind::Counters as usize].get(name).and_then(Value::as_i64);
        if let Some(stopped) = counter(STOPPED).and_then(|at| Timestamp::from_millisecond(at).ok()) {
            return stopped;
        }
        let offset = SignedDuration::from_millis(counter(OFFSET).unwrap_or(0));
        let now = Timestamp::now();
        now.checked_add(offset).unwrap_or(now)
    }

    fn write(&mut self, done: &[(Kind, String, Replaced)]) -> std::io::Result<()> {
        let Storage::Directory { journal, .. } = &mut self.storage else {
            return Ok(());
        };
        if done.is_empty() {
            return Ok(());
        }
        let mut written = std::collections::HashSet::new();
        let records: Vec<_> = done
            .iter()
            .filter(|(kind, id, _)| written.insert((*kind, id.as_str())))
            .map(|(kind, id, _)| record(*kind, id, self.collections[*kind as usize].get(id)))
            .collect();
        journal.append(&records)
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        take_back(self.collections, std::mem::take(&mut self.done));
    }
}

impl Change<'_> {
    /// The sandbox's time: the system's, and what the clock was advanced by.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The objects of one kind, for reading.
    pub(crate) fn all(&self, kind: Kind) -> &Collection {
        &self.collections[kind as usize]
    }

    /// One object.
    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.all(kind).get(id)
    }

    /// Everything that was written so far, each object once, with what it was before.
    pub(crate) fn written(&self) -> impl Iterator<Item = (Kind, &str, Option<&Value>)> {
        let mut seen = std::collections::HashSet::new();
        let first = self.done.iter().filter(move |(kind, id, _)| seen.insert((*kind, id.as_str())));
        first.map(|(kind, id, replaced)| (*kind, id.as_str(), replaced.before()))
    }

    /// Writes an object.
    pub(crate) fn put(&mut self, kind: Kind, id: &str, object: Value) {
        let replaced = self.collections[kind as usize].put(id, object);
        self.done.push((kind, id.to_owned(), replaced));
    }

    /// Removes an object; `false` when it was not there.
    pub(crate) fn remove(&mut self, kind: Kind, id: &str) -> bool {
        let Some(replaced) = self.collections[kind as usize].remove(id) else {
            return false;
        };
        self.done.push((kind, id.to_owned(), replaced));
        true
    }

    /// The next number of a counter; numbers are never given twice.
    pub(crate) fn next_number(&mut self, counter: &str, first: i64) -> i64 {
        let last = self.get(Kind::Counters, counter).and_then(Value::as_i64);
        let number = last.map_or(first, |last| last + 1);
        self.put(Kind::Counters, counter, json!(number));
        number
    }

    /// Moves the clock forward (or back) from now on.
    pub(crate) fn advance_clock(&mut self, by: SignedDuration) {
        let counter = if self.get(Kind::Counters, STOPPED).is_some() { STOPPED } else { OFFSET };
        let stored = self.get(Kind::Counters, counter).and_then(Value::as_i64);
        let moved = i128::from(stored.unwrap_or(0)) + by.as_millis();
        let moved = i64::try_from(moved).unwrap_or(i64::MAX);
        self.put(Kind::Counters, counter, json!(moved));
        self.now = self.now.saturating_add(by).unwrap_or(self.now);
    }

    /// Lets the clock stand still, or go on from where it stands.
    pub(crate) fn stop_clock(&mut self, stopped: bool) {
        if stopped {
            self.put(Kind::Counters, STOPPED, json!(self.now.as_millisecond()));
        } else if self.remove(Kind::Counters, STOPPED) {
            let offset = self.now.as_millisecond() - Timestamp::now().as_millisecond();
            self.put(Kind::Counters, OFFSET, json!(offset));
        }
    }
}

fn take_back(collections: &mut [Collection], done: Vec<(Kind, String, Replaced)>) {
    for (kind, id, replaced) in done.into_iter().rev() {
        collections[kind as usize].restore(&id, replaced);
    }
}

fn empty() -> Vec<Collection> {
    Kind::ALL.into_iter().map(Collection::new).collect()
}

fn record<'a>(kind: Kind, id: &'a str, object: Option<&'a Value>) -> Record<'a> {
    Record { kind: format!("{}/{}", kind.cloud().name(), kind.name()), id, object }
}

fn all_records(collections: &[Collection]) -> impl Iterator<Item = Record<'_>> {
    Kind::ALL
        .into_iter()
        .flat_map(move |kind| collections[kind as usize].iter().map(move |(id, object)| record(kind, id, Some(object))))
}

/// Drops idempotency keys nobody may use any more; they are left out when the journal is rewritten.
fn forget_old_keys(collections: &mut [Collection]) {
    let offset = collections[Kind::Counters as usize].get(OFFSET).and_then(Value::as_i64);
    let now = Timestamp::now().as_second() + offset.unwrap_or(0) / 1000;
    let keys = &mut collections[Kind::IdempotencyKeys as usize];
    let old: Vec<String> = keys
        .iter()
        .filter(|(_, key)| key["created"].as_i64().is_none_or(|since| since + KEY_LIFE < now))
        .map(|(id, _)| id.to_owned())
        .collect();
    for id in old {
        keys.remove(&id);
    }
}

fn replay(collections: &mut [Collection], record: journal::OwnedRecord) -> bool {
    let Some((cloud, name)) = record.kind.split_once('/') else {
        return false;
    };
    let Some(kind) = Kind::find(cloud, name) else {
        return false;
    };
    match record.object {
        Some(object) => {
            collections[kind as usize].put(&record.id, object);
        }
        None => {
            collections[kind as usize].remove(&record.id);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(world: &mut World, then: impl FnOnce() -> Result<(), NotWritten>) -> Result<(), NotWritten> {
        world.change(|change| {
            change.put(Kind::Servers, "1", json!({"name": "a"}));
            then()
        })
    }

    #[test]
    fn a_change_that_fails_or_panics_leaves_nothing() {
        let mut world = World::in_memory();
        assert!(put(&mut world, || Err(NotWritten)).is_err());
        let panicked = std::panic::AssertUnwindSafe(|| put(&mut world, || panic!("on purpose")));
        assert!(std::panic::catch_unwind(panicked).is_err());
        assert!(world.is_new());
        assert!(put(&mut world, || Ok(())).is_ok() && !world.is_new());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_refuses_the_change_and_keeps_the_world() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut world = World::open(directory.path()).expect("it opens");
        assert!(put(&mut world, || Ok(())).is_ok());
        let Storage::Directory { journal, .. } = &mut world.storage else { panic!("it is in a directory") };
        *journal = Journal::on_a_full_disk();
        let refused: Result<(), NotWritten> = world.change(|change| {
            change.remove(Kind::Servers, "1");
            Ok(())
        });
        assert!(refused.is_err());
        assert_eq!(world.collections[Kind::Servers as usize].len(), 1);
    }
}
