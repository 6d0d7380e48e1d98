//! A notice in the outbox.
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Content, NoticeKind, Occasion, Recipient};
use crate::kind::Fingerprint;
use crate::retention::Owner;
use crate::secret::Secret;
use crate::snapshot::{RecordKind, StoredRecord};
use crate::vault::rows::RowError;
use crate::vault::{SealContext, SealError, Sealed, Sealer, Vault};

/// The form of the rows that this version writes.
const FORM: u32 = 1;

/// Which notice: a keyed fingerprint of its kind, its owner and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoticeId(pub Arc<str>);

impl NoticeId {
    /// The id of what an occasion gives cause to say.
    pub(super) fn of(occasion: &Occasion, fingerprint: &dyn Fingerprint) -> NoticeId {
        let owner = match &occasion.to {
            Recipient::Owner { owner, .. } => owner.to_string(),
            Recipient::Operator => "operator".into(),
        };
        let context = format!("ampere.notice {} {owner}", occasion.content.kind());
        NoticeId(fingerprint.fingerprint(&context, &occasion.about).into())
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a notice has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// It waits for something that it tells of (the word that all is gone, for its confirmation).
    Held,
    /// It waits for its turn.
    Queued,
    /// It is being sent; found by a later run: nobody knows whether it was.
    Sending,
    /// It was sent.
    Sent,
    /// It will not be sent.
    Dropped,
}

impl NoticeState {
    /// The name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeState::Held => "held",
            NoticeState::Queued => "queued",
            NoticeState::Sending => "sending",
            NoticeState::Sent => "sent",
            NoticeState::Dropped => "dropped",
        }
    }
}

/// A notice in the outbox. It tells nothing personal to who has not the key.
#[derive(Clone)]
pub struct Notice {
    /// Which one.
    pub id: NoticeId,
    /// Its kind.
    pub kind: NoticeKind,
    /// Whom it is for; none: the operator.
    pub owner: Option<Owner>,
    /// How far it has come.
    pub state: NoticeState,
    /// When the occasion was found.
    pub queued_at: Timestamp,
    /// When it is of no use any more, or its recipient must be forgotten.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
    /// Why the last attempt failed, or why it was given up.
    pub why: Option<String>,
    /// What it says, and to whom; none once it has ended.
    letter: Option<Stored>,
}

/// What a notice says, as it is stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    /// To a customer: a [`Letter`].
    Sealed(Sealed),
    /// To the operator: nothing personal.
    Clear(Content),
}

/// What is sealed of a notice.
#[derive(Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) content: Content,
}

#[derive(Serialize, Deserialize)]
struct Body {
    form: u32,
    kind: NoticeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    state: NoticeState,
    queued_at: Timestamp,
    expires_at: Timestamp,
    attempts: u32,
    next_attempt_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<Stored>,
}

impl Notice {
    /// Makes one of an occasion; what is personal is sealed.
    pub(super) fn new(id: NoticeId, occasion: &Occasion, vault: &Vault, now: Timestamp) -> Result<Notice, SealError> {
        let (owner, letter) = match &occasion.to {
            Recipient::Operator => (None, Stored::Clear(occasion.content.clone())),
            Recipient::Owner { owner, address } => {
                let letter = Letter { to: address.clone(), content: occasion.content.clone() };
                (Some(owner.clone()), Stored::Sealed(seal(&letter, &id, owner, vault)?))
            }
        };
        Ok(Notice {
            id,
            kind: occasion.content.kind(),
            owner,
            state: if occasion.held { NoticeState::Held } else { NoticeState::Queued },
            queued_at: now,
            expires_at: occasion.expires_at,
            attempts: 0,
            next_attempt_at: now,
            ended_at: None,
            why: None,
            letter: Some(letter),
        })
    }

    /// Whether it may still be sent.
    pub fn waits(&self) -> bool {
        matches!(self.state, NoticeState::Held | NoticeState::Queued | NoticeState::Sending)
    }

    /// Ends it: whom it was for is forgotten.
    pub(super) fn end(&mut self, state: NoticeState, why: Option<String>, now: Timestamp) {
        self.state = state;
        self.why = why;
        self.ended_at = Some(now);
        self.letter = None;
    }

    /// What it says and, for a customer, to which address; none once it has ended.
    pub(super) fn open(&self, vault: &Vault) -> Result<Option<(Option<String>, Content)>, SealError> {
        match (&self.letter, &self.owner) {
            (Some(Stored::Clear(content)), _) => Ok(Some((None, content.clone()))),
            (Some(Stored::Sealed(sealed)), Some(owner)) => {
                let account = account(owner);
                let text = vault.open_sealed(&context(&account, &address(&self.id)), sealed)?;
                let letter: Letter = serde_json::from_str(text.expose()).map_err(|_| SealError::NotSealed)?;
                Ok(Some((Some(letter.to), letter.content)))
            }
            (Some(Stored::Sealed(_)), None) => Err(SealError::NotSealed),
            (None, _) => Ok(None),
        }
    }

    /// Its row.
    pub(super) fn row(&self) -> Result<StoredRecord, RowError> {
        let body = Body {
            form: FORM,
            kind: self.kind,
            owner: self.owner.clone(),
            state: self.state,
            queued_at: self.queued_at,
            expires_at: self.expires_at,
            attempts: self.attempts,
            next_attempt_at: self.next_attempt_at,
            ended_at: self.ended_at,
            why: self.why.clone(),
            letter: self.letter.clone(),
        };
        let body = serde_json::to_string(&body).map_err(|_| damaged(&self.id.0))?;
        Ok(StoredRecord { kind: RecordKind::Notice, id: self.id.to_string(), body })
    }

    /// The notice of a row. serde_json's messages echo the text, so only the place is told.
    pub(super) fn read(row: &StoredRecord) -> Result<Notice, RowError> {
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let Form { form: found } = serde_json::from_str(&row.body).map_err(|_| damaged(&row.id))?;
        if found > FORM {
            return Err(RowError::Newer { address: format!("notice {}", row.id), found });
        }
        let body: Body = serde_json::from_str(&row.body).map_err(|_| damaged(&row.id))?;
        Ok(Notice {
            id: NoticeId(row.id.as_str().into()),
            kind: body.kind,
            owner: body.owner,
            state: body.state,
            queued_at: body.queued_at,
            expires_at: body.expires_at,
            attempts: body.attempts,
            next_attempt_at: body.next_attempt_at,
            ended_at: body.ended_at,
            why: body.why,
            letter: body.letter,
        })
    }
}

/// The account of the vault under which an owner's notices are sealed.
pub(super) fn account(owner: &Owner) -> String {
    format!("outbox {owner}")
}

fn address(id: &NoticeId) -> String {
    format!("notice {id}")
}

fn context<'a>(account: &'a str, address: &'a str) -> SealContext<'a> {
    SealContext { account, address, attribute: "letter", version: 1 }
}

fn seal(letter: &Letter, id: &NoticeId, owner: &Owner, vault: &Vault) -> Result<Sealed, SealError> {
    let text = serde_json::to_string(letter).map(Zeroizing::new).map_err(|_| SealError::NotSealed)?;
    vault.seal(&context(&account(owner), &address(id)), &Secret::new(text.as_str()))
}

fn damaged(id: &str) -> RowError {
    RowError::Damaged { address: format!("notice {id}") }
}
