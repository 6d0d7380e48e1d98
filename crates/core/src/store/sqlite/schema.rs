//! Tables and migrations.
use sqlx::{Connection, SqliteConnection};

use super::error::explain;
use crate::store::StoreError;

/// `AMPR`: how the file tells that it is a state (`PRAGMA application_id`).
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"AMPR");

/// The steps from an empty file to the newest schema. What was released is never changed; a step is added.
/// `PRAGMA user_version` says how many of them a file has had.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    serial INTEGER NOT NULL,
    audit_sequence INTEGER NOT NULL,
    audit_hash TEXT NOT NULL,
    -- Deleted keys may still stand in the write-ahead log.
    scrub INTEGER NOT NULL
) STRICT;
CREATE TABLE objects (
    address TEXT NOT NULL,
    deposed TEXT NOT NULL,
    external_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (address, deposed)
) STRICT;
CREATE TABLE outputs (name TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE journal (
    key TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    operation TEXT NOT NULL,
    started_at TEXT NOT NULL
) STRICT;
CREATE TABLE keys (id TEXT NOT NULL PRIMARY KEY, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    event TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.sequence <> (SELECT ifnull(max(sequence), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TABLE lock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    lease TEXT NOT NULL,
    holder TEXT NOT NULL,
    process TEXT,
    expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);
",
    "
CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;
",
];

/// Brings the file to the newest schema.
///
/// # Errors
/// [`StoreError::Newer`], or [`StoreError::Corrupt`] for the database of another program.
pub(super) async fn migrate(connection: &mut SqliteConnection, place: &str) -> Result<(), StoreError> {
    if version(connection, place).await? == MIGRATIONS.len() {
        return Ok(());
    }
    let fail = |e: sqlx::Error| explain(place, &e);
    // Another process may be doing the same: whoever gets the write lock second finds it done.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(fail)?;
    let done = version(&mut transaction, place).await?;
    for migration in &MIGRATIONS[done..] {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(fail)?;
    }
    // Pragmas take no parameters; both numbers are constants of this file.
    let pragmas = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", MIGRATIONS.len());
    sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas)).execute(&mut *transaction).await.map_err(fail)?;
    transaction.commit().await.map_err(fail)
}

/// How many migrations the file has had.
async fn version(connection: &mut SqliteConnection, place: &str) -> Result<usize, StoreError> {
    let (application, found, tables): (i32, i64, i64) = sqlx::query_as(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id, pragma_user_version",
    )
    .fetch_one(connection)
    .await
    .map_err(|e| explain(place, &e))?;
    let known = MIGRATIONS.len() as i64;
    match (application, found) {
        (APPLICATION_ID, 1..) if found > known => Err(StoreError::Newer { found, known }),
        (APPLICATION_ID, 1..) => Ok(found as usize),
        (0, 0) if tables == 0 => Ok(0),
        _ => Err(StoreError::Corrupt { place: place.into(), what: "it is the database of another program".into() }),
    }
}
