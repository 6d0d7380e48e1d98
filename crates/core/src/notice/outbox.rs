//! The notices of a stack, and the rows that each change of them writes.
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::row::account;
use super::{Notice, NoticeError, NoticeId, NoticeKind, NoticeState, Occasion, Recipient};
use crate::retention::{Owner, Tombstone};
use crate::snapshot::{RecordKind, StoredRecord};
use crate::store::Mutation;
use crate::vault::Vault;
use crate::vault::rows::RowError;

/// The first pause after a failed attempt; each further one is twice as long.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// The longest pause between attempts.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// All notices, waiting and ended.
#[derive(Clone, Default)]
pub struct Outbox {
    notices: BTreeMap<NoticeId, Notice>,
}

/// How many notices there are, by how far they have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They wait for their turn, or for a confirmation.
    pub waiting: usize,
    /// They were sent.
    pub sent: usize,
    /// They were given up.
    pub dropped: usize,
}

impl Outbox {
    /// Reads the rows; records of other kinds are passed over.
    ///
    /// # Errors
    /// A row was changed, or a newer version wrote it.
    pub fn read(records: &[StoredRecord]) -> Result<Outbox, RowError> {
        let rows = records.iter().filter(|row| row.kind == RecordKind::Notice);
        let notices = rows.map(|row| Notice::read(row).map(|notice| (notice.id.clone(), notice)));
        Ok(Outbox { notices: notices.collect::<Result<_, _>>()? })
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.notices.values()
    }

    /// How many there are.
    pub fn counts(&self) -> Counts {
        let count = |state| self.iter().filter(|notice| notice.state == state).count();
        Counts {
            waiting: self.iter().filter(|notice| notice.waits()).count(),
            sent: count(NoticeState::Sent),
            dropped: count(NoticeState::Dropped),
        }
    }

    /// Takes in those occasions of which nobody has been told; returns their rows.
    ///
    /// # Errors
    /// Something could not be sealed.
    pub fn queue(
        &mut self,
        occasions: &[Occasion],
        vault: &Vault,
        now: Timestamp,
    ) -> Result<Vec<Mutation>, NoticeError> {
        let mut rows = Vec::new();
        for occasion in occasions {
            let id = NoticeId::of(occasion, vault);
            if self.notices.contains_key(&id) || occasion.expires_at <= now {
                continue;
            }
            if let Recipient::Owner { owner, .. } = &occasion.to {
                // A key of its own, made before anything is sealed under it.
                vault.prepare(&account(owner))?;
            }
            let notice = Notice::new(id.clone(), occasion, vault, now)?;
            rows.push(Mutation::PutRecord(notice.row()?));
            self.notices.insert(id, notice);
        }
        Ok(rows)
    }

