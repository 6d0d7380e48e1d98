//! Small rows beside the objects: what is remembered of departures, notices that wait, marks of what was done when.
use serde::{Deserialize, Serialize};

/// What a record is about; its id is unique within that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A [`Tombstone`](crate::retention::Tombstone), by owner.
    Tombstone,
    /// A notice to a customer, by its id.
    Notice,
    /// A text by name, such as when parts were last listed.
    Mark,
}

impl RecordKind {
    /// All of them.
    pub const ALL: [RecordKind; 3] = [RecordKind::Tombstone, RecordKind::Notice, RecordKind::Mark];

    /// The name, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Tombstone => "tombstone",
            RecordKind::Notice => "notice",
            RecordKind::Mark => "mark",
        }
    }

    /// The kind of a stored name.
    pub fn named(name: &str) -> Option<RecordKind> {
        RecordKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a plan can depend on it. Those of which none can leave the serial as it is, so that a saved plan stays fresh.
    pub fn is_planned_from(self) -> bool {
        self == RecordKind::Tombstone
    }
}

/// A record's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// What it is about.
    pub kind: RecordKind,
    /// Its id.
    pub id: String,
    /// The record: JSON, or a mark's text. What is personal in it has been sealed.
    pub body: String,
}
