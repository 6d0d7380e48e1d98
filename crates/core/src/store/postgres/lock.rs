//! The lock: a row with a time at which it ends, renewed while its holder lives. Only the server's clock counts.
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection, PgConnection};
use tokio::task::AbortHandle;

use super::Inner;
use super::error::Failure;
use super::load::damaged;
use super::session::Work;
use crate::store::{LockHolder, StoreError};

/// After so many seconds without renewal a lock is free. After a restart of the server its holders have that long to come
/// back.
pub(super) const LEASE: f64 = 15.0;
/// A renewal may fail twice before the lock is lost.
const RENEWAL: Duration = Duration::from_secs(5);

/// Takes the lock for a holder if it is free or has run out. Else returns who holds it.
pub(super) struct Take<'a> {
    pub(super) holder: &'a LockHolder,
}

#[async_trait]
impl Work for Take<'_> {
    type Output = Option<LockHolder>;

    async fn run(&mut self, connection: &mut PgConnection, place: &str) -> Result<Option<LockHolder>, Failure> {
        let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        // One at a time, and none in the middle of a change.
        sqlx::query("SELECT serial FROM state FOR UPDATE").fetch_one(&mut *tx).await?;
        sqlx::query(
            "DELETE FROM lock WHERE greatest(expires_at, pg_postmaster_start_time() + make_interval(secs => $1))
             <= clock_timestamp()",
        )
        .bind(LEASE)
        .execute(&mut *tx)
        .await?;
        let row: Option<(String, String)> =
            sqlx::query_as("SELECT lease, holder FROM lock LIMIT 1").fetch_optional(&mut *tx).await?;
        match row {
            // Taken by an earlier attempt, of which no answer came.
            Some((lease, _)) if lease == self.holder.id => {}
            Some((_, other)) => {
                tx.commit().await?;
                let other = serde_json::from_str(&other).map_err(|_| damaged(place, "the lock's row is not one"))?;
                return Ok(Some(other));
            }
            None => {
                let holder = serde_json::to_string(self.holder);
                let holder = holder.map_err(|_| damaged(place, "the lock's holder cannot be written"))?;
                sqlx::query(
                    "INSERT INTO lock (lease, holder, expires_at, commits)
                     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), 0)",
                )
                .bind(&self.holder.id)
                .bind(holder)
                .bind(LEASE)
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(None)
    }
}

/// Gives the lock back.
pub(super) struct Release {
    pub(super) lease: String,
    /// Whether an earlier attempt may have done it already.
    pub(super) is_tried: bool,
}

#[async_trait]
impl Work for Release {
    type Output = ();

    async fn run(&mut self, connection: &mut PgConnection, _place: &str) -> Result<(), Failure> {
        let is_tried = std::mem::replace(&mut self.is_tried, true);
        let done = sqlx::query("DELETE FROM lock WHERE lease = $1").bind(&self.lease).execute(connection).await?;
        match done.rows_affected() {
            0 if !is_tried => Err(Failure::Store(StoreError::LeaseLost)),
            _ => Ok(()),
        }
    }
}

/// Puts the end of a lease off; false if it is not there any more.
struct Renew<'a> {
    lease: &'a str,
}

#[async_trait]
impl Work for Renew<'_> {
    type Output = bool;

    async fn run(&mut self, connection: &mut PgConnection, _place: &str) -> Result<bool, Failure> {
        let done =
            sqlx::query("UPDATE lock SET expires_at = clock_timestamp() + make_interval(secs => $2) WHERE lease = $1")
                .bind(self.lease)
                .bind(LEASE)
                .execute(connection)
                .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Renews a lease until it is dropped.
pub(super) struct Heartbeat(AbortHandle);

impl Heartbeat {
    /// Begins to renew.
    pub(super) fn start(store: &Arc<Inner>, lease: String) -> Heartbeat {
        let store = Arc::downgrade(store);
        Heartbeat(tokio::spawn(renew(store, lease)).abort_handle())
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn renew(store: Weak<Inner>, lease: String) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let Some(store) = store.upgrade() else { return };
        match store.run(Renew { lease: &lease }).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("the lock on the state was lost; nothing more can be written");
                return;
            }
            // The next one may succeed; a lock that is lost for good is told by the next commit.
            Err(_) => tracing::warn!("the lock on the state could not be renewed"),
        }
    }
}
