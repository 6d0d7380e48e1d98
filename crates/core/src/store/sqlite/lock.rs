//! The lock: a row with a time at which it ends, renewed while its holder lives.
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::{Connection, SqliteConnection};
use tokio::task::AbortHandle;

use super::Inner;
use super::commit::Failure;
use super::process::Process;
use crate::store::{LockHolder, StoreError};

/// After that time without renewal a lock is free.
pub(super) const LEASE: Duration = Duration::from_secs(15);
/// A renewal may fail twice before the lock is lost.
const RENEWAL: Duration = Duration::from_secs(5);

/// Takes the lock for a holder if it is free, if it has run out, or if its holder's process has ended. Else returns who
/// holds it.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    place: &str,
    holder: &LockHolder,
    now: jiff::Timestamp,
) -> Result<Option<LockHolder>, Failure> {
    let damaged = |what: &str| Failure::Store(StoreError::Corrupt { place: place.into(), what: what.into() });
    let this = Process::this();
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let row: Option<(String, Option<String>, i64)> =
        sqlx::query_as("SELECT holder, process, expires_at FROM lock").fetch_optional(&mut *tx).await?;
    if let Some((other, process, expires_at)) = row {
        let process: Option<Process> = process.and_then(|text| serde_json::from_str(&text).ok());
        let ended = process.zip(this.as_ref()).is_some_and(|(process, this)| process.has_ended(this));
        if expires_at > now.as_millisecond() && !ended {
            return serde_json::from_str(&other).map(Some).map_err(|_| damaged("the lock's row is not one"));
        }
    }
    let json = |value: serde_json::Result<String>| value.map_err(|_| damaged("the lock's holder cannot be written"));
    sqlx::query("INSERT OR REPLACE INTO lock (id, lease, holder, process, expires_at) VALUES (1, ?, ?, ?, ?)")
        .bind(&holder.id)
        .bind(json(serde_json::to_string(holder))?)
        .bind(this.map(|this| json(serde_json::to_string(&this))).transpose()?)
        .bind(end(now))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(None)
}

/// Gives the lock back; false if it was another's already.
pub(super) async fn release(connection: &mut SqliteConnection, lease: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM lock WHERE lease = ?").bind(lease).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// When a lock that is taken or renewed now ends, in milliseconds since 1970.
fn end(now: jiff::Timestamp) -> i64 {
    now.as_millisecond().saturating_add(LEASE.as_millis() as i64)
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
        let renewed = sqlx::query("UPDATE lock SET expires_at = ? WHERE lease = ?")
            .bind(end(store.clock.now()))
            .bind(&lease)
            .execute(&mut *store.connection.lock().await)
            .await;
        match renewed {
            Ok(done) if done.rows_affected() == 0 => {
                tracing::warn!("the lock on the state was lost; nothing more can be written");
                return;
            }
            Ok(_) => {}
            // The next one may succeed; a lock that is lost for good is told by the next commit.
            Err(_) => tracing::warn!("the lock on the state could not be renewed"),
        }
    }
}
