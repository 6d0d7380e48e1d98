//! A state in a schema of a Postgres database.
//!
//! Every change is one short transaction; changes of all processes queue at the row `state`. A connection that is lost is
//! made anew, and what became of a COMMIT whose answer was lost is looked up. Times that matter are the server's. SQL
//! statements are never logged, parameters neither.
mod commit;
mod error;
mod load;
mod lock;
mod options;
mod schema;
mod session;

pub use options::{DEFAULT_SCHEMA, PostgresOptions, PostgresUrlError};

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;
use tokio::sync::Mutex;

use super::adopt::Whole;
use super::lease::Waiting;
use super::{Adopt, Lease, LockHolder, Store, StoreChange, StoreError, StoredSnapshot};
use crate::audit::Entry;
use commit::Commit;
use error::Failure;
use load::{Entries, Load};
use lock::{Heartbeat, Release, Take};
use schema::Found;
use session::Patience;

/// A state in a schema of a Postgres database (10 or newer). Processes on several machines may open it; the lock keeps their
/// changes apart.
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    /// None while none is open, and while it is in use.
    connection: Mutex<Option<PgConnection>>,
    options: PostgresOptions,
    /// The database and the schema, for messages.
    place: String,
    /// Whether the server was waited for in vain.
    is_away: AtomicBool,
}

impl PostgresStore {
    /// Opens the state in a database; makes the schema and its tables if they are not there and may be made.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Corrupt`] or [`StoreError::Io`], with what to do about it.
    pub async fn open(options: PostgresOptions) -> Result<PostgresStore, StoreError> {
        let mut connection = first(&options).await?;
        let place = options.place();
        schema::migrate(&mut connection, &options).await.map_err(|e| told(&place, e))?;
        let (connection, is_away) = (Some(connection).into(), AtomicBool::new(false));
        let store = PostgresStore { inner: Arc::new(Inner { connection, options, place, is_away }) };
        store.check_log().await?;
        Ok(store)
    }

    /// Opens the state in a database if there is one; makes nothing but newer tables.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn existing(options: PostgresOptions) -> Result<Option<PostgresStore>, StoreError> {
        let mut connection = first(&options).await?;
        match schema::look(&mut connection, &options).await.map_err(|e| told(&options.place(), e))? {
            Found::NoSchema | Found::NoState => Ok(None),
            Found::State(_) => PostgresStore::open(options).await.map(Some),
        }
    }

    /// The log must not be shorter than the state says.
    async fn check_log(&self) -> Result<(), StoreError> {
        let mut slot = self.inner.connection.lock().await;
        let Some(connection) = slot.as_mut() else { return Ok(()) };
        let matching: Result<(bool,), _> =
            sqlx::query_as("SELECT coalesce(max(sequence), 0) = (SELECT audit_sequence FROM state) FROM audit")
                .fetch_one(connection)
                .await;
        match matching {
            Ok((true,)) => Ok(()),
            Ok((false,)) => Err(StoreError::Corrupt {
                place: self.inner.place.clone(),
                what: "entries are missing at the end of the audit log; restore it from a backup".into(),
            }),
            Err(e) => Err(error::explain(&self.inner.place, &e)),
        }
    }
}

/// The first connection: nobody waits for a server that may not be there at all.
async fn first(options: &PostgresOptions) -> Result<PgConnection, StoreError> {
    let mut patience = Patience::new();
    loop {
        match session::connect(options).await {
            Ok(connection) => return Ok(connection),
            Err(Failure::Sql(e)) if error::is_starting(&e) => match patience.pause_after(&e) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error::explain(&options.place(), &e)),
            },
            Err(e) => return Err(told(&options.place(), e)),
        }
    }
}

fn told(place: &str, failure: Failure) -> StoreError {
    match failure {
        Failure::Store(e) => e,
        Failure::Sql(e) => error::explain(place, &e),
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn load(&self) -> Result<StoredSnapshot, StoreError> {
        self.inner.run(Load).await
    }

    async fn commit(&self, lease: &Lease, change: StoreChange) -> Result<u64, StoreError> {
        self.inner.run(Commit::new(lease, change)).await
    }

    async fn lock(&self, holder: LockHolder, wait: Duration) -> Result<Lease, StoreError> {
        let waiting = Waiting::start(wait);
        while let Some(other) = self.inner.run(Take { holder: &holder }).await? {
            waiting.pause(other).await?;
        }
        Ok(Lease::with_guard(holder.id.clone(), Heartbeat::start(&self.inner, holder.id)))
    }

    async fn unlock(&self, lease: Lease) -> Result<(), StoreError> {
        self.inner.run(Release { lease: lease.id.clone(), is_tried: false }).await
    }

    async fn audit_entries(&self, from: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.inner.run(Entries { from, limit }).await
    }
}

#[async_trait]
impl Adopt for PostgresStore {
    async fn adopt(&self, lease: &Lease, state: StoredSnapshot, log: Vec<Entry>) -> Result<(), StoreError> {
        let (whole, change) = Whole::new(state, log);
        self.inner.run(Commit::whole(lease, whole, change)).await.map(drop)
    }
}