    /// Lets go what waited for a confirmation that has come, and gives up what is of no use any more: expired, of a household
    /// that is gone (all but the word that it is), or held for a departure that was called off.
    ///
    /// # Errors
    /// A row could not be made.
    pub fn settle(
        &mut self,
        tombstones: &BTreeMap<Owner, Tombstone>,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<Vec<Mutation>, NoticeError> {
        let mut rows = Vec::new();
        let waiting: Vec<NoticeId> = self.iter().filter(|n| n.waits()).map(|n| n.id.clone()).collect();
        for id in waiting {
            let Some(notice) = self.notices.get_mut(&id) else { continue };
            let tombstone = notice.owner.as_ref().and_then(|owner| tombstones.get(owner));
            let confirmed = tombstone.is_some_and(|tombstone| tombstone.confirmed_at.is_some());
            let forget_at = tombstone.map_or(notice.expires_at, |t| t.deadline().min(notice.expires_at));
            if notice.state == NoticeState::Held && tombstone.is_none() {
                // Forgotten, not ended: should the same departure begin after all, it is told.
                rows.extend(self.forget(&id, vault));
                continue;
            }
            let given_up = if forget_at <= now {
                Some("it could not be sent in time")
            } else if confirmed && notice.kind != NoticeKind::Deleted {
                Some("its owner has left")
            } else {
                None
            };
            if let Some(why) = given_up {
                rows.extend(self.end(&id, NoticeState::Dropped, Some(why.to_owned()), vault, now)?);
            } else if notice.state == NoticeState::Held && confirmed {
                notice.state = NoticeState::Queued;
                notice.next_attempt_at = now;
                rows.push(Mutation::PutRecord(notice.row()?));
            }
        }
        Ok(rows)
    }

    /// What may be sent now: for the operator first, then in the order of the queue.
    pub fn due(&self, now: Timestamp) -> Vec<Notice> {
        let sendable = |n: &&Notice| matches!(n.state, NoticeState::Queued | NoticeState::Sending);
        let mut due: Vec<Notice> = self.iter().filter(sendable).filter(|n| n.next_attempt_at <= now).cloned().collect();
        due.sort_by_key(|notice| (notice.owner.is_some(), notice.queued_at, notice.id.clone()));
        due
    }

    /// Notes that a notice is being sent; its row must be committed before it is.
    pub(super) fn begin(&mut self, id: &NoticeId, now: Timestamp) -> Result<Option<Mutation>, NoticeError> {
        let Some(notice) = self.notices.get_mut(id).filter(|notice| notice.waits()) else { return Ok(None) };
        notice.state = NoticeState::Sending;
        notice.attempts = notice.attempts.saturating_add(1);
        notice.next_attempt_at = now.checked_add(pause(notice.attempts)).unwrap_or(Timestamp::MAX);
        Ok(Some(Mutation::PutRecord(notice.row()?)))
    }

    /// Notes that an attempt failed; the next comes later.
    pub(super) fn put_off(&mut self, id: &NoticeId, why: String) -> Result<Vec<Mutation>, NoticeError> {
        let Some(notice) = self.notices.get_mut(id) else { return Ok(Vec::new()) };
        notice.state = NoticeState::Queued;
        notice.why = Some(why);
        Ok(vec![Mutation::PutRecord(notice.row()?)])
    }

    /// Ends a notice. With the last that waits for an owner, the key goes under which their notices were sealed.
    pub(super) fn end(
        &mut self,
        id: &NoticeId,
        state: NoticeState,
        why: Option<String>,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<Vec<Mutation>, NoticeError> {
        let Some(notice) = self.notices.get_mut(id) else { return Ok(Vec::new()) };
        notice.end(state, why, now);
        let (row, owner) = (Mutation::PutRecord(notice.row()?), notice.owner.clone());
        Ok(std::iter::once(row).chain(self.last_key(owner, vault)).collect())
    }

    fn forget(&mut self, id: &NoticeId, vault: &Vault) -> Vec<Mutation> {
        let Some(notice) = self.notices.remove(id) else { return Vec::new() };
        let row = Mutation::DeleteRecord { kind: RecordKind::Notice, id: id.to_string() };
        std::iter::once(row).chain(self.last_key(notice.owner, vault)).collect()
    }

    /// Destroys the key of an owner for whom nothing waits any more.
    fn last_key(&self, owner: Option<Owner>, vault: &Vault) -> Option<Mutation> {
        let owner = owner?;
        let waits = self.iter().any(|other| other.waits() && other.owner.as_ref() == Some(&owner));
        (!waits).then(|| Mutation::DeleteKey { id: vault.destroy(&account(&owner)) })
    }

    /// Owners for whom something waits.
    pub fn owners_waiting(&self) -> BTreeSet<Owner> {
        self.iter().filter(|notice| notice.waits()).filter_map(|notice| notice.owner.clone()).collect()
    }
}

/// The pause after so many attempts.
fn pause(attempts: u32) -> SignedDuration {
    let doubled = FIRST_PAUSE.checked_mul(1 << attempts.saturating_sub(1).min(16));
    doubled.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_six_hours() {
        let minutes: Vec<i64> = (1..=8).map(|n| pause(n).as_mins()).collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 320, 360]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
