//! What others did to objects of ours, as a cloud's own log tells it.
use std::sync::Arc;

use jiff::Timestamp;

use crate::identity::ExternalId;

/// Something that was ordered for an object of ours and that no call of ours orders (N3, N4: rescue, a snapshot, a console).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignAction {
    /// The cloud's id of it.
    pub id: Arc<str>,
    /// The resource type of the object.
    pub kind: &'static str,
    /// The object.
    pub object: ExternalId,
    /// What was ordered, in the cloud's word: `enable_rescue`.
    pub command: String,
    /// When it began.
    pub at: Timestamp,
}

/// What a log held beyond the place to which it had been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignActions {
    /// Oldest first.
    pub actions: Vec<ForeignAction>,
    /// How far the log has been read by now: to be given the next time. None while the log is empty.
    pub last: Option<Arc<str>>,
}
