//! What an apply tells while it runs. No field holds a value of the configuration.
use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::identity::ExternalId;
use crate::plan::Operation;

/// Something happened to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The instance.
    pub address: Address,
    /// The deposed key, when it is about a deposed object.
    pub deposed: Option<Arc<str>>,
    /// What is done with it.
    pub work: Work,
    /// The object's id, once it has one.
    pub id: Option<ExternalId>,
    /// Since the step began.
    pub elapsed: Duration,
    /// What happened.
    pub kind: EventKind,
}

/// What a step does, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It makes an object.
    Create,
    /// It changes one.
    Update,
    /// It deletes one.
    Delete,
    /// It writes into the state only.
    Record,
    /// It removes from the state only.
    Forget,
}

impl Work {
    pub(super) fn of(operation: &Operation) -> Work {
        match operation {
            Operation::Create => Work::Create,
            Operation::Update { .. } => Work::Update,
            Operation::Delete { .. } => Work::Delete,
            Operation::Depose { .. } | Operation::Record { .. } | Operation::Join => Work::Record,
            Operation::Forget => Work::Forget,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It begins.
    Started,
    /// It goes on; the cloud may have said how far it is.
    Progress(Option<String>),
    /// The call failed and is made again after a while.
    Retrying {
        /// How long from now.
        after: Duration,
        /// Why, as a sentence.
        why: String,
    },
    /// It is done.
    Succeeded,
    /// It failed; the finding is in the outcome.
    Failed,
    /// It waits for something outside.
    Deferred {
        /// Why, as a sentence.
        reason: String,
        /// Where a person can help.
        url: Option<String>,
    },
}
