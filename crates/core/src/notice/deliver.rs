//! Sending what is due, once each.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use tokio_util::sync::CancellationToken;

use super::{Desk, Notice, NoticeId, NoticeKind, NoticeState, Outbox};
use crate::audit::{Event, Outcome};
use crate::store::{Mutation, StoreError};
use crate::vault::SealError;
use crate::vault::rows::RowError;

/// Messages that are under way at the same time.
const AT_ONCE: usize = 8;
/// How long one message may take. What takes longer counts as put off; it may have gone out.
const ONE_MESSAGE: Duration = Duration::from_secs(20);

/// A message to one recipient.
pub struct Message {
    /// Which notice it is: stable over all attempts, so that receivers can tell a repetition.
    pub id: NoticeId,
    /// Its kind.
    pub kind: NoticeKind,
    /// The email address.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Who brings messages to people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Hands a message on.
    ///
    /// # Errors
    /// It was not taken: for good, for now, or from nobody now.
    async fn send(&self, message: &Message) -> Result<(), MessengerError>;
}

/// Why a message was not taken. The texts hold no address and nothing of the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessengerError {
    /// Not this message to this recipient, now or later.
    #[error("it was refused for good: {0}")]
    Refused(String),
    /// Not now (greylisting, a full mailbox), or nobody knows.
    #[error("it was put off: {0}")]
    Later(String),
    /// No message at all can be handed on now.
    #[error("nothing can be sent: {0}")]
    Down(String),
}

/// Why the outbox could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row cannot be read or made.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// A notice cannot be sealed or opened.
    #[error("a notice: {0}")]
    Seal(#[from] SealError),
}

/// What a delivery works with.
pub struct Delivery<'a> {
    /// Where it is written down.
    pub desk: Desk<'a>,
    /// Who brings the messages.
    pub messenger: &'a dyn Messenger,
    /// The operator's address; without one, what is for the operator is given up.
    pub operator: Option<&'a str>,
    /// After this time no further message is begun.
    pub patience: Duration,
    /// Stops the work: no further message is begun.
    pub cancel: CancellationToken,
}

/// What became of what was due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Sent.
    pub sent: usize,
    /// Tried, and to be tried again.
    pub put_off: usize,
    /// Given up.
    pub dropped: usize,
    /// Due, and not begun: no time was left, or nothing can be sent at present.
    pub left: usize,
    /// Why attempts failed: each reason with how often.
    pub reasons: BTreeMap<String, usize>,
}

