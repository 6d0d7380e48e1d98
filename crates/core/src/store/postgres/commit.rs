//! One change, one transaction; and what became of it when the answer to its COMMIT was lost.
use async_trait::async_trait;
use sqlx::{Connection, PgConnection, Postgres, Transaction};

use super::error::Failure;
use super::lock::LEASE;
use super::session::Work;
use crate::audit::{Entry, Event, Head, canonical};
use crate::store::adopt::Whole;
use crate::store::batch::{Batch, batches};
use crate::store::{Lease, StoreChange, StoreError};

type Tx<'a> = Transaction<'a, Postgres>;

/// Writes a change and returns the new serial.
pub(super) struct Commit<'a> {
    lease: &'a str,
    base: Option<u64>,
    moves_the_serial: bool,
    batches: Vec<Batch>,
    event: Option<Event>,
    /// A state that takes the place of an empty one.
    whole: Option<Whole>,
    /// The attempt whose COMMIT was sent: no answer to it has come yet.
    sent: Option<Sent>,
}

/// How an attempt is recognised in the state.
struct Sent {
    commits: i64,
    serial: i64,
    entry: Option<Head>,
}

impl<'a> Commit<'a> {
    pub(super) fn new(lease: &'a Lease, change: StoreChange) -> Commit<'a> {
        let moves_the_serial = change.moves_the_serial();
        let StoreChange { base, mutations, event } = change;
        Commit { lease: &lease.id, base, moves_the_serial, batches: batches(mutations), event, whole: None, sent: None }
    }

    /// Writes another state whole where nothing was ever kept.
    pub(super) fn whole(lease: &'a Lease, whole: Whole, change: StoreChange) -> Commit<'a> {
        Commit { whole: Some(whole), ..Commit::new(lease, change) }
    }

    /// What became of the attempt before this one when the lease is gone: only an entry of the log can still tell.
    async fn without_lease(&self, tx: &mut Tx<'_>) -> Result<u64, Failure> {
        let Some(Sent { serial, entry: Some(entry), .. }) = &self.sent else {
            return Err(Failure::Store(StoreError::LeaseLost));
        };
        let (written,): (bool,) = sqlx::query_as("SELECT EXISTS (SELECT FROM audit WHERE sequence = $1 AND hash = $2)")
            .bind(entry.sequence as i64)
            .bind(&entry.hash)
            .fetch_one(&mut **tx)
            .await?;
        if written { Ok(*serial as u64) } else { Err(Failure::Store(StoreError::LeaseLost)) }
    }
}

#[async_trait]
impl Work for Commit<'_> {
    type Output = u64;

    async fn run(&mut self, connection: &mut PgConnection, place: &str) -> Result<u64, Failure> {
        let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        // Waits for whoever writes now: also for an attempt of ours whose connection was cut.
        let row: Option<(i64, i64, String, i64)> = sqlx::query_as(
            "SELECT s.serial, s.audit_sequence, s.audit_hash, l.commits FROM state s JOIN lock l ON l.lease = $1
             FOR UPDATE OF s, l",
        )
        .bind(self.lease)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((serial, sequence, hash, commits)) = row else {
            let written = self.without_lease(&mut tx).await;
            tx.rollback().await?;
            return written;
        };
        if let Some(sent) = self.sent.take_if(|sent| sent.commits == commits) {
            tx.rollback().await?;
            return Ok(sent.serial as u64);
        }
        let found = serial as u64;
        if let Some(expected) = self.base.filter(|base| *base != found) {
            tx.rollback().await?;
            return Err(Failure::Store(StoreError::Stale { expected, found }));
        }
        if self.whole.is_some() && (serial > 0 || sequence > 0) {
            tx.rollback().await?;
            return Err(Failure::Store(StoreError::NotEmpty { place: place.into() }));
        }
        let mut serial = if self.moves_the_serial { serial.saturating_add(1) } else { serial };
        for batch in &self.batches {
            write(&mut tx, batch).await?;
        }
        let mut head = Head { sequence: sequence as u64, hash };
        let mut entry = None;
        if let Some(event) = &self.event {
            let written = head.append(event.clone());
            head = written.head();
            insert(&mut tx, &[written]).await?;
            entry = Some(head.clone());
        }
        if let Some(whole) = &self.whole {
            insert(&mut tx, &whole.log).await?;
            (serial, head) = (whole.serial as i64, whole.head());
        }
        sqlx::query(
            "WITH renewed AS (UPDATE lock SET commits = $2, expires_at = clock_timestamp() + make_interval(secs => $3)
                              WHERE lease = $1)
             UPDATE state SET serial = $4, audit_sequence = $5, audit_hash = $6",
        )
        .bind(self.lease)
        .bind(commits + 1)
        .bind(LEASE)
        .bind(serial)
        .bind(head.sequence as i64)
        .bind(&head.hash)
        .execute(&mut *tx)
        .await?;
        self.sent = Some(Sent { commits: commits + 1, serial, entry });
        tx.commit().await?;
        Ok(serial as u64)
    }
}

