//! What SQLite's result codes mean to a person. Its own messages are not passed on: they may name what was written.
use crate::store::StoreError;

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const PERM: i32 = 3;
const NOTADB: i32 = 26;

/// The primary result code of an error that SQLite gave.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Whether another connection is in the way and it is worth while to try again.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(BUSY | LOCKED))
}

/// The error for a person, of the state at that place.
pub(super) fn explain(place: &str, error: &sqlx::Error) -> StoreError {
    let io = |what: &str| StoreError::Io { place: place.into(), what: what.into() };
    let corrupt = |what: &str| StoreError::Corrupt { place: place.into(), what: what.into() };
    match code(error) {
        Some(BUSY | LOCKED) => io("another process keeps it busy; try again when it has finished"),
        Some(READONLY | PERM) => io("it is read-only; make the file and its directory writable for this user"),
        Some(FULL) => io("the disk is full; nothing was written, free some space and try again"),
        Some(IOERR) => io("the disk failed to read or write; check the file system and its free space"),
        Some(CANTOPEN) => io("the file cannot be opened; check that its directory is there and writable for this user"),
        Some(NOTADB) => corrupt("it is not a database; restore the file from a backup or move it away"),
        Some(CORRUPT) => corrupt("the database's pages do not fit together; restore the file from a backup"),
        Some(CONSTRAINT) => corrupt("a row breaks a rule of the state (the audit log is append-only)"),
        Some(n) => io(&format!("SQLite answered with code {n}")),
        None => match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound | sqlx::Error::Decode(_) => {
                corrupt("a row is missing or is not of its type; restore the file from a backup")
            }
            sqlx::Error::WorkerCrashed => io("the database's thread has ended"),
            _ => io("the database cannot be used"),
        },
    }
}