/// Sends what is due, a few at a time, and writes down what became of it. Each notice is committed as `sending` before it is
/// handed on.
///
/// # Errors
/// The state cannot be used. What was begun is found as `sending` by the next delivery.
pub async fn deliver(outbox: &mut Outbox, delivery: &Delivery<'_>) -> Result<Delivered, NoticeError> {
    let due = outbox.due(delivery.desk.clock.now());
    let begun = AtomicUsize::new(0);
    let total = due.len();
    let round =
        Round { delivery, outbox: Mutex::new(outbox), delivered: Mutex::default(), down: AtomicBool::new(false) };
    let enough = async {
        tokio::select! {
            () = tokio::time::sleep(delivery.patience) => {}
            () = delivery.cancel.cancelled() => {}
        }
    };
    let results = stream::iter(due)
        .take_until(Box::pin(enough))
        .take_while(|_| std::future::ready(!round.down.load(Ordering::Relaxed)))
        .map(|notice| {
            begun.fetch_add(1, Ordering::Relaxed);
            round.one(notice)
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<Result<(), NoticeError>>>()
        .await;
    results.into_iter().collect::<Result<(), _>>()?;
    let mut delivered = std::mem::take(&mut *lock(&round.delivered));
    delivered.left += total - begun.load(Ordering::Relaxed);
    Ok(delivered)
}

/// One delivery under way.
struct Round<'a, 'o> {
    delivery: &'a Delivery<'a>,
    outbox: Mutex<&'o mut Outbox>,
    delivered: Mutex<Delivered>,
    down: AtomicBool,
}

impl Round<'_, '_> {
    async fn one(&self, notice: Notice) -> Result<(), NoticeError> {
        if self.down.load(Ordering::Relaxed) {
            lock(&self.delivered).left += 1;
            return Ok(());
        }
        let message = match self.message(&notice) {
            Ok(message) => message,
            Err(why) => return self.give_up(&notice, why).await,
        };
        let begun = lock(&self.outbox).begin(&notice.id, self.delivery.desk.clock.now())?;
        let Some(begun) = begun else { return Ok(()) };
        self.commit(vec![begun], None).await?;
        let sent = tokio::time::timeout(ONE_MESSAGE, self.delivery.messenger.send(&message)).await;
        match sent.unwrap_or_else(|_| Err(MessengerError::Later("no answer came in time".into()))) {
            Ok(()) => self.sent(&notice).await,
            Err(MessengerError::Refused(why)) => self.give_up(&notice, why).await,
            Err(error @ MessengerError::Later(_)) => self.put_off(&notice, error.to_string()).await,
            Err(error @ MessengerError::Down(_)) => {
                self.down.store(true, Ordering::Relaxed);
                self.put_off(&notice, error.to_string()).await
            }
        }
    }

    /// The message of a notice, or why there can be none.
    fn message(&self, notice: &Notice) -> Result<Message, String> {
        let opened = notice.open(self.delivery.desk.vault).map_err(|error| error.to_string())?;
        let (to, content) = opened.ok_or("nothing is left of it")?;
        let to = match (to, self.delivery.operator) {
            (Some(address), _) => address,
            (None, Some(operator)) => operator.to_owned(),
            (None, None) => return Err("no operator's address is set".into()),
        };
        Ok(Message { id: notice.id.clone(), kind: notice.kind, to, subject: content.subject(), text: content.text() })
    }

    async fn sent(&self, notice: &Notice) -> Result<(), NoticeError> {
        let now = self.delivery.desk.clock.now();
        let rows = lock(&self.outbox).end(&notice.id, NoticeState::Sent, None, self.delivery.desk.vault, now)?;
        self.commit(rows, Some(self.event(notice, "notice.sent", Outcome::Succeeded, None))).await?;
        lock(&self.delivered).sent += 1;
        Ok(())
    }

    async fn give_up(&self, notice: &Notice, why: String) -> Result<(), NoticeError> {
        let now = self.delivery.desk.clock.now();
        let rows = lock(&self.outbox).end(
            &notice.id,
            NoticeState::Dropped,
            Some(why.clone()),
            self.delivery.desk.vault,
            now,
        )?;
        self.commit(rows, Some(self.event(notice, "notice.dropped", Outcome::Failed, Some(&why)))).await?;
        let mut delivered = lock(&self.delivered);
        delivered.dropped += 1;
        *delivered.reasons.entry(why).or_default() += 1;
        Ok(())
    }

    async fn put_off(&self, notice: &Notice, why: String) -> Result<(), NoticeError> {
        let rows = lock(&self.outbox).put_off(&notice.id, why.clone())?;
        self.commit(rows, None).await?;
        let mut delivered = lock(&self.delivered);
        delivered.put_off += 1;
        *delivered.reasons.entry(why).or_default() += 1;
        Ok(())
    }

    fn event(&self, notice: &Notice, action: &str, outcome: Outcome, why: Option<&str>) -> Event {
        let mut details = BTreeMap::from([
            ("notice".to_owned(), notice.id.to_string()),
            ("kind".to_owned(), notice.kind.to_string()),
        ]);
        details.extend(notice.owner.as_ref().map(|owner| ("owner".to_owned(), owner.to_string())));
        details.extend(why.map(|why| ("why".to_owned(), why.to_owned())));
        self.delivery.desk.event(action, outcome, details)
    }

    async fn commit(&self, rows: Vec<Mutation>, event: Option<Event>) -> Result<(), NoticeError> {
        self.delivery.desk.commit(rows, event).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
