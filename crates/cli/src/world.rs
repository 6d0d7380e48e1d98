//! Files, time and chance, for those who must not take them themselves.
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use ampere_core::clock::{Clock, NoRandomness, Random};
use ampere_core::lang::eval::Host;
use ampere_core::lang::limits::MAX_TEXT_BYTES;
use jiff::Timestamp;

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The system's random source.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(buffer).map_err(|_| NoRandomness)
    }
}

/// In which part of the work functions are called: some have no answer before apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `validate`: there is not even a time of the plan.
    Validate,
    /// `plan`: what differs from call to call is unknown.
    Plan(Timestamp),
    /// `apply` of a plan of that time, and `console`.
    Apply(Timestamp),
}

/// The configuration directory and the machine, as the functions of the language see them.
#[derive(Debug)]
pub struct DirectoryHost {
    directory: PathBuf,
    phase: RwLock<Phase>,
}

impl DirectoryHost {
    /// A host of that directory in that phase.
    pub fn new(directory: impl Into<PathBuf>, phase: Phase) -> DirectoryHost {
        DirectoryHost { directory: directory.into(), phase: RwLock::new(phase) }
    }

    /// Goes on to another part of the work.
    pub fn enter(&self, phase: Phase) {
        *self.phase.write().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn phase(&self) -> Phase {
        *self.phase.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for DirectoryHost {
    fn read_file(&self, path: &str) -> io::Result<Vec<u8>> {
        crate::project::bounded::read(&self.directory.join(path), MAX_TEXT_BYTES)
    }

    fn file_exists(&self, path: &str) -> io::Result<bool> {
        match std::fs::metadata(self.directory.join(path)) {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn walk_files(&self, base: &str) -> io::Result<Vec<String>> {
        let base = self.directory.join(base);
        let mut found = Vec::new();
        walk(&base, "", 0, &mut found)?;
        found.sort_unstable();
        Ok(found)
    }

    fn home(&self) -> Option<String> {
        std::env::var("HOME").ok().filter(|home| !home.is_empty())
    }

    fn current_directory(&self) -> String {
        let absolute = std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone());
        absolute.to_string_lossy().into_owned()
    }

    fn plan_time(&self) -> Option<String> {
        match self.phase() {
            Phase::Validate => None,
            Phase::Plan(time) | Phase::Apply(time) => Some(rfc3339(time)),
        }
    }

    fn now(&self) -> Option<String> {
        matches!(self.phase(), Phase::Apply(_)).then(|| rfc3339(Timestamp::now()))
    }

    fn random(&self) -> Option<[u8; 16]> {
        if !matches!(self.phase(), Phase::Apply(_)) {
            return None;
        }
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok().map(|()| bytes)
    }
}

fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Directories nested deeper than this are a loop of links.
const MAX_DEPTH: usize = 64;

fn walk(directory: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = entry.path();
        // A link that leads nowhere is no file.
        let Ok(what) = std::fs::metadata(&path) else { continue };
        let relative = format!("{prefix}{name}");
        if what.is_dir() {
            walk(&path, &format!("{relative}/"), depth + 1, found)?;
        } else if what.is_file() {
            found.push(relative);
        }
    }
    Ok(())
}