async fn insert(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), sqlx::Error> {
    // In their order: the table takes no other.
    sqlx::query(
        "INSERT INTO audit (sequence, previous, hash, event)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS entry (sequence) ORDER BY sequence",
    )
    .bind(column(entries, |entry| entry.sequence as i64))
    .bind(column(entries, |entry| &*entry.previous))
    .bind(column(entries, |entry| &*entry.hash))
    .bind(column(entries, |entry| canonical(&entry.event)))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// The columns of rows.
fn column<'r, T, C>(rows: &'r [T], column: impl Fn(&'r T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}

/// Writes rows of one sort by one statement, however many they are.
async fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), sqlx::Error> {
    let query = match batch {
        Batch::PutObjects(rows) => sqlx::query(
            "INSERT INTO objects (address, deposed, external_id, body)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[])
             ON CONFLICT (address, deposed) DO UPDATE SET external_id = excluded.external_id, body = excluded.body",
        )
        .bind(column(rows, |row| &*row.address))
        .bind(column(rows, |row| &*row.deposed))
        .bind(column(rows, |row| &*row.external_id))
        .bind(column(rows, |row| row.body.as_bytes())),
        Batch::DeleteObjects(rows) => sqlx::query(
            "DELETE FROM objects WHERE (address, deposed) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        )
        .bind(column(rows, |(address, _)| &**address))
        .bind(column(rows, |(_, deposed)| &**deposed)),
        Batch::PutOutputs(rows) => sqlx::query(
            "INSERT INTO outputs (name, body) SELECT * FROM unnest($1::text[], $2::bytea[])
             ON CONFLICT (name) DO UPDATE SET body = excluded.body",
        )
        .bind(column(rows, |row| &*row.name))
        .bind(column(rows, |row| row.body.as_bytes())),
        Batch::DeleteOutputs(names) => sqlx::query("DELETE FROM outputs WHERE name = ANY($1)").bind(names),
        Batch::StepsStarted(steps) => sqlx::query(
            "INSERT INTO journal (key, address, operation, started_at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
             ON CONFLICT (key) DO UPDATE SET address = excluded.address, operation = excluded.operation,
                 started_at = excluded.started_at",
        )
        .bind(column(steps, |step| &*step.key))
        .bind(column(steps, |step| &*step.address))
        .bind(column(steps, |step| &*step.operation))
        .bind(column(steps, |step| step.started_at.to_string())),
        Batch::StepsEnded(keys) => sqlx::query("DELETE FROM journal WHERE key = ANY($1)").bind(keys),
        Batch::PutKeys(rows) => sqlx::query(
            "INSERT INTO keys (id, wrapped) SELECT * FROM unnest($1::text[], $2::bytea[])
             ON CONFLICT (id) DO UPDATE SET wrapped = excluded.wrapped",
        )
        .bind(column(rows, |row| &*row.id))
        .bind(column(rows, |row| &*row.wrapped)),
        Batch::DeleteKeys(ids) => sqlx::query("DELETE FROM keys WHERE id = ANY($1)").bind(ids),
        Batch::PutRecords(rows) => sqlx::query(
            "INSERT INTO records (kind, id, body) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
             ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
        )
        .bind(column(rows, |row| row.kind.as_str()))
        .bind(column(rows, |row| &*row.id))
        .bind(column(rows, |row| row.body.as_bytes())),
        Batch::DeleteRecords(rows) => {
            sqlx::query("DELETE FROM records WHERE (kind, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))")
                .bind(column(rows, |(kind, _)| kind.as_str()))
                .bind(column(rows, |(_, id)| &**id))
        }
    };
    query.execute(&mut **tx).await.map(drop)
}
