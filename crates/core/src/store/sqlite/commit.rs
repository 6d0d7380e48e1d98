//! One change, one transaction.
use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};

use crate::audit::{Entry, Event, Head, canonical};
use crate::store::adopt::Whole;
use crate::store::batch::{Batch, batches};
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
    for batch in batches(change.mutations) {
        write(&mut tx, batch).await?;
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

/// Writes another state whole where nothing was ever kept.
pub(super) async fn adopt(
    connection: &mut SqliteConnection,
    place: &str,
    lease: &Lease,
    whole: Whole,
    change: StoreChange,
) -> Result<(), Failure> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (serial, sequence, holder): (i64, i64, Option<String>) =
        sqlx::query_as("SELECT serial, audit_sequence, (SELECT lease FROM lock) FROM state")
            .fetch_one(&mut *tx)
            .await?;
    if holder.as_ref() != Some(&lease.id) {
        return Err(Failure::Store(StoreError::LeaseLost));
    }
    if serial > 0 || sequence > 0 {
        return Err(Failure::Store(StoreError::NotEmpty { place: place.into() }));
    }
    for batch in batches(change.mutations) {
        write(&mut tx, batch).await?;
    }
    let head = whole.head();
    for entry in &whole.log {
        insert(&mut tx, entry).await?;
    }
    sqlx::query("UPDATE state SET serial = ?, audit_sequence = ?, audit_hash = ?")
        .bind(whole.serial as i64)
        .bind(head.sequence as i64)
        .bind(head.hash)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

async fn append(tx: &mut Tx<'_>, head: Head, event: Event) -> Result<Head, sqlx::Error> {
    let entry = head.append(event);
    insert(tx, &entry).await?;
    Ok(entry.head())
}

async fn insert(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO audit (sequence, previous, hash, event) VALUES (?, ?, ?, ?)")
        .bind(entry.sequence as i64)
        .bind(&entry.previous)
        .bind(&entry.hash)
        .bind(canonical(&entry.event))
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Rows that one statement writes at most: each has up to four parameters, of which SQLite takes 32766.
const ROWS: usize = 4000;

/// Writes rows of one sort, many by one statement.
async fn write(tx: &mut Tx<'_>, batch: Batch) -> Result<(), sqlx::Error> {
    match batch {
        Batch::PutObjects(rows) => {
            put(tx, "INSERT OR REPLACE INTO objects (address, deposed, external_id, body) ", rows, |mut values, row| {
                values.push_bind(row.address).push_bind(row.deposed).push_bind(row.external_id).push_bind(row.body);
            })
            .await
        }
        Batch::DeleteObjects(rows) => {
            for (address, deposed) in rows {
                let delete = sqlx::query("DELETE FROM objects WHERE address = ? AND deposed = ?");
                delete.bind(address).bind(deposed).execute(&mut **tx).await?;
            }
            Ok(())
        }
        Batch::PutOutputs(rows) => {
            put(tx, "INSERT OR REPLACE INTO outputs (name, body) ", rows, |mut values, row| {
                values.push_bind(row.name).push_bind(row.body);
            })
            .await
        }
        Batch::DeleteOutputs(names) => delete(tx, "DELETE FROM outputs WHERE name = ?", names).await,
        Batch::StepsStarted(steps) => {
            put(
                tx,
                "INSERT OR REPLACE INTO journal (key, address, operation, started_at) ",
                steps,
                |mut values, step| {
                    let started_at = step.started_at.to_string();
                    values.push_bind(step.key).push_bind(step.address).push_bind(step.operation).push_bind(started_at);
                },
            )
            .await
        }
        Batch::StepsEnded(keys) => delete(tx, "DELETE FROM journal WHERE key = ?", keys).await,
        Batch::PutKeys(rows) => {
            put(tx, "INSERT OR REPLACE INTO keys (id, wrapped) ", rows, |mut values, row| {
                values.push_bind(row.id).push_bind(row.wrapped);
            })
            .await
        }
        Batch::DeleteKeys(ids) => delete(tx, "DELETE FROM keys WHERE id = ?", ids).await,
        Batch::PutRecords(rows) => {
            put(tx, "INSERT OR REPLACE INTO records (kind, id, body) ", rows, |mut values, row| {
                values.push_bind(row.kind.as_str()).push_bind(row.id).push_bind(row.body);
            })
            .await
        }
        Batch::DeleteRecords(rows) => {
            for (kind, id) in rows {
                let delete = sqlx::query("DELETE FROM records WHERE kind = ? AND id = ?");
                delete.bind(kind.as_str()).bind(id).execute(&mut **tx).await?;
            }
            Ok(())
        }
    }
}

async fn put<T>(
    tx: &mut Tx<'_>,
    insert: &'static str,
    mut rows: Vec<T>,
    bind: impl Fn(Separated<'_, Sqlite, &'static str>, T),
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        let is_one = rows.len() == 1;
        let mut query = QueryBuilder::new(insert);
        query.push_values(rows, &bind);
        // Only statements that come again are worth being kept.
        query.build().persistent(is_one).execute(&mut **tx).await?;
        rows = rest;
    }
    Ok(())
}

async fn delete(tx: &mut Tx<'_>, sql: &'static str, keys: Vec<String>) -> Result<(), sqlx::Error> {
    for key in keys {
        sqlx::query(sql).bind(key).execute(&mut **tx).await?;
    }
    Ok(())
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
