//! Rows out, consistent at one serial.
use sqlx::{Connection, SqliteConnection};

use super::commit::Failure;
use crate::audit::{Entry, Event};
use crate::snapshot::PendingStep;
use crate::store::{RecordKind, StoreError, StoredKey, StoredObject, StoredOutput, StoredRecord, StoredSnapshot};

type Quad = (String, String, String, String);

/// Everything.
pub(super) async fn load(connection: &mut SqliteConnection, place: &str) -> Result<StoredSnapshot, Failure> {
    let mut tx = connection.begin().await?;
    let (serial,): (i64,) = sqlx::query_as("SELECT serial FROM state").fetch_one(&mut *tx).await?;
    let objects: Vec<Quad> =
        sqlx::query_as("SELECT address, deposed, external_id, body FROM objects ORDER BY address, deposed")
            .fetch_all(&mut *tx)
            .await?;
    let outputs: Vec<(String, String)> =
        sqlx::query_as("SELECT name, body FROM outputs ORDER BY name").fetch_all(&mut *tx).await?;
    let journal: Vec<Quad> = sqlx::query_as("SELECT key, address, operation, started_at FROM journal ORDER BY key")
        .fetch_all(&mut *tx)
        .await?;
    let keys: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT id, wrapped FROM keys ORDER BY id").fetch_all(&mut *tx).await?;
    let records: Vec<(String, String, String)> =
        sqlx::query_as("SELECT kind, id, body FROM records ORDER BY kind, id").fetch_all(&mut *tx).await?;
    tx.commit().await?;

    let pending = journal.into_iter().map(|(key, address, operation, started_at)| {
        let started_at = started_at.parse().map_err(|_| damaged(place, "a time in the journal is not one"))?;
        Ok(PendingStep { key, address, operation, started_at })
    });
    let records = records.into_iter().map(|(kind, id, body)| {
        let kind =
            RecordKind::named(&kind).ok_or_else(|| damaged(place, "a record is of a kind that does not exist"))?;
        Ok(StoredRecord { kind, id, body })
    });
    Ok(StoredSnapshot {
        serial: serial as u64,
        objects: objects
            .into_iter()
            .map(|(address, deposed, external_id, body)| StoredObject { address, deposed, external_id, body })
            .collect(),
        outputs: outputs.into_iter().map(|(name, body)| StoredOutput { name, body }).collect(),
        pending: pending.collect::<Result<_, Failure>>()?,
        keys: keys.into_iter().map(|(id, wrapped)| StoredKey { id, wrapped }).collect(),
        records: records.collect::<Result<_, Failure>>()?,
    })
}

/// The audit log from an entry on.
pub(super) async fn audit_entries(
    connection: &mut SqliteConnection,
    place: &str,
    from: u64,
    limit: u32,
) -> Result<Vec<Entry>, Failure> {
    let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
        "SELECT sequence, previous, hash, event FROM audit WHERE sequence >= ? ORDER BY sequence LIMIT ?",
    )
    .bind(i64::try_from(from).unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let entries = rows.into_iter().map(|(sequence, previous, hash, event)| {
        let event: Event =
            serde_json::from_str(&event).map_err(|_| damaged(place, "an entry of the audit log is not one"))?;
        Ok(Entry { sequence: sequence as u64, previous, hash, event })
    });
    entries.collect()
}

fn damaged(place: &str, what: &str) -> Failure {
    Failure::Store(StoreError::Corrupt { place: place.into(), what: what.into() })
}
