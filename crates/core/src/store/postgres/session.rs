//! One connection, made anew when it is lost.
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::Inner;
use super::error::{self, Failure};
use super::options::PostgresOptions;
use crate::store::StoreError;

/// How long a server that has gone away is waited for.
const RECONNECTING: Duration = Duration::from_secs(30);
/// How often a transaction is begun again that others were in the way of.
const CONFLICTS: u32 = 10;
/// How long one attempt may take: a network that swallows everything gives no error for a quarter of an hour.
const ANSWER: Duration = Duration::from_secs(60);

/// What is done on a connection. It may be begun again after a failure, and must then find out what the first attempt did.
#[async_trait]
pub(super) trait Work: Send {
    /// What comes of it.
    type Output: Send;

    /// Does it once.
    async fn run(&mut self, connection: &mut PgConnection, place: &str) -> Result<Self::Output, Failure>;
}

impl Inner {
    /// Does the work, on a new connection and once more where that may help.
    pub(super) async fn run<W: Work>(&self, mut work: W) -> Result<W::Output, StoreError> {
        let mut slot = self.connection.lock().await;
        // Who has waited in vain once does not wait again for each step that is left.
        let mut patience = if self.is_away.load(Ordering::Relaxed) { Patience::none() } else { Patience::new() };
        loop {
            let attempt = tokio::time::timeout(ANSWER, self.attempt(&mut slot, &mut work)).await;
            let error = match attempt {
                Ok(Ok(output)) => {
                    self.is_away.store(false, Ordering::Relaxed);
                    return Ok(output);
                }
                Ok(Err(Failure::Store(e))) => return Err(e),
                Ok(Err(Failure::Sql(e))) => e,
                // The attempt took its connection with it.
                Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            };
            match patience.pause_after(&error) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => {
                    self.is_away.store(error::is_lost(&error), Ordering::Relaxed);
                    return Err(error::explain(&self.place, &error));
                }
            }
        }
    }

    /// The connection is out of its slot while it works: if the work is dropped in the middle, so is the connection, and
    /// with it the transaction.
    async fn attempt<W: Work>(&self, slot: &mut Option<PgConnection>, work: &mut W) -> Result<W::Output, Failure> {
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => connect(&self.options).await?,
        };
        let result = work.run(&mut connection, &self.place).await;
        let is_usable = match &result {
            Err(Failure::Sql(e)) if error::is_lost(e) => false,
            // A transaction that was left must not keep its rows locked.
            Err(_) => connection.ping().await.is_ok(),
            Ok(_) => true,
        };
        if is_usable {
            *slot = Some(connection);
        }
        result
    }
}

/// Opens a connection whose session keeps what the store promises.
pub(super) async fn connect(options: &PostgresOptions) -> Result<PgConnection, Failure> {
    let connecting = tokio::time::timeout(options.connect_timeout, options.connect.connect()).await;
    let mut connection = connecting.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
    // Tables are found in our schema alone. A session that dies in a transaction lets go of its rows soon. A commit that
    // was confirmed is on disk, also where the server is set to be faster than that.
    let (encoding,): (String,) = sqlx::query_as(
        "SELECT current_setting('server_encoding') FROM (SELECT
             set_config('search_path', quote_ident($1) || ', pg_temp', false),
             set_config('idle_in_transaction_session_timeout', '30s', false),
             set_config('lock_timeout', '30s', false),
             set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                 ELSE current_setting('synchronous_commit') END, false)) settings",
    )
    .bind(&options.schema)
    .fetch_one(&mut connection)
    .await?;
    if encoding != "UTF8" {
        let what = format!("the database's encoding is {encoding}; make one WITH ENCODING 'UTF8'");
        return Err(Failure::Store(StoreError::Io { place: options.place(), what }));
    }
    Ok(connection)
}

/// How often and how long something is tried again.
pub(super) struct Patience {
    for_server: Duration,
    since: Option<Instant>,
    losses: u32,
    conflicts: u32,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience { for_server: RECONNECTING, since: None, losses: 0, conflicts: 0 }
    }

    /// For a server that is not expected to come back soon.
    fn none() -> Patience {
        Patience { for_server: Duration::ZERO, ..Patience::new() }
    }

    /// How long to wait before the next attempt; none if there shall be none.
    pub(super) fn pause_after(&mut self, error: &sqlx::Error) -> Option<Duration> {
        if error::is_conflict(error) {
            self.conflicts += 1;
            return (self.conflicts <= CONFLICTS).then(|| Duration::from_millis(5 << self.conflicts.min(8)));
        }
        if !error::is_lost(error) {
            return None;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        // The first time at once: often only an old connection was cut.
        let pause = if self.losses == 0 { Duration::ZERO } else { Duration::from_millis(25 << self.losses.min(5)) };
        self.losses += 1;
        (since.elapsed() < self.for_server).then_some(pause)
    }
}
