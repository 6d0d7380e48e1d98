//! The append-only file a world is kept in.
//!
//! The first line names the format; every other line is one change of one or more objects, written
//! with a single `write` before the request is answered. A process that is killed loses nothing it
//! answered; the file is not synced to the disk, so a power cut may.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format this program writes.
const VERSION: u32 = 1;

/// The file's name inside the world's directory.
const FILE: &str = "journal.jsonl";

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// One written object, or a removal when `object` is null.
#[derive(Serialize)]
pub(crate) struct Record<'a> {
    pub(crate) kind: String,
    pub(crate) id: &'a str,
    pub(crate) object: Option<&'a Value>,
}

/// A record as it is read back.
#[derive(Deserialize)]
pub(crate) struct OwnedRecord {
    pub(crate) kind: String,
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) object: Option<Value>,
}

/// Why a world's journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be opened, read or written.
    #[error("cannot use the sandbox's journal {}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not what this program writes.
    #[error(
        "line {line} of the sandbox's journal {} is not readable; move the file away to begin with an empty cloud, or remove the line to lose only what it holds",
        path.display()
    )]
    Corrupt {
        /// The journal.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// The journal was written by a newer version.
    #[error(
        "the sandbox's journal {} has format {found}, and this program knows formats up to {VERSION}; use the newer program",
        path.display()
    )]
    Newer {
        /// The journal.
        path: PathBuf,
        /// The format it has.
        found: u32,
    },
}

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Journal {
    /// Opens the journal of `directory`, hands every record to `replay`, and drops a last line
    /// that was cut off by a kill: its request was never answered.
    ///
    /// # Errors
    ///
    /// When the file cannot be used, a line is not readable, `replay` knows no such kind, or a
    /// newer program wrote it.
    pub(crate) fn open(directory: &Path, mut replay: impl FnMut(OwnedRecord) -> bool) -> Result<Journal, JournalError> {
        let path = directory.join(FILE);
        let io = |source| JournalError::Io { path: path.clone(), source };
        let mut text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io(error)),
        };
        text.truncate(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1));
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let corrupt = || JournalError::Corrupt { path: path.clone(), line: index + 1 };
            if index == 0 && !text.is_empty() {
                check_header(line, &path)?;
            } else if !line.is_empty() {
                let records: Vec<OwnedRecord> = serde_json::from_slice(line).map_err(|_| corrupt())?;
                for record in records {
                    if !replay(record) {
                        return Err(corrupt());
                    }
                }
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
        let length = text.len() as u64;
        file.set_len(length).map_err(io)?;
        let mut journal = Journal { path: path.clone(), file, length };
        if length == 0 {
            journal.write(&header()).map_err(io)?;
        }
        Ok(journal)
    }

    /// Writes one change, whole or not at all.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; what was written of the line is cut off again.
    pub(crate) fn append(&mut self, records: &[Record<'_>]) -> io::Result<()> {
        let line = line(records)?;
        let written = self.write(&line);
        if written.is_err() {
            self.file.set_len(self.length)?;
        }
        written
    }

    /// Replaces the file by one that holds only these records, one a line.
    ///
    /// # Errors
    ///
    /// When the new file cannot be written; the old one is then still whole.
    pub(crate) fn rewrite<'a>(&mut self, records: impl Iterator<Item = Record<'a>>) -> Result<(), JournalError> {
        let io = |source| JournalError::Io { path: self.path.clone(), source };
        let fresh = self.path.with_extension("jsonl.new");
        let mut text = header();
        for record in records {
            text.extend(line(&[record]).map_err(io)?);
        }
        let mut file = File::create(&fresh).map_err(io)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(io)?;
        std::fs::rename(&fresh, &self.path).map_err(io)?;
        self.file = OpenOptions::new().append(true).open(&self.path).map_err(io)?;
        self.length = text.len() as u64;
        Ok(())
    }

    /// A journal that can never be written.
    #[cfg(all(test, target_os = "linux"))]
    pub(super) fn on_a_full_disk() -> Journal {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().append(true).open(&path).expect("Linux has this device");
        Journal { path, file, length: 0 }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.length += line.len() as u64;
        Ok(())
    }
}

fn header() -> Vec<u8> {
    format!("{{\"format\":\"ampere-sandbox\",\"version\":{VERSION}}}\n").into_bytes()
}

fn check_header(line: &[u8], path: &Path) -> Result<(), JournalError> {
    let path = path.to_owned();
    match serde_json::from_slice::<Header>(line) {
        Ok(header) if header.format == "ampere-sandbox" && header.version > VERSION => {
            Err(JournalError::Newer { path, found: header.version })
        }
        Ok(header) if header.format == "ampere-sandbox" => Ok(()),
        _ => Err(JournalError::Corrupt { path, line: 1 }),
    }
}

fn line(records: &[Record<'_>]) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(records)?;
    line.push(b'\n');
    Ok(line)
}
