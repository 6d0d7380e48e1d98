//! One change, one transaction.
use sqlx::{Connection, SqliteConnection, Transaction};

use crate::audit::{Event, Head, canonical};
use crate::store::{Lease, Mutation, StoreChange, StoreError};

type Tx<'a> = Transaction<'a, sqlx::Sqlite>;

/// A failure of SQLite, or of a rule.
pub(super) enum Failure {
    Sql(sqlx::Error),
    Store(StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(e: sqlx::Error) -> Failure {
        Failure::Sql(e)
    }
}

/// Writes a change and returns the new serial.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    lease: &Lease,
    change: StoreChange,
) -> Result<u64, Failure> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (serial, sequence, hash, holder): (i64, i64, String, Option<String>) =
        sqlx::query_as("SELECT serial, audit_sequence, audit_hash, (SELECT lease FROM lock) FROM state")
            .fetch_one(&mut *tx)
            .await?;
    if holder.as_ref() != Some(&lease.id) {
        return Err(Failure::Store(StoreError::LeaseLost));
    }
    let found = serial as u64;
    if let Some(expected) = change.base.filter(|base| *base != found) {
        return Err(Failure::Store(StoreError::Stale { expected, found }));
    }
    let serial = if change.moves_the_serial() { serial.saturating_add(1) } else { serial };
    let scrub = change.mutations.iter().any(|m| matches!(m, Mutation::DeleteKey { .. }));
    for mutation in change.mutations {
        write(&mut tx, mutation).await?;
    }
    let mut head = Head { sequence: sequence as u64, hash };
    if let Some(event) = change.event {
        head = append(&mut tx, head, event).await?;
    }
    sqlx::query("UPDATE state SET serial = ?, audit_sequence = ?, audit_hash = ?, scrub = max(scrub, ?)")
        .bind(serial)
        .bind(head.sequence as i64)
        .bind(head.hash)
        .bind(scrub)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(serial as u64)
}

async fn append(tx: &mut Tx<'_>, head: Head, event: Event) -> Result<Head, sqlx::Error> {
    let entry = head.append(event);
    sqlx::query("INSERT INTO audit (sequence, previous, hash, event) VALUES (?, ?, ?, ?)")
        .bind(entry.sequence as i64)
        .bind(&entry.previous)
        .bind(&entry.hash)
        .bind(canonical(&entry.event))
        .execute(&mut **tx)
        .await?;
    Ok(entry.head())
}

async fn write(tx: &mut Tx<'_>, mutation: Mutation) -> Result<(), sqlx::Error> {
    let query = match mutation {
        Mutation::PutObject(row) => {
            sqlx::query("INSERT OR REPLACE INTO objects (address, deposed, external_id, body) VALUES (?, ?, ?, ?)")
                .bind(row.address)
                .bind(row.deposed)
                .bind(row.external_id)
                .bind(row.body)
        }
        Mutation::DeleteObject { address, deposed } => {
            sqlx::query("DELETE FROM objects WHERE address = ? AND deposed = ?").bind(address).bind(deposed)
        }
        Mutation::PutOutput(row) => {
            sqlx::query("INSERT OR REPLACE INTO outputs (name, body) VALUES (?, ?)").bind(row.name).bind(row.body)
        }
        Mutation::DeleteOutput(name) => sqlx::query("DELETE FROM outputs WHERE name = ?").bind(name),
        Mutation::StepStarted(step) => {
            sqlx::query("INSERT OR REPLACE INTO journal (key, address, operation, started_at) VALUES (?, ?, ?, ?)")
                .bind(step.key)
                .bind(step.address)
                .bind(step.operation)
                .bind(step.started_at.to_string())
        }
        Mutation::StepEnded { key } => sqlx::query("DELETE FROM journal WHERE key = ?").bind(key),
        Mutation::PutKey(row) => {
            sqlx::query("INSERT OR REPLACE INTO keys (id, wrapped) VALUES (?, ?)").bind(row.id).bind(row.wrapped)
        }
        Mutation::DeleteKey { id } => sqlx::query("DELETE FROM keys WHERE id = ?").bind(id),
        Mutation::PutRecord(row) => sqlx::query("INSERT OR REPLACE INTO records (kind, id, body) VALUES (?, ?, ?)")
            .bind(row.kind.as_str())
            .bind(row.id)
            .bind(row.body),
        Mutation::DeleteRecord { kind, id } => {
            sqlx::query("DELETE FROM records WHERE kind = ? AND id = ?").bind(kind.as_str()).bind(id)
        }
    };
    query.execute(&mut **tx).await.map(drop)
}

/// Empties the write-ahead log if deleted keys may still stand in it. What could not be done now (a reader is in the way)
/// is done after the next commit or at the next opening: the row remembers it.
pub(super) async fn scrub(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let (due,): (bool,) = sqlx::query_as("SELECT scrub FROM state").fetch_one(&mut *connection).await?;
    if !due {
        return Ok(());
    }
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
    if busy == 0 {
        sqlx::query("UPDATE state SET scrub = 0").execute(&mut *connection).await?;
    }
    Ok(())
}
