//! A state in one SQLite file.
//!
//! Write-ahead log and full synchronisation: what was committed survives a loss of power. Deleted content is overwritten,
//! and after keys were deleted the log is emptied, too. SQL statements are never logged, parameters neither.
mod commit;
mod error;
mod file;
mod load;
mod lock;
mod process;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::Mutex;

use super::adopt::Whole;
use super::lease::Waiting;
use super::{Adopt, Lease, LockHolder, Mutation, Store, StoreChange, StoreError, StoredSnapshot};
use crate::audit::Entry;
use crate::clock::Clock;
use commit::Failure;
use lock::Heartbeat;

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Files up to so many pages (1 MiB) are checked whole when they are opened; larger ones by [`SqliteStore::check`].
const CHECKED_PAGES: i64 = 256;

/// A state in one SQLite file. Several processes may open it; the lock keeps their changes apart.
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Mutex<SqliteConnection>,
    path: PathBuf,
    /// The file, for messages.
    place: String,
    /// For the lock's end.
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the state in a file; makes the file (mode 0600) and its directories (0700) if they are not there.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Corrupt`] or [`StoreError::Io`], with what to do about it.
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<SqliteStore, StoreError> {
        let place = path.display().to_string();
        file::create(path).map_err(|e| StoreError::Io { place: place.clone(), what: file::explain(&e) })?;
        let mut connection = connect(path).await.map_err(|e| error::explain(&place, &e))?;
        schema::migrate(&mut connection, &place).await?;
        let (connection, path) = (Mutex::new(connection), path.into());
        let store = SqliteStore { inner: Arc::new(Inner { connection, path, place, clock }) };
        store.check_opened().await?;
        Ok(store)
    }

    /// Checks every page of the file and every index: takes time in proportion to its size.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if something does not fit together.
    pub async fn check(&self) -> Result<(), StoreError> {
        let mut connection = self.inner.connection.lock().await;
        let answer: Result<(String,), _> =
            sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await;
        match answer {
            Ok((text,)) if text == "ok" => Ok(()),
            Ok(_) => {
                Err(self.inner.corrupt("the database's pages do not fit together; restore the file from a backup"))
            }
            Err(e) => Err(error::explain(&self.inner.place, &e)),
        }
    }

    /// Takes the lock, or returns who holds it.
    async fn take(&self, holder: &LockHolder) -> Result<Option<LockHolder>, StoreError> {
        let Inner { connection, place, clock, .. } = &*self.inner;
        let mut connection = connection.lock().await;
        match lock::take(&mut connection, place, holder, clock.now()).await {
            Ok(other) => Ok(other),
            Err(e) => Err(self.inner.fail(&mut connection, e).await),
        }
    }

    /// What can be checked at every opening without being felt: small files whole, of all files the log's end; and
    /// finishes what a killed process left.
    async fn check_opened(&self) -> Result<(), StoreError> {
        let fail = |e: sqlx::Error| error::explain(&self.inner.place, &e);
        let (pages, matching): (i64, bool) = {
            let mut connection = self.inner.connection.lock().await;
            sqlx::query_as(
                "SELECT page_count, (SELECT ifnull(max(sequence), 0) = (SELECT audit_sequence FROM state) FROM audit)
                 FROM pragma_page_count",
            )
            .fetch_one(&mut *connection)
            .await
            .map_err(fail)?
        };
        if !matching {
            return Err(self
                .inner
                .corrupt("entries are missing at the end of the audit log; restore it from a backup"));
        }
        if pages <= CHECKED_PAGES {
            self.check().await?;
        }
        commit::scrub(&mut *self.inner.connection.lock().await).await.map_err(fail)
    }
}

impl Inner {
    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::Corrupt { place: self.place.clone(), what: what.into() }
    }

    /// The error for a person. After one of SQLite's the connection is made anew: some of them (a full disk) have ended
    /// the transaction already, of which the driver knows nothing.
    async fn fail(&self, connection: &mut SqliteConnection, failure: Failure) -> StoreError {
        match failure {
            Failure::Store(e) => e,
            Failure::Sql(e) => {
                // If that fails, too, the next call fails on the old connection and tries again.
                if let Ok(fresh) = connect(&self.path).await {
                    *connection = fresh;
                }
                error::explain(&self.place, &e)
            }
        }
    }
}

/// Opens a connection. Two processes that open a new file at once get into each other's way while it becomes a
/// write-ahead one, and SQLite does not wait there by itself.
async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let start = Instant::now();
    loop {
        match options.connect().await {
            Err(e) if error::is_busy(&e) && start.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            other => return other,
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        let mut connection = self.inner.connection.lock().await;
        match load::load(&mut connection, &self.inner.place).await {
            Ok(state) => Ok(state),
            Err(e) => Err(self.inner.fail(&mut connection, e).await),
        }
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        let scrub = change.mutations.iter().any(|m| matches!(m, Mutation::DeleteKey { .. }));
        let mut connection = self.inner.connection.lock().await;
        let serial = match commit::commit(&mut connection, lease, change).await {
            Ok(serial) => serial,
            Err(e) => return Err(self.inner.fail(&mut connection, e).await),
        };
        if scrub {
            // The change is written; that its traces could not be removed yet is remembered in the state.
            if commit::scrub(&mut connection).await.is_err() {
                tracing::warn!("the log of the state could not be emptied; it will be at the next opening");
            }
        }
        Ok(serial)
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        let waiting = Waiting::start(wait);
        while let Some(other) = self.take(&holder).await? {
            waiting.pause(other).await?;
        }
        Ok(Lease::with_guard(holder.id.clone(), Heartbeat::start(&self.inner, holder.id)))
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        let mut connection = self.inner.connection.lock().await;
        match lock::release(&mut connection, &lease.id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::LeaseLost),
            Err(e) => Err(error::explain(&self.inner.place, &e)),
        }
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.inner.connection.lock().await;
        match load::audit_entries(&mut connection, &self.inner.place, from, limit).await {
            Ok(entries) => Ok(entries),
            Err(e) => Err(self.inner.fail(&mut connection, e).await),
        }
    }
}

#[async_trait]
impl Adopt for SqliteStore {
    async fn adopt(&self, lease: &Lease, state: StoredSnapshot, log: Vec<Entry>) -> Result<(), StoreError> {
        let (whole, change) = Whole::new(state, log);
        let mut connection = self.inner.connection.lock().await;
        match commit::adopt(&mut connection, &self.inner.place, lease, whole, change).await {
            Ok(()) => Ok(()),
            Err(e) => Err(self.inner.fail(&mut connection, e).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoredObject;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
    }

    async fn store(dir: &tempfile::TempDir) -> (SqliteStore, Lease) {
        let store = SqliteStore::open(&dir.path().join("state.db"), Arc::new(Stopped)).await.unwrap();
        let (id, who, operation) = ("a".into(), "ada@laptop".into(), "apply".into());
        let holder = LockHolder { id, who, operation, since: jiff::Timestamp::UNIX_EPOCH };
        let lease = store.lock(holder, Duration::ZERO).await.unwrap();
        (store, lease)
    }

    fn put(address: &str, length: usize) -> StoreChange {
        let (address, deposed, external_id) = (address.into(), String::new(), "id".into());
        let row = StoredObject { address, deposed, external_id, body: "x".repeat(length) };
        StoreChange { mutations: vec![Mutation::PutObject(row)], ..StoreChange::default() }
    }

    impl SqliteStore {
        async fn pragma(&self, sql: &'static str) {
            sqlx::raw_sql(sql).execute(&mut *self.inner.connection.lock().await).await.unwrap();
        }

        async fn changed_rows(&self) -> i64 {
            let mut connection = self.inner.connection.lock().await;
            let (n,): (i64,) = sqlx::query_as("SELECT total_changes()").fetch_one(&mut *connection).await.unwrap();
            n
        }
    }

    #[tokio::test]
    async fn what_is_committed_survives_a_loss_of_power_and_what_is_deleted_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _lease) = store(&dir).await;
        let mut connection = store.inner.connection.lock().await;
        let settings: (String, i64, i64) = sqlx::query_as(
            "SELECT journal_mode, synchronous, secure_delete
             FROM pragma_journal_mode, pragma_synchronous, pragma_secure_delete",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        assert_eq!(settings, ("wal".into(), 2, 1), "write-ahead log, FULL, ON");
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (store, lease) = store(&dir).await;
        store.commit(&lease, put("x.a", 10)).await.unwrap();
        // SQLite gives the same answer at this limit as on a full disk.
        store.pragma("PRAGMA max_page_count = 40").await;
        let full = store.commit(&lease, put("x.b", 1 << 20)).await.unwrap_err();
        assert!(matches!(&full, StoreError::Io { what, .. } if what.contains("disk is full")), "{full:?}");
        assert!(!full.to_string().contains("xxx"));
        let state = store.load().await.unwrap();
        assert_eq!((state.serial, state.objects.len()), (1, 1));
        store.pragma("PRAGMA max_page_count = 100000").await;
        assert_eq!(store.commit(&lease, put("x.b", 1 << 20)).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_state_that_is_read_only_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (store, lease) = store(&dir).await;
        store.pragma("PRAGMA query_only = ON").await;
        let refused = store.commit(&lease, put("x.a", 10)).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Io { what, .. } if what.contains("read-only")), "{refused:?}");
        assert_eq!(store.load().await.unwrap().serial, 0);
    }

    #[tokio::test]
    async fn a_change_writes_as_many_rows_in_a_large_state_as_in_a_small_one() {
        let dir = tempfile::tempdir().unwrap();
        let (store, lease) = store(&dir).await;
        let mut rows = Vec::new();
        for n in 0..300 {
            let before = store.changed_rows().await;
            store.commit(&lease, put(&format!("x.a[{n}]"), 500)).await.unwrap();
            rows.push(store.changed_rows().await - before);
        }
        assert_eq!(rows[0], 2, "the object and the serial");
        assert!(rows.iter().all(|n| *n == rows[0]));
    }
}
