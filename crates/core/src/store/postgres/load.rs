//! Rows out, consistent at one serial.
use async_trait::async_trait;
use sqlx::{Connection, PgConnection};

use super::error::Failure;
use super::session::Work;
use crate::audit::{Entry, Event};
use crate::snapshot::PendingStep;
use crate::store::{RecordKind, StoreError, StoredKey, StoredObject, StoredOutput, StoredRecord, StoredSnapshot};

/// Reads everything.
pub(super) struct Load;

#[async_trait]
impl Work for Load {
    type Output = StoredSnapshot;

    async fn run(&mut self, connection: &mut PgConnection, place: &str) -> Result<StoredSnapshot, Failure> {
        let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        let (serial,): (i64,) = sqlx::query_as("SELECT serial FROM state").fetch_one(&mut *tx).await?;
        let objects: Vec<(String, String, String, Vec<u8>)> =
            sqlx::query_as("SELECT address, deposed, external_id, body FROM objects ORDER BY address, deposed")
                .fetch_all(&mut *tx)
                .await?;
        let outputs: Vec<(String, Vec<u8>)> =
            sqlx::query_as("SELECT name, body FROM outputs ORDER BY name").fetch_all(&mut *tx).await?;
        let journal: Vec<(String, String, String, String)> =
            sqlx::query_as("SELECT key, address, operation, started_at FROM journal ORDER BY key")
                .fetch_all(&mut *tx)
                .await?;
        let keys: Vec<(String, Vec<u8>)> =
            sqlx::query_as("SELECT id, wrapped FROM keys ORDER BY id").fetch_all(&mut *tx).await?;
        let records: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as("SELECT kind, id, body FROM records ORDER BY kind, id").fetch_all(&mut *tx).await?;
        tx.commit().await?;

        let text = |bytes| String::from_utf8(bytes).map_err(|_| damaged(place, "a row's body is not text"));
        let objects = objects.into_iter().map(|(address, deposed, external_id, body)| {
            Ok(StoredObject { address, deposed, external_id, body: text(body)? })
        });
        let outputs = outputs.into_iter().map(|(name, body)| Ok(StoredOutput { name, body: text(body)? }));
        let pending = journal.into_iter().map(|(key, address, operation, started_at)| {
            let started_at = started_at.parse().map_err(|_| damaged(place, "a time in the journal is not one"))?;
            Ok(PendingStep { key, address, operation, started_at })
        });
        let records = records.into_iter().map(|(kind, id, body)| {
            let kind = RecordKind::named(&kind);
            let kind = kind.ok_or_else(|| damaged(place, "a record is of a kind that does not exist"))?;
            Ok(StoredRecord { kind, id, body: text(body)? })
        });
        Ok(StoredSnapshot {
            serial: serial as u64,
            objects: objects.collect::<Result<_, Failure>>()?,
            outputs: outputs.collect::<Result<_, Failure>>()?,
            pending: pending.collect::<Result<_, Failure>>()?,
            keys: keys.into_iter().map(|(id, wrapped)| StoredKey { id, wrapped }).collect(),
            records: records.collect::<Result<_, Failure>>()?,
        })
    }
}

/// Reads the audit log from an entry on.
pub(super) struct Entries {
    pub(super) from: u64,
    pub(super) limit: u32,
}

#[async_trait]
impl Work for Entries {
    type Output = Vec<Entry>;

    async fn run(&mut self, connection: &mut PgConnection, place: &str) -> Result<Vec<Entry>, Failure> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT sequence, previous, hash, event FROM audit WHERE sequence >= $1 ORDER BY sequence LIMIT $2",
        )
        .bind(i64::try_from(self.from).unwrap_or(i64::MAX))
        .bind(i64::from(self.limit))
        .fetch_all(connection)
        .await?;
        let entries = rows.into_iter().map(|(sequence, previous, hash, event)| {
            let event: Event =
                serde_json::from_str(&event).map_err(|_| damaged(place, "an entry of the audit log is not one"))?;
            Ok(Entry { sequence: sequence as u64, previous, hash, event })
        });
        entries.collect()
    }
}

pub(super) fn damaged(place: &str, what: &str) -> Failure {
    Failure::Store(StoreError::Corrupt { place: place.into(), what: what.into() })
}
